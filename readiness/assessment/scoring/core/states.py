"""Every state that scoring uses, exactly as on pages and in the API. Check states, gates and stages are words of the
framework's definition; they are named here too, so that scoring code has one place to look.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from readiness.assessment.framework.core.vocabulary import CheckState, Gate, Stage

__all__ = [
    "CheckState",
    "FlipCause",
    "FlipSubject",
    "Gate",
    "Health",
    "Provenance",
    "ReasonCode",
    "ReasonStanding",
    "Stage",
    "Tier",
    "Verdict",
]


class Verdict(StrEnum):
    """Whether the site may carry production load. Only commissioning and production sites have one."""

    READY = "ready"
    CONDITIONAL = "conditional"
    NOT_READY = "not-ready"


class Health(StrEnum):
    """`not-judged` is an object that is heard from, of which no rule has judged a sample yet."""

    OK = "ok"
    WARN = "warn"
    CRITICAL = "critical"
    UNKNOWN = "unknown"
    NOT_JUDGED = "not-judged"
    MAINTENANCE = "maintenance"
    NOT_MONITORED = "not-monitored"


class ReasonStanding(StrEnum):
    """The ground of a reason: a live sample; the last one, while the object sends others; the last one of a metric
    that is gone for a day; the last one of an object that is silent."""

    LIVE = "live"
    LAST_KNOWN = "last-known"
    METRIC_GONE = "metric-gone"
    SILENT = "silent"


class Provenance(StrEnum):
    """How a number came to be; an estimate is never shown as a measurement."""

    MEASURED = "measured"
    ESTIMATED = "estimated"
    DECLARED = "declared"
    SIMULATED = "simulated"


class Tier(StrEnum):
    """How trustworthy evidence is: measured by a run or telemetry, or entered by somebody. `capped` is declared too,
    where the framework asks for a measurement, or a check that blocks for a confirmation: it counts as warn at most."""

    MEASURED = "measured"
    DECLARED = "declared"
    CAPPED = "capped"


class ReasonCode(StrEnum):
    """Why a sub-measure is in its state, for filters and translation; the sentence beside it gives the figures."""

    INSIDE = "inside"
    WARN_BAND = "warn-band"
    CAPPED = "capped"
    UNCONFIRMED = "unconfirmed"
    OUTSIDE = "outside"
    RUN_FAILED = "run-failed"
    NO_EVIDENCE = "no-evidence"
    CANNOT_JUDGE = "cannot-judge"
    NO_LIMIT = "no-limit"
    NOT_A_NUMBER = "not-a-number"
    IN_THE_FUTURE = "in-the-future"
    TOO_OLD = "too-old"
    VOIDED = "voided"
    TREND_ONLY = "trend-only"
    EXCLUDED = "excluded"
    DECLARED = "declared"
    NOTHING_LEFT = "nothing-left"


class FlipCause(StrEnum):
    """The five possible causes of a change of state; every change has exactly one."""

    DATA = "data"
    EVIDENCE_AGE = "evidence-age"
    RULE = "rule"
    WAIVER = "waiver"
    APPLICABILITY = "applicability"


class FlipSubject(StrEnum):
    CHECK = "check"
    PART = "part"
    VERDICT = "verdict"


type Choices = list[tuple[str, str]]


def _choices(states: type[StrEnum], **words: str) -> Choices:
    own = {state.name: state.value.replace("-", " ").capitalize() for state in states}
    return [(state.value, (own | words)[state.name]) for state in states]


CHECK_STATES = _choices(CheckState, NOT_APPLICABLE="Not applicable")
VERDICTS = _choices(Verdict)
HEALTHS = _choices(Health, OK="OK", NOT_JUDGED="Not judged yet")
REASON_HEALTHS = [each for each in HEALTHS if each[0] in (Health.CRITICAL, Health.WARN, Health.UNKNOWN)]
REASON_STANDINGS = _choices(ReasonStanding, METRIC_GONE="Last known, metric gone")
TIERS = _choices(Tier, CAPPED="Declared, not measured")


FADING = frozenset({Health.OK, Health.NOT_JUDGED})
"""Health that only samples show. Without them it is unknown, while known trouble stays as last known."""
KNOWN = FADING | {Health.WARN, Health.CRITICAL}
"""Health that is read from samples."""


class HealthAt(NamedTuple):
    """Health of a domain at an instant. If unknown, it was `last_health` until `heard_at`, as far as known. One that
    `is_last_known` rests on no live sample."""

    health: str
    since: datetime
    last_health: str
    heard_at: datetime | None
    objects_by_health: Mapping[str, int]
    figures: Mapping[str, Any]
    is_last_known: bool = False


def health_at(evaluated: HealthAt, blind_at: datetime | None, now: datetime) -> HealthAt:
    """The evaluated health until `blind_at`, when all objects count as silent: with newer samples it would have been
    evaluated again. Known trouble stays, as last known; all else is unknown."""
    if blind_at is None or now <= blind_at or evaluated.health not in KNOWN:
        return evaluated
    silent = evaluated._replace(objects_by_health=counts_in_silence(evaluated.objects_by_health), figures={})
    if evaluated.health not in FADING:
        return silent._replace(is_last_known=True)
    return silent._replace(health=str(Health.UNKNOWN), since=blind_at, last_health=evaluated.health)


def counts_in_silence(objects_by_health: Mapping[str, int]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for health, count in objects_by_health.items():
        health_now = str(Health.UNKNOWN) if health in FADING else health
        counts[health_now] = counts.get(health_now, 0) + count
    return counts
