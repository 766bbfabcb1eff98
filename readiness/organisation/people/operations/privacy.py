"""Erasing a person: who they were goes, what they signed and owned keeps a pseudonym."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from readiness.organisation.people import models
from readiness.organisation.people.core.calendar_lines import replace_names
from readiness.organisation.people.models import Person
from readiness.organisation.people.operations.staff import note_end
from web import actor
from web.audit import erasing, is_audited
from web.kinds.models import FileImport
from web.scopes import present
from web.visibility import personal_text
from web.workflows import require

MAY_ERASE = "people.erase_person"
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
def erase_person(person: Person, *, by: User, now: datetime) -> Person:
    """Blank name, e-mail, phone, employer, leave, evidence of qualifications and answers to surveys, in the history
    and in uploaded calendars too; the link to a user ends. It cannot be undone.

    Raises MissingPermission, StillHolds, and ValidationError for somebody who sees a part of the sites only.
    """
    require(by, MAY_ERASE)
    if present() is not None:
        raise ValidationError("Only somebody who sees all sites can know what this person still holds.")
    locked = Person.objects.select_for_update(of=("self",)).get(pk=person.pk)
    if holdings := _called(locked, now) + [each for find in _holds for each in find(locked, now)]:
        raise StillHolds([*holdings, "Hand over first."])
    actor.note(ERASED)
    _rename_in_calendars(locked)
    _forget_imports(locked)
    models.Leave.objects.filter(person=locked).delete()
    models.SurveyAnswer.objects.filter(person=locked).delete()
    models.Membership.objects.filter(person=locked).exclude(role="").update(role="")
    models.Qualification.objects.filter(person=locked).exclude(evidence="").update(evidence="")
    _rename_typed(locked)
    note_end(locked, now=now)
    blanked = {"name": pseudonym(locked), "email": "", "phone": "", "employer": "", "time_zone": "UTC"}
    ended = {"user": None, "user_confirmed_at": None, "requested_user": None, "requested_by": None}
    for column, value in (blanked | ended | {"requested_at": None, "left_at": locked.left_at or now}).items():
        setattr(locked, column, value)
    locked.save()
    of_person = {"person_id": locked.pk}
    erasing.blank(Person, {"id": locked.pk}, blanked, message=ERASED)
    erasing.blank(models.Leave, of_person, {"starts_at": None, "ends_at": None}, message=ERASED)
    erasing.blank(models.Membership, of_person, {"role": ""}, message=ERASED)
    erasing.blank(models.Qualification, of_person, {"evidence": ""}, message=ERASED)
    return locked


def _rename_typed(person: Person) -> None:
    """Put the pseudonym where somebody typed the name, unless another person has the same."""
    if person.name not in _names(person):
        return
    erasing.rename(person.name, pseudonym(person))
    for model in apps.get_models():
        for column in personal_text(model):
            typed = {column: person.name}
            model._default_manager.filter(**typed).update(**{column: pseudonym(person)})
            if is_audited(model):
                erasing.blank(model, typed, {column: pseudonym(person)}, message=ERASED)


def _called(person: Person, now: datetime) -> list[str]:
    shifts = models.Shift.objects.filter(person=person, ends_at__gt=now).order_by("rotation__name")
    rotations = shifts.values_list("rotation__name", flat=True).distinct()
    turns = models.LayerMember.objects.filter(person=person).exclude(layer__ends_at__lte=now)
    taken = turns.order_by("layer__rotation__name").values_list("layer__rotation__name", flat=True).distinct()
    return [
        *(f"This person is on call in {name}." for name in dict.fromkeys([*rotations, *taken])),
        *(
            f"The calendar that {stored.rotation} reads names this person."
            for stored, _ in _calendars_naming(person)
            if stored.rotation.calendar_url
        ),
    ]


def _rename_in_calendars(person: Person) -> None:
    for stored, renamed in _calendars_naming(person):
        models.RotationCalendar.objects.filter(pk=stored.pk).update(content=renamed)
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


def _calendars_naming(person: Person) -> Iterator[tuple[models.RotationCalendar, bytes]]:
    """Calendars that name the person, with the pseudonym in the place of the name."""
    names = [*_names(person), *([person.user.username] if person.user else [])]
    for stored in models.RotationCalendar.objects.select_related("rotation").order_by("rotation__name"):
        content = bytes(stored.content)
        renamed = replace_names(content, names, pseudonym(person))
        if renamed != content:
            yield stored, renamed


def _names(person: Person) -> list[str]:
    """Name and e-mails, without what another person is called as well."""
    shared = Person.objects.exclude(pk=person.pk).filter(name=person.name).exists()
    candidates = (None if shared else person.name, person.email, person.user.email if person.user else "")
    return [name for name in candidates if name]
