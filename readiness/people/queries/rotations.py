"""Rotations as their shifts are made of them, and shifts as they are asked for."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from django.db.models import Q

from readiness.people.core.calendars import calendar_shifts
from readiness.people.core.rotations import (
    Absence,
    PlannedShift,
    RotationPlan,
    SetShift,
    TakenShift,
    TurnLayer,
)
from readiness.people.models import (
    Layer,
    LayerMember,
    Leave,
    Override,
    Person,
    Rotation,
    RotationCalendar,
    Swap,
)

NEVER = datetime(9000, 1, 1, tzinfo=UTC)


def plan_of(rotation: Rotation, *, start: datetime, end: datetime) -> RotationPlan:
    """Everything that shifts from `start` to `end` are made of. Raises CalendarRefused."""
    calendar = _calendar(rotation, start=start, end=end)
    layers = () if calendar is not None else _layers(rotation)
    overrides = tuple(
        SetShift(level=level, person=person, starts_at=starts_at, ends_at=ends_at)
        for level, person, starts_at, ends_at in Override.objects.filter(
            rotation=rotation, starts_at__lt=end, ends_at__gt=start
        )
        .order_by("pk")
        .values_list("level", "person_id", "starts_at", "ends_at")
    )
    swaps = tuple(
        TakenShift(level=level, person=person, taker=taker, starts_at=starts_at, ends_at=ends_at)
        for level, person, taker, starts_at, ends_at in Swap.objects.filter(
            rotation=rotation, state=Swap.State.TAKEN, starts_at__lt=end, ends_at__gt=start
        )
        .order_by("answered_at", "pk")
        .values_list("level", "person_id", "taker_id", "starts_at", "ends_at")
    )
    return RotationPlan(
        time_zone=rotation.time_zone,
        layers=layers,
        calendar=calendar,
        overrides=overrides,
        swaps=swaps,
        absences=_absences(start=start, end=end),
    )


def _layers(rotation: Rotation) -> tuple[TurnLayer, ...]:
    turns: dict[int, list[int]] = defaultdict(list)
    members = LayerMember.objects.filter(layer__rotation=rotation).order_by("layer", "position", "pk")
    for layer_id, person_id in members.values_list("layer_id", "person_id"):
        turns[layer_id].append(person_id)
    return tuple(
        TurnLayer(
            level=layer.level,
            starts_at=layer.starts_at,
            ends_at=layer.ends_at or NEVER,
            rule=layer.rule,
            duration=timedelta(minutes=layer.duration_min),
            turn_shifts=layer.turn_shifts,
            people=tuple(turns[layer.pk]),
        )
        for layer in Layer.objects.filter(rotation=rotation).order_by("level", "pk")
    )


def _calendar(rotation: Rotation, *, start: datetime, end: datetime) -> list[PlannedShift] | None:
    """None where the rotation has no calendar; with an address that was never read it has no shifts."""
    stored = RotationCalendar.objects.filter(rotation=rotation).first()
    if stored is None:
        return [] if rotation.calendar_url else None
    return calendar_shifts(
        bytes(stored.content), known_people(), time_zone=rotation.time_zone, start=start, end=end
    )


def known_people() -> Mapping[str, int]:
    """Ids of people by user name and e-mail, in small letters."""
    rows = Person.objects.order_by("pk").values_list("pk", "user__username", "email", "user__email")
    return {name.casefold(): pk for pk, *names in rows for name in names if name}


def _absences(*, start: datetime, end: datetime) -> tuple[Absence, ...]:
    leaves = Leave.objects.filter(starts_at__lt=end, ends_at__gt=start)
    # Whoever may not sign in any more has left; since when, nobody wrote down.
    gone = Person.objects.left(end).annotate(is_out=Q(user__is_active=False)).order_by("pk")
    return (
        *(
            Absence(person=person, starts_at=starts_at, ends_at=ends_at)
            for person, starts_at, ends_at in leaves.order_by("pk").values_list(
                "person_id", "starts_at", "ends_at"
            )
        ),
        *(
            Absence(
                person=person,
                starts_at=start if is_out or left_at is None else left_at,
                ends_at=NEVER,
                has_left=True,
            )
            for person, left_at, is_out in gone.values_list("pk", "left_at", "is_out")
        ),
    )
