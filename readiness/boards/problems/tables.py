"""The list of problems: its columns, its filters, and how it is grouped."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet

from inventory.models import DomainChoices, Region, Site
from readiness.assessment.scoring.models import HealthReason
from readiness.boards.alerts.carriers import MINE, mine, not_taken
from readiness.boards.alerts.carriers import NOBODY as CARRIED_BY_NOBODY
from readiness.boards.problems.queries import CAUSE, group_of
from readiness.boards.problems.rows import ProblemRow
from readiness.boards.sites.tables import owner_text
from readiness.loop.problems.core.health import CROWD_FROM
from readiness.loop.problems.core.states import ProblemState
from readiness.loop.problems.models import KINDS, Problem
from readiness.loop.problems.queries import IN_CAUSE, owners
from web import clock
from web.rest.lookups import AnyOf, Existing
from web.states import state
from web.tables import Column, Table
from web.units import how_many, power
from web.visibility import reader

NOBODY = "none"
CARRIERS = ((CARRIED_BY_NOBODY, "Not acknowledged"), (MINE, "Mine"))
STATES = [(each.value, state("problem", each).word) for each in ProblemState]
COLUMNS = (
    Column("state", "State", "state.value", lambda problem: state("problem", problem.state).word,
           template="readiness/problems/state_cell.html", sort="head_rank", phone="status"),
    Column("since", "Since", template="readiness/problems/since_cell.html", sort="head_since"),
    Column("what", "Problem", "title", template="readiness/problems/what_cell.html", sort="head_title", locked=True,
           phone="title"),
    Column("where", "Where", "place", template="readiness/problems/where_cell.html", sort="site__name"),
    Column("value", "Value, limit", lambda problem: problem.value or None,
           template="readiness/problems/value_cell.html",
           export=lambda problem: ", ".join(filter(None, (problem.value, problem.limit)))),
    Column("stake", "At stake", "kw", template="readiness/problems/stake_cell.html", numeric=True, file_unit="kW",
           sort="kw", hint="Deployed at the site; each site counts once",
           export=lambda problem: problem.kw if problem.is_cause else None),
    Column("carrier", "Who is on it", lambda problem: problem.carrier.words if problem.carrier else None,
           template="readiness/problems/carrier_cell.html"),
    Column("owner", "Owner", "owner", template="readiness/problems/owner_cell.html", sort="answering", default=False,
           export=lambda problem: owner_text(problem.site) if problem.site else ""),
    Column("object", "Object", "where", default=False),
    Column("workloads", "Workloads", numeric=True, default=False, sort="workloads"),
    Column("kind", "Kind", "kind.value", lambda problem: dict(KINDS)[problem.kind], default=False),
    Column("region", "Region", lambda problem: problem.site.region if problem.site else None, default=False),
    Column("last_known", "Last known", "is_last_known", default=False),
    Column("first_seen", "First seen", "first_seen_at", default=False),
    Column("detail", "Why", default=False, phone="full"),
)  # fmt: skip


_NARROW: Mapping[str, dict[str, Any]] = {
    "what": {"template": "readiness/problems/what_and_where_cell.html"},
    "where": {"default": False},
    "value": {"default": False},
}
NARROW_COLUMNS = tuple(replace(column, **_NARROW.get(column.key, {})) for column in COLUMNS)


class OwnerName(Existing):
    """The team or text that answers for a site, or `none`."""

    def __init__(self) -> None:
        super().__init__(Site, "owner")

    def options(self, limit: int) -> Iterator[tuple[str, str]]:
        yield NOBODY, "No owner"
        yield from ((name, name) for name in owners(now=clock.now())[: limit - 1])

    def clean(self, value: Any) -> str:
        return forms.CharField.clean(self, value).strip()


class Owner(AnyOf):
    def filter(self, queryset: QuerySet, values: list[str]) -> QuerySet:
        return super().filter(queryset, ["" if value == NOBODY else value for value in values])


class ProblemFilters(django_filters.FilterSet):
    q = django_filters.CharFilter(method="search", label="Search", max_length=200)
    state = AnyOf(field_name="state", inner=forms.ChoiceField(choices=STATES), commas=True, label="State")
    kind = AnyOf(field_name="kind", inner=forms.ChoiceField(choices=KINDS), commas=True, label="Kind")
    domain = AnyOf(
        field_name="subject",
        inner=forms.ChoiceField(choices=DomainChoices.choices),
        commas=True,
        label="Domain",
    )
    site = AnyOf(field_name="site__slug", inner=Existing(Site, "slug"), commas=True, label="Site")
    region = AnyOf(
        field_name="site__region__slug", inner=Existing(Region, "slug"), commas=True, label="Region"
    )
    owner = Owner(field_name="answering", inner=OwnerName(), commas=True, label="Owner")
    carrier = django_filters.ChoiceFilter(method="carried", choices=CARRIERS, label="Who is on it")

    class Meta:
        model = Problem
        fields: tuple[str, ...] = ()

    def carried(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(not_taken() if value == CARRIED_BY_NOBODY else mine(reader()))

    def search(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        words = Q()
        for field in ("title", "detail", "object", "site__name", "answering"):
            words |= Q(**{f"{field}__icontains": value})
        # A crowd repeats the names of few of its objects.
        of_crowd = HealthReason.objects.counting().filter(
            site=OuterRef("site"),
            domain=OuterRef("subject"),
            metric=OuterRef("metrics__0"),
            object__icontains=value,
        )
        return queryset.filter(words | Q(objects_affected__gte=CROWD_FROM) & Exists(of_crowd))


def problems_table(
    *,
    group: str,
    group_by: tuple[str, ...],
    sums: Mapping[str, tuple[int, float]],
    url: Callable[[ProblemRow], str],
    is_narrow: bool = False,
) -> Table:
    """Beside an opened problem the list `is_narrow`: the site and the value stand below the title."""
    return Table(
        id="problems",
        noun=("problem", "problems"),
        columns=NARROW_COLUMNS if is_narrow else COLUMNS,
        filterset=ProblemFilters,
        row_id="id",
        row_name="title",
        row_url=url,
        api="scoring-api-problems",
        group_by=group_by,
        then_by=IN_CAUSE,
        headed_by=_heading(group, sums),
        empty={
            "title": "No problem is open",
            "text": "As far as sites report, every domain is healthy, every source is on time, and no check fails. "
            "A problem appears here as soon as it begins, worst first.",
            "icon": "circle-check",
        },
    )


def _heading(group: str, sums: Mapping[str, tuple[int, float]]) -> Callable[[Any], str] | None:
    """Causes need no heading: consequences stand under them."""
    if group == CAUSE:
        return None

    def heading(row: ProblemRow) -> str:
        name = group_of(row, group)
        problems, kw = sums.get(name, (0, 0.0))
        return f"{name} · {how_many(problems, 'problem', 'problems')} · {power(kw, 'kW')}"

    return heading
