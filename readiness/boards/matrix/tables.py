"""The matrix: filters for page and API, columns, rows of cells, and the letters of the printed report."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

import django_filters
from django.db.models import Q, QuerySet

from inventory.models import Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Check, Pillar
from readiness.assessment.scoring.core.states import CHECK_STATES, TIERS, Tier
from readiness.assessment.scoring.models import CheckResult
from readiness.boards.matrix.queries import (
    EXPIRES_SOON,
    CellFilters,
    CheckCell,
    CheckCount,
    Extent,
    MatrixRow,
)
from readiness.boards.results.filters import GATES, PILLARS
from readiness.boards.sites.tables import ReadinessSiteFilters
from web import clock
from web.links import link
from web.rest.lookups import AnyOf, Existing, Flag
from web.states import STATES, state
from web.tables import Column, Table
from web.tables.addresses import SORT, Address
from web.units import against_limit, day, how_many, number, power


class MatrixFilters(ReadinessSiteFilters):
    """Pillar and gate select columns; state, tier and expiry select the sites and checks that have such a cell."""

    site = AnyOf(field_name="slug", inner=Existing(Site, "slug"), commas=True, label="Site")

    profile = django_filters.MultipleChoiceFilter(
        label="Profile", choices=Site.Profile.choices, method="filter_profiles"
    )
    pillar = django_filters.MultipleChoiceFilter(label="Pillar", choices=PILLARS, method="filter_later")
    gate = django_filters.MultipleChoiceFilter(label="Gate", choices=GATES, method="filter_later")
    state = django_filters.MultipleChoiceFilter(
        label="State of a check", choices=CHECK_STATES, method="filter_later"
    )
    tier = django_filters.MultipleChoiceFilter(
        label="What a check rests on", choices=TIERS, method="filter_later"
    )
    expiring = Flag(
        read=lambda _key: Q(), label="Evidence that goes stale within 14 days", method="filter_later"
    )

    class Meta:
        model = Site
        fields: list[str] = []
        search_fields = ReadinessSiteFilters.Meta.search_fields
        panel = [
            *("verdict", "state", "tier", "pillar", "gate", "region", "kind", "profile", "stage", "expiring")
        ]

    def filter_profiles(self, queryset: QuerySet[Site], name: str, values: list[str]) -> QuerySet[Site]:
        return queryset.filter(profiles__overlap=values) if values else queryset

    def filter_later(self, queryset: QuerySet[Site], name: str, values: Any) -> QuerySet[Site]:
        """Apply the filters that describe one cell together in `filter_queryset`."""
        return queryset

    def filter_queryset(self, queryset: QuerySet[Site]) -> QuerySet[Site]:
        left = super().filter_queryset(queryset)
        filters = CellFilters.read(self.data)
        if not filters.picks_cells:
            return left
        cells = CheckResult.objects.filter(filters.cells(now=clock.now()))
        if filters.pillars or filters.gates:
            _version, framework = framework_queries.current()
            cells = cells.filter(check_id__in=[check.id for check in filters.checks(framework.checks)])
        # Uncorrelated: without fresh statistics PostgreSQL would scan all results for each site.
        return left.filter(pk__in=cells.order_by().values("site"))


FILTER_NAMES = frozenset(MatrixFilters.get_filters())


REGION_FIRST = ("region__name",)


def matrix_table(
    checks: Sequence[Check], *, selected_checks: Sequence[Check], in_file: bool, grouped: bool
) -> Table:
    return Table(
        id="readiness-matrix",
        label="Readiness matrix",
        noun=("site", "sites"),
        filterset=MatrixFilters,
        default_sort="-gap",
        columns=[
            *_site_columns(in_file),
            *(_check_column(check, in_file and check in selected_checks) for check in checks),
        ],
        row_id="site.id",
        row_url=lambda row: link("site", row.site.slug),
        row_name="site.name",
        nothing="readiness/nothing.html#readiness-matrix",
        api="scoring-api-matrix-list",
        group_by=REGION_FIRST if grouped else (),
    )


def _percent(share: float | None) -> int | None:
    return None if share is None else round(100 * share)


def _site_columns(in_file: bool) -> list[Column]:
    def only_in_file(key: str, label: str, value: Any, **more: Any) -> Column:
        return Column(key, label, value, default=in_file, **more)

    def lock(key: str, label: str, value: Any, **more: Any) -> Column:
        return Column(key, label, value, locked=True, **more)

    return [
        lock("site", "Site", "site.name", sort="name"),
        only_in_file("slug", "Slug", "site.slug"),
        only_in_file("region", "Region", "site.region", sort="region__name"),
        only_in_file("kind", "Kind", "site.kind"),
        only_in_file("stage", "Stage", "site.stage"),
        lock("verdict", "Verdict", "verdict", sort="verdict_order"),
        only_in_file("blocker", "First blocker", "stored.first_blocker"),
        only_in_file("deciding", "Deciding checks", lambda row: " ".join(row.stored.deciding)),
        only_in_file("capped", "Declared, not measured", lambda row: " ".join(row.stored.capped)),
        only_in_file("measurable", "Blocking checks to measure", "stored.measurable"),
        only_in_file("deployed", "Deployed", "deployed.it_kw", unit="kW"),
        lock("gap", "Gap", "gap_kw", text=lambda row: power(row.gap_kw, "kW").value, sort="gap_kw", unit="kW",
             numeric=True),
        lock("score", "Score", lambda row: _percent(row.stored.score), sort="score__score", numeric=True, unit="%"),
        only_in_file("upper", "Upper score", lambda row: _percent(row.stored.score_upper), unit="%"),
        lock("coverage", "Coverage", lambda row: _percent(row.stored.coverage), sort="score__coverage", numeric=True,
             unit="%"),
        only_in_file("evaluated", "Evaluated at", "stored.evaluated_at"),
        only_in_file("failed", "Not evaluable since", "stored.failed_at"),
        only_in_file("framework", "Framework", "framework_version"),
    ]  # fmt: skip


def _check_column(check: Check, default: bool) -> Column:
    def state(row: MatrixRow) -> str:
        cell = row.cells.get(check.id)
        return cell.state if cell else ""

    return Column(check.id, check.id, value=state, sort="state_order", default=default)


LEGEND = ("pass", "warn", "fail", "unknown", "stale", "waived", "n-a")
# Results in these states have a distance to the limit; the others have nothing to compare.
WITH_FIGURES = {"warn", "fail", "waived"}
MARKED_TIERS = ("declared", "capped")
"""A measured result has no mark, because it is the expected case."""
# The printed report shows states as letters, which survive a black-and-white copy.
LETTERS = {"pass": "·", "warn": "W", "fail": "F", "unknown": "?", "stale": "S", "waived": "V", "n-a": "–"}
CAPPED = "D"
"""Replaces W for a result that rests on a declaration only."""


class CellLine(NamedTuple):
    """`key` names the cell in the address; `state` is "" without a result."""

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
    cells: list[CellLine]


class CellWords:
    """Describes the cells of one page. Instants repeat within a page, so formatted ones are cached."""

    def __init__(self, *, now: datetime) -> None:
        self.now = now
        self.words = {value: str(state.word) for value, state in STATES["check"].items()}
        self.tiers = {tier: f", {STATES['tier'][tier].word}".lower() for tier in MARKED_TIERS}
        self.dates: dict[datetime, str] = {}

    def date(self, at: datetime) -> str:
        if at not in self.dates:
            self.dates[at] = day(at)
        return self.dates[at]

    def expires_soon(self, cell: CheckCell) -> bool:
        return cell.expires_at is not None and self.now < cell.expires_at <= self.now + EXPIRES_SOON

    def describe(self, cell: CheckCell) -> str:
        words = f"{self.words[cell.state]} since {self.date(cell.since)}{self.tiers.get(cell.tier, '')}"
        if cell.state in WITH_FIGURES and cell.value is not None:
            words = f"{words}, {against_limit(cell.value, cell.unit, cell.threshold_text)}"
        if cell.expires_at and self.expires_soon(cell):
            words = f"{words}, goes stale {self.date(cell.expires_at)}"
        return words


def row_lines(
    rows: Iterable[MatrixRow], checks: Sequence[Check], *, current_key: str, now: datetime
) -> list[RowLine]:
    words = CellWords(now=now)
    before = ["", *(check.pillar for check in checks)]
    columns = [
        (check.id, check.name, check.pillar != pillar) for check, pillar in zip(checks, before, strict=False)
    ]
    return [
        RowLine(
            row, link("site", row.site.slug), [_cell(row, column, words, current_key) for column in columns]
        )
        for row in rows
    ]


def _cell(row: MatrixRow, column: tuple[str, str, bool], words: CellWords, current_key: str) -> CellLine:
    check_id, name, begins = column
    # Slugs and ids contain no dot.
    key = f"{row.site.slug}.{check_id}"
    cell = row.cells.get(check_id)
    if cell is None:
        return CellLine(key, "", "", "Not evaluated", False, begins, False)
    label = f"{row.site.name}, {name}: {words.describe(cell)}"
    return CellLine(key, cell.state, cell.tier, label, words.expires_soon(cell), begins, key == current_key)


def groups(
    lines: Sequence[RowLine], extents: Mapping[str, Extent]
) -> list[tuple[str, Extent | None, list[RowLine]]]:
    if not extents:
        return [("", None, list(lines))]
    return [
        (region, extents[region], list(members))
        for region, members in groupby(lines, key=lambda line: line.row.site.region)
    ]


def headings(
    checks: Sequence[Check], pillars: Iterable[Pillar], counts: Mapping[str, CheckCount], address: Address
) -> list[dict[str, Any]]:
    by_pillar = {key: list(each) for key, each in groupby(checks, key=lambda check: check.pillar)}
    return [
        {
            "pillar": pillar,
            "checks": [
                _heading(check, counts[check.id], address, begins=not place)
                for place, check in enumerate(by_pillar[pillar.id])
            ],
        }
        for pillar in pillars
        if pillar.id in by_pillar
    ]


def _heading(check: Check, count: CheckCount, address: Address, *, begins: bool) -> dict[str, Any]:
    sort = {check.id: "ascending", f"-{check.id}": "descending"}.get(address.one(SORT), "none")
    rate, label = count.pass_rate, check.name
    sites = "no site to judge"
    if rate is not None:
        sites = f"{count.states.get('pass', 0)} of {count.applicable} sites pass"
    return {
        "check": check,
        "label": label,
        "first": begins,
        "sort": sort,
        "sort_url": address.anew(sort=f"-{check.id}" if sort == "ascending" else check.id),
        "rate": "–" if rate is None else number(100 * rate, 0),
        "rate_label": f"{label}: {sites}",
    }


def legend(counts: Iterable[CheckCount]) -> list[tuple[str, str]]:
    totals = dict.fromkeys(LEGEND, 0)
    for each in counts:
        for check_state, sites in each.states.items():
            totals[check_state] += sites
    return [(check_state, number(total)) for check_state, total in totals.items()]


def scope(extent: Extent, every: int, checks: int) -> str:
    sites = how_many(every, "site", "sites")
    if extent.sites != every:
        sites = f"{number(extent.sites)} of {number(every)} sites"
    return f"{sites} × {how_many(checks, 'check', 'checks')}"


def gap_note(extent: Extent) -> str:
    return f"{how_many(extent.sites, 'site', 'sites')} · gap {power(extent.gap_kw)}"


def letters(row: MatrixRow, checks: Sequence[Check]) -> list[tuple[str, str]]:
    return [_letter(row.cells.get(check.id)) for check in checks]


def _letter(cell: CheckCell | None) -> tuple[str, str]:
    if cell is None:
        return "none", ""
    return cell.state, CAPPED if cell.tier == Tier.CAPPED else LETTERS[cell.state]


def key_to_letters() -> list[tuple[str, str, Any]]:
    words = [(each, letter, state("check", each).word) for each, letter in LETTERS.items()]
    words.insert(2, ("warn", CAPPED, state("tier", Tier.CAPPED).word))
    return words
