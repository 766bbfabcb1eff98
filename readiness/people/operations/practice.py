"""Entering what came of a drill."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from readiness.people.models import Drill
from web.workflows import require


@transaction.atomic
def enter_result(drill: Drill, *, result: str, held_at: datetime, by: User, now: datetime) -> Drill:
    """Raises MissingPermission, and ValidationError for a drill that is still to come."""
    require(by, "people.change_drill")
    if held_at > now:
        raise ValidationError({"held_at": ["A drill has a result once it was held."]})
    locked = Drill.objects.select_for_update().get(pk=drill.pk)
    locked.result, locked.held_at = result, held_at
    locked.full_clean()
    locked.save(update_fields=["result", "held_at"])
    return locked
