"""The alerts of one message, by cause, with their true numbers."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from readiness.loop.alerts.core.kinds import AlertSeverity

type CountedAlert = Any
"""An alert: `id`, `group`, `severity`, `site_id`, `kw`, `began_at`, `ended_at`."""


@dataclass(frozen=True, slots=True)
class AlertCounts:
    """`kw` counts each site once, and only what still fires."""

    total: int
    ended: int
    by_severity: tuple[tuple[AlertSeverity, int], ...]
    sites: int
    kw: float

    @property
    def firing(self) -> int:
        return self.total - self.ended

    @property
    def worst(self) -> AlertSeverity | None:
        return self.by_severity[0][0] if self.by_severity else None


@dataclass(frozen=True, slots=True)
class AlertGroup[T]:
    """Alerts of one cause; the first is the one that the message describes."""

    alerts: Sequence[T]
    counts: AlertCounts

    @property
    def head(self) -> T:
        return self.alerts[0]

    @property
    def more(self) -> int:
        return len(self.alerts) - 1


def counts_of(alerts: Iterable[CountedAlert]) -> AlertCounts:
    """Count alerts, and those that fire by severity, most severe first."""
    alerts = list(alerts)
    firing = [alert for alert in alerts if alert.ended_at is None]
    by_severity = ((each, sum(1 for alert in firing if alert.severity == each)) for each in AlertSeverity)
    return AlertCounts(
        total=len(alerts),
        ended=len(alerts) - len(firing),
        by_severity=tuple((severity, number) for severity, number in by_severity if number),
        sites=len({alert.site_id for alert in alerts} - {None}),
        kw=sum({alert.site_id: alert.kw for alert in firing}.values()),
    )


def groups_of[T: Any](alerts: Iterable[T]) -> list[AlertGroup[T]]:
    """Group alerts by cause. Groups, and the alerts in each, have one order: those that fire first, then by
    severity, kW and age."""
    by_group: dict[str, list[T]] = defaultdict(list)
    for alert in sorted(alerts, key=_urgency):
        by_group[alert.group].append(alert)
    groups = [AlertGroup(tuple(of_group), counts_of(of_group)) for of_group in by_group.values()]
    return sorted(groups, key=lambda group: _urgency(group.head))


def _urgency(alert: CountedAlert) -> tuple[bool, int, float, datetime, int]:
    rank = AlertSeverity(alert.severity).rank
    return (alert.ended_at is not None, rank, -alert.kw, alert.began_at, alert.id)
