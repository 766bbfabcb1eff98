"""The pages of other systems, each one tab beside the others."""

from typing import Any

from django.urls import reverse

from web.visibility import reader

_PAGES = {
    "inbound-alert-list": ("Alerts", ("alerts.view_inboundalert",)),
    "alert-sender-list": ("Senders", ("alerts.view_alertsender",)),
    "inbound-rule-list": ("Mapping rules", ("alerts.view_inboundrule",)),
    "inbound-trial": ("Try a body", ("alerts.view_inboundrule", "alerts.view_alertsender")),
    "heartbeat-target-list": ("Heartbeats", ("alerts.view_heartbeattarget",)),
}


def tabs(current: str) -> list[dict[str, Any]]:
    by = reader()
    return [
        {"label": label, "url": reverse(name), "current": name == current}
        for name, (label, permissions) in _PAGES.items()
        if by is not None and by.has_perms(permissions)
    ]
