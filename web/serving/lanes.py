"""Threads that do one kind of work: a bounded number, each with a database connection of its own.

A connection that was lost is opened anew by the thread's next request, so nothing has to recover but PostgreSQL
itself. A pool in between would wait, twice as long after each failure, before it looks again.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from django.db import connections

from web.serving.work import WorkBounds, begin

# An idle thread goes, and its connection with it: each holds some MB in PostgreSQL.
IDLE_S = 60.0
END_S = 1.0


class Lane:
    """Runs calls in its threads; the thread that rested last goes first, since its caches are warm."""

    def __init__(self, work: WorkBounds) -> None:
        self.work = work
        self._places = asyncio.Semaphore(work.threads)
        self._resting: list[tuple[float, ThreadPoolExecutor]] = []
        self._retiring: asyncio.TimerHandle | None = None

    async def run[**P, T](self, call: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
        """Wait for a thread, and for the call's answer.

        A caller that is cancelled leaves its thread at work; the place is free again when that ends.
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
