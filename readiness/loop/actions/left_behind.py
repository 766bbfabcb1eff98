"""The kind of rows in the loop that belongs on the list of a leaver: open actions."""

from datetime import datetime

from django.db.models import QuerySet

from accounts.models import User
from readiness.loop.actions.models import Action
from web import leaving


def register() -> None:
    leaving.register(
        "actions", "Open actions", leaving.AfterLeaving.WAITS, _actions, permission="actions.view_action"
    )


def _actions(person: User, *, now: datetime) -> QuerySet[Action]:
    return Action.objects.filter(owner__user=person, state=Action.State.OPEN).order_by("pk")
