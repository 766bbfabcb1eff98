"""Statements by hand that do not count at a site, since Muster itself has the records that the check is about."""

from datetime import datetime
from typing import Any

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Cast

from inventory.models import Site
from readiness.evidence.core.bearing import OWN_RECORDS
from readiness.evidence.models import Attestation, RecordedFact, ValidationRun
from readiness.scoring.queries.rows import CheckRow
from web.visibility import name_of

BY_A_REVIEW = "go-live review #"
"""Sources and documents that reviews once wrote by themselves begin with this: nobody entered them by hand."""


def set_aside(site: Site, result: CheckRow | None, *, now: datetime) -> list[str]:
    """Sentences for a page about the newest of each kind. One statement, and none for other checks."""
    own = OWN_RECORDS.get(result.id) if result else None
    if result is None or own is None or not any(own.are_behind(part.evidence) for part in result.parts):
        return []
    facts = RecordedFact.objects.filter(site=site, check_id=result.id).exclude(source__startswith=BY_A_REVIEW)
    said = Attestation.objects.filter(site=site, check_id=result.id, workload_classes=[])
    said = said.exclude(part="").exclude(document__startswith=BY_A_REVIEW)
    tables = ValidationRun.objects.filter(site=site, measures__name__startswith=f"{result.id}/")
    statements = _newest(facts, "fact", "source", now).union(
        _newest(said, "attestation", "attested_by", now), _newest(tables, "run", "tool", now)
    )
    return [
        f"{_named(kind, row, text)} of {taken_at:%-d %b %Y} is not counted: this site has {own.words}."
        for taken_at, kind, row, text in statements.order_by("-taken_at")
    ]


def _newest(evidence: QuerySet[Any], kind: str, named_by: str, now: datetime) -> QuerySet[Any, Any]:
    """The newest as (taken_at, kind, id, who or what it is named by)."""
    newest_first = evidence.filter(taken_at__lte=now).order_by("-taken_at", "-pk")
    text = Cast(F(named_by), CharField())
    return newest_first.annotate(kind=Value(kind), text=text).values_list("taken_at", "kind", "pk", "text")[
        :1
    ]


def _named(kind: str, row: int, text: str) -> str:
    match kind:
        case "attestation":
            return f"A statement by {name_of(text)}"
        case "fact":
            return f"A recorded fact ({text})"
        case _:
            return f"Run {row}"
