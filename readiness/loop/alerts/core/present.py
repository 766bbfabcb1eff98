"""An alert as whoever raises it sees it at an instant."""

from dataclasses import dataclass
from datetime import datetime

from readiness.loop.alerts.core.kinds import AlertKind, AlertSeverity


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentAlert:
    """`key` identifies it while it is open; what stands before its first colon names who raises it, such as "problem".
    `group` is common to alerts of one cause; `cause_key` is the key of the alert that it follows from, if any.
    `url` is the page on which it is handled, and `due_at` the date that it is about. `kw` and `workloads` are what is
    at stake at its site.

    With `is_raised` False, it changes the alert that is open and raises none: what is left of it is not worth one.
    """

    key: str
    kind: AlertKind
    group: str
    severity: AlertSeverity
    title: str
    detail: str = ""
    value: str = ""
    limit: str = ""
    url: str = ""
    site_id: int | None = None
    domain: str = ""
    check_id: str = ""
    object: str = ""
    problem_id: int | None = None
    kw: float = 0.0
    workloads: int = 0
    due_at: datetime | None = None
    began_at: datetime
    cause_key: str = ""
    is_raised: bool = True
