"""The address and the body that a decision is recorded from: the question of the placement, and the chosen site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.http import QueryDict

from inventory.models import Site
from readiness.tradeoffs.core.parsing import BadTradeoffQuestion
from readiness.tradeoffs.placing.params import PlacementQuestion, question_of, question_of_address
from readiness.workloads.models import WorkloadClass

QUESTION_FIELDS = ("weights", "what_if", "currency", "carbon", "today")


@dataclass(frozen=True, slots=True)
class DecisionParams:
    """`site` is the one that the form begins with, None where the address names none; `refusal` says which part of the
    address cannot be read.
    """

    workload: WorkloadClass | None = None
    site: Site | None = None
    question: PlacementQuestion = field(default_factory=PlacementQuestion)
    refusal: str = ""


def params_of_address(query: QueryDict) -> DecisionParams:
    """Read `workload` and `site` by slug, and the rest as the explorer's address."""
    workload = WorkloadClass.objects.filter(slug=_slug(query, "workload")).first()
    site = Site.objects.filter(slug=_slug(query, "site")).first()
    if workload is None:
        return DecisionParams(refusal="The address names no workload that there is.")
    try:
        return DecisionParams(workload, site, question_of_address(query))
    except BadTradeoffQuestion as error:
        return DecisionParams(workload, site, refusal=str(error))


def _slug(query: QueryDict, name: str) -> str:
    return query.get(name, "").replace("\x00", "")[:100]


def split_body(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body with its question as `question`. Raises ValidationError with the field at fault."""
    try:
        question = question_of({name: given.get(name) for name in QUESTION_FIELDS})
    except BadTradeoffQuestion as error:
        raise ValidationError({error.field: [error.reason]}) from error
    return {name: value for name, value in given.items() if name not in QUESTION_FIELDS} | {
        "question": question
    }
