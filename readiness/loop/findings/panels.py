"""The findings about an object, on its page."""

from datetime import datetime
from typing import Any

from accounts.models import User
from readiness.loop.findings.operations import MAY_RAISE
from readiness.loop.findings.queries import MAY_SEE, finding_url, findings_about
from web.kinds.details import own_page
from web.kinds.panels import Panel

MOST_SHOWN = 5


def device_panel(obj: Any, *, user: User, now: datetime) -> Panel | None:
    """The newest findings about a device, and the way to raise one."""
    if not user.has_perm(MAY_SEE):
        return None
    seen = {"title": str(obj), "address": own_page(obj)}
    raise_link = {"label": "Raise one", "url": finding_url("device", obj.pk, obj.site, seen)}
    return Panel(
        key="findings",
        title="Findings",
        template="readiness/findings/panel.html",
        context={"findings": findings_about("device", obj.pk)[:MOST_SHOWN]},
        order=520,
        links=[raise_link] if user.has_perm(MAY_RAISE) else [],
    )
