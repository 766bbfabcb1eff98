"""Writes shifts from what rotations say. Triggers leave a claim row for each rotation that a change touches. What
somebody enters may not make one person two."""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from readiness.organisation.people.core.calendar_lines import CalendarRefused
from readiness.organisation.people.core.doubles import new_doubles, wholly_double
from readiness.organisation.people.core.rotations import AHEAD, BACK, PlannedShift, shifts_of
from readiness.organisation.people.models import Rotation, RotationChange, Shift
from readiness.organisation.people.queries.doubles import doubles_ahead
from readiness.organisation.people.queries.rotations import plan_of
from readiness.organisation.people.sentences import double_sentences
from web import scopes


@transaction.atomic
def write_claimed_shifts(*, now: datetime) -> int:
    """Write the shifts of rotations that claim rows name, those of this transaction included; return how many.

    Shifts follow from what is stored, whoever changed it: leave of a person also changes rotations of other regions.
    """
    with scopes.everything():
        return _write_all(_claimed(), now=now)


@transaction.atomic
def write_entered_shifts(*, now: datetime, are_turns: bool = False) -> int:
    """Write the same of what somebody enters in this transaction. Raises ValidationError where one person would newly
    have two levels of a domain at a site, and names both shifts.

    Turns that coincide now and then leave the later level to nobody: they are refused only where nothing of that level
    would be the person's.
    """
    with scopes.everything():
        claimed_ids = _claimed()
        if not claimed_ids:
            return 0
        before = doubles_ahead(claimed_ids, now=now).doubles
        number = _write_all(claimed_ids, now=now)
        ahead = doubles_ahead(claimed_ids, now=now)
    doubles = new_doubles(before, ahead.doubles)
    if are_turns:
        doubles = wholly_double(doubles, ahead.shifts)
    if doubles:
        raise ValidationError(double_sentences(doubles))
    return number


def _claimed() -> set[int]:
    """Take the claims, those of this transaction included."""
    claims = RotationChange.objects.select_for_update(skip_locked=True).order_by("pk")
    claim_rows = list(claims.values_list("pk", "rotation_id"))
    if claim_rows:
        RotationChange.objects.filter(pk__in=[pk for pk, _ in claim_rows]).delete()
    return {rotation_id for _, rotation_id in claim_rows}


def extend_shifts(*, now: datetime) -> int:
    return _write_all(Rotation.objects.values_list("pk", flat=True), now=now)


def _write_all(rotation_ids: Iterable[int], *, now: datetime) -> int:
    rotations = Rotation.objects.filter(pk__in=sorted(rotation_ids)).order_by("pk")
    return sum(write_shifts(rotation, now=now) for rotation in rotations)


@transaction.atomic
def write_shifts(rotation: Rotation, *, now: datetime) -> int:
    """Make the shifts from now to 60 days ahead what layers, calendar, overrides, swaps and leave say; return 1.

    What is past stays as it was written; only a level that never had a shift is filled 35 days back. A calendar that
    cannot be followed any more leaves the shifts as they are, and the rotation says why.
    """
    with scopes.everything():
        locked = Rotation.objects.select_for_update().get(pk=rotation.pk)
        try:
            plan = plan_of(locked, start=now - BACK, end=now + AHEAD)
        except CalendarRefused as error:
            Rotation.objects.filter(pk=locked.pk).update(calendar_error=str(error)[:300])
            return 0
        levels_under_way = set(
            Shift.objects.filter(rotation=locked, starts_at__lt=now)
            .order_by()
            .values_list("level", flat=True)
            .distinct()
        )
        planned = shifts_of(plan, now - BACK, now + AHEAD)
        due = [shift for shift in planned if shift.ends_at > now or shift.level not in levels_under_way]
        _apply(locked, due, levels_under_way, now)
    return 1


def _apply(
    rotation: Rotation, planned: Iterable[PlannedShift], levels_under_way: set[int], now: datetime
) -> None:
    stored_shifts = {
        _key(shift, now): shift
        for shift in Shift.objects.filter(rotation=rotation, ends_at__gt=now).order_by("pk")
    }
    new, moved = [], []
    for plan in planned:
        stored_shift = stored_shifts.pop(_key(plan, now), None) if plan.ends_at > now else None
        if stored_shift is None:
            new.append(_new_shift(rotation, plan, now if plan.level in levels_under_way else plan.starts_at))
        elif stored_shift.ends_at != plan.ends_at:
            stored_shift.ends_at = plan.ends_at
            moved.append(stored_shift)
    cut = [shift for shift in stored_shifts.values() if shift.starts_at < now]
    for shift in cut:
        shift.ends_at = now
    gone = [shift.pk for shift in stored_shifts.values() if shift.starts_at >= now]
    Shift.objects.filter(pk__in=gone).delete()
    Shift.objects.bulk_update(sorted([*moved, *cut], key=lambda shift: shift.pk), ["ends_at"])
    Shift.objects.bulk_create(new)


def _key(shift: Shift | PlannedShift, now: datetime) -> tuple[object, ...]:
    """Two shifts with one key are the same; those in progress whenever they began and end."""
    person = shift.person_id if isinstance(shift, Shift) else shift.person
    why = shift.unknown_name, shift.is_on_leave, shift.is_double
    when = (shift.starts_at, shift.ends_at) if shift.starts_at >= now else ()
    return shift.level, person, *why, str(shift.origin), *when


def _new_shift(rotation: Rotation, shift: PlannedShift, earliest: datetime) -> Shift:
    return Shift(
        rotation=rotation,
        level=shift.level,
        person_id=shift.person,
        unknown_name=shift.unknown_name,
        is_on_leave=shift.is_on_leave,
        is_double=shift.is_double,
        starts_at=max(shift.starts_at, earliest),
        ends_at=shift.ends_at,
        origin=shift.origin.value,
    )
