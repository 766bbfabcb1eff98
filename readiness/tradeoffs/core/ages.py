"""How old a factor may be before it should be looked at again: `readiness/tradeoffs/data/ages.yaml`, read once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from readiness.tradeoffs.core.factors import KnownValue, ValueBasis
from readiness.tradeoffs.core.kinds import data

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class AgeLimit:
    days: int
    reason: str


@cache
def age_limits() -> Mapping[str, AgeLimit]:
    return {kind: AgeLimit(**limit) for kind, limit in data("ages").items()}


def too_old(kind: str, age_s: float) -> AgeLimit | None:
    """The limit that something of this age is beyond; None where it is within, and where its kind has none."""
    limit = age_limits().get(kind.partition(".")[0])
    return limit if limit is not None and age_s > limit.days * DAY_S else None


def outdated(kind: str, known: KnownValue, at: datetime) -> str:
    """`1,062 days old, looked at again after 731: …`; empty where it is no older than its limit.

    What is worked out is as old as its parts, which say so themselves, and what has a stated last day is in force.
    """
    if known.basis in (ValueBasis.COMPUTED, ValueBasis.GREAT_CIRCLE) or known.until_on is not None:
        return ""
    age_s = known.age_s(at)
    limit = too_old(kind, age_s)
    return "" if limit is None else words(limit, age_s)


def words(limit: AgeLimit, age_s: float) -> str:
    return f"{int(age_s // DAY_S):,} days old, to be looked at again after {limit.days:,}: {limit.reason}"
