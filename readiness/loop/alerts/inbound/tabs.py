"""The tabs of the pages about other systems."""

from typing import Any

from web.kinds.tabs import TabPages, page_tabs

_PAGES: TabPages = {
    "inbound-alert-list": ("Alerts", ("alerts.view_inboundalert",)),
    "alert-sender-list": ("Senders", ("alerts.view_alertsender",)),
    "inbound-rule-list": ("Mapping rules", ("alerts.view_inboundrule",)),
    "inbound-trial": ("Try a body", ("alerts.view_inboundrule", "alerts.view_alertsender")),
    "heartbeat-target-list": ("Heartbeats", ("alerts.view_heartbeattarget",)),
}


def tabs(current: str) -> list[dict[str, Any]]:
    return page_tabs(_PAGES, current)
