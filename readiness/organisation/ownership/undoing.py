"""Let whoever confirmed an item take the confirmation back. Answers to a proposal stay as they were signed."""

from functools import partial

from readiness.organisation.ownership.models import Assignment, Confirmation
from readiness.organisation.ownership.rules import MAY_SEE
from web.history import restoring
from web.links import link


def register() -> None:
    pages = partial(link, "owned-by-me")
    of_deadline = restoring.RestoreRule(
        {restoring.CHANGED: (MAY_SEE,)}, ("confirmed_at", "due_at"), pages, own=True
    )
    of_confirmation = restoring.RestoreRule(
        {restoring.CREATED: (MAY_SEE,), restoring.DELETED: (MAY_SEE,)}, (), pages, own=True
    )
    restoring.register(Assignment, of_deadline)
    restoring.register(Confirmation, of_confirmation)
