"""Rows of the pages of decisions: rows of the list, the options of one, the factors of one site at that moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from readiness.tradeoffs.decisions.compared import pairs
from readiness.tradeoffs.models import Decision


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """`mean_error` is over the objectives that could be compared, in percent; None before the review."""

    decision: Decision
    mean_error: float | None
    compared: int

    @property
    def id(self) -> int:
        return self.decision.pk


@dataclass(frozen=True, slots=True)
class DecisionCounts:
    waiting: int
    approved: int
    due: int
    reviewed: int
    newest_at: datetime | None


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

    @property
    def id(self) -> str:
        return self.site


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
        return DecisionRow(decision, None, 0)
    errors = [abs(pair.percent) for pair in pairs(decision, ()) if pair.percent is not None]
    return DecisionRow(decision, sum(errors) / len(errors) if errors else None, len(errors))


def counts(*, now: datetime) -> DecisionCounts:
    """One statement."""
    approved = Q(state=Decision.State.APPROVED)
    found = Decision.objects.aggregate(
        waiting=Count("pk", filter=Q(state=Decision.State.RECORDED)),
        approved=Count("pk", filter=approved),
        due=Count("pk", filter=approved & Q(reviewed_at=None, due_on__lte=now.date())),
        reviewed=Count("pk", filter=Q(reviewed_at__isnull=False)),
        newest_at=Max("decided_at"),
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

    `outdated` says how far it was beyond the age limit of its kind; None where the snapshot is from before there were
    limits.
    """

    kind: str
    value: float | None
    unit: str
    low: float | None
    high: float | None
    provenance: str
    source: str
    as_of: datetime | None
    age_s: float | None
    unknown: str
    basis: str = ""
    outdated: str | None = None


def factors(decision: Decision, slug: str) -> list[FrozenFactor]:
    """Return the factors of one site, in the order of the snapshot."""
    site = decision.snapshot.get("sites", {}).get(slug, {})
    return [_factor(kind, stated) for kind, stated in site.get("factors", {}).items()]


def _factor(kind: str, stated: Mapping[str, Any]) -> FrozenFactor:
    as_of = stated.get("as_of")
    return FrozenFactor(
        kind=kind,
        value=stated.get("value"),
        unit=stated.get("unit") or "",
        low=stated.get("low"),
        high=stated.get("high"),
        provenance=stated.get("provenance") or "",
        source=stated.get("source") or "",
        as_of=datetime.fromisoformat(as_of) if as_of else None,
        age_s=stated.get("age_s"),
        unknown=stated.get("unknown") or "",
        basis=stated.get("basis") or "",
        outdated=stated.get("outdated"),
    )


def name_of(decision: Decision, slug: str) -> str:
    """Return what a site was called when it was decided; the slug, where nobody looked at it."""
    return next((option.get("name") or slug for option in decision.options if option["site"] == slug), slug)
