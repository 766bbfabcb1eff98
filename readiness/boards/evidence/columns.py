"""The columns that results add to the lists of runs, facts and attestations."""

from typing import Any

from django.urls import reverse

from readiness.assessment.evidence.models import Attestation, RecordedFact, ValidationRun
from readiness.boards.evidence.queries import outcomes_of_records, outcomes_of_runs
from web.kinds import added
from web.tables import Column
from web.units import against_limit


def _result(row: Any) -> str:
    return row.outcome.state if row.outcome else ""


def _against(row: Any) -> str:
    of_row = row.outcome
    return against_limit(of_row.value, of_row.unit, of_row.limit) if of_row else ""


def _check_url(row: Any) -> str:
    of_row = row.outcome
    if not of_row or not of_row.check_id:
        return ""
    return f"{reverse('site-check', args=[row.site.slug, of_row.check_id])}#part-{of_row.part_id}"


RESULT = Column(
    "outcome",
    "Result",
    value=_result,
    states="check",
    phone="status",
    template="readiness/evidence/cells/result.html",
    hint="What its figure says against the limit that holds now",
)
AGAINST = Column(
    "against", "Value and limit", value=_against, template="readiness/evidence/cells/against.html"
)
PROVES = Column(
    "proves",
    "Proves",
    value="outcome.check_name",
    url=_check_url,
    template="readiness/evidence/cells/proves.html",
)
LIMIT = Column("limit", "Limit", value="outcome.limit")
UNTIL = Column(
    "until", "Counts until", value="outcome.counts_until", template="readiness/evidence/cells/until.html"
)


def register() -> None:
    added.register(
        [ValidationRun],
        *(RESULT, AGAINST, PROVES, UNTIL),
        read=outcomes_of_runs,
        permission="evidence.view_validationrun",
    )
    for model in (RecordedFact, Attestation):
        added.register(
            [model],
            *(RESULT, LIMIT, UNTIL),
            read=outcomes_of_records,
            permission=f"evidence.view_{model._meta.model_name}",
            behind="value",
        )
