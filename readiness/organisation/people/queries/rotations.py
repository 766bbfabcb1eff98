"""Rotations as their shifts are made of them, and shifts as they are asked for."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Case, DateTimeField, Q, Value, When
from django.db.models.functions import Coalesce

from readiness.organisation.people.core import rotations as core
from readiness.organisation.people.core.calendars import ReadCalendar, read_calendar
from readiness.organisation.people.models import Leave, Override, Person, Rotation, RotationCalendar, Swap
from web.rows import rows_as

NEVER = datetime(9000, 1, 1, tzinfo=UTC)


def plan_of(rotation: Rotation, *, start: datetime, end: datetime) -> core.RotationPlan:
    """Everything that shifts from `start` to `end` are made of. Raises CalendarRefused."""
    calendar = _calendar(rotation, start=start, end=end)
    near = Q(starts_at__lt=end, ends_at__gt=start)
    overrides = Override.objects.filter(near, rotation=rotation).order_by("pk")
    swaps = Swap.objects.filter(near, rotation=rotation, state=Swap.State.TAKEN).order_by("answered_at", "pk")
    leaves = Leave.objects.filter(near).order_by("pk")
    # Whoever may not sign in any more has left; since when, nobody wrote down.
    since = Case(
        When(user__is_active=False, then=Value(start)),
        default=Coalesce("left_at", Value(start)),
        output_field=DateTimeField(),
    )
    gone = Person.objects.left(end).annotate(
        starts_at=since, ends_at=Value(NEVER, DateTimeField()), is_gone=Value(True)
    )
    return core.RotationPlan(
        time_zone=rotation.time_zone,
        layers=() if calendar is not None else _layers(rotation),
        calendar=None if calendar is None else calendar.shifts,
        moments=() if calendar is None else calendar.moments,
        overrides=tuple(rows_as(core.HeldShift, overrides, person="person_id")),
        swaps=tuple(rows_as(core.TakenShift, swaps, person="person_id", taker="taker_id")),
        absences=(
            *rows_as(core.Absence, leaves, person="person_id"),
            *rows_as(core.Absence, gone.order_by("pk"), person="pk", has_left="is_gone"),
        ),
    )


def _layers(rotation: Rotation) -> tuple[core.TurnLayer, ...]:
    turns = ArrayAgg(
        "members__person", order_by=("members__position", "members__pk"), filter=Q(members__isnull=False)
    )
    return tuple(
        core.TurnLayer(
            level=layer.level,
            starts_at=layer.starts_at,
            ends_at=layer.ends_at or NEVER,
            rule=layer.rule,
            duration=timedelta(minutes=layer.duration_min),
            turn_shifts=layer.turn_shifts,
            people=tuple(layer.in_turn or ()),
        )
        for layer in rotation.layers.annotate(in_turn=turns).order_by("level", "pk")
    )


def _calendar(rotation: Rotation, *, start: datetime, end: datetime) -> ReadCalendar | None:
    """None where the rotation has no calendar; with an address that was never read it has no shifts."""
    calendar = RotationCalendar.objects.filter(rotation=rotation).first()
    if calendar is None:
        return ReadCalendar() if rotation.calendar_url else None
    return read_calendar(
        bytes(calendar.content), known_people(), time_zone=rotation.time_zone, start=start, end=end
    )


def known_people() -> Mapping[str, int]:
    """Ids of people by user name and e-mail, in small letters."""
    rows = Person.objects.order_by("pk").values_list("pk", "user__username", "email", "user__email")
    return {name.casefold(): pk for pk, *names in rows for name in names if name}
