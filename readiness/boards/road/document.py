"""The road as a document, for print: the figures, the ticked fixes and when each site is ready."""

from collections.abc import Sequence
from datetime import date, datetime

from readiness.boards.gap.sentences import amount
from readiness.boards.packs.document import NOTHING, Document, PackColumn, PackTable, Section, utc
from readiness.boards.road import sentences
from readiness.boards.road.core.threads import RoadState
from readiness.boards.road.figures import figures_of
from readiness.boards.road.fixes import FixLine
from readiness.boards.road.queries import RoadStanding
from readiness.boards.road.tables import RoadLine
from web.units import day, how_many

MOST_SITES = 500
"""The sites that a document lists at most; it always says how many there are."""


def written(
    standing: RoadStanding, lines: Sequence[RoadLine], ticked: Sequence[FixLine], *, by: str, now: datetime
) -> Document:
    sites = how_many(len(standing.road.sites), "site", "sites")
    return Document(
        title="The road to ready",
        subtitle=f"{sites} with capacity, framework {standing.framework.version}",
        stamp=f"Generated {utc(now)} by {by}",
        sections=(_figures(standing), _fixes(standing, ticked), _sites(standing, lines)),
    )


def _figures(standing: RoadStanding) -> Section:
    facts = [("Deployed", amount(standing.road.planned.deployed, standing.measure))]
    facts += [(each.title, f"{each.quantity} ({each.note})") for each in figures_of(standing.road)]
    return Section("figures", "Where it stands", lead=sentences.chart_finding(standing), facts=tuple(facts))


def _fixes(standing: RoadStanding, ticked: Sequence[FixLine]) -> Section:
    columns = (
        *(PackColumn("Check", 22), PackColumn("Sites", 22), PackColumn("Alone it frees", 14)),
        *(PackColumn("Ready", 16), PackColumn("Owner", 14), PackColumn("Cost", 12)),
    )
    rows = tuple(
        (
            *(line.check, line.sites, line.freed, line.instead_of or NOTHING, line.owner.name),
            line.cost.text or NOTHING,
        )
        for line in ticked
    )
    lead = f"{sentences.gain(standing)} All fixes are done by {day(standing.road.by)}." if ticked else ""
    table = PackTable(columns, rows) if rows else None
    return Section("fixes", "What is fixed", lead=lead, table=table, empty="No fix is ticked.")


def _sites(standing: RoadStanding, lines: Sequence[RoadLine]) -> Section:
    columns = (
        *(PackColumn("Site", 12), PackColumn("Verdict", 9, kind="verdict"), PackColumn("First blocker", 15)),
        *(PackColumn("Deployed", 9), PackColumn("Ready on", 10), PackColumn("With the fixes", 10)),
        *(PackColumn("Rests on", 24), PackColumn("Owner", 11)),
    )
    rows = tuple(
        (
            *(line.ref.name, line.verdict, line.blocker or NOTHING, amount(line.size, standing.measure)),
            *(_day(line, line.planned_on), _day(line, line.fixed_on), line.rests_on),
            line.doer or (line.owner.name if line.owner else NOTHING),
        )
        for line in lines[:MOST_SITES]
    )
    further_count = len(lines) - len(rows)
    lead = f"The first {len(rows)} of {len(lines)} sites." if further_count else ""
    return Section(
        "sites",
        "When each site is ready",
        lead=lead,
        table=PackTable(columns, rows) if rows else None,
        empty="No site has capacity yet.",
    )


def _day(line: RoadLine, on: date | None) -> str:
    if line.state is RoadState.READY:
        return "now"
    return day(on) if on else "no date"
