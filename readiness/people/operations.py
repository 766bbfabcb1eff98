"""Writing down teams and people. Whoever may not is told which permission is missing."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from readiness.people.models import Membership, Person, Team
from web.permissions import MissingPermission

PERSON_FIELDS = frozenset({"name", "user", "email", "phone", "time_zone", "left_at"})
TEAM_FIELDS = frozenset({"name", "slug", "contact", "description", "dissolved_at"})


@transaction.atomic
def save_team(team: Team | None = None, *, by: User, now: datetime, **given: Any) -> Team:
    """A new team, or changes to one. Raises MissingPermission, ValidationError by field."""
    _require(by, "people.change_team" if team else "people.add_team")
    saved = Team.objects.select_for_update().get(pk=team.pk) if team else Team()
    _set(saved, given, TEAM_FIELDS)
    saved.full_clean()
    saved.save()
    return saved


@transaction.atomic
def save_person(
    person: Person | None = None,
    *,
    teams: Collection[Team] | None = None,
    by: User,
    now: datetime,
    **given: Any,
) -> Person:
    """A new person, or changes to one; `teams`, if given, are all that the person is in afterwards.

    Raises MissingPermission, ValidationError by field.
    """
    _require(by, "people.change_person" if person else "people.add_person")
    saved = Person.objects.select_for_update().get(pk=person.pk) if person else Person()
    _set(saved, given, PERSON_FIELDS)
    saved.full_clean()
    saved.save()
    if teams is not None:
        _set_teams(saved, teams)
    return saved


def _set(obj: Person | Team, given: dict[str, Any], fields: frozenset[str]) -> None:
    unknown = sorted(set(given) - fields)
    if unknown:
        raise ValidationError({name: [_("There is no such field.")] for name in unknown})
    for name, value in given.items():
        setattr(obj, name, value.strip() if isinstance(value, str) else value)


def _set_teams(person: Person, teams: Collection[Team]) -> None:
    """Places that stay keep their role."""
    wanted = {team.pk for team in teams}
    person.memberships.exclude(team__in=wanted).delete()
    there = set(person.memberships.values_list("team_id", flat=True))
    Membership.objects.bulk_create(
        [Membership(person=person, team_id=team_id) for team_id in sorted(wanted - there)]
    )


def _require(by: User, permission: str) -> None:
    if not by.has_perm(permission):
        raise MissingPermission([permission])
