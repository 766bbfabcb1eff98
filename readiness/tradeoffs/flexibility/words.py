"""Freedom, fallbacks and concentration in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from readiness.tradeoffs.core.flexibility import Concentration, FallbackState, FlexibilityLevel, Freedom
from readiness.tradeoffs.core.words import number

FALLBACKS = {
    FallbackState.TESTED: "Tested",
    FallbackState.TEST_OLD: "Test too old",
    FallbackState.UNTESTED: "Not all tested",
    FallbackState.NOT_FEASIBLE: "No feasible site",
    FallbackState.NONE: "Unknown",
}
FALLBACK_TONES = {
    FallbackState.TESTED: "ok",
    FallbackState.TEST_OLD: "warn",
    FallbackState.UNTESTED: "warn",
    FallbackState.NOT_FEASIBLE: "bad",
    FallbackState.NONE: "unknown",
}
LEVELS = {
    FlexibilityLevel.LOW: "low",
    FlexibilityLevel.MODERATE: "moderate",
    FlexibilityLevel.HIGH: "high",
    FlexibilityLevel.UNKNOWN: "unknown",
}
MOST_NAMED = 6
COUNTS = (("none", "No other"), ("one", "One"), ("several", "Several"))


def count_of(alternatives: int) -> str:
    """Which of `COUNTS`."""
    return ("none", "one", "several")[min(alternatives, 2)]


def listed(slugs: Iterable[str], names: Mapping[str, str]) -> str:
    """The first of them, by name, and how many more: of a large fleet hundreds are feasible."""
    found = sorted(names.get(slug, slug) for slug in slugs)
    message = ", ".join(found[:MOST_NAMED])
    more = len(found) - MOST_NAMED
    return message if more <= 0 else f"{message} and {more} more"


def if_lost(freedom: Freedom, names: Mapping[str, str]) -> str:
    """Return what is left of it when the site that it runs at is lost; of several, each alone."""
    if not freedom.runs_at:
        return "runs nowhere"
    sentences = []
    if len(freedom.runs_at) > 1:
        sentences.append(f"goes on at {len(freedom.runs_at) - 1} of {len(freedom.runs_at)} sites")  # fmt: skip
    if freedom.alternatives:
        sentences.append(f"may move to {listed(freedom.alternatives, names)}")
    if freedom.undecided and not freedom.alternatives:
        sentences.append(f"{len(freedom.undecided)} sites undecided")
    return "; ".join(sentences) or "nothing"


def shares(concentration: Concentration) -> str:
    """`NVIDIA 90 %, AMD 10 %`."""
    ordered = sorted(concentration.shares.items(), key=lambda each: (-each[1], each[0]))
    return ", ".join(f"{vendor} {number(round(share, 1))} %" for vendor, share in ordered)


def index(concentration: Concentration) -> str:
    """`8 200 (high)`."""
    if concentration.low is None or concentration.high is None:
        return "unknown"
    value = number(round(concentration.low if concentration.hhi is None else concentration.hhi))
    if concentration.hhi is None:
        value = f"{value} – {number(round(concentration.high))}"
    return f"{value} ({LEVELS[concentration.level]})"
