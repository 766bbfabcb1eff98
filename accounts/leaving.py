"""A person leaves: hand their service accounts over, and deactivate their account."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from accounts.operations import change_user, refuse_unless_may_change


@transaction.atomic
def hand_over(person: User, *, to: User, by: User | None, now: datetime) -> int:
    """Make `to` the owner of all service accounts of this person; returns how many. Raises NotAllowed,
    ValidationError."""
    refuse_unless_may_change(person, by)
    if to.pk == person.pk or not User.objects.people_who_sign_in().filter(pk=to.pk).exists():
        raise ValidationError("The new owner is another person, who can sign in.")
    accounts = User.objects.select_for_update(no_key=True).filter(owner=person).order_by("pk")
    for account in (rows := list(accounts)):
        change_user(account, owner=to, by=by, now=now)
    return len(rows)


@transaction.atomic
def leave(person: User, *, to: User | None, by: User | None, now: datetime) -> int:
    """Deactivate the account of a person; with `to`, hand their service accounts over first, and return how many.

    Raises NotAllowed, ValidationError.
    """
    count = hand_over(person, to=to, by=by, now=now) if to is not None else 0
    change_user(person, is_active=False, by=by, now=now)
    return count
