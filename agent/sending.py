"""Sends what waits in the buffer, oldest first and one body at a time, so that each series arrives in order."""

import asyncio
import json
import logging
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

from agent.client import HttpReply, NoReply, ServerAddress, exchange
from agent.disk_buffer import BufferedBody, DiskBuffer
from agent.documents import UnreadableFile, read_text
from agent.figures import AgentFigures
from agent.remote_write import HEADERS

log = logging.getLogger(__name__)

PATH = "/api/v1/write"
TIMEOUT_S = 60.0
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
# Statuses by which a server judges the samples. Every other 4xx and every 3xx is about address or token, and says
# nothing against the samples, so they wait until somebody has mended it.
_OF_THE_SAMPLES = {400, 413, 422}
_MOST_REPLY_BYTES = 1024 * 1024
_SHOWN_CHARS = 300


class SendResult(StrEnum):
    TAKEN = "taken"
    REFUSED = "refused"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """The fate of a body. `wait_s` is what the server asked for; `refused` counts samples by its reasons."""

    result: SendResult
    detail: str = ""
    wait_s: float | None = None
    refused: Mapping[str, int] | None = None


def judge(reply: HttpReply | NoReply, samples: int, *, now_ms: int) -> SendOutcome:
    if isinstance(reply, NoReply):
        return SendOutcome(SendResult.LATER, str(reply))
    if 200 <= reply.status < 300:
        return SendOutcome(SendResult.TAKEN)
    detail = f"{reply.status} {reply.body[:_SHOWN_CHARS].decode(errors='replace')}".strip()
    if reply.status in _OF_THE_SAMPLES:
        return SendOutcome(SendResult.REFUSED, detail, refused=_refused(reply, samples))
    return SendOutcome(SendResult.LATER, detail, _asked_wait_s(reply, now_ms))


def wait_s(attempt: int, asked_s: float | None, random: Random) -> float:
    """Seconds before the next attempt: doubled each time, between half and all of it by chance, so that many agents do
    not come back at once; never less than the server asked for. Attempts count from 1."""
    backoff_s: float = min(FIRST_WAIT_S * 2 ** min(attempt - 1, 16), LONGEST_WAIT_S)
    return max(backoff_s * random.uniform(0.5, 1), (asked_s or 0) * random.uniform(1, 1.2))


def _refused(reply: HttpReply, samples: int) -> Mapping[str, int]:
    """Samples of the body that Muster refused, by its reasons; all of them if the answer does not say."""
    try:
        stated = json.loads(reply.body)["rejected"]
        counts = {str(reason): int(count) for reason, count in stated.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        counts = {}
    if counts and "malformed_body" not in counts and "body_too_large" not in counts:
        return counts
    return {next(iter(counts), f"status_{reply.status}"): samples}


def _asked_wait_s(reply: HttpReply, now_ms: int) -> float | None:
    stated = reply.headers.get("retry-after", "").strip()
    if stated.isascii() and stated.isdigit():
        return min(float(stated[:6]), 3600.0)
    try:
        at = parsedate_to_datetime(stated)
        return min(max((at - datetime.fromtimestamp(now_ms / 1000, UTC)).total_seconds(), 0.0), 3600.0)
    except (ValueError, TypeError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class MusterAddress:
    """`token_file` is read before each request, so that a new token needs no restart."""

    url: str
    token_file: Path
    tls: ssl.SSLContext

    async def call(
        self, method: str, path: str, *, headers: Mapping[str, str], body: bytes = b"", most_bytes: int
    ) -> HttpReply:
        """Raises NoReply."""
        parts = urlsplit(self.url)
        try:
            token = read_text(self.token_file).strip()
        except UnreadableFile as error:
            raise NoReply(str(error)) from error
        return await exchange(
            ServerAddress(
                parts.scheme, parts.hostname or "", parts.port or {"http": 80}.get(parts.scheme, 443)
            ),
            method,
            path,
            headers={"User-Agent": "muster-agent", "Authorization": f"Bearer {token}", **headers},
            body=body,
            timeout_s=TIMEOUT_S,
            most_bytes=most_bytes,
            tls=self.tls,
        )


class BufferSender:
    def __init__(
        self,
        buffer: DiskBuffer,
        muster: MusterAddress,
        figures: AgentFigures,
        *,
        now_ms: Callable[[], int],
        random: Random,
    ) -> None:
        self._buffer, self._muster, self._figures = buffer, muster, figures
        self._now_ms, self._random = now_ms, random
        self._attempts = 0

    async def run(self, written: asyncio.Event) -> None:
        """Send for ever; `written` is set whenever there is something new."""
        while True:
            written.clear()
            body = self._buffer.oldest()
            if body is None:
                await written.wait()
                continue
            pause_s = await self.deliver(body)
            await asyncio.sleep(pause_s)

    async def deliver(self, body: BufferedBody) -> float:
        """Try once; returns the seconds to wait before the next try."""
        outcome = judge(await self._try(body), body.samples, now_ms=self._now_ms())
        if outcome.result is SendResult.LATER:
            self._attempts += 1
            self._figures.failed_requests += 1
            pause_s = wait_s(self._attempts, outcome.wait_s, self._random)
            log.warning("Muster did not take samples (%s); next try in %.1f s", outcome.detail, pause_s)
            return pause_s
        self._attempts = 0
        refused = outcome.refused or {}
        if refused:
            log.error("Muster refused samples, which are dropped: %s", outcome.detail)
        self._figures.count_dropped(refused)
        self._figures.sent_samples += max(0, body.samples - sum(refused.values()))
        self._buffer.remove(body)
        return 0.0

    async def _try(self, body: BufferedBody) -> HttpReply | NoReply:
        try:
            return await self._muster.call(
                "POST", PATH, headers=HEADERS, body=body.body, most_bytes=_MOST_REPLY_BYTES
            )
        except NoReply as error:
            return error
