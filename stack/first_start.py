"""Whether a start can use the existing data, loads the demo fleet and sends for it."""

from dataclasses import dataclass
from enum import StrEnum


class DemoMark(StrEnum):
    """The note about the demo in the data folder, written by earlier starts."""

    NONE = ""
    LOADING = "loading"
    LOADED = "loaded"
    EMPTY = "empty"


@dataclass(frozen=True)
class Demo:
    load: bool
    send: bool


def decide_demo(*, mark: DemoMark, requested: bool | None, is_new: bool) -> Demo:
    """`requested` is MUSTER_DEMO (None: not set); `is_new` says that the database was empty.

    A database that began without the demo, or holds its own data, only gets it on explicit request: a plain `make run`
    must not add 24 made-up sites to a real inventory.
    """
    if requested is False:
        return Demo(load=False, send=False)
    if mark is DemoMark.LOADED:
        return Demo(load=False, send=True)
    if requested or mark is DemoMark.LOADING or (mark is DemoMark.NONE and is_new):
        return Demo(load=True, send=True)
    return Demo(load=False, send=False)
