"""Whether a start can use the data it finds, loads the demo fleet and sends for it."""

from dataclasses import dataclass
from enum import StrEnum


class DemoMark(StrEnum):
    """The note about the demo that earlier starts left in the data folder."""

    NONE = ""
    LOADING = "loading"
    LOADED = "loaded"
    EMPTY = "empty"


@dataclass(frozen=True)
class Demo:
    load: bool
    send: bool


def decide_demo(*, mark: DemoMark, wanted: bool | None, is_new: bool) -> Demo:
    """`wanted` is MUSTER_DEMO (None: not set); `is_new` says that the database held nothing yet.

    A database that began without the demo, or holds data of its own, gets it only when asked for by name: a
    plain `make run` must not pour 24 made-up sites into somebody's inventory.
    """
    if wanted is False:
        return Demo(load=False, send=False)
    if mark is DemoMark.LOADED:
        return Demo(load=False, send=True)
    if wanted or mark is DemoMark.LOADING or (mark is DemoMark.NONE and is_new):
        return Demo(load=True, send=True)
    return Demo(load=False, send=False)
