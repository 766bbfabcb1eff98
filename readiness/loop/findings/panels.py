"""The findings about a device or of a site, on its page."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from accounts.models import User
from inventory.models import Site
from readiness.loop.findings.models import Finding
from readiness.loop.findings.operations import MAY_RAISE
from readiness.loop.findings.queries import MAY_SEE, finding_url, findings_about
from web.kinds.details import may_see, own_page, related_panel
from web.kinds.kind import Related
from web.kinds.panels import Panel
from web.links import link

MOST_SHOWN = 5
_OF_SITE = Related(Finding, ("site",), ("title", "state", "route", "due_on"))


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


def site_panel(obj: Site, *, user: User, now: datetime) -> Panel | None:
    """The newest findings of a site, and the way to raise one."""
    if not may_see(user, _OF_SITE):
        return None
    panel = related_panel(_OF_SITE, obj, user=user, place=0)
    links = [{"label": "All", "url": link("finding-list", site=obj.slug)}] if panel.context["rows"] else []
    if user.has_perm(MAY_RAISE):
        seen = {"title": str(obj), "address": link("site", obj.slug)}
        links.append({"label": "Raise one", "url": finding_url("page", "site", obj, seen)})
    return replace(panel, key="findings", order=520, links=links)
