"""The alerts of dates that are near at an instant."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from readiness.loop.alerts.core.leads import longest_lead, severity_at
from readiness.loop.alerts.core.present import PresentAlert
from readiness.loop.alerts.core.severity import Stake, weighed
from readiness.loop.alerts.dates import assessed, measured, organised, registered
from readiness.loop.alerts.dates.ahead import DateAhead
from readiness.loop.alerts.raising.stakes import stakes_of
from readiness.loop.alerts.telling.reach import reach_alerts
from web.scopes import everything
from web.units import instant

PREFIX = "date:"
"""All keys of these alerts begin so: an open one whose key is not present is over."""


def date_alerts(now: datetime) -> list[PresentAlert]:
    """Every alert of a date, by key; a fixed number of statements, however many sites there are."""
    with everything():
        ahead = [
            *assessed.ending_waivers(now),
            *assessed.expiring_evidence(now),
            *organised.ending_qualifications(now),
            *organised.due_confirmations(now),
            *organised.short_shifts(now),
            *measured.ending_certificates(now),
            *registered.due_duties(now),
            *registered.due_certificates(now),
        ]
        stakes = stakes_of([each.site_id for each in ahead], now=now)
    alerts = [*_alerts(ahead, stakes, now), *reach_alerts(now)]
    return sorted(alerts, key=lambda alert: alert.key)


def _alerts(ahead: Iterable[DateAhead], stakes: Mapping[int, Stake], now: datetime) -> Iterable[PresentAlert]:
    for each in ahead:
        stake = stakes[each.site_id]
        severity = severity_at(each.kind, each.due_at, now=now)
        if severity is None:
            continue
        yield PresentAlert(
            key=f"{PREFIX}{each.kind}:{each.key}",
            kind=each.kind,
            group=f"{PREFIX}{each.kind}:site-{each.site_id}",
            severity=weighed(severity, stake),
            title=each.title,
            detail=each.detail,
            value=instant(each.due_at, UTC),
            url=each.url,
            site_id=each.site_id,
            domain=each.domain,
            check_id=each.check_id,
            object=each.object,
            kw=stake.kw,
            workloads=stake.workloads,
            due_at=each.due_at,
            began_at=each.due_at - longest_lead(each.kind),
        )
