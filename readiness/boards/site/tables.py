"""Columns of the checks of one site, and of the reasons of one of its domains."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from readiness.assessment.scoring.core.states import (
    CHECK_STATES,
    REASON_HEALTHS,
    REASON_STANDINGS,
    TIERS,
    CheckState,
    Gate,
)
from readiness.assessment.scoring.models import HealthReason
from readiness.assessment.scoring.queries.rows import CheckRow
from readiness.boards.checks.answering import Answering
from readiness.boards.checks.tables import result_columns, unbroken
from readiness.boards.health.queries import reason_row
from readiness.boards.health.sentences import reason_words
from readiness.boards.site.queries import PillarChecks
from readiness.boards.waivers.sentences import waiver_url, waiver_word
from web.links import link
from web.rest.lookups import AnyOf
from web.tables import Column, RowFilter, Table


def checks_of_site(
    slug: str,
    pillars: Sequence[PillarChecks],
    owner: Callable[[CheckRow], Answering],
    *,
    may_request: bool = False,
) -> Table:
    address = partial(link, "site-check", slug)
    result = result_columns()
    return Table(
        id="checks",
        noun=("check", "checks"),
        label="Checks of the site",
        columns=(
            result["state"],
            Column("check", "Check", "name", url=lambda row: address(row.id), template="readiness/cells/check.html",
                   sort=True, locked=True, phone="title"),
            result["value"],
            Column("threshold", "Limit", "threshold_text", lambda row: unbroken(row.threshold_text), numeric=True),
            replace(result["margin"], default=False),
            result["reason"],
            Column("owner", "Owner", owner, template="readiness/cells/answering.html",
                   sort=lambda row: owner(row).who, export=lambda row: owner(row).who),
            Column("gate", "Gate", sort=True),
            result["tier"],
            Column("waiver", "Waiver", lambda row: waiver_word(row, may_request=may_request),
                   url=lambda row: waiver_url(row, slug, may_request=may_request),
                   export=lambda row: row.state == CheckState.WAIVED),
            result["age"],
            Column("since", "Since", template="readiness/cells/instant.html", sort=True, default=False),
        ),
        filters=_check_filters(pillars),
        row_id="id",
        row_name="name",
        row_url=lambda row: address(row.id),
        nothing="readiness/nothing.html#checks",
    )  # fmt: skip


class ReasonsOfDomain(django_filters.FilterSet):
    q = django_filters.CharFilter(method="search", label="Search", max_length=200)
    health = AnyOf(
        field_name="health", inner=forms.ChoiceField(choices=REASON_HEALTHS), commas=True, label="Health"
    )
    standing = AnyOf(
        field_name="standing",
        inner=forms.ChoiceField(choices=REASON_STANDINGS),
        commas=True,
        label="Rests on",
    )

    class Meta:
        model = HealthReason
        fields: tuple[str, ...] = ()

    def search(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(Q(object__icontains=value) | Q(title__icontains=value))


def reasons_of_domain(*, is_blind: bool, now: datetime) -> Table:
    def words(reason: HealthReason) -> str:
        return reason_words(reason_row(reason, is_blind=is_blind), now)

    return Table(
        id="reasons",
        noun=("reason", "reasons"),
        label="What is not well, worst first",
        filterset=ReasonsOfDomain,
        columns=(
            Column("health", "Health", states="health", template="readiness/site/reason_health.html", sort="rank",
                   phone="status"),
            Column("object", "Object", template="readiness/site/reason_object.html", sort="object", locked=True,
                   phone="title"),
            Column("reason", "Reason", words, sort="title"),
            Column("source", "Limit by", default=False, sort="source"),
            Column("since", "Since", template="readiness/cells/instant.html", sort="since"),
            Column("last", "Last sample", "taken_at", template="readiness/cells/instant.html", sort="taken_at",
                   default=False),
            Column("samples", "Samples", "metric", template="readiness/site/reason_samples.html"),
        ),
        group_by=("rank",),
        then_by=("object", "pk"),
        row_name="object",
        row_url=lambda _reason: "",
        api="scoring-api-health-reason-list",
        empty={
            "title": "Nothing is wrong",
            "text": "No object of this domain has a reason not to be well.",
            "icon": "circle-check",
        },
    )  # fmt: skip


def _check_filters(pillars: Sequence[PillarChecks]) -> tuple[RowFilter, ...]:
    return (
        RowFilter("state", "State", "state", CHECK_STATES),
        RowFilter("pillar", "Pillar", "pillar", [(group.pillar.id, group.pillar.name) for group in pillars]),
        RowFilter("gate", "Gate", "gate", [(gate, gate) for gate in Gate]),
        RowFilter("tier", "Rests on", "tier", TIERS),
    )
