"""Filters of the matrix, for the page and for the API alike."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from inventory.models import Site
from readiness.boards.filters import GATES, PILLARS
from readiness.boards.matrix.params import Wanted
from readiness.boards.tables import ReadinessSiteFilters
from readiness.framework import queries as framework_queries
from readiness.scoring.choices import CHECK_STATES, TIERS
from readiness.scoring.models import CheckResult
from web import clock
from web.rest.lookups import AnyOf, Existing, Flag


class MatrixFilters(ReadinessSiteFilters):
    """Pillar and gate leave columns; state, tier and expiry leave the sites and checks that have such a cell."""

    site = AnyOf(
        field_name="slug", lookup_expr="exact", inner=Existing(Site, "slug"), commas=True, label="Site"
    )

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
            *("verdict", "state", "tier", "pillar", "gate", "region", "kind", "profile", "stage", "expiring"),
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
