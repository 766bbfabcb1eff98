"""Search of the worklist, for the search page."""

from django.db.models import Q
from django.urls import reverse

from accounts.models import User
from readiness.framework import queries as framework_queries
from readiness.golive.worklist import queries as worklist
from readiness.golive.worklist.models import WorkItem
from web import visibility
from web.search import Hit


def find_work(query: str, *, user: User, limit: int) -> list[Hit]:
    """Items of the worklist by check, site, owner or note; those that are live first."""
    _version, framework = framework_queries.current()
    wanted = query.casefold()
    named = [check.id for check in framework.checks if wanted in f"{check.id} {check.name}".casefold()]
    asked = Q(check_id__in=named)
    fields = ("site__name", "note", "owner__username", "owner_name")
    for field in visibility.searchable(WorkItem, fields, user):
        asked |= Q(**{f"{field}__icontains": query})
    items = worklist.items().filter(asked)[:limit]
    checks = framework.checks_by_id
    return [
        Hit(
            checks[item.check_id].name if item.check_id in checks else item.check_id,
            reverse("work-item", args=[item.pk]),
            " · ".join(filter(None, (item.site.name, item.get_status_display(), item.owner_text))),
        )
        for item in items
    ]
