"""A server taken away under traffic: what a sender and readers are answered meanwhile, and how soon afterwards."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.peers.asking import Answer, Neighbour, p95_s
from tests.peers.running import eventually
from tests.peers.sender import Sender
from tests.peers.standing import SITE, VIEWER, Standing

PAGE, LIVE, READY, WRITE = "/sites/", "/health/live", "/health/ready", "/api/v1/write"
EVERY_S = 0.2
# Whoever asks while a server is away is answered within this time.
ANSWERED_S = 1.0
RECOVERED_S, WATCHED_S, STORED_S = 90, 4, 120
# One session is served by half of the threads that make pages, so that these take all, and more wait.
SESSIONS, READERS_EACH = 3, 8
MADE_AT_LENGTH = (PAGE, "/", "/telemetry/", "/problems/")
# Samples of an outage lie a second apart, long enough ago that none of them is in the future.
BEGIN_S = 5 * 3600


@dataclass(frozen=True)
class Outage:
    """Instants are on the monotonic clock."""

    gone_at: float
    back_at: float
    sender: Sender
    answers: dict[str, list[Answer]] = field(repr=False)

    def meanwhile(self, path: str, *, after_s: float = 0) -> list[Answer]:
        """Answers to what was asked while the server was away, so many seconds after it went or later, and early
        enough to be answered before it was back."""
        return [
            answer
            for answer in self.answers[path]
            if self.gone_at + after_s <= answer.began_at <= self.back_at - ANSWERED_S
        ]

    def recovered_s(self, path: str, status: int) -> float:
        """Seconds from the server's return to the first such answer."""
        return min(
            answer.ended_at - self.back_at
            for answer in self.answers[path]
            if answer.status == status and answer.ended_at > self.back_at
        )

    def failed_since(self, path: str, seconds: float) -> list[Answer]:
        """Return the failed answers to requests that began more than `seconds` after the server's return."""
        since = self.back_at + seconds
        return [answer for answer in self.answers[path] if answer.began_at > since and answer.failed]

    def statuses(self, path: str, *, after_s: float = 0) -> set[int | None]:
        return {answer.status for answer in self.meanwhile(path, after_s=after_s)}

    def p95_s(self, path: str) -> float:
        return p95_s(self.meanwhile(path))

    def figures(self, name: str) -> str:
        told = ", ".join(
            f"{path} {sorted(map(str, self.statuses(path)))} in {self.p95_s(path):.2f} s"
            for path in self.answers
            if len(self.meanwhile(path)) > 1
        )
        return (
            f"{name}: away {self.back_at - self.gone_at:.0f} s; acknowledged {self.recovered_s(WRITE, 204):.2f} s "
            f"and page {self.recovered_s(PAGE, 200):.2f} s after its return; meanwhile {told}"
        )


def outage(
    standing: Standing, name: str, away: Callable[[], AbstractContextManager[None]], *, seconds: float
) -> Outage:
    """Takes a server away for so long, and returns when everybody is answered some seconds after its return."""
    port = standing.muster.port
    sender = Sender(
        name,
        port,
        standing.add_source(name),
        begin_s=int(datetime.now(UTC).timestamp()) - BEGIN_S,
        pause_s=EVERY_S,
        patience_s=seconds + RECOVERED_S,
    )
    with ExitStack() as until:
        answers = {
            path: until.enter_context(
                Neighbour(port, [path], headers=standing.viewer, pause_s=EVERY_S).visiting()
            )
            for path in (PAGE, LIVE, READY)
        }
        answers[WRITE] = sender.answers
        sender.start()
        until.callback(sender.stop)
        _answered(answers, since=time.monotonic(), what=f"all are answered before {name}")
        with away():
            gone_at = time.monotonic()
            time.sleep(seconds)
        back_at = time.monotonic()
        _answered(answers, since=back_at + WATCHED_S, what=f"all are answered after {name}")
    assert sender.failed == ""
    return Outage(gone_at, back_at, sender, answers)


def _answered(answers: dict[str, list[Answer]], *, since: float, what: str) -> None:
    def well() -> bool:
        return all(
            any(answer.status in (200, 204) and answer.ended_at > since for answer in list(each))
            for each in answers.values()
        )

    eventually(well, within_s=RECOVERED_S, what=what)


def readiness_at_full_load(standing: Standing, *, seconds: float) -> list[Answer]:
    """Return answers about readiness while every thread that makes pages has one to make, and readers wait."""
    port = standing.muster.port
    with ExitStack() as until:
        for session in [standing.muster.session(VIEWER) for _ in range(SESSIONS)]:
            for _ in range(READERS_EACH):
                reader = Neighbour(port, MADE_AT_LENGTH, headers={"Cookie": session})
                until.enter_context(reader.visiting())
        answers = until.enter_context(Neighbour(port, [READY], pause_s=EVERY_S).visiting())
        time.sleep(seconds)
        return list(answers)


@dataclass(frozen=True)
class Stored:
    """`drained_s` is from the server's return until no sample waited in the inbox any more."""

    lost: int
    doubled: int
    drained_s: float


def stored(standing: Standing, going: Outage) -> Stored:
    """Wait until the inbox is empty, then return what became of the acknowledged samples."""
    eventually(
        lambda: standing.muster.asked_of_database("SELECT NOT EXISTS (SELECT FROM telemetry_inboxbatch)"),
        within_s=STORED_S,
        what="all is drained",
        last=standing.muster._logs,
    )
    drained_s = time.monotonic() - going.back_at
    counts = going.sender.stored(standing.muster, SITE, "count", "1s")
    each = [
        counts.get(rack, {}).get(second, 0)
        for rack, points in going.sender.sent().items()
        for second in points
    ]
    return Stored(sum(count == 0 for count in each), sum(count > 1 for count in each), drained_s)
