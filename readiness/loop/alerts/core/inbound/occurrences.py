"""A message changes an alert of another system: it brings an occurrence, its end, or nothing.

An occurrence lasts from `startsAt` to `endsAt` of the sender's clock. Messages may be lost, come twice, late, or in
another order; so what is stored is not the last message, but up to when the alert is known to be over. A message that
tells of an earlier time changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from readiness.loop.alerts.core.inbound.messages import OutsideAlert

KEEPS_SAYING = timedelta(hours=1)
"""A sender that tells of an old beginning again, after this long, is not late but means it: a connection that was lost
has its Alertmanager believe in an end that its Prometheus never saw."""


class OccurrenceChange(StrEnum):
    """The news of an alert that a message brings."""

    OPENED = "opened"
    REPEATED = "repeated"
    ENDED = "ended"
    LATE = "late"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertOccurrence:
    """`starts_at` is the newest beginning that was told, `over_from` and `over_until` are beginning and end of the
    newest occurrence that is over, `late_at` when a message of one that is over was first late."""

    starts_at: datetime
    is_open: bool
    over_from: datetime | None = None
    over_until: datetime | None = None
    late_at: datetime | None = None

    def covers(self, at: datetime) -> bool:
        """Whether what began then is over."""
        return self.over_until is not None and (
            at < self.over_until or (self.over_from is not None and at <= self.over_from)
        )


def hear(
    stored: AlertOccurrence | None, alert: OutsideAlert, *, made_after: datetime | None = None, now: datetime
) -> tuple[AlertOccurrence, OccurrenceChange]:
    """`made_after` is an instant that the message knows of by what else is in it."""
    if alert.is_firing:
        return _hear_firing(stored, alert.starts_at or now, made_after, now)
    return _hear_end(stored, alert, now)


def latest_of_others(alerts: Iterable[OutsideAlert]) -> dict[str, datetime | None]:
    """Find, for each alert of a message by fingerprint, the latest instant that the others tell of: the message was
    made after it."""
    own = {alert.fingerprint: _latest(alert.starts_at, alert.ends_at) for alert in alerts}
    newest = max(own, key=lambda name: own[name] or _LONG_AGO, default="")
    second = _latest(*(at for name, at in own.items() if name != newest))
    return {name: second if name == newest else own[newest] for name in own}


_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def _hear_firing(
    stored: AlertOccurrence | None, starts_at: datetime, made_after: datetime | None, now: datetime
) -> tuple[AlertOccurrence, OccurrenceChange]:
    if stored is None:
        return AlertOccurrence(starts_at=starts_at, is_open=True), OccurrenceChange.OPENED
    if stored.is_open:
        return replace(stored, starts_at=max(stored.starts_at, starts_at)), OccurrenceChange.REPEATED
    if not stored.covers(starts_at):
        return replace(stored, starts_at=starts_at, is_open=True, late_at=None), OccurrenceChange.OPENED
    keeps_saying = stored.late_at is not None and now - stored.late_at >= KEEPS_SAYING
    assert stored.over_until is not None
    if keeps_saying or (made_after is not None and made_after > stored.over_until):
        return replace(
            stored, starts_at=stored.over_until, is_open=True, late_at=None
        ), OccurrenceChange.OPENED
    return replace(stored, late_at=stored.late_at or now), OccurrenceChange.LATE


def _hear_end(
    stored: AlertOccurrence | None, alert: OutsideAlert, now: datetime
) -> tuple[AlertOccurrence, OccurrenceChange]:
    """An end may come before its beginning. One in the future would make all until then look late."""
    starts_at, ends_at = alert.starts_at or now, alert.ends_at or alert.starts_at or now
    over_until = min(alert.ends_at or now, now)
    if stored is None:
        over = AlertOccurrence(starts_at=starts_at, is_open=False, over_from=starts_at, over_until=over_until)
        return over, OccurrenceChange.OVER
    ends_present = stored.is_open and ends_at >= stored.starts_at
    over = replace(
        stored,
        is_open=stored.is_open and not ends_present,
        over_from=_latest(stored.over_from, starts_at, stored.starts_at if ends_present else None),
        over_until=_latest(stored.over_until, over_until),
        late_at=None if ends_present else stored.late_at,
    )
    return over, OccurrenceChange.ENDED if ends_present else OccurrenceChange.OVER


def _latest(*instants: datetime | None) -> datetime | None:
    return max((at for at in instants if at is not None), default=None)
