"""Choices for columns and forms: the states that scoring uses, each with its word."""

from enum import StrEnum

from readiness.scoring.core.states import CheckState, Health, Tier, Verdict

type Choices = list[tuple[str, str]]


def _choices(states: type[StrEnum], **words: str) -> Choices:
    own = {state.name: state.value.replace("-", " ").capitalize() for state in states}
    return [(state.value, (own | words)[state.name]) for state in states]


CHECK_STATES = _choices(CheckState, NOT_APPLICABLE="Not applicable")
VERDICTS = _choices(Verdict)
HEALTHS = _choices(Health, OK="OK")
TIERS = _choices(Tier, CAPPED="Declared, not measured")
