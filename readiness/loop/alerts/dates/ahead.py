"""A date ahead that matters at a site."""

from dataclasses import dataclass
from datetime import datetime

from readiness.loop.alerts.core.kinds import AlertKind


@dataclass(frozen=True, slots=True, kw_only=True)
class DateAhead:
    """`key` tells it from all others of its kind, as long as it is about the same thing."""

    kind: AlertKind
    key: str
    site_id: int
    due_at: datetime
    title: str
    detail: str = ""
    url: str = ""
    domain: str = ""
    check_id: str = ""
    object: str = ""
