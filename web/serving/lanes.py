"""Threads for one kind of work: a bounded number, each with its own database connection.

A lost connection is reopened by the thread's next request, so only PostgreSQL itself has to recover. A pool in between
would wait before retrying, twice as long after each failure.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from django.db import DatabaseError, InterfaceError, connection, connections

from web.serving.work import PULSE, WorkBounds, begin

# An idle thread ends with its connection, which takes some MB in PostgreSQL.
IDLE_S = 60.0
END_S = 1.0


class Lane:
    """Runs calls in its threads; the thread that became idle last goes first, because its caches are warm."""

    def __init__(self, work: WorkBounds) -> None:
        self.work = work
        self._places = asyncio.Semaphore(work.threads)
        self._resting: list[tuple[float, ThreadPoolExecutor]] = []
        self._retiring: asyncio.TimerHandle | None = None

    async def run[**P, T](self, call: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
        """Wait for a thread and for the call's result.

        A cancelled caller leaves its thread at work; the slot is free when that ends.
        """
        await self._places.acquire()
        loop = asyncio.get_running_loop()
        thread = self._resting.pop()[1] if self._resting else self._thread()
        work = loop.run_in_executor(thread, lambda: call(*args, **options))
        work.add_done_callback(lambda _: self._rest(loop, thread))
        return await asyncio.shield(work)

    async def close(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(END_S):
                for _ in range(self.work.threads):
                    await self._places.acquire()
        if self._retiring is not None:
            self._retiring.cancel()
        for _, thread in self._resting:
            _end(thread, wait=True)
        self._resting.clear()

    def _thread(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(1, self.work.name, initializer=begin, initargs=(self.work,))

    def _rest(self, loop: asyncio.AbstractEventLoop, thread: ThreadPoolExecutor) -> None:
        self._resting.append((loop.time(), thread))
        self._places.release()
        if self._retiring is None:
            self._retiring = loop.call_later(IDLE_S, self._retire, loop)

    def _retire(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._resting and self._resting[0][0] <= loop.time() - IDLE_S:
            _end(self._resting.pop(0)[1], wait=False)
        self._retiring = loop.call_later(IDLE_S, self._retire, loop) if self._resting else None


def _end(thread: ThreadPoolExecutor, *, wait: bool) -> None:
    thread.submit(connections.close_all)
    thread.shutdown(wait=wait)


log = logging.getLogger(__name__)

EVERY_S = 1.0
# Detect a returning database well within two seconds.
EVERY_S_WHILE_AWAY = 0.25
# A refused connection shows at once; a busy machine may delay a good answer.
SILENCE_S = 3.0


class Pulse:
    def __init__(self) -> None:
        self.away = False
        self._lane = Lane(PULSE)

    async def watch(self) -> None:
        while True:
            asking = asyncio.ensure_future(self._lane.run(_answers))
            if not (await asyncio.wait({asking}, timeout=SILENCE_S))[0]:
                self._note(away=True)
            self._note(away=not await asking)
            await asyncio.sleep(EVERY_S_WHILE_AWAY if self.away else EVERY_S)

    async def close(self) -> None:
        await self._lane.close()

    def _note(self, *, away: bool) -> None:
        if away != self.away:
            log.warning("the database %s", "is away" if away else "is back")
        self.away = away


def _answers() -> bool:
    """An ended connection does not mean that the database is down; only a failing new one does."""
    return _answers_on_this_connection() or _answers_on_this_connection()


def _answers_on_this_connection() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        connection.close()
        return False
    return True


class TooManyAtOnce(Exception):
    """The reader has too many requests under way."""


@dataclass(slots=True)
class _Reader:
    places: asyncio.Semaphore
    under_way: int = field(default=0)


class Turns:
    def __init__(self) -> None:
        self._readers: dict[tuple[WorkBounds, str], _Reader] = {}

    @asynccontextmanager
    async def turn(self, work: WorkBounds, reader: str) -> AsyncIterator[None]:
        """Wait until fewer than `work.at_once` of the reader's requests are being processed."""
        reader_state = self._readers.setdefault((work, reader), _Reader(asyncio.Semaphore(work.at_once)))
        if reader_state.under_way >= work.at_most:
            raise TooManyAtOnce
        reader_state.under_way += 1
        try:
            async with reader_state.places:
                yield
        finally:
            reader_state.under_way -= 1
            if not reader_state.under_way:
                del self._readers[work, reader]
