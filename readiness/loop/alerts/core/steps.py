"""One step of an alert's life: from how it was left to how it stands now, and what there is to tell of that."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from readiness.loop.alerts.core.kinds import AlertSeverity, AlertStanding, NoticeReason
from readiness.loop.alerts.core.life import Ack, Standing, escalation_of

LAST_RESORT_AFTER = 2
"""From this repetition of the last level on, it goes to the last resort too."""
MUTED_REVIEWED_EVERY = timedelta(minutes=15)
"""Whether the same people are told of an alert and its cause changes with every shift."""


class StepEvent(StrEnum):
    """Words of an alert's history for a step; the first level has none, since the beginning says why it is told."""

    ESCALATED = "escalated"
    REPEATED = "repeated"
    LAST_RESORT = "last-resort"
    ACK_ENDED = "ack-ended"
    SILENCED = "silenced"
    SILENCE_ENDED = "silence-ended"
    MUTED = "muted"
    CAUSE_ENDED = "cause-ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLife:
    """How an open alert was left: `standing` since `since`, by the silence `by`; its escalation since
    `escalating_since` has told somebody `level` times. `was_open_at_start` says that it was open when
    alerting began.
    """

    standing: AlertStanding
    since: datetime
    severity: AlertSeverity
    by: str = ""
    escalating_since: datetime | None = None
    level: int = 0
    worse_at: datetime | None = None
    ack: Ack | None = None
    was_open_at_start: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeStep:
    """`tells` are the reasons and the levels of the route to tell, in their order; `events` likewise, with the level
    for those that have one. `next_at` is when the clock alone makes the next step."""

    standing: AlertStanding
    since: datetime
    by: str = ""
    escalating_since: datetime | None = None
    level: int = 0
    next_at: datetime | None = None
    tells: tuple[tuple[NoticeReason, int], ...] = ()
    events: tuple[tuple[StepEvent, int | None], ...] = ()


_HOLD_ENDS = {
    AlertStanding.ACKNOWLEDGED: (StepEvent.ACK_ENDED, NoticeReason.ACK_ENDED),
    AlertStanding.SILENCED: (StepEvent.SILENCE_ENDED, NoticeReason.SILENCE_ENDED),
    AlertStanding.MUTED: (StepEvent.CAUSE_ENDED, NoticeReason.CAUSE_ENDED),
}
"""How the end of what held an alert back is told."""
_HOLD_BEGINS = {AlertStanding.SILENCED: StepEvent.SILENCED, AlertStanding.MUTED: StepEvent.MUTED}
_MARKS = {
    NoticeReason.ESCALATED: StepEvent.ESCALATED,
    NoticeReason.REPEATED: StepEvent.REPEATED,
    NoticeReason.LAST_RESORT: StepEvent.LAST_RESORT,
}


def step(stored: StoredLife, standing: Standing, delays: Sequence[timedelta], *, now: datetime) -> LifeStep:
    """Take the step of an alert that is due now. `standing` is that of now; `delays` are those of the route's levels,
    ascending, the first 0. An alert whose hold has ended escalates anew, also if Muster was away when it ended."""
    is_new = standing.standing is not stored.standing
    events = _hold_events(stored.standing, standing.standing) if is_new else ()
    since = now if is_new else stored.since
    if standing.standing is not AlertStanding.ESCALATING:
        until = standing.until
        if standing.standing is AlertStanding.MUTED:
            until = min(filter(None, (until, now + MUTED_REVIEWED_EVERY)))
        return LifeStep(
            standing=standing.standing,
            since=since,
            by=standing.by,
            next_at=until,
            level=stored.level,
            events=events,
            escalating_since=stored.escalating_since,
        )
    starts_at, level = (now, 0) if is_new else (stored.escalating_since or now, stored.level)
    escalation = escalation_of(delays, severity=stored.severity, since=starts_at, now=now)
    tells = _tells(level, escalation.told, _first_reason(stored), delays)
    marks = tuple((_MARKS[reason], told_level) for reason, told_level in tells if reason in _MARKS)
    return LifeStep(
        standing=standing.standing,
        since=since,
        escalating_since=starts_at,
        level=max(level, escalation.told),
        next_at=min(filter(None, (standing.until, escalation.next_at)), default=None),
        tells=tells,
        events=(*events, *marks),
    )


def _hold_events(before: AlertStanding, after: AlertStanding) -> tuple[tuple[StepEvent, int | None], ...]:
    events = (_HOLD_ENDS[before][0] if before in _HOLD_ENDS else None, _HOLD_BEGINS.get(after))
    return tuple((event, None) for event in events if event is not None)


def _first_reason(stored: StoredLife) -> NoticeReason:
    """Why the first level is told."""
    worse_at, ack = stored.worse_at, stored.ack
    if stored.standing is AlertStanding.ACKNOWLEDGED and ack and worse_at and worse_at > ack.at:
        return NoticeReason.WORSE
    if stored.standing in _HOLD_ENDS:
        return _HOLD_ENDS[stored.standing][1]
    if worse_at is not None and worse_at == stored.escalating_since:
        return NoticeReason.WORSE
    return NoticeReason.FIRST_START if stored.was_open_at_start else NoticeReason.BEGAN


def _tells(
    level: int, due_level: int, first: NoticeReason, delays: Sequence[timedelta]
) -> tuple[tuple[NoticeReason, int], ...]:
    """The reasons to tell somebody, after `level` times until now. Of several missed repetitions only the
    last counts."""
    levels = len(delays)
    tells = [
        (first if delays[number - 1] == delays[0] else NoticeReason.ESCALATED, number)
        for number in range(level + 1, min(due_level, levels) + 1)
    ]
    if due_level > max(level, levels):
        is_last_resort = due_level - levels >= LAST_RESORT_AFTER
        tells.append((NoticeReason.LAST_RESORT if is_last_resort else NoticeReason.REPEATED, levels))
    return tuple(tells)
