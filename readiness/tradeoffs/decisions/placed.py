"""The placement that decisions are recorded from: that of the explorer and of `POST /api/tradeoffs/placements/`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from readiness.tradeoffs.placing.asking import question_of
from readiness.tradeoffs.placing.document import frozen
from readiness.tradeoffs.placing.params import BadTradeoffQuestion
from readiness.tradeoffs.placing.queries import placement_answer
from readiness.workloads import queries as workloads
from readiness.workloads.models import WorkloadClass


def place(
    *,
    workload: WorkloadClass,
    weights: Mapping[str, float],
    what_if: Mapping[str, Any],
    currency: str,
    carbon: str,
    today: str,
    now: datetime,
) -> dict[str, Any]:
    """See readiness.tradeoffs.decisions.answers.Placing. Raises ValidationError with the field that cannot be asked."""
    asked = {"weights": weights, "what_if": what_if, "currency": currency, "carbon": carbon, "today": today}
    try:
        found = placement_answer(workloads.envelope_of(workload), question_of(asked), now=now)
    except BadTradeoffQuestion as error:
        raise ValidationError({error.field: [error.reason]}) from error
    return frozen(found)
