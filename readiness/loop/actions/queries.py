"""Actions for lists, the inbox and the timeline."""

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet

from readiness.loop.actions.models import Action
from readiness.organisation.people.models import Team
from web.links import page_url
from web.timeline import TimelineEvent

MAY_SEE = "actions.view_action"
SOON = timedelta(days=7)
"""An action is in its owner's inbox from a week before its day on. Operator-set default."""
MOST_EVENTS = 1000


def actions() -> QuerySet[Action]:
    return Action.objects.select_related("site", "owner__user", "team", "added_by", "ended_by")


def owned_by(by: Any) -> Q:
    """A condition for the actions of this user's person, and those of their teams that nobody owns."""
    teams = Team.objects.filter(people__user=by).order_by().values("pk")
    return Q(owner__user=by) | Q(owner=None, team__in=teams)


def waits_for(by: Any, now: datetime) -> Q:
    return owned_by(by) & Q(state=Action.State.OPEN, due_on__lte=(now + SOON).date())


def counts(today: date) -> dict[str, int]:
    is_open = Q(state=Action.State.OPEN)
    return Action.objects.aggregate(
        open=Count("pk", filter=is_open),
        overdue=Count("pk", filter=is_open & Q(due_on__lt=today)),
        unowned=Count("pk", filter=is_open & Q(owner=None, team=None)),
        unseen=Count("pk", filter=Q(state=Action.State.DONE, observed_at=None)),
    )


def events_between(
    start: datetime,
    end: datetime,
    *,
    sites: Collection[int] | None = None,
    user: Any,
    limit: int = MOST_EVENTS,
) -> Iterator[TimelineEvent]:
    """Actions that were done or dropped in this time, the newest first, `limit` at most."""
    if not user.has_perm(MAY_SEE):
        return
    ended_actions = Action.objects.filter(ended_at__gte=start, ended_at__lt=end)
    if sites is not None:
        ended_actions = ended_actions.filter(site__in=sites)
    for action in ended_actions.order_by("-ended_at", "-pk")[:limit]:
        assert action.ended_at is not None
        yield TimelineEvent(
            kind="action",
            at=action.ended_at,
            title=f"Action {action.get_state_display().lower()}: {action.title}",
            url=page_url(action) or "",
            site_id=action.site_id,
            subject=("check", action.check_id) if action.check_id else ("", ""),
        )
