"""The standing of one alert at an instant, and what the clock brings next: everything else follows from these rules.

A firing alert is acknowledged until an instant, silenced until an instant, muted by a cause that is itself being told,
or it escalates. When what held it back ends, it escalates anew, from the first level on, at that very instant.

All instants are in UTC: two of one zone with clock changes would be compared by what its clocks show.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from readiness.loop.alerts.core.kinds import AlertSeverity, AlertStanding

REPEATED_EVERY = timedelta(minutes=15)
"""The last level of a route repeats this often until somebody acknowledges."""

ACKNOWLEDGED_AT_MOST = timedelta(days=30)


def acknowledged_for(severity: AlertSeverity) -> timedelta:
    """The length of an acknowledgement that names no end: about a shift for a critical alert, else a day."""
    return timedelta(hours=8) if severity is AlertSeverity.CRITICAL else timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SilencedSpan:
    """A time during which an alert is silenced, by a silence or a maintenance window; `source` names which."""

    starts_at: datetime
    ends_at: datetime
    source: str = ""


@dataclass(frozen=True, slots=True)
class Ack:
    """Somebody has taken an alert on, until an instant after which it returns."""

    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCause:
    """The alert from which another follows. `told_to` are the recipients of each, as `Firing.told_to`; `worse_at` is
    when it last got worse."""

    began_at: datetime
    worse_at: datetime | None = None
    severity: AlertSeverity
    standing: AlertStanding
    told_to: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """The facts about an alert. `began_at` is when it began by its evidence, `worse_at` when it last got worse, with
    which a present acknowledgement ends. `told_to` are keys of those who are told of it. `ended_at` is its end."""

    severity: AlertSeverity
    began_at: datetime
    told_to: frozenset[str] = frozenset()
    ended_at: datetime | None = None
    worse_at: datetime | None = None
    ack: Ack | None = None
    spans: Sequence[SilencedSpan] = ()
    cause: AlertCause | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """`until` is when the clock alone changes it; None where it does not."""

    standing: AlertStanding
    until: datetime | None = None
    by: str = ""


def standing_of(alert: Firing, *, now: datetime) -> Standing:
    if alert.ended_at is not None and alert.ended_at <= now:
        return Standing(AlertStanding.OVER)
    ack, worse_at = alert.ack, alert.worse_at
    # Not from `ack.at` on: a run goes by the instant at which it began, and people acknowledge meanwhile.
    if ack is not None and now < ack.until and (worse_at is None or worse_at <= ack.at):
        return Standing(AlertStanding.ACKNOWLEDGED, ack.until)
    if span := _covering(alert.spans, now):
        return Standing(AlertStanding.SILENCED, span.ends_at, span.source)
    starts = min((each.starts_at for each in alert.spans if each.starts_at > now), default=None)
    if alert.cause is not None and is_muted_by(alert, alert.cause):
        return Standing(AlertStanding.MUTED, starts)
    return Standing(AlertStanding.ESCALATING, starts)


def _covering(spans: Sequence[SilencedSpan], now: datetime) -> SilencedSpan | None:
    """The span under way that ends last, lengthened by those that begin before it ends."""
    present = [span for span in spans if span.starts_at <= now < span.ends_at]
    if not present:
        return None
    last = max(present, key=lambda span: span.ends_at)
    for span in sorted(spans, key=lambda each: each.starts_at):
        if span.starts_at <= last.ends_at < span.ends_at:
            last = span
    return last


def is_muted_by(alert: Firing, cause: AlertCause) -> bool:
    """Whether a cause stands for an alert: it began before, is more severe, or as severe and was so before, the same
    people are told of it, and they are being told of it, or one of them has taken it on."""
    return (
        cause.standing in (AlertStanding.ESCALATING, AlertStanding.ACKNOWLEDGED)
        and cause.began_at <= alert.began_at
        and (
            cause.severity.rank < alert.severity.rank
            or (cause.worse_at or cause.began_at) <= max(alert.began_at, alert.worse_at or alert.began_at)
        )
        and cause.severity.rank <= alert.severity.rank
        and alert.told_to <= cause.told_to
    )


@dataclass(frozen=True, slots=True)
class Escalation:
    """The progress of an escalation. `told` counts how often it has told somebody by now, with the repetitions of the
    last level; `next_at` is when it does so next, None if never."""

    told: int
    next_at: datetime | None


def escalation_of(
    after: Sequence[timedelta], *, severity: AlertSeverity, since: datetime, now: datetime
) -> Escalation:
    """`after` are the delays of a route's levels from the beginning of the escalation, ascending, the first is 0.

    What can wait goes to the first level only; an error goes through all of them; a critical alert goes on repeating
    the last one.
    """
    if severity.rank > AlertSeverity.ERROR.rank:
        return Escalation(1, None)
    levels = sum(1 for delay in after if since + delay <= now)
    if levels < len(after):
        return Escalation(levels, since + after[levels])
    if severity is AlertSeverity.ERROR:
        return Escalation(levels, None)
    repeats = (now - since - after[-1]) // REPEATED_EVERY
    return Escalation(levels + repeats, since + after[-1] + (repeats + 1) * REPEATED_EVERY)
