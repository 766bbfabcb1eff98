"""Erasing a person: who they were goes, what they signed and owned keeps a pseudonym."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from accounts.operations import NotAllowed, change_user
from readiness.organisation.people import models
from readiness.organisation.people.core.calendar_lines import replace_names
from readiness.organisation.people.models import Person
from readiness.organisation.people.operations import rewriting
from readiness.organisation.people.operations.staff import note_end
from readiness.organisation.people.queries import traces
from telemetry.imports import forgetting
from web import actor
from web.audit import erasing
from web.kinds.models import FileImport
from web.scopes import present
from web.security_log.erasing import erase_addresses
from web.workflows import require

MAY_ERASE = "people.erase_person"
MAY_CHANGE_ACCOUNTS = "accounts.change_user"
ERASED = "The person was erased"
type Holds = Callable[[Person, datetime], list[str]]
"""Sentences that say why a person cannot be erased yet."""
_holds: list[Holds] = []


class StillHolds(ValidationError):
    """The person owns something, or is on call: that is handed over first."""


def holds(find: Holds) -> None:
    """Have a room above say what a person still holds."""
    if find not in _holds:
        _holds.append(find)


def pseudonym(person: Person) -> str:
    return f"Person {person.pk}"


@transaction.atomic
def erase_person(
    person: Person, *, also: Sequence[str] = (), shown_digest: str = "", by: User, now: datetime
) -> Person:
    """Blank name, e-mail, phone, employer, leave, evidence of qualifications and answers to surveys, and put the
    pseudonym wherever free text names the person, in the history and in uploaded calendars too; the link to a user
    ends. It cannot be undone.

    `also` are parts of the name to replace although they may mean something else; `shown_digest` is the digest of the
    places that the user saw, and other places are then refused. Raises MissingPermission, StillHolds, and
    ValidationError for somebody who sees a part of the sites only.
    """
    require(by, MAY_ERASE)
    if present() is not None:
        raise ValidationError("Only somebody who sees all sites can know what this person still holds.")
    locked = Person.objects.select_for_update(of=("self",)).select_related("user").get(pk=person.pk)
    if holdings := _called(locked, now) + [each for find in _holds for each in find(locked, now)]:
        raise StillHolds([*holdings, "Hand over first."])
    if shown_digest and shown_digest != traces.traces_of(locked, by=by, also=also).digest:
        raise ValidationError("Other places name this person than were shown: look at them again.")
    actor.note(ERASED)
    finder, _ambiguous = traces.finder_of(locked, also=also)
    account, own = locked.user, traces.own_rows(locked)
    _empty(locked, now)
    if account is not None and by.has_perm(MAY_CHANGE_ACCOUNTS):
        _retire_account(account, locked, by=by, now=now)
        erase_addresses(account, by=by, now=now)
    rewriting.rewrite_texts(own, finder, pseudonym(locked))
    _empty_history(locked)
    rewriting.rewrite_history(finder, pseudonym(locked))
    return locked


def _empty(locked: Person, now: datetime) -> None:
    """Delete or empty the rows that are about the person alone, and end the link."""
    _rename_in_calendars(locked)
    _forget_imports(locked)
    models.Leave.objects.filter(person=locked).delete()
    models.SurveyAnswer.objects.filter(person=locked).delete()
    models.Membership.objects.filter(person=locked).exclude(role="").update(role="")
    models.Qualification.objects.filter(person=locked).exclude(evidence="").update(evidence="")
    note_end(locked, now=now)
    ended = ("user", "user_confirmed_at", "requested_user", "requested_by", "requested_at")
    columns: dict[str, Any] = dict.fromkeys(ended) | {"left_at": locked.left_at or now}
    for column, value in (columns | _blanked(locked)).items():
        setattr(locked, column, value)
    locked.save()


def _blanked(person: Person) -> dict[str, str]:
    return {"name": pseudonym(person), "email": "", "phone": "", "employer": "", "time_zone": "UTC"}


def _empty_history(locked: Person) -> None:
    of_person = {"person_id": locked.pk}
    erasing.blank(Person, {"id": locked.pk}, _blanked(locked), message=ERASED)
    erasing.blank(models.Leave, of_person, {"starts_at": None, "ends_at": None}, message=ERASED)
    erasing.blank(models.Membership, of_person, {"role": ""}, message=ERASED)
    erasing.blank(models.Qualification, of_person, {"evidence": ""}, message=ERASED)


def _retire_account(account: User, person: Person, *, by: User, now: datetime) -> None:
    """Rename and deactivate the account of who is erased; its acts stay under the new name."""
    try:
        change_user(
            account, username=f"person-{person.pk}", name="", email="", is_active=False, by=by, now=now
        )
    except NotAllowed as error:
        raise ValidationError(str(error)) from error


def _called(person: Person, now: datetime) -> list[str]:
    shifts = models.Shift.objects.filter(person=person, ends_at__gt=now).order_by("rotation__name")
    rotations = shifts.values_list("rotation__name", flat=True).distinct()
    turns = models.LayerMember.objects.filter(person=person).exclude(layer__ends_at__lte=now)
    turn_names = (
        turns.order_by("layer__rotation__name").values_list("layer__rotation__name", flat=True).distinct()
    )
    return [
        *(f"This person is on call in {name}." for name in dict.fromkeys([*rotations, *turn_names])),
        *(
            f"The calendar that {calendar.rotation} reads names this person."
            for calendar, _ in _calendars_naming(person)
            if calendar.rotation.calendar_url
        ),
    ]


def _rename_in_calendars(person: Person) -> None:
    for calendar, renamed in _calendars_naming(person):
        models.RotationCalendar.objects.filter(pk=calendar.pk).update(content=renamed)
    for name in _names(person):
        models.Shift.objects.filter(unknown_name__icontains=name).update(unknown_name=pseudonym(person))


def _forget_imports(person: Person) -> None:
    """Delete files that wait to be imported, and what others would change or changed, where they name the person."""
    names = [name.casefold() for name in _names(person)]
    for imported in FileImport.objects.exclude(state__in=FileImport.WORKING).order_by("pk").iterator(50):
        texts = [imported.file_name, bytes(imported.content).decode("utf-8", "replace")]
        texts += [json.dumps(each, ensure_ascii=False) for each in (imported.problems, imported.changes)]
        if any(name in text.casefold() for text in texts for name in names):
            imported.delete()
    forgetting.forget_naming(names)


def _calendars_naming(person: Person) -> Iterator[tuple[models.RotationCalendar, bytes]]:
    """Calendars that name the person, with the pseudonym in the place of the name."""
    names = [*_names(person), *([person.user.username] if person.user else [])]
    for calendar in models.RotationCalendar.objects.select_related("rotation").order_by("rotation__name"):
        content = bytes(calendar.content)
        renamed = replace_names(content, names, pseudonym(person))
        if renamed != content:
            yield calendar, renamed


def _names(person: Person) -> list[str]:
    """Name and e-mails, without what another person is called as well."""
    shared = Person.objects.exclude(pk=person.pk).filter(name=person.name).exists()
    candidates = (None if shared else person.name, person.email, person.user.email if person.user else "")
    return [name for name in candidates if name]
