"""Actions that follow from incidents: each is an action like any other, and the incident closes after them."""

from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from readiness.loop.actions import operations as actions
from readiness.loop.actions.models import Action
from readiness.loop.incidents.models import Incident, IncidentAction, IncidentEntry
from readiness.loop.incidents.operations import INCIDENTS, MAY_CHANGE, OPEN, OVER, write_entry
from web.links import link
from web.workflows import require


@transaction.atomic
def add_incident_action(
    incident: Incident, *, title: str, due_on: date | None = None, by: User, now: datetime, **columns: Any
) -> Action:
    """Add an action at the incident's site. Its `effect` says what shows afterwards that it helped; it needs an owner
    or team, and a day. Raises MissingPermission, and ValidationError by field."""
    require(by, MAY_CHANGE)
    locked = INCIDENTS.locked(incident)
    INCIDENTS.refuse_unless(locked, (OPEN, OVER), now)
    if due_on is None:
        raise ValidationError({"due_on": ["Enter the day by which it is done."]})
    if not columns.get("owner") and not columns.get("team"):
        raise ValidationError({"owner": ["Name a person or a team who does it."]})
    action = actions.add_action(title=title, site=locked.site, due_on=due_on, by=by, now=now, **columns)
    IncidentAction.objects.create(incident=locked, action=action)
    url = link("action-detail", action.pk)
    write_entry(locked, IncidentEntry.Kind.ACTION, action.title, by=by, at=now, url=url)
    return action
