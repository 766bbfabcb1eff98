"""Turns of one reader: whoever asks for much at once waits behind themself, and not everybody else behind them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from web.serving.work import WorkBounds


class TooManyAtOnce(Exception):
    """The reader has as much under way as is kept for one."""


@dataclass(slots=True)
class _Reader:
    places: asyncio.Semaphore
    under_way: int = field(default=0)


class Turns:
    def __init__(self) -> None:
        self._readers: dict[tuple[WorkBounds, str], _Reader] = {}

    @asynccontextmanager
    async def turn(self, work: WorkBounds, reader: str) -> AsyncIterator[None]:
        """Wait until fewer than `work.at_once` of the reader's requests are worked on."""
        known = self._readers.setdefault((work, reader), _Reader(asyncio.Semaphore(work.at_once)))
        if known.under_way >= work.at_most:
            raise TooManyAtOnce
        known.under_way += 1
        try:
            async with known.places:
                yield
        finally:
            known.under_way -= 1
            if not known.under_way:
                del self._readers[work, reader]
