"""How long before a date an alert is raised, and how severe it is then: data, one line for each kind and step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from readiness.loop.alerts.core.kinds import AlertKind, AlertSeverity

CRITICAL, ERROR, WARNING, INFO = AlertSeverity


@dataclass(frozen=True, slots=True)
class Lead:
    """A step of the lead: the alert has this severity from `before` the date on."""

    before: timedelta
    severity: AlertSeverity


_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
LEADS: dict[AlertKind, Sequence[Lead]] = {
    # Operator-set defaults: the first leaves time to do it in working hours, the last to do it at all.
    AlertKind.WAIVER: (Lead(14 * _DAY, INFO), Lead(7 * _DAY, WARNING), Lead(2 * _DAY, ERROR)),
    AlertKind.QUALIFICATION: (Lead(30 * _DAY, INFO), Lead(7 * _DAY, WARNING)),
    AlertKind.OWNERSHIP: (Lead(14 * _DAY, INFO), Lead(3 * _DAY, WARNING), Lead(timedelta(), ERROR)),
    AlertKind.EVIDENCE: (Lead(14 * _DAY, INFO), Lead(7 * _DAY, WARNING), Lead(2 * _DAY, ERROR)),
    # The steps of 21 and 7 days are those of the health rule of the same metric.
    AlertKind.CERTIFICATE: (
        *(Lead(30 * _DAY, INFO), Lead(21 * _DAY, WARNING), Lead(7 * _DAY, ERROR)),
        Lead(2 * _DAY, CRITICAL),
    ),
    # A duty warns as the register does; an audit must be booked, and a certificate renewed by a whole audit.
    AlertKind.DUTY: (Lead(30 * _DAY, INFO), Lead(7 * _DAY, WARNING), Lead(timedelta(), ERROR)),
    AlertKind.SURVEILLANCE: (Lead(60 * _DAY, INFO), Lead(14 * _DAY, WARNING), Lead(timedelta(), ERROR)),
    AlertKind.CERTIFICATION: (Lead(90 * _DAY, INFO), Lead(30 * _DAY, WARNING), Lead(7 * _DAY, ERROR)),
    AlertKind.SHIFT: (Lead(14 * _DAY, INFO), Lead(3 * _DAY, WARNING), Lead(24 * _HOUR, ERROR)),
}

ENDS_WITH_DATE = frozenset(
    {AlertKind.WAIVER, AlertKind.QUALIFICATION, AlertKind.SHIFT, AlertKind.REACH},
)
"""Kinds of which an alert ends when its date has passed: what follows then is a problem of its own. The others stay
open until it is proven that they are settled."""


def longest_lead(kind: AlertKind) -> timedelta:
    return LEADS[kind][0].before


def severity_at(kind: AlertKind, due_at: datetime, *, now: datetime) -> AlertSeverity | None:
    """None while the date is further ahead than the first step."""
    reached = [lead.severity for lead in LEADS[kind] if now >= due_at - lead.before]
    return reached[-1] if reached else None
