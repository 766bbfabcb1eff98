"""The list of alerts."""

from typing import Any

from django.http import HttpRequest

from readiness.loop.alerts.core.kinds import AlertStanding
from readiness.loop.alerts.life import queries
from readiness.loop.alerts.life.tables import alert_table
from readiness.loop.alerts.models import Alert
from web import tables
from web.reports import Report
from web.tables import TablePage

ALERTS = Report("alerts/alerts.html", "inventory.view_site", "alerts.view_alert")
CHOOSES = ("standing", "is_open", "ended_at")
"""Parameters that say which alerts are listed; without any, those that still fire."""


@ALERTS.page
def alerts(request: HttpRequest) -> tuple[TablePage, Any]:
    rows = queries.alerts()
    if not any(name in request.GET for name in CHOOSES):
        rows = rows.open()
    firing = Alert.objects.open()
    return tables.page(request, alert_table(), rows), lambda: {
        "firing": firing.count(),
        "escalating": firing.filter(standing=AlertStanding.ESCALATING).count(),
        "acknowledged": firing.filter(standing=AlertStanding.ACKNOWLEDGED).count(),
    }
