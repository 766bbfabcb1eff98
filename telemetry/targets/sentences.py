"""Sentences about the standing of a scrape target."""

from collections.abc import Iterator

from telemetry.core.scrapes import AbsenceCause, TargetStanding
from telemetry.targets.models import ScrapeTarget, TargetState
from web.units import instant


def standing_detail(target: ScrapeTarget) -> str:
    """Why it is absent, what was known before, and who contradicts whom."""
    state = target.state_if_heard
    if state is not None:
        return " ".join(_sentences(target, state))
    return "" if target.listing == ScrapeTarget.Listing.OFF else "No up of it was heard yet."


def _sentences(target: ScrapeTarget, state: TargetState) -> Iterator[str]:
    is_absent = state.standing == TargetStanding.ABSENT
    if is_absent:
        yield "Its sender ended it." if state.absence == AbsenceCause.ENDED else "No up comes any more."
        if state.down_since is not None:
            yield f"Before, it was down since {instant(state.down_since)}."
    elif target.listing == ScrapeTarget.Listing.OFF:
        yield "It is off in Muster, yet somebody scrapes it."
    if state.series_up and state.series_down:
        yield f"Its series contradict each other: {state.series_up} up, {state.series_down} down."
