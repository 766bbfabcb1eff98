"""How far forecasts were off, written down for p5-forecast-accuracy at the chosen site."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from accounts.models import User
from readiness.evidence.core.provenance import worst_provenance
from readiness.evidence.models import RecordedFact
from readiness.evidence.operations.records import FactRow, record_facts
from readiness.framework import queries as framework_queries
from readiness.tradeoffs.core.accuracy import accuracy
from readiness.tradeoffs.decisions import realising
from readiness.tradeoffs.decisions.queries import Pair, pairs
from readiness.tradeoffs.models import Decision

CHECK = "p5-forecast-accuracy"
PARTS = {realising.PEAK: "power-error", realising.IN_USE: "accelerators-error"}
"""Which forecast is of which sub-measure; the others of the check are of plans that no decision holds."""
QUARTER = timedelta(days=91)
SOURCE = "Decisions reviewed: "


def write(decision: Decision, *, by: User | None, now: datetime) -> list[RecordedFact]:
    """A fact for each sub-measure that a forecast of the site is of: the mean error of the quarter's decisions.

    It is of the last day that was compared. Written anew it says the same; what somebody else entered of that day
    stays.
    """
    _version, framework = framework_queries.current()
    check = framework.checks_by_id.get(CHECK)
    if check is None:
        return []
    parts = {part.id for part in check.parts}
    day = decision.due_on - timedelta(days=1)
    of_others = RecordedFact.objects.filter(site=decision.site, check_id=CHECK, taken_on=day).exclude(
        source__startswith=SOURCE
    )
    kept = set(of_others.values_list("part", flat=True))
    pairs = _of_quarter(decision)
    rows = []
    for objective, part in PARTS.items():
        of_part = [
            pair for pair in pairs if pair.forecast.objective == objective and pair.percent is not None
        ]
        if part not in parts - kept or not of_part:
            continue
        (mean,) = accuracy(pair.comparison for pair in of_part)
        rows.append(
            FactRow(
                site=decision.site,
                check=CHECK,
                part=part,
                value=mean.mape or 0.0,
                taken_on=day,
                source=_source(pair.forecast.decision_id for pair in of_part),
                note=f"Mean of {len(of_part)} decisions reviewed within {QUARTER.days} days",
                provenance=worst_provenance(each for pair in of_part for each in pair.provenances),
            )
        )
    return record_facts(rows, by=by, now=now)


def _of_quarter(decision: Decision) -> list[Pair]:
    reviewed = Decision.objects.filter(
        site=decision.site,
        reviewed_at__isnull=False,
        due_on__gt=decision.due_on - QUARTER,
        due_on__lte=decision.due_on,
    ).order_by("due_on", "pk")
    return [pair for each in reviewed.prefetch_related("forecasts__outcome") for pair in pairs(each, ())]


def _source(decision_ids: Iterable[int]) -> str:
    """Cut where it would be longer than a source may be; the newest are named first."""
    text = SOURCE + ", ".join(f"#{pk}" for pk in sorted(decision_ids, reverse=True))
    return text if len(text) <= 200 else text[:199] + "…"
