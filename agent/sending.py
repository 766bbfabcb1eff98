"""Sends what waits in the buffer, oldest first and one body at a time, so that each series arrives in order."""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from random import Random

from agent.client import HttpReply, NoReply
from agent.disk_buffer import BufferedBody, DiskBuffer
from agent.figures import AgentFigures
from agent.muster_address import MusterAddress
from telemetry.core.write_requests import HEADERS

log = logging.getLogger(__name__)

PATH = "/api/v1/write"
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
# Muster's success has no content. A page of a portal that wants a sign-in has.
_SUCCESS = 204
# By these Muster judges the samples, and names its reasons. Every other answer is about address or token, or of another
# server, and says nothing against the samples, so they wait until somebody has mended it.
_JUDGING_STATUSES = {400, 413}
_WHOLE_BODY_REASONS = {"malformed_body", "body_too_large"}
_MOST_REPLY_BYTES = 1024 * 1024
_LOGGED_CHARS = 300


class SendResult(StrEnum):
    TAKEN = "taken"
    REFUSED = "refused"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """The fate of a body. `retry_after_s` is what the server asks for; `refused` counts samples by its reasons."""

    result: SendResult
    detail: str = ""
    retry_after_s: float | None = None
    refused: Mapping[str, int] = field(default_factory=dict)


def judge(reply: HttpReply | NoReply, samples: int, *, now_ms: int) -> SendOutcome:
    if isinstance(reply, NoReply):
        return SendOutcome(SendResult.LATER, str(reply))
    if reply.status == _SUCCESS:
        return SendOutcome(SendResult.TAKEN)
    # Quoted, since another server may have written it.
    detail = f"{reply.status} {reply.body[:_LOGGED_CHARS].decode(errors='replace')!r}"
    if reply.status in _JUDGING_STATUSES:
        if refused := _read_refusals(reply, samples):
            return SendOutcome(SendResult.REFUSED, detail, refused=refused)
        detail = f"{detail}, which is no answer of Muster: see what is at its address, and in front of it"
    return SendOutcome(SendResult.LATER, detail, _read_retry_after_s(reply, now_ms))


def wait_s(attempt: int, retry_after_s: float | None, random: Random) -> float:
    """Seconds before the next attempt: doubled each time, between half and all of it by chance, so that many agents do
    not come back at once; never less than the server asked for. Attempts count from 1."""
    backoff_s: float = min(FIRST_WAIT_S * 2 ** min(attempt - 1, 16), LONGEST_WAIT_S)
    return max(backoff_s * random.uniform(0.5, 1), (retry_after_s or 0) * random.uniform(1, 1.2))


def _read_refusals(reply: HttpReply, samples: int) -> Mapping[str, int]:
    """Samples of the body that Muster refused, by its reasons; empty if the answer is not Muster's."""
    try:
        rejected = json.loads(reply.body)["rejected"]
        counts = {str(reason): int(count) for reason, count in rejected.items()}
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return {}
    # Muster counts a body that is refused as a whole once.
    return {reason: samples if reason in _WHOLE_BODY_REASONS else count for reason, count in counts.items()}


def _read_retry_after_s(reply: HttpReply, now_ms: int) -> float | None:
    retry_after = reply.headers.get("retry-after", "").strip()
    if retry_after.isascii() and retry_after.isdigit():
        return min(float(retry_after[:6]), 3600.0)
    try:
        at = parsedate_to_datetime(retry_after)
        return min(max((at - datetime.fromtimestamp(now_ms / 1000, UTC)).total_seconds(), 0.0), 3600.0)
    except (ValueError, TypeError, OverflowError):
        return None


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
        outcome = judge(await self._post(body), body.samples, now_ms=self._now_ms())
        if outcome.result is SendResult.LATER:
            self._attempts += 1
            self._figures.failed_requests += 1
            pause_s = wait_s(self._attempts, outcome.retry_after_s, self._random)
            log.warning("Muster did not take samples (%s); next try in %.1f s", outcome.detail, pause_s)
            return pause_s
        self._attempts = 0
        if outcome.refused:
            log.error("Muster refused samples, which are dropped: %s", outcome.detail)
        self._figures.count_dropped(outcome.refused)
        self._figures.sent_samples += max(0, body.samples - sum(outcome.refused.values()))
        self._buffer.remove(body)
        return 0.0

    async def _post(self, body: BufferedBody) -> HttpReply | NoReply:
        try:
            return await self._muster.call(
                "POST", PATH, headers=HEADERS, body=body.body, most_bytes=_MOST_REPLY_BYTES
            )
        except NoReply as error:
            return error
