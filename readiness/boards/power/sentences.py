"""The power path in words."""

from collections.abc import Sequence

from readiness.boards.power.paths import FeedPath, RackPath
from web.units import how_many, power


def feed_words(feed: FeedPath) -> str:
    """The load of a feed and what its breaker may carry, such as "12.3 kW of 22.2 kW"."""
    capacity = power(feed.capacity_kw)
    return f"no reading, {capacity}" if feed.load_kw is None else f"{power(feed.load_kw)} of {capacity}"


def summary(paths: Sequence[RackPath]) -> list[str]:
    """Name what is short first, then what can be taken, then what nobody can tell."""
    short = [path for path in paths if path.headroom_kw is not None and path.headroom_kw < 0]
    blind = [path for path in paths if path.feeds and path.load_kw is None]
    single = [path for path in paths if path.feeds and not path.is_dual]
    unfed = [path for path in paths if not path.feeds]
    room = sum(path.headroom_kw for path in paths if path.headroom_kw is not None and path.headroom_kw > 0)
    sentences = [
        f"{how_many(len(short), 'rack cannot', 'racks cannot')} lose a leg: {_names(short)}."
        if short
        else "",
        f"The racks may take {power(room)} more with one leg lost." if room else "",
        f"{how_many(len(single), 'rack has', 'racks have')} one leg only: {_names(single)}."
        if single
        else "",
        f"{how_many(len(blind), 'rack has', 'racks have')} a feed without a reading: {_names(blind)}."
        if blind
        else "",
        f"{how_many(len(unfed), 'rack has', 'racks have')} no feed in the inventory: {_names(unfed)}."
        if unfed
        else "",
    ]
    return [sentence for sentence in sentences if sentence]


MOST_NAMED = 3


def _names(paths: Sequence[RackPath]) -> str:
    names = [path.name for path in paths[:MOST_NAMED]]
    more = len(paths) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")
