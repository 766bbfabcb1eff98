"""The matrix in words: its headings with pass rates, its rows, and what a reader hears of each cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from django.utils.dateformat import format as date_format
from django.utils.timezone import localtime

from readiness.boards import findings
from readiness.boards.matrix.params import EXPIRES_SOON
from readiness.boards.matrix.queries import CheckCell, CheckCount, Extent, MatrixRow
from readiness.boards.matrix.words import short_name
from readiness.framework.core.definition import Check, Pillar
from web.links import link
from web.states import STATES
from web.tables.addresses import SORT, Address
from web.units import against_limit, how_many, number, power

type Line = dict[str, Any]

LEGEND = ("pass", "warn", "fail", "unknown", "stale", "waived", "n-a")
# These states have figures that say how far away the limit is; the others have nothing to compare.
WITH_FIGURES = {"warn", "fail", "waived"}
MARKED_TIERS = ("declared", "capped")
"""A measured result has no mark: it is the expected case."""


class CellLine(NamedTuple):
    """`key` names the cell in the address; `state` is "" where there is no result."""

    key: str
    state: str
    tier: str
    label: str
    expires: bool
    begins_pillar: bool
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class RowLine:
    row: MatrixRow
    url: str
    gap: str
    score: str
    coverage: str
    cells: list[CellLine]


def cell_key(slug: str, check_id: str) -> str:
    """Neither slugs nor ids hold a dot."""
    return f"{slug}.{check_id}"


class CellWords:
    """Says cells of one page; the instants of a page repeat, and formatting them would take most of the time."""

    def __init__(self, *, now: datetime) -> None:
        self.now = now
        self.year = localtime(now).year
        self.words = {value: str(state.word) for value, state in STATES["check"].items()}
        self.tiers = {tier: f", {STATES['tier'][tier].word}".lower() for tier in MARKED_TIERS}
        self.dates: dict[datetime, str] = {}
        self.said: dict[tuple[str, datetime], str] = {}

    def date(self, at: datetime) -> str:
        if at not in self.dates:
            there = localtime(at)
            self.dates[at] = date_format(there, "j M" if there.year == self.year else "j M Y")
        return self.dates[at]

    def expires_soon(self, cell: CheckCell) -> bool:
        return cell.expires_at is not None and self.now < cell.expires_at <= self.now + EXPIRES_SOON

    def of(self, cell: CheckCell) -> str:
        key = (cell.state, cell.since)
        if key not in self.said:
            words = {"state": self.words[cell.state], "date": self.date(cell.since)}
            self.said[key] = "{state} since {date}".format(**words)
        said = self.said[key] + self.tiers.get(cell.tier, "")
        if cell.state in WITH_FIGURES and cell.value is not None:
            said = f"{said}, {against_limit(cell.value, cell.unit, cell.threshold_text)}"
        if cell.expires_at and self.expires_soon(cell):
            said = f"{said}, " + f"goes stale {self.date(cell.expires_at)}"
        return said


def row_lines(
    rows: Iterable[MatrixRow], checks: Sequence[Check], *, chosen: str, now: datetime
) -> list[RowLine]:
    words = CellWords(now=now)
    columns = [(check.id, short_name(check), begins) for check, begins in _with_beginnings(checks)]
    return [
        RowLine(
            row=row,
            url=link("site", row.site.slug),
            gap=power(row.gap_kw, "kW").value or "",
            score="" if row.score is None else number(100 * row.score, 0),
            coverage="" if row.coverage is None else number(100 * row.coverage, 0),
            cells=[_cell(row, column, words, chosen) for column in columns],
        )
        for row in rows
    ]


def _cell(row: MatrixRow, column: tuple[str, str, bool], words: CellWords, chosen: str) -> CellLine:
    check_id, name, begins = column
    key = cell_key(row.site.slug, check_id)
    cell = row.cells.get(check_id)
    if cell is None:
        return CellLine(key, "", "", "Not evaluated", False, begins, False)
    label = f"{row.site.name}, {name}: {words.of(cell)}"
    return CellLine(key, cell.state, cell.tier, label, words.expires_soon(cell), begins, key == chosen)


def _with_beginnings(checks: Sequence[Check]) -> list[tuple[Check, bool]]:
    before = ["", *(check.pillar for check in checks)]
    return [(check, check.pillar != pillar) for check, pillar in zip(checks, before, strict=False)]


def groups(lines: Sequence[RowLine], extents: Mapping[str, Extent]) -> list[Line]:
    """Rows by region where `extents` name regions, else all in one group without a heading."""
    if not extents:
        return [{"title": "", "rows": lines}]
    return [
        {"title": region, "note": _extent_note(extents[region]), "rows": list(members)}
        for region, members in groupby(lines, key=lambda line: line.row.site.region)
    ]


def _extent_note(extent: Extent) -> str:
    sites = how_many(extent.sites, "site", "sites")
    return f"{sites} · gap {findings.kw(extent.gap_kw)}"


def headings(
    checks: Sequence[Check], pillars: Iterable[Pillar], counts: Mapping[str, CheckCount], address: Address
) -> list[Line]:
    """Pillars with the checks below them, each with its pass rate over all sites that the filters leave."""
    by_pillar = {key: list(each) for key, each in groupby(checks, key=lambda check: check.pillar)}
    return [
        {
            "id": pillar.id,
            "name": pillar.name,
            "short": pillar.short_name,
            "checks": [
                _heading(check, counts[check.id], address, begins=not place)
                for place, check in enumerate(by_pillar[pillar.id])
            ],
        }
        for pillar in pillars
        if pillar.id in by_pillar
    ]


def _heading(check: Check, count: CheckCount, address: Address, *, begins: bool) -> Line:
    asked = address.one(SORT)
    sort = {check.id: "ascending", f"-{check.id}": "descending"}.get(asked, "none")
    rate = count.pass_rate
    return {
        "id": check.id,
        "label": short_name(check),
        "title": f"{check.name} ({check.gate})",
        "first": begins,
        "sort": sort,
        "sort_url": address.anew(sort=f"-{check.id}" if sort == "ascending" else check.id),
        "url": link("check", check.id),
        "rate": "–" if rate is None else number(100 * rate, 0),
        "rate_label": _rate_label(check, count),
    }


def _rate_label(check: Check, count: CheckCount) -> str:
    if count.pass_rate is None:
        return f"{short_name(check)}: no site to judge"
    return f"{short_name(check)}: {count.states.get('pass', 0)} of {count.applicable} sites pass"


def legend(counts: Iterable[CheckCount]) -> list[Line]:
    """Every state with its number of cells, also the states that do not occur: the reader learns which there are."""
    totals = dict.fromkeys(LEGEND, 0)
    for count in counts:
        for state, sites in count.states.items():
            totals[state] += sites
    return [{"state": state, "count": number(total)} for state, total in totals.items()]


def scope(extent: Extent, every: int, checks: int) -> str:
    sites = (
        how_many(every, "site", "sites")
        if extent.sites == every
        else f"{number(extent.sites)} of {number(every)} sites"
    )
    counted = how_many(checks, "check", "checks")
    return f"{sites} × {counted}"
