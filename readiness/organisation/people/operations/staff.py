"""Writing down people, and linking people to users. Whoever may not is told which permission is missing.

Whoever is linked accepts and confirms as that person. So nobody makes a link alone: one requests it, and the user
confirms it.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q

from accounts.models import AccountTie, User
from readiness.organisation.people.models import Membership, Person, Team
from web import scopes
from web.workflows import Turn, awaits, require, second
from web.workflows.waiting import subjects_by

MAY_LINK = "people.link_person"
_LINKING = Turn(
    kind="Confirm who you are",
    verb="Answer",
    tab="people",
    page="own-person",
    keyed=False,
    of=lambda by, now: Q(requested_user=by),
    subjects=subjects_by(str),
    site=lambda person: None,
    asked_by=lambda person: person.requested_by,
    since="requested_at",
    joined=("requested_by",),
)
awaits(Person, turn=_LINKING)


class NotRequested(PermissionDenied):
    """No link of this person to this user waits for the user's confirmation."""


@transaction.atomic
def save_person(
    person: Person | None = None,
    *,
    teams: Collection[Team] | None = None,
    by: User,
    now: datetime,
    **columns: Any,
) -> Person:
    """A new person, or changes to one; `teams`, if given, are all that the person is in afterwards, besides teams
    that a user with scopes may not write.

    Raises MissingPermission, ValidationError by field.
    """
    require(by, "people.change_person" if person else "people.add_person")
    saved = Person.objects.select_for_update().get(pk=person.pk) if person else Person()
    for name, value in columns.items():
        setattr(saved, name, value)
    saved.full_clean()
    saved.save()
    if teams is not None:
        _set_teams(saved, teams)
    return saved


@transaction.atomic
def request_link(person: Person, *, user: User, by: User, now: datetime) -> Person:
    """Ask `user` to confirm that they are this person; an earlier request is replaced.

    Raises MissingPermission, and ValidationError: a link in force, one's own user, a user who is somebody already.
    """
    require(by, MAY_LINK)
    locked = _locked(person)
    _refuse_request(locked, user, by, now)
    locked.requested_user, locked.requested_by, locked.requested_at = user, by, now
    _save_link(locked)
    return locked


@transaction.atomic
def confirm_link(person: Person, *, by: User, now: datetime) -> Person:
    """The user who was asked says that they are this person. Raises NotRequested, ValidationError."""
    locked = _locked(person)
    if locked.requested_user_id != by.pk:
        raise NotRequested("No link of this person to your user waits for you.")
    if locked.left_by(now):
        raise ValidationError("This person has left.")
    _refuse_second(by)
    request = locked.requested_by_id, locked.requested_at
    locked.user, locked.user_confirmed_at = by, now
    locked.requested_user = locked.requested_by = locked.requested_at = None
    _save_own_link(locked)
    # Once the link is there: it may show that whoever requested it was this person a short time ago.
    second.refuse_same_people([request], by, now=now)
    second.record(locked, "confirm_link", [request], by=by, now=now)
    second.note_link(by, now=now)
    return locked


@transaction.atomic
def unlink(person: Person, *, by: User, now: datetime) -> Person:
    """End the link, or withdraw or refuse the request: whoever may link people, and the user whose link it is.

    What was accepted and confirmed under the link stays, in the name of that user. Raises MissingPermission.
    """
    locked = _locked(person)
    is_own = by.pk in {locked.user_id, locked.requested_user_id}
    if not is_own:
        require(by, MAY_LINK)
    note_end(locked, now=now)
    locked.user = locked.user_confirmed_at = None
    locked.requested_user = locked.requested_by = locked.requested_at = None
    (_save_own_link if is_own else _save_link)(locked)
    return locked


def note_end(person: Person, *, now: datetime) -> None:
    """The link, if there is one, ends now: for a while the account still counts as this person's."""
    # That the link may be ended is decided by the person's row, which is written in the same transaction.
    with scopes.everything():
        AccountTie.objects.filter(person_id=person.pk, ended_at=None).update(ended_at=now)


def _refuse_request(person: Person, user: User, by: User, now: datetime) -> None:
    if person.user is not None:
        raise ValidationError({"user": ["This person is linked to a user: end that link first."]})
    if person.left_by(now):
        raise ValidationError({"user": ["This person has left."]})
    if second.same_person(user, by, now=now):
        raise ValidationError(
            {"user": ["Nobody may request a link to their own user: a second person must request it."]}
        )
    if not user.is_active:
        raise ValidationError({"user": ["This user cannot sign in."]})
    _refuse_second(user)


def _refuse_second(user: User) -> None:
    if Person.objects.filter(user=user).exists():
        raise ValidationError({"user": ["This user is linked to a person already."]})


def _save_link(person: Person) -> None:
    person.save(update_fields=["user", "user_confirmed_at", "requested_user", "requested_by", "requested_at"])


def _save_own_link(person: Person) -> None:
    """Whoever a person is answers for themselves, also where their home lies outside their scope."""
    with scopes.everything():
        _save_link(person)


def _locked(person: Person) -> Person:
    people = Person.objects.select_for_update(of=("self",)).select_related("user", "requested_user")
    return people.get(pk=person.pk)


def _set_teams(person: Person, teams: Collection[Team]) -> None:
    """Places that stay keep their role, and so do those in teams that the writer may not write."""
    team_ids = {team.pk for team in teams}
    scopes.writable(person.memberships.exclude(team__in=team_ids)).delete()
    present_ids = set(person.memberships.values_list("team_id", flat=True))
    Membership.objects.bulk_create(
        [Membership(person=person, team_id=team_id) for team_id in sorted(team_ids - present_ids)]
    )
