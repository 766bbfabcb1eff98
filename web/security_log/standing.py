"""How the log stands to the heads outside: for its page, and as a fault of Muster itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from web.faults import MusterFault
from web.security_log import heads, streaming
from web.security_log.core.verifying import HeadOutside
from web.security_log.models import SecurityBatch, SecurityEvent
from web.security_log.streaming import StreamStanding

FAULT_LASTS = timedelta(days=30)
"""How long a contradiction stays a fault, while the chain has gone on behind it."""
WRITING_LASTS = timedelta(minutes=5)
"""How long the newest head may be missing outside."""


class LogState(StrEnum):
    """How the last batch stands to the last head outside: `EMPTY` before the first batch was chained, `LOGGED` where
    only the worker's log has the heads, `ELSEWHERE` where this machine does not share their folder. `BEYOND`: batches
    count as streamed that the log does not have."""

    EMPTY = "empty"
    LOGGED = "logged"
    ELSEWHERE = "elsewhere"
    AGREES = "agrees"
    BEHIND = "behind"
    CUT = "cut"
    REWRITTEN = "rewritten"
    UNREADABLE = "unreadable"
    BEYOND = "beyond"


CONTRADICTIONS = {
    LogState.CUT: "was cut at its end",
    LogState.REWRITTEN: "was rewritten",
    LogState.UNREADABLE: "has heads outside that cannot be read",
    LogState.BEYOND: "ends before the place of its stream",
}
"""Faults as the rest of a sentence that begins with "The security log"."""


@dataclass(frozen=True, slots=True)
class LogStanding:
    """`open_events` are not chained yet; `stream` is None without a receiver."""

    state: LogState
    last: SecurityBatch | None
    open_events: int
    stream: StreamStanding | None


def read_standing() -> LogStanding:
    """Two statements, three more with a receiver, and the last line of the file."""
    state, last = read_state()
    open_events = SecurityEvent.objects.filter(batch=None).count()
    return LogStanding(state, last, open_events, streaming.read_standing())


def read_state() -> tuple[LogState, SecurityBatch | None]:
    """How the log stands, and its last batch.

    The file and the place of the stream are read first: they are those of batches that were committed, so that a batch
    chained in between leaves the file behind, and never the log cut.
    """
    number_sent = streaming.last_number_sent() or 0
    try:
        head_outside = heads.last_head()
    except heads.HeadsUnreadable:
        return LogState.UNREADABLE, SecurityBatch.objects.last()
    last = SecurityBatch.objects.last()
    state = _compare(last, head_outside)
    if state not in CONTRADICTIONS and number_sent > (last.number if last else 0):
        state = LogState.BEYOND
    return state, last


def _compare(last: SecurityBatch | None, head_outside: HeadOutside | None) -> LogState:
    if not heads.has_folder():
        return LogState.LOGGED if last else LogState.EMPTY
    if last and not heads.is_here():
        return LogState.ELSEWHERE
    number = last.number if last else 0
    if head_outside is None or head_outside.number < number:
        return LogState.BEHIND if last else LogState.EMPTY
    if head_outside.number > number:
        return LogState.CUT
    is_same = last and head_outside.is_signed and head_outside.head == bytes(last.head)
    return LogState.AGREES if is_same else LogState.REWRITTEN


def faults(now: datetime) -> Iterator[MusterFault]:
    """A log that contradicts the heads outside, now or within `FAULT_LASTS`, or whose newest head is not outside; two
    statements, and one more with a receiver."""
    state, last = read_state()
    since = None
    if state not in CONTRADICTIONS and (event := _last_contradiction(now)):
        state, since = LogState(event.detail["state"]), event.at
    if state in CONTRADICTIONS:
        title = f"The security log {CONTRADICTIONS[state]}"
        yield MusterFault("security-log", title, "Run manage.py verify_security_log.", since, is_bad=True)
    elif state == LogState.BEHIND and last and now - last.chained_at > WRITING_LASTS:
        detail = (
            "The file of heads (MUSTER_SECURITY_LOG_DIR) lacks the newest: nothing outside proves the log."
        )
        yield MusterFault(
            "security-log", "Heads of the security log are missing", detail, last.chained_at, is_bad=False
        )


def _last_contradiction(now: datetime) -> SecurityEvent | None:
    events = SecurityEvent.objects.filter(action=SecurityEvent.Action.HEADS_DIFFERED)
    return (
        events.filter(last_at__gt=now - FAULT_LASTS, detail__state__in=list(CONTRADICTIONS))
        .order_by("-last_at")
        .first()
    )
