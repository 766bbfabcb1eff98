"""Couriers: each worker process has one, a thread that hands out what is due to threads that send it.

So no task waits for a slow receiver, and no long task keeps a message back. The database is written to by the courier
alone, and no transaction is open while anything is sent.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta

from django.db import close_old_connections, connection

from web.actor import acting
from web.delivery import claims, results
from web.delivery.models import ChannelKind, Message
from web.delivery.results import BROKEN, STOPPED, AttemptResult
from web.delivery.senders import Sender
from web.serving import work

log = logging.getLogger(__name__)

THREADS = 16
WEAK_THREADS = THREADS // 2
"""Threads for channels whose last attempt failed or was slow."""
POLL_S = 1.0
DRAIN_S = 5.0
"""How long a process that ends waits for answers."""
STUCK_AFTER = timedelta(seconds=60)


class CourierFailed(Exception):
    """The courier of this process cannot work."""


class Courier:
    """`step` records what has come back and hands out what is due; `wake` has a thread do so until `stop`."""

    def __init__(self, *, clock: Callable[[], datetime], senders: Mapping[ChannelKind, Sender]) -> None:
        self.clock, self.senders = clock, senders
        self._in_flight: dict[Future[AttemptResult], Message] = {}
        self._threads: ThreadPoolExecutor | None = None
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._is_stopping = threading.Event()
        self._failure = ""
        self._stepped_at: datetime | None = None

    def wake(self) -> int:
        """Ensure that the thread runs; returns how many messages are being sent. Raises CourierFailed with what kept
        the thread from its work."""
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._stepped_at = None
                self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
                self._thread.start()
        if self._failure:
            raise CourierFailed(self._failure)
        if self._stepped_at is not None and self.clock() - self._stepped_at > STUCK_AFTER:
            raise CourierFailed("The courier has not moved for a minute.")
        return len(self._in_flight)

    @property
    def is_sending(self) -> bool:
        return bool(self._in_flight)

    def stop(self) -> None:
        """Hand out nothing more, wait a while for answers, and release what is still being sent."""
        self._is_stopping.set()
        if self._thread is not None:
            self._thread.join(2 * DRAIN_S)

    def step(self) -> None:
        self._stepped_at = now = self.clock()
        ended = [future for future in self._in_flight if future.done()]
        results.record_all([future.result() for future in ended])
        for future in ended:
            del self._in_flight[future]
        if self._is_stopping.is_set():
            return
        weak = sum(map(_is_weak, self._in_flight.values()))
        free = THREADS - len(self._in_flight)
        messages = claims.claim(now=now, most=free, most_weak=WEAK_THREADS - weak)
        for message in messages:
            self._in_flight[self._pool().submit(self._attempt, message)] = message
        if free and not messages and Message.objects.due(now).exists():
            claims.drop_unusable(now=now)

    def wait(self) -> None:
        """Wait until something is to be done."""
        if self._in_flight:
            wait(self._in_flight, timeout=POLL_S, return_when=FIRST_COMPLETED)
        else:
            self._is_stopping.wait(POLL_S)

    def close(self) -> None:
        """Record what has been answered within a while, and that the rest has not."""
        wait(self._in_flight, timeout=DRAIN_S)
        at = self.clock()
        results.record_all(
            [
                future.result() if future.done() else AttemptResult(message, at, at, STOPPED)
                for future, message in self._in_flight.items()
            ]
        )
        self._in_flight.clear()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None

    def _run(self) -> None:
        work.begin(work.DELIVERIES)
        with acting("worker", request_id="delivery"):
            while not self._is_stopping.is_set():
                self._run_or_note(self.step)
                self.wait()
            self._run_or_note(self.close)
        connection.close()

    def _run_or_note(self, action: Callable[[], None]) -> None:
        """Without the database nothing is lost: what was answered meanwhile is recorded when it is back."""
        try:
            close_old_connections()
            action()
        except Exception as error:
            log.warning("deliveries wait", exc_info=not isinstance(error, results.AWAY))
            self._failure = f"{type(error).__name__}: {error}"
            connection.close()
            self._is_stopping.wait(POLL_S)
        else:
            self._failure = ""

    def _pool(self) -> ThreadPoolExecutor:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="delivery")
        return self._threads

    def _attempt(self, message: Message) -> AttemptResult:
        began_at = self.clock()
        try:
            answer = self.senders[ChannelKind(message.channel.kind)](message, message.channel, began_at)
        except Exception:
            log.exception("the sender of a message failed: %s", message.key)
            answer = BROKEN
        return AttemptResult(message, began_at, self.clock(), answer)


def _is_weak(message: Message) -> bool:
    return message.channel.is_slow or message.channel.failing_since is not None
