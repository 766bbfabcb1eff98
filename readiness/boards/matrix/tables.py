"""Filters of the matrix, for the page and for the API alike."""

from collections.abc import Sequence
from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from inventory.models import Site
from readiness.boards.matrix.queries import MatrixRow, Wanted
from readiness.boards.tables import GATES, PILLARS, ReadinessSiteFilters
from readiness.framework import queries as framework_queries
from readiness.framework.core.definition import Check
from readiness.scoring.core.states import CHECK_STATES, TIERS
from readiness.scoring.models import CheckResult
from web import clock
from web.links import link
from web.rest.lookups import AnyOf, Existing, Flag
from web.tables import Column, Table
from web.units import power


class MatrixFilters(ReadinessSiteFilters):
    """Pillar and gate leave columns; state, tier and expiry leave the sites and checks that have such a cell."""

    site = AnyOf(field_name="slug", inner=Existing(Site, "slug"), commas=True, label="Site")

    profile = django_filters.MultipleChoiceFilter(
        label="Profile", choices=Site.Profile.choices, method="by_profile"
    )
    pillar = django_filters.MultipleChoiceFilter(label="Pillar", choices=PILLARS, method="with_cells")
    gate = django_filters.MultipleChoiceFilter(label="Gate", choices=GATES, method="with_cells")
    state = django_filters.MultipleChoiceFilter(
        label="State of a check", choices=CHECK_STATES, method="with_cells"
    )
    tier = django_filters.MultipleChoiceFilter(
        label="What a check rests on", choices=TIERS, method="with_cells"
    )
    expiring = Flag(
        read=lambda _key: Q(), label="Evidence that goes stale within 14 days", method="with_cells"
    )

    class Meta:
        model = Site
        fields: list[str] = []
        search_fields = ReadinessSiteFilters.Meta.search_fields
        panel = [
            *("verdict", "state", "tier", "pillar", "gate", "region", "kind", "profile", "stage", "expiring")
        ]

    def by_profile(self, queryset: QuerySet[Site], name: str, values: list[str]) -> QuerySet[Site]:
        return queryset.filter(profiles__overlap=values) if values else queryset

    def with_cells(self, queryset: QuerySet[Site], name: str, values: Any) -> QuerySet[Site]:
        """These filters ask for one cell together, so `filter_queryset` applies them as one."""
        return queryset

    def filter_queryset(self, queryset: QuerySet[Site]) -> QuerySet[Site]:
        left = super().filter_queryset(queryset)
        wanted = Wanted.of(self.data)
        if not wanted.picks_cells:
            return left
        cells = CheckResult.objects.filter(wanted.cells(now=clock.now()))
        if wanted.pillars or wanted.gates:
            _version, framework = framework_queries.current()
            cells = cells.filter(check_id__in=[check.id for check in wanted.checks(framework.checks)])
        # Not correlated: without fresh figures of the tables PostgreSQL would look through all results for each site.
        return left.filter(pk__in=cells.order_by().values("site"))


FILTER_NAMES = frozenset(MatrixFilters.get_filters())


REGION_FIRST = ("region__name",)


def matrix_table(checks: Sequence[Check], *, shown: Sequence[Check], in_file: bool, grouped: bool) -> Table:
    return Table(
        id="readiness-matrix",
        label="Readiness matrix",
        noun=("site", "sites"),
        filterset=MatrixFilters,
        default_sort="-gap",
        columns=[*_of_site(in_file), *(_of_check(check, in_file and check in shown) for check in checks)],
        row_id="site.id",
        row_url=lambda row: link("site", row.site.slug),
        row_name="site.name",
        empty={
            "title": "No sites yet",
            "text": "The matrix shows every site against every check. Add a site, then connect a source to it.",
            "icon": "grid-dots",
            "action_url": "/inventory/sites/",
            "action_label": "Go to the inventory",
        },
        api="scoring-api-matrix-list",
        group_by=REGION_FIRST if grouped else (),
    )


def _percent(share: float | None) -> int | None:
    return None if share is None else round(100 * share)


def _of_site(in_file: bool) -> list[Column]:
    def only_in_file(key: str, label: str, value: Any, **more: Any) -> Column:
        return Column(key, label, value, default=in_file, **more)

    def shown(key: str, label: str, value: Any, **more: Any) -> Column:
        return Column(key, label, value, locked=True, **more)

    return [
        shown("site", "Site", "site.name", sort="name"),
        only_in_file("slug", "Slug", "site.slug"),
        only_in_file("region", "Region", "site.region", sort="region__name"),
        only_in_file("kind", "Kind", "site.kind"),
        only_in_file("stage", "Stage", "site.stage"),
        shown("verdict", "Verdict", "verdict", sort="verdict_order"),
        only_in_file("blocker", "First blocker", "stored.first_blocker"),
        only_in_file("deciding", "Deciding checks", lambda row: " ".join(row.stored.deciding)),
        only_in_file("capped", "Declared, not measured", lambda row: " ".join(row.stored.capped)),
        only_in_file("measurable", "Blocking checks to measure", "stored.measurable"),
        only_in_file("deployed", "Deployed", "deployed.it_kw", unit="kW"),
        shown("gap", "Gap", "gap_kw", text=lambda row: power(row.gap_kw, "kW").value, sort="gap_kw", unit="kW",
              numeric=True),
        shown("score", "Score", lambda row: _percent(row.stored.score), sort="score__score", numeric=True, unit="%"),
        only_in_file("upper", "Upper score", lambda row: _percent(row.stored.score_upper), unit="%"),
        shown("coverage", "Coverage", lambda row: _percent(row.stored.coverage), sort="score__coverage", numeric=True,
              unit="%"),
        only_in_file("evaluated", "Evaluated at", "stored.evaluated_at"),
        only_in_file("failed", "Not evaluable since", "stored.failed_at"),
        only_in_file("framework", "Framework", "framework_version"),
    ]  # fmt: skip


def _of_check(check: Check, default: bool) -> Column:
    def state(row: MatrixRow) -> str:
        cell = row.cells.get(check.id)
        return cell.state if cell else ""

    return Column(check.id, check.id, value=state, sort="state_order", default=default)
