"""Freedom, fallbacks and concentration in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from readiness.tradeoffs.core.flexibility import Concentration, FallbackState, FlexibilityLevel, Freedom
from readiness.tradeoffs.core.words import number

FALLBACKS = {
    FallbackState.TESTED: _("Tested"),
    FallbackState.TEST_OLD: _("Test too old"),
    FallbackState.UNTESTED: _("Not all tested"),
    FallbackState.NOT_FEASIBLE: _("No feasible site"),
    FallbackState.NONE: _("Unknown"),
}
FALLBACK_TONES = {
    FallbackState.TESTED: "ok",
    FallbackState.TEST_OLD: "warn",
    FallbackState.UNTESTED: "warn",
    FallbackState.NOT_FEASIBLE: "bad",
    FallbackState.NONE: "unknown",
}
LEVELS = {
    FlexibilityLevel.LOW: _("low"),
    FlexibilityLevel.MODERATE: _("moderate"),
    FlexibilityLevel.HIGH: _("high"),
    FlexibilityLevel.UNKNOWN: _("unknown"),
}
MOST_NAMED = 6
COUNTS = (("none", _("No other")), ("one", _("One")), ("several", _("Several")))


def count_of(alternatives: int) -> str:
    """Which of `COUNTS`."""
    return ("none", "one", "several")[min(alternatives, 2)]


def listed(slugs: Iterable[str], names: Mapping[str, str]) -> str:
    """The first of them, by name, and how many more: of a large fleet hundreds are feasible."""
    found = sorted(names.get(slug, slug) for slug in slugs)
    message = ", ".join(found[:MOST_NAMED])
    more = len(found) - MOST_NAMED
    return message if more <= 0 else gettext("%(sites)s and %(n)s more") % {"sites": message, "n": more}


def if_lost(freedom: Freedom, names: Mapping[str, str]) -> str:
    """Return what is left of it when the site that it runs at is lost; of several, each alone."""
    if not freedom.runs_at:
        return gettext("runs nowhere")
    sentences = []
    if len(freedom.runs_at) > 1:
        sentences.append(gettext("goes on at %(n)s of %(all)s sites") % {
            "n": len(freedom.runs_at) - 1, "all": len(freedom.runs_at),
        })  # fmt: skip
    if freedom.alternatives:
        sentences.append(gettext("may move to %(sites)s") % {"sites": listed(freedom.alternatives, names)})
    if freedom.undecided and not freedom.alternatives:
        sentences.append(gettext("%(n)s sites undecided") % {"n": len(freedom.undecided)})
    return "; ".join(sentences) or gettext("nothing")


def shares(concentration: Concentration) -> str:
    """`NVIDIA 90 %, AMD 10 %`."""
    ordered = sorted(concentration.shares.items(), key=lambda each: (-each[1], each[0]))
    return ", ".join(f"{vendor} {number(round(share, 1))} %" for vendor, share in ordered)


def index(concentration: Concentration) -> str:
    """`8 200 (high)`."""
    if concentration.low is None or concentration.high is None:
        return gettext("unknown")
    value = number(round(concentration.low if concentration.hhi is None else concentration.hhi))
    if concentration.hhi is None:
        value = f"{value} – {number(round(concentration.high))}"
    return f"{value} ({LEVELS[concentration.level]})"
