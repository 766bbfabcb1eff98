"""The page of backups, for administrators."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from web import clock
from web import tables as table_kit
from web.backups import standing, tables
from web.reports import Context, Report
from web.tables import TablePage

BACKUPS = Report("web/backups/page.html", "accounts.view_backup")


@BACKUPS.page
def page(request: HttpRequest) -> tuple[TablePage, Context]:
    now = clock.now()
    present = standing.read_standing(now=now)

    def context() -> Mapping[str, Any]:
        return {
            "now": now,
            "standing": present,
            "spans": standing.read_spans(),
            "faults": list(standing.faults(now)),
            "every_hours": settings.BACKUP_HOURS,
            "keep": settings.BACKUP_KEEP,
        }

    return table_kit.page(request, tables.table(), list(present.records)), context
