"""Rows of the pages of decisions: rows of the list, the options of one, the factors of one site at that moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from readiness.tradeoffs.core import ages
from readiness.tradeoffs.core.factors import ValueBasis
from readiness.tradeoffs.decisions.compared import pairs
from readiness.tradeoffs.models import Decision


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """`mean_error` is over the objectives that could be compared, in percent; None before the review."""

    decision: Decision
    mean_error: float | None


@dataclass(frozen=True, slots=True)
class DecisionCounts:
    waiting: int
    approved: int
    due: int
    reviewed: int


@dataclass(frozen=True, slots=True)
class OptionRow:
    """One site as it was looked at. `figures` by objective are as the placement stated them."""

    site: str
    name: str
    feasible: bool
    standing: str
    chosen: bool
    before: bool
    rank: int | None
    score: float | None
    figures: Mapping[str, Mapping[str, Any]]
    reasons: tuple[str, ...]


def decisions() -> QuerySet[Decision]:
    """The newest first, with all that a row and its file show; three statements."""
    return (
        Decision.objects.select_related(
            "workload", "site", "previous_site", "decided_by", "answered_by", "withdrawn_by"
        )
        .prefetch_related("forecasts__outcome")
        .order_by("-decided_at", "-pk")
    )


def light() -> QuerySet[Decision]:
    """The same without what is large: what every site came to."""
    return decisions().defer("options", "snapshot", "sensitivity")


def rows(decisions: Sequence[Decision]) -> list[DecisionRow]:
    return [_row(decision) for decision in decisions]


def _row(decision: Decision) -> DecisionRow:
    if decision.reviewed_at is None:
        return DecisionRow(decision, None)
    errors = [abs(pair.percent) for pair in pairs(decision, ()) if pair.percent is not None]
    return DecisionRow(decision, sum(errors) / len(errors) if errors else None)


def counts(*, now: datetime) -> DecisionCounts:
    """One statement."""
    approved = Q(state=Decision.State.APPROVED)
    found = Decision.objects.aggregate(
        waiting=Count("pk", filter=Q(state=Decision.State.RECORDED)),
        approved=Count("pk", filter=approved),
        due=Count("pk", filter=approved & Q(reviewed_at=None, due_on__lte=now.date())),
        reviewed=Count("pk", filter=Q(reviewed_at__isnull=False)),
    )
    return DecisionCounts(**found)


def options(decision: Decision) -> list[OptionRow]:
    """Those that were feasible by rank, then the others by name."""
    before = decision.previous_site.slug if decision.previous_site else ""
    option_rows = [
        OptionRow(
            site=option["site"],
            name=option.get("name") or option["site"],
            feasible=option["feasible"],
            standing=option.get("standing") or ("feasible" if option["feasible"] else "rejected"),
            chosen=option["site"] == decision.site.slug,
            before=option["site"] == before,
            rank=option["rank"],
            score=option["score"],
            figures=option["objectives"],
            reasons=tuple(reason["words"] for reason in option["reasons"]),
        )
        for option in decision.options
    ]
    return sorted(option_rows, key=lambda row: (not row.feasible, row.rank or 0, row.name))


@dataclass(frozen=True, slots=True)
class FrozenFactor:
    """One factor of a site as it was known when it was decided; `unknown` says why it had no value.

    `outdated` says how far it was beyond the age limit of its kind then; by the limits of today where the snapshot is
    from before there were any.
    """

    kind: str
    value: float | None
    unit: str
    low: float | None
    high: float | None
    provenance: str
    source: str
    as_of: datetime | None
    age_s: float
    unknown: str
    outdated: str


def factors(decision: Decision, slug: str) -> list[FrozenFactor]:
    """Return the factors of one site, in the order of the snapshot."""
    site = decision.snapshot.get("sites", {}).get(slug, {})
    return [_factor(kind, stated, decision) for kind, stated in site.get("factors", {}).items()]


def _factor(kind: str, stated: Mapping[str, Any], decision: Decision) -> FrozenFactor:
    as_of = datetime.fromisoformat(stated["as_of"]) if stated.get("as_of") else None
    age_s = stated.get("age_s")
    if age_s is None:
        age_s = max(0.0, (decision.decided_at - as_of).total_seconds()) if as_of else 0.0
    outdated = stated.get("outdated")
    if outdated is None:
        is_worked_out = stated.get("basis") in (ValueBasis.COMPUTED, ValueBasis.GREAT_CIRCLE)
        limit = None if as_of is None or is_worked_out else ages.too_old(kind, age_s)
        outdated = ages.words(limit, age_s) if limit else ""
    kept: dict[str, Any] = {
        name: stated.get(name) or "" for name in ("unit", "provenance", "source", "unknown")
    }
    figures: dict[str, Any] = {name: stated.get(name) for name in ("value", "low", "high")}
    return FrozenFactor(kind=kind, as_of=as_of, age_s=age_s, outdated=outdated, **kept, **figures)


def name_of(decision: Decision, slug: str) -> str:
    """Return what a site was called when it was decided; the slug, where nobody looked at it."""
    return next((option.get("name") or slug for option in decision.options if option["site"] == slug), slug)
