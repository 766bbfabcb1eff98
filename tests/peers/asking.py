"""One request after another over a connection that is kept, and what came of each."""

import http.client
import json
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from typing import Any, Self

# Enough to read what a refusal says; pages are not kept.
KEPT_BYTES = 2000
LEAST_ROUNDS = 3


@dataclass(frozen=True)
class Answer:
    """`status` is None when the connection broke, or nothing came in time. `began_at` is on the monotonic clock.

    `body` is the beginning of one of `size` bytes.
    """

    path: str
    status: int | None
    began_at: float
    took_s: float
    headers: Message | Mapping[str, str]
    size: int
    body: bytes

    @property
    def ended_at(self) -> float:
        return self.began_at + self.took_s

    @property
    def failed(self) -> bool:
        return self.status is None or self.status >= 500

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def p95_s(answers: Sequence[Answer]) -> float:
    return statistics.quantiles([answer.took_s for answer in answers], n=20, method="inclusive")[18]


class Caller:
    """Asks with these headers, over a new connection only when the last one broke."""

    def __init__(self, port: int, *, headers: Mapping[str, str] | None = None, timeout_s: float = 30) -> None:
        self.port, self.headers, self.timeout_s = port, dict(headers or {}), timeout_s
        self._connection: http.client.HTTPConnection | None = None

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout_s)
        began_at = time.monotonic()
        try:
            self._connection.request(method, path, body, self.headers | dict(headers or {}))
            response = self._connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return Answer(path, None, began_at, time.monotonic() - began_at, {}, 0, b"")
        took_s = time.monotonic() - began_at
        return Answer(path, response.status, began_at, took_s, response.headers, len(text), text[:KEPT_BYTES])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Neighbour:
    """Somebody who loads these pages one after another, whatever others do to the server meanwhile."""

    def __init__(
        self,
        port: int,
        paths: Sequence[str],
        *,
        headers: Mapping[str, str] | None = None,
        pause_s: float = 0,
        caller: Caller | None = None,
    ) -> None:
        self.paths, self.pause_s = paths, pause_s
        self._caller = caller or Caller(port, headers=headers)

    def visit(
        self,
        *,
        seconds: float,
        until: Callable[[], bool] = lambda: False,
        after_each: Callable[[], object] = lambda: None,
    ) -> list[Answer]:
        """Ask for the pages in turn for `seconds`, or until `until()` is true; ask for each three times at least."""
        deadline = time.monotonic() + seconds
        answers: list[Answer] = []
        while len(answers) < LEAST_ROUNDS * len(self.paths) or (time.monotonic() < deadline and not until()):
            answers.append(self._caller.ask(self.paths[len(answers) % len(self.paths)]))
            after_each()
        self._caller.close()
        return answers

    @contextmanager
    def visiting(self) -> Iterator[list[Answer]]:
        """In a thread, with a pause after each: the list fills while the block runs."""
        answers: list[Answer] = []
        stopped = threading.Event()

        def go_on() -> None:
            while not stopped.wait(self.pause_s):
                answers.append(self._caller.ask(self.paths[len(answers) % len(self.paths)]))
            self._caller.close()

        thread = threading.Thread(target=go_on, daemon=True)
        thread.start()
        try:
            yield answers
        finally:
            stopped.set()
            thread.join()
