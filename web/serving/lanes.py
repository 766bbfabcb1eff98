"""Threads for one kind of work: a bounded number, each with its own database connection.

A lost connection is reopened by the thread's next request, so only PostgreSQL itself has to recover. A pool in between
would wait before retrying, twice as long after each failure.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from django.db import connections

from web.bodies import SenderGone
from web.serving.work import WorkBounds, begin

# An idle thread ends with its connection, which takes some MB in PostgreSQL.
IDLE_S = 60.0
END_S = 1.0
_ROOM_WORDS = 1 << 17


def call_with_room[**P, T](call: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """Call it with 1 MiB of Python's stack in one piece.

    CPython takes that stack from the system in pieces of 16 KiB, and gives each back as soon as nothing is called in
    it: a call that begins where a piece ends costs two system calls, each time. A page makes thousands of such calls,
    which took an eighth of its time. A frame that asks for much has a larger piece made, and the calls that it makes
    fit into what is left of it.
    """
    return call(*args, **options)


call_with_room.__code__ = call_with_room.__code__.replace(co_stacksize=_ROOM_WORDS)


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
        work = loop.run_in_executor(thread, lambda: call_with_room(call, *args, **options))
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
    async def turn(
        self, work: WorkBounds, reader: str, gone: asyncio.Future[Any] | None = None
    ) -> AsyncIterator[None]:
        """Wait until fewer than `work.at_once` of the reader's requests are being processed. Raises SenderGone, and
        takes no place any more, once `gone` is done: who left does not keep others out."""
        reader_state = self._readers.setdefault((work, reader), _Reader(asyncio.Semaphore(work.at_once)))
        if reader_state.under_way >= work.at_most:
            raise TooManyAtOnce
        reader_state.under_way += 1
        try:
            await _place_unless(gone, reader_state.places)
            try:
                yield
            finally:
                reader_state.places.release()
        finally:
            reader_state.under_way -= 1
            if not reader_state.under_way:
                del self._readers[work, reader]


async def _place_unless(gone: asyncio.Future[Any] | None, places: asyncio.Semaphore) -> None:
    if gone is None or not places.locked():
        await places.acquire()
        return
    place = asyncio.ensure_future(places.acquire())
    try:
        await asyncio.wait({place, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if not place.done():
            place.cancel()
    if not place.done():
        raise SenderGone
