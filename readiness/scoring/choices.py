"""Choices for columns and forms: the states that scoring uses, each with its word."""

from collections.abc import Mapping
from enum import StrEnum

from readiness.scoring.core.states import CheckState, Health, Tier, Verdict

type Choices = list[tuple[str, str]]


def _choices[State: StrEnum](states: type[State], words: Mapping[State, str]) -> Choices:
    return [(state.value, words[state]) for state in states]


CHECK_STATES = _choices(
    CheckState,
    {
        CheckState.PASS: "Pass",
        CheckState.WARN: "Warn",
        CheckState.FAIL: "Fail",
        CheckState.UNKNOWN: "Unknown",
        CheckState.STALE: "Stale",
        CheckState.WAIVED: "Waived",
        CheckState.NOT_APPLICABLE: "Not applicable",
    },
)
VERDICTS = _choices(
    Verdict,
    {
        Verdict.READY: "Ready",
        Verdict.CONDITIONAL: "Conditional",
        Verdict.NOT_READY: "Not ready",
    },
)
HEALTHS = _choices(
    Health,
    {
        Health.OK: "OK",
        Health.WARN: "Warn",
        Health.CRITICAL: "Critical",
        Health.UNKNOWN: "Unknown",
        Health.MAINTENANCE: "Maintenance",
        Health.NOT_MONITORED: "Not monitored",
    },
)
TIERS = _choices(
    Tier,
    {
        Tier.MEASURED: "Measured",
        Tier.DECLARED: "Declared",
        Tier.CAPPED: "Declared, not measured",
    },
)
