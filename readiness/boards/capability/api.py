"""`GET /api/people/gap/`: growth of capacity against growth of qualified people, and what would close it."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers as fields
from rest_framework.request import Request

from readiness.assessment.scoring.core.gap import CapacityMeasure
from readiness.boards.capability import queries, sentences
from readiness.boards.capability.closing import CapabilityClosing, closing
from readiness.boards.capability.params import BY, MOST_TRAININGS, TRAININGS, CapabilityQuestion, read
from readiness.boards.capability.queries import CapabilityHistory, CapabilityRow, CapabilityStanding
from readiness.boards.gap.api import capability_fields
from web import clock
from web.rest.reports import endpoint, parameter
from web.visibility import sees_names

_answer = inline_serializer(
    "CapabilityGap",
    {
        "evaluated_at": fields.DateTimeField(),
        "measure": fields.CharField(),
        "whole": fields.DictField(allow_null=True, help_text="All sites asked about; null without any."),
        "groups": fields.ListField(child=fields.DictField()),
        "over_time": fields.DictField(help_text="Month by month, with what lies ahead."),
        "closing": fields.DictField(
            help_text="The trainings that cover most capacity; names where you may see them."
        ),
    },
)


@endpoint(
    "inventory.view_site",
    "scoring.view_sitescore",
    "people.view_team",
    parameters=[
        parameter("region", "Slug; every site unless given."),
        parameter("site", "Slug; not beside a region."),
        parameter("by", "Groups.", enum=list(BY), default="region"),
        parameter("measure", "What capacity is counted in.", enum=[each.value for each in CapacityMeasure],
                  default="kw"),
        parameter("trainings", f"Trainings of a plan, {TRAININGS} unless given, {MOST_TRAININGS} at most.", type=int),
    ],
    answer=_answer,
    operation_id="people_gap",
    summary="Growth of capacity against growth of qualified people, and the trainings that would close it",
)  # fmt: skip
def gap(request: Request) -> dict[str, Any]:
    now = clock.now()
    question = read(request.query_params)
    standing = queries.asked(question, now=now)
    whole = queries.whole(standing)
    return {
        "evaluated_at": now,
        "measure": question.measure.value,
        "whole": _row(whole) if whole else None,
        "groups": [_row(row) for row in queries.rows(standing, question.by)],
        "over_time": _over_time(queries.history(standing, question.measure)),
        "closing": _closing(question, standing, names=sees_names(request.user)),
    }


def _row(row: CapabilityRow) -> dict[str, Any]:
    return {
        "key": row.key,
        "label": row.label,
        "sites": row.sites,
        **capability_fields(row.gap),
        "covers": {cover.value: count for cover, count in row.covers.items()},
    }


def _over_time(history: CapabilityHistory) -> dict[str, Any]:
    projected = ("ahead", "capacity_ahead", "qualified_ahead", "method")
    shown = asdict(history)
    return {
        "instants": shown["instants"],
        "capacity": shown["capacity"],
        "qualified": shown["qualified"],
        "projection": {name: shown[name] for name in projected} if history.ahead else None,
    }


def _closing(question: CapabilityQuestion, standing: CapabilityStanding, *, names: bool) -> dict[str, Any]:
    outcome: CapabilityClosing = closing(question, standing)
    of = question.measure.of
    return {
        "trainings": question.trainings,
        "needed": len(outcome.plan.trainings),
        "freed": of(outcome.plan.freed),
        "sites": [site.site for site in outcome.plan.covered],
        "is_exact": outcome.plan.is_exact,
        "bound": outcome.plan.bound,
        "due_on": outcome.due_on,
        "lines": [
            asdict(line) | {"people": line.people, "names": list(line.names) if names else None}
            for line in outcome.lines
        ],
        "held": of(outcome.held),
        "sites_short": len(outcome.short),
        "beyond_training": [site.site for site in outcome.beyond],
        "sentences": sentences.closing(outcome),
    }
