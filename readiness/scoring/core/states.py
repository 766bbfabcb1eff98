"""Every state that scoring uses, exactly as shown on pages and in the API.

Check states, gates and stages are words of the framework's definition; they are named here too, so that scoring code
has one place to look.
"""

from enum import StrEnum

from readiness.framework.core.vocabulary import CheckState, Gate, Stage

__all__ = [
    "CheckState",
    "FlipCause",
    "FlipSubject",
    "Gate",
    "Health",
    "Provenance",
    "ReasonCode",
    "Stage",
    "Tier",
    "Verdict",
]


class Verdict(StrEnum):
    """May the site carry production load? Only commissioning and production sites have one."""

    READY = "ready"
    CONDITIONAL = "conditional"
    NOT_READY = "not-ready"


class Health(StrEnum):
    OK = "ok"
    WARN = "warn"
    CRITICAL = "critical"
    UNKNOWN = "unknown"
    MAINTENANCE = "maintenance"
    NOT_MONITORED = "not-monitored"


class Provenance(StrEnum):
    """How a number came to be; an estimate is never shown as a measurement."""

    MEASURED = "measured"
    ESTIMATED = "estimated"
    DECLARED = "declared"
    SIMULATED = "simulated"


class Tier(StrEnum):
    """How far evidence can be trusted: measured by a run or telemetry, or entered by somebody.

    `capped` is declared too, where the framework asks for a measurement: it counts as warn at most.
    """

    MEASURED = "measured"
    DECLARED = "declared"
    CAPPED = "capped"


class ReasonCode(StrEnum):
    """Why a sub-measure is in its state, for filters and translation; the sentence beside it gives the figures."""

    INSIDE = "inside"
    WARN_BAND = "warn-band"
    CAPPED = "capped"
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
    """The five things that can move a state; every move has exactly one."""

    DATA = "data"
    EVIDENCE_AGE = "evidence-age"
    RULE = "rule"
    WAIVER = "waiver"
    APPLICABILITY = "applicability"


class FlipSubject(StrEnum):
    CHECK = "check"
    PART = "part"
    VERDICT = "verdict"
