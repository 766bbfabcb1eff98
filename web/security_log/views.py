"""The page of the security log, for administrators."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from web import clock, scopes
from web import tables as table_kit
from web.reports import Context, Report
from web.requests import UserRequest
from web.security_log import queries, standing
from web.security_log.tables import SECURITY_EVENTS
from web.settings_sections import settings_tabs
from web.tables import TablePage
from web.tables.addresses import COLUMNS, PAGE, SIZE, SORT

SHOWING = {SORT, PAGE, SIZE, COLUMNS}
"""Parameters that change how the list is shown, and not what is in it."""
LOG = Report("web/security_log/page.html", "web.view_securityevent", "people.view_person")


@LOG.page
def page(request: UserRequest) -> tuple[TablePage, Context]:
    # Whoever narrows the list, or takes it as a file, gets every event.
    is_whole = request.GET.keys() <= SHOWING
    events = queries.leading_events() if is_whole else queries.events()
    listed = table_kit.page(request, SECURITY_EVENTS, events)

    def context() -> Mapping[str, Any]:
        return {
            "tabs": settings_tabs(request, "security-log"),
            "now": clock.now(),
            "standing": standing.read_standing(),
            "keep_days": settings.SECURITY_LOG_DAYS,
            "sees_all": scopes.sees_all(),
        }

    return listed, context
