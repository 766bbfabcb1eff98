"""The power path on the page of a rack, a feed or a device: from the feeds to what hangs on them."""

from datetime import datetime

from accounts.models import User
from inventory.models import Device, PowerFeed, Rack
from readiness.boards.power.queries import MAY_SEE, rack_paths
from web.kinds.panels import Panel
from web.links import link


def power_panel(obj: Device | PowerFeed | Rack, *, user: User, now: datetime) -> Panel | None:
    """None without a rack that is fed: there is no path to show then."""
    rack_id = obj.pk if isinstance(obj, Rack) else obj.rack_id
    if rack_id is None or not user.has_perms(MAY_SEE):
        return None
    path = next(iter(rack_paths(obj.site, now=now, racks=[rack_id])), None)
    if path is None or not path.feeds:
        return None
    links = [{"label": "All racks of the site", "url": link("site-power", obj.site.slug)}]
    context = {"path": path, "here": obj}
    return Panel(
        "power-path", "Power path", "readiness/power/panel.html", context, span=12, order=60, links=links
    )
