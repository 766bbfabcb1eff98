"""The process that stands for the demo fleet's Prometheus servers: real remote write over HTTP, spread over the minute.

Like any sender, it only knows Muster's address and its tokens. Refused bodies are kept for a while and sent again; lost
ones are counted.
"""

import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from math import floor
from threading import Event
from urllib.parse import urlsplit

import numpy as np

from readiness.demo.core.plan import FleetPlan
from readiness.demo.core.shapes import column
from readiness.demo.core.stories import Stories
from readiness.demo.core.streams import POST_EVERY_S, Stream, key_of_series, sent, series_of, streams
from readiness.demo.core.wire import Template

log = logging.getLogger(__name__)

PATH = "/api/v1/write"
ANSWER_WITHIN_S = 10.0
# The first round is sent at once, so that no source stays late for long after a start.
FIRST_ROUND_S = 4.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
# About ten minutes of the fleet's data.
KEPT_BODIES = 250
REPORT_EVERY_S = 600


class TokensRefused(Exception):
    """Muster no longer knows a token: another sender took over, or the demo was removed."""


@dataclass(frozen=True, slots=True)
class WriteBody:
    source_name: str
    samples: int
    content: bytes


@dataclass(slots=True)
class SampleCounts:
    sent: int = 0
    refused: int = 0
    lost: int = 0


@dataclass
class StreamInTurn:
    """One stream, ready to send: `next_s` is the next time, in seconds since the epoch."""

    stream: Stream
    template: Template
    offset_s: float
    next_s: float

    def go_on(self, after_s: float) -> None:
        """The next turn after an instant. Missed turns are left out."""
        turns = floor((after_s - self.offset_s) / POST_EVERY_S) + 1
        self.next_s = turns * POST_EVERY_S + self.offset_s


def channels(plan: FleetPlan, stories: Stories, *, start_s: float) -> list[StreamInTurn]:
    """The streams of a fleet, with its sites spread evenly over the minute.

    The streams of one site are sent together, so that it is scored once for both.
    """
    sites = list(dict.fromkeys(stream.site.name for stream in streams(plan)))
    fleet_channels = []
    for stream in streams(plan):
        share = sites.index(stream.site.name) / len(sites)
        keys = [key_of_series(*series) for series in series_of(plan, stream, stories)]
        template = Template(keys, samples=stream.samples_a_post)
        fleet_channels.append(
            StreamInTurn(stream, template, POST_EVERY_S * share, start_s + FIRST_ROUND_S * share)
        )
    return fleet_channels


def body_of(plan: FleetPlan, channel: StreamInTurn, stories: Stories, at_s: float) -> WriteBody | None:
    """Return what the stream posts at an instant; None while a story silences its site."""
    if not stories.is_sending(channel.stream.site.name, at_s):
        return None
    ts = column(channel.stream.ends_at([at_s]))
    values = np.concatenate([block.values for block in sent(plan, channel.stream, stories, ts)], axis=1)
    content = channel.template.filled(np.rint(ts[:, 0] * 1000).astype(np.int64), values)
    return WriteBody(channel.stream.source_name, values.size, content)


@dataclass
class Post:
    """A persistent connection to one Muster."""

    url: str
    _connection: HTTPConnection | None = field(default=None, init=False)

    def send(self, body: WriteBody, token: str) -> tuple[int, str]:
        """Status and text of the response. Raises OSError or HTTPException without a response."""
        was_open = self._connection is not None
        try:
            return self._send(body, token)
        except (OSError, HTTPException):
            self.close()
            if not was_open:
                raise
            # The server may have closed an idle connection, which is not an error.
            return self._send(body, token)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _send(self, body: WriteBody, token: str) -> tuple[int, str]:
        parts = urlsplit(self.url)
        if self._connection is None:
            kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
            self._connection = kind(parts.netloc, timeout=ANSWER_WITHIN_S)
        self._connection.request("POST", parts.path.rstrip("/") + PATH, body.content, _headers(token))
        response = self._connection.getresponse()
        return response.status, response.read(2000).decode(errors="replace")


def _headers(token: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/x-protobuf",
        "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
        "User-Agent": "muster-demo",
    }


@dataclass
class Sender:
    """Sends a fleet's streams to one Muster until it is stopped. `tokens` are by source name."""

    plan: FleetPlan
    stories: Stories
    post: Post
    tokens: Mapping[str, str]
    channels: list[StreamInTurn]
    counts: SampleCounts = field(default_factory=SampleCounts)
    waiting: deque[WriteBody] = field(default_factory=deque)
    _pause_s: float = 0.0
    _again_s: float = 0.0

    def turn(self, now_s: float) -> float:
        """Build the bodies that are due and send the waiting ones; returns when to come back. Raises TokensRefused."""
        for channel in self.channels:
            if channel.next_s <= now_s:
                self._queue(body_of(self.plan, channel, self.stories, now_s))
                channel.go_on(now_s)
        if now_s >= self._again_s:
            self._empty(now_s)
        next_s = min((channel.next_s for channel in self.channels), default=now_s + POST_EVERY_S)
        return min(next_s, self._again_s) if self.waiting else next_s

    def _queue(self, body: WriteBody | None) -> None:
        if body is None:
            return
        self.waiting.append(body)
        while len(self.waiting) > KEPT_BODIES:
            self.counts.lost += self.waiting.popleft().samples

    def _empty(self, now_s: float) -> None:
        while self.waiting:
            body = self.waiting[0]
            try:
                status, text = self.post.send(body, self.tokens[body.source_name])
            except (OSError, HTTPException) as error:
                self._back_off(now_s, str(error) or type(error).__name__)
                return
            if status == 401:
                raise TokensRefused(text)
            if status == 429 or status >= 500:
                self._back_off(now_s, f"{status} {text}")
                return
            self._pause_s = 0.0
            self.waiting.popleft()
            if status < 300:
                self.counts.sent += body.samples
            else:
                self.counts.refused += body.samples
                log.warning("%s: %s %s", body.source_name, status, text)

    def _back_off(self, now_s: float, reason: str) -> None:
        if not self._pause_s:
            log.warning("Muster does not take samples now (%s); trying again.", reason)
        self._pause_s = min(max(2 * self._pause_s, FIRST_PAUSE_S), LONGEST_PAUSE_S)
        self._again_s = now_s + self._pause_s


def run(sender: Sender, *, clock: Callable[[], datetime], stop: Event) -> None:
    report_s = clock().timestamp() + REPORT_EVERY_S
    try:
        while not stop.is_set():
            now_s = clock().timestamp()
            back_s = sender.turn(now_s)
            if now_s >= report_s:
                report_s = now_s + REPORT_EVERY_S
                log.info(summary(sender.counts))
            stop.wait(max(back_s - clock().timestamp(), 0.05))
    finally:
        sender.post.close()


def summary(counts: SampleCounts) -> str:
    return f"samples sent {counts.sent}, refused {counts.refused}, lost {counts.lost}"
