"""Decisions and their outcomes: rows of the list, the options of one, and each forecast with its outcome."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from readiness.assessment.scoring.core.states import Provenance
from readiness.tradeoffs.decisions.core import Comparison, compare, mean_percent
from readiness.tradeoffs.decisions.realising import Outcome, realised_of
from readiness.tradeoffs.models import Decision, DecisionForecast
from readiness.tradeoffs.models.decisions import StatedFigure
from readiness.tradeoffs.moves.options import BandedFigure
from web.workflows import second


@dataclass(frozen=True, slots=True)
class Pair:
    """A forecast with its outcome. `unknown` says why the outcome is unknown; `final` that it was recorded at the
    review."""

    forecast: DecisionForecast
    comparison: Comparison
    unknown: str
    final: bool

    @property
    def percent(self) -> float | None:
        return self.comparison.percent

    @property
    def provenances(self) -> list[str]:
        both = (self.comparison.expected.provenance, self.comparison.realised.provenance)
        return [provenance.value for provenance in both if provenance is not None]


def compared(decision: Decision, now: datetime) -> list[Pair]:
    """Return the outcomes recorded at the review; before that, the present ones of an approved decision."""
    if decision.reviewed_at is not None:
        return pairs(decision, ())
    if decision.state != Decision.State.APPROVED:
        return []
    return pairs(decision, realised_of(decision, now))


def pairs(decision: Decision, outcomes: Sequence[Outcome]) -> list[Pair]:
    """Pair the forecasts with these outcomes, in their order; without any, with the recorded ones."""
    paired = []
    for place, forecast in enumerate(decision.forecasts.all()):
        if outcomes:
            realised, why = outcomes[place]
        else:
            realised, why = _figure_of(forecast.outcome, forecast.unit), forecast.outcome.unknown
        comparison = compare(_figure_of(forecast, forecast.unit), realised)
        paired.append(Pair(forecast, comparison, why, not outcomes))
    return paired


def _figure_of(stated: StatedFigure, unit: str) -> BandedFigure:
    provenance = Provenance(stated.provenance) if stated.provenance else None
    return BandedFigure(stated.value, unit, provenance, stated.as_of, stated.low, stated.high, stated.source)


def decisions() -> QuerySet[Decision]:
    people = ("decided_by", "answered_by", "withdrawn_by")
    return (
        Decision.objects.select_related("workload", "site", "previous_site", *people)
        .prefetch_related("forecasts__outcome")
        .annotate(approval_flags=second.flags_of(Decision))
        .order_by("-decided_at", "-pk")
    )


def light() -> QuerySet[Decision]:
    return decisions().defer("options", "snapshot", "sensitivity")


def mean_error(decision: Decision) -> float | None:
    reviewed_pairs = pairs(decision, ()) if decision.reviewed_at is not None else []
    return mean_percent(pair.comparison for pair in reviewed_pairs)


def counts(*, now: datetime) -> dict[str, int]:
    approved = Q(state=Decision.State.APPROVED)
    return Decision.objects.aggregate(
        waiting=Count("pk", filter=Q(state=Decision.State.RECORDED)),
        approved=Count("pk", filter=approved),
        due=Count("pk", filter=approved & Q(reviewed_at=None, due_on__lte=now.date())),
        reviewed=Count("pk", filter=Q(reviewed_at__isnull=False)),
    )


def options(decision: Decision) -> list[dict[str, Any]]:
    """The sites as the placement stated them, with marks for the chosen and the previous site, and the reasons in
    words."""
    before = decision.previous_site.slug if decision.previous_site else ""
    rows = [
        {
            **option,
            "chosen": option["site"] == decision.site.slug,
            "before": option["site"] == before,
            "reasons": [reason["words"] for reason in option["reasons"]],
        }
        for option in decision.options
    ]
    return sorted(rows, key=lambda row: (row["standing"] != "feasible", row["rank"] or 0, row["name"]))


def factors(decision: Decision, slug: str) -> list[dict[str, Any]]:
    site = decision.snapshot.get("sites", {}).get(slug, {})
    return [
        {"kind": kind, **stated, "as_of": stated.get("as_of") and datetime.fromisoformat(stated["as_of"])}
        for kind, stated in site.get("factors", {}).items()
    ]


def name_of(decision: Decision, slug: str) -> str:
    return next((option["name"] for option in decision.options if option["site"] == slug), slug)
