"""Lines above every page while Muster itself is not well: a full disk, a wrong clock, work that is late; and
beside every chart and list of the past while Muster still writes it.

An app adds a reader with `register`, in its AppConfig.ready. The web process calls the readers every few seconds in the
background (web/serving/pulse.py), so a page shows what they gave last and executes no statement for it.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StatusNotice:
    """One sentence. `link` is the address of the page that says more, "" without one. `is_of_past` says that it stands
    beside what shows the past (templates/web/unfinished_past.html), not above the page."""

    key: str
    text: str
    tone: Literal["warn", "bad"] = "bad"
    link: str = ""
    is_of_past: bool = False


type ReadNotices = Callable[[datetime], Iterable[StatusNotice]]


@dataclass(slots=True)
class NoticeBoard:
    """`current` is what the readers gave last, the worst first."""

    current: tuple[StatusNotice, ...] = ()

    @property
    def page_notices(self) -> tuple[StatusNotice, ...]:
        return tuple(notice for notice in self.current if not notice.is_of_past)

    @property
    def past_notices(self) -> tuple[StatusNotice, ...]:
        return tuple(notice for notice in self.current if notice.is_of_past)


board = NoticeBoard()
_readers: dict[str, ReadNotices] = {}


def register(name: str, read: ReadNotices) -> None:
    _readers[name] = read


def refresh(now: datetime) -> tuple[StatusNotice, ...]:
    """A reader that fails hides none of the others."""
    notices: list[StatusNotice] = []
    for name, read in sorted(_readers.items()):
        try:
            notices += read(now)
        except Exception:
            log.exception("the notices of %s cannot be read", name)
    board.current = tuple(sorted(notices, key=lambda notice: (notice.tone != "bad", notice.key)))
    return board.current
