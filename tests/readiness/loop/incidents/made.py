"""Incidents for tests, in the smallest way that serves them."""

from datetime import UTC, datetime, timedelta

from accounts.models import User
from readiness.loop.incidents.models import Incident, IncidentEscape
from tests.inventory.made import maker, site

NOW = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
author = maker(User, username="incident-author-{n}")
incident = maker(
    Incident,
    site=site,
    title="Incident {n}",
    opened_by=author,
    began_at=NOW - timedelta(hours=2),
    opened_at=NOW - timedelta(hours=2),
)
escape = maker(IncidentEscape, incident=incident, kind="drill", name="Drill {n}", why="missing")
