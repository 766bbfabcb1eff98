"""Columns as data: the ranked plan by site, and the checks by what each would free."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from readiness.boards.findings import amount
from readiness.scoring.core.gap import CapacityFigures, CapacityMeasure
from readiness.scoring.gap.closing import Closing
from readiness.scoring.queries.capacity import check_name
from web.links import link
from web.tables import Column, Table

NAMED = 3
"""Checks that a row names; the others are counted."""

type Listed = Mapping[tuple[str, str], int]
"""Work items that are open, by slug of the site and check id."""


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One site's turn. `listed` of its checks are on the worklist."""

    place: int
    slug: str
    name: str
    region: str
    verdict: str
    held: CapacityFigures
    checks: tuple[str, ...]
    names: str
    checks_so_far: int
    freed_so_far: CapacityFigures
    listed: int


@dataclass(frozen=True, slots=True)
class GapCheckLine:
    """One check, resolved wherever it holds a site; at `listed` of them it is on the worklist."""

    id: str
    name: str
    pillar: str
    sites: int
    touched: CapacityFigures
    frees: int
    freed: CapacityFigures
    listed: int


def plan_lines(closing: Closing, verdicts: Mapping[str, str], listed: Listed) -> list[PlanLine]:
    """Lines in the order of the plan; verdicts by slug."""
    lines = []
    for place, step in enumerate(closing.plan, start=1):
        site, checks = closing.sites[step.site.site], step.site.checks
        names = [check_name(closing.framework, check_id) for check_id in checks[:NAMED]]
        if len(checks) > NAMED:
            names.append(f"{len(checks) - NAMED} more")
        lines.append(
            PlanLine(
                place=place,
                slug=site.slug,
                name=site.name,
                region=site.region,
                verdict=verdicts[site.slug],
                held=step.site.held,
                checks=checks,
                names=", ".join(names),
                checks_so_far=step.checks_so_far,
                freed_so_far=step.freed_so_far,
                listed=sum((site.slug, check_id) in listed for check_id in checks),
            )
        )
    return lines


def check_lines(closing: Closing, listed: Listed) -> list[GapCheckLine]:
    """Lines of checks, the one that frees most by itself first."""
    pillars = {pillar.id: pillar.short_name for pillar in closing.framework.pillars}
    return [
        GapCheckLine(
            id=effect.check_id,
            name=check_name(closing.framework, effect.check_id),
            pillar=pillars.get(effect.check_id.partition("-")[0], ""),
            sites=len(effect.sites),
            touched=effect.touched,
            frees=len(effect.frees),
            freed=effect.freed,
            listed=sum((site, effect.check_id) in listed for site in effect.sites),
        )
        for effect in closing.effects
    ]


def actions(*, may_add: bool, query: str) -> Sequence[Mapping[str, str]]:
    """`query` names the sites and the target of the plan."""
    if not may_add:
        return ()
    url = link("worklist-add") + (f"?{query}" if query else "")
    return ({"name": "add", "label": "Add to the worklist", "icon": "plus", "url": url},)


def plan_table(measure: CapacityMeasure) -> Table:
    """The table of PlanLine."""
    return Table(
        id="plan",
        noun=("site", "sites"),
        label="Sites by capacity freed for each check resolved",
        columns=(*_site_columns(measure), *_running_columns(measure)),
        row_id=lambda line: f"site:{line.slug}",
        row_url=lambda line: link("site", line.slug),
        row_name=lambda line: line.name,
        per_page=25,
        empty={
            "title": "No plan is needed",
            "text": "No check holds any capacity of these sites back.",
            "icon": "circle-check",
        },
    )


def _site_columns(measure: CapacityMeasure) -> tuple[Column, ...]:
    return (
        Column("place", "Step", sort=True, numeric=True, phone="hide"),
        Column("site", "Site", value=lambda line: line.name, url=lambda line: link("site", line.slug),
               sort=True, locked=True, phone="title", export=lambda line: line.slug),
        Column("region", "Region", sort=True, default=False),
        Column("verdict", "Verdict", value=lambda line: line.verdict or "none",
               template="readiness/gap/verdict_cell.html", phone="status"),
        Column("checks", "Checks to resolve", value=lambda line: " ".join(line.checks),
               text=lambda line: line.names, template="readiness/gap/checks_cell.html", phone="full"),
        Column("count", "Checks", value=lambda line: len(line.checks), sort=True, numeric=True),
        Column("freed", "Frees", value=lambda line: measure.of(line.held),
               text=lambda line: amount(measure.of(line.held), measure), sort=True, numeric=True,
               file_unit=_unit(measure)),
        Column("each", "For each check", value=lambda line: measure.of(line.held) / len(line.checks),
               text=lambda line: amount(measure.of(line.held) / len(line.checks), measure), sort=True, numeric=True,
               file_unit=_unit(measure), hint="Capacity freed by the checks resolved: what the plan is ordered by"),
    )  # fmt: skip


def _running_columns(measure: CapacityMeasure) -> tuple[Column, ...]:
    return (
        Column("so_far", "Checks so far", value=lambda line: line.checks_so_far, numeric=True),
        Column("freed_so_far", "Freed so far", value=lambda line: measure.of(line.freed_so_far),
               text=lambda line: amount(measure.of(line.freed_so_far), measure), numeric=True,
               file_unit=_unit(measure)),
        Column("listed", "On the worklist", value=lambda line: line.listed,
               text=lambda line: _of(line.listed, len(line.checks)),
               url=lambda line: link("worklist", site=line.slug, live="true") if line.listed else "",
               sort=True, numeric=True),
    )  # fmt: skip


def check_table(measure: CapacityMeasure) -> Table:
    """The table of GapCheckLine."""
    return Table(
        id="effects",
        noun=("check", "checks"),
        label="Checks by what each would free, resolved wherever it holds a site",
        columns=(
            Column("check", "Check", value=lambda line: line.name, url=lambda line: link("check", line.id),
                   sort=True, locked=True, phone="title", export=lambda line: line.id),
            Column("pillar", "Pillar", sort=True),
            Column("sites", "Sites held", sort=True, numeric=True),
            Column("touched", "Their capacity", value=lambda line: measure.of(line.touched),
                   text=lambda line: amount(measure.of(line.touched), measure), sort=True, numeric=True,
                   file_unit=_unit(measure)),
            Column("frees", "Sites freed", sort=True, numeric=True,
                   hint="Sites that no other check holds"),
            Column("freed", "Frees", value=lambda line: measure.of(line.freed),
                   text=lambda line: amount(measure.of(line.freed), measure), sort=True, numeric=True,
                   file_unit=_unit(measure)),
            Column("listed", "On the worklist", value=lambda line: line.listed,
                   text=lambda line: _of(line.listed, line.sites),
                   url=lambda line: link("worklist", check=line.id, live="true") if line.listed else "",
                   sort=True, numeric=True),
        ),
        row_id=lambda line: f"check:{line.id}",
        row_url=lambda line: link("check", line.id),
        row_name=lambda line: line.name,
        per_page=50,
        empty={
            "title": "No check holds capacity back",
            "text": "No check holds any capacity of these sites back.",
            "icon": "circle-check",
        },
    )  # fmt: skip


def _unit(measure: CapacityMeasure) -> str:
    return "kW" if measure is CapacityMeasure.POWER else "accelerators"


def _of(some: int, whole: int) -> str:
    return f"{some} of {whole}"
