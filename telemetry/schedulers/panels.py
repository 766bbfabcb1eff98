"""The states of a node by its schedulers, on its page; the nodes and the GPU hours of a site, on the site's page."""

from datetime import datetime
from typing import Any

from accounts.models import User
from inventory.models import Device, Site
from telemetry.schedulers import queries, sentences
from telemetry.schedulers.models import SchedulerContradiction, SchedulerState
from web.kinds import panels
from web.kinds.panels import Panel
from web.visibility import sees_names

MAY_SEE = "telemetry.view_schedulerstate"


def register() -> None:
    panels.register(Device, node_panel)


def node_panel(obj: Device, *, user: User, now: datetime) -> Panel | None:
    """Shown only for nodes that a scheduler knows."""
    if not user.has_perm(MAY_SEE):
        return None
    states = list(SchedulerState.objects.filter(device=obj).select_related("source").order_by("pk"))
    if not states:
        return None
    rows = SchedulerContradiction.objects.filter(state__device=obj)
    context = {
        "states": states,
        "contradictions": _sentences(rows.select_related("state__device", "state__source").order_by("since")),
        "names": sees_names(user),
    }
    return Panel("schedulers", "Schedulers", "telemetry/scheduler_panel.html", context, span=12, order=130)


def site_figures(site: Site, *, user: Any, now: datetime) -> dict[str, Any] | None:
    """The card of a site; None where no scheduler tells of its nodes, or the user may not see it."""
    if not user.has_perm(MAY_SEE):
        return None
    figures = queries.scheduler_figures(site, now=now)
    if not figures.nodes:
        return None
    return {
        "figures": figures,
        "closed": queries.closed_nodes(site),
        "contradictions": SchedulerContradiction.objects.filter(site=site).count(),
    }


def _sentences(rows: Any) -> list[str]:
    return [sentences.contradiction(row) for row in rows]
