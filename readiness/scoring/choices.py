"""Choices for columns and forms: the states that scoring uses, each with its word."""

from collections.abc import Mapping
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from readiness.scoring.core.states import CheckState, Health, Tier, Verdict

type Choices = list[tuple[str, str | Promise]]


def _choices[State: StrEnum](states: type[State], words: Mapping[State, str | Promise]) -> Choices:
    return [(state.value, words[state]) for state in states]


CHECK_STATES = _choices(
    CheckState,
    {
        CheckState.PASS: _("Pass"),
        CheckState.WARN: _("Warn"),
        CheckState.FAIL: _("Fail"),
        CheckState.UNKNOWN: _("Unknown"),
        CheckState.STALE: _("Stale"),
        CheckState.WAIVED: _("Waived"),
        CheckState.NOT_APPLICABLE: _("Not applicable"),
    },
)
VERDICTS = _choices(
    Verdict,
    {
        Verdict.READY: _("Ready"),
        Verdict.CONDITIONAL: _("Conditional"),
        Verdict.NOT_READY: _("Not ready"),
    },
)
HEALTHS = _choices(
    Health,
    {
        Health.OK: _("OK"),
        Health.WARN: _("Warn"),
        Health.CRITICAL: _("Critical"),
        Health.UNKNOWN: _("Unknown"),
        Health.MAINTENANCE: _("Maintenance"),
        Health.NOT_MONITORED: _("Not monitored"),
    },
)
TIERS = _choices(
    Tier,
    {
        Tier.MEASURED: _("Measured"),
        Tier.DECLARED: _("Declared"),
        Tier.CAPPED: _("Declared, not measured"),
    },
)
