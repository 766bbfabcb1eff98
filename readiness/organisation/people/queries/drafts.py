"""A rotation as its editor shows it, and the preview of a draft: eight weeks ahead, worked out without a write."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from readiness.organisation.people.core.calendar_lines import CalendarRefused
from readiness.organisation.people.core.drafts import (
    PREVIEWED,
    DraftLayer,
    DraftOutlook,
    RotationDraft,
    draft_outlook,
)
from readiness.organisation.people.core.duty import Breach
from readiness.organisation.people.core.rotations import HeldShift, PlannedShift, RotationPlan, shifts_of
from readiness.organisation.people.models import Person, Rotation, Shift
from readiness.organisation.people.queries.duty import PersonDuty, duty_of, duty_rules
from readiness.organisation.people.queries.rotations import NEVER, plan_of
from readiness.organisation.people.queries.standing import held_shifts

UNSAVED = 0
"""The id of a rotation that is not saved yet."""


def draft_of(rotation: Rotation) -> RotationDraft:
    """Read the stored rotation; three statements."""
    layers = rotation.layers.order_by("level", "pk").prefetch_related("members")
    return RotationDraft(
        name=rotation.name,
        slug=rotation.slug,
        domain=rotation.domain,
        team=rotation.team_id,
        time_zone=rotation.time_zone,
        home_region=rotation.home_region_id,
        home_site=rotation.home_site_id,
        is_home_chosen=rotation.is_home_chosen,
        sites=tuple(rotation.served.order_by("site").values_list("site", flat=True)),
        layers=tuple(
            DraftLayer(
                id=layer.pk,
                name=layer.name,
                level=layer.level,
                starts_at=layer.starts_at,
                ends_at=layer.ends_at,
                rule=layer.rule,
                duration_min=layer.duration_min,
                turn_shifts=layer.turn_shifts,
                people=tuple(
                    member.person_id
                    for member in sorted(layer.members.all(), key=lambda each: (each.position, each.pk))
                ),
            )
            for layer in layers
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationPreview:
    """`breaches` are those of the people under the draft, `new_breaches` those that they do not have now. With a
    calendar, layers make no shifts."""

    draft: RotationDraft
    starts_at: datetime
    ends_at: datetime
    outlook: DraftOutlook
    breaches: tuple[Breach, ...]
    new_breaches: tuple[Breach, ...]
    people: Mapping[int, Person]
    rotations: Mapping[int, str]
    is_by_calendar: bool = False
    error: str = ""


def preview_of(draft: RotationDraft, rotation: Rotation | None, *, now: datetime) -> RotationPreview:
    """Shifts as they would be, with the overrides, swaps and leave that are stored; a dozen statements."""
    end = now + PREVIEWED
    key, error = (rotation.pk if rotation is not None else UNSAVED), ""
    plan, by_calendar = _plan(rotation or _unsaved(draft), now, end), False
    if plan is None:
        plan, error = RotationPlan(time_zone=draft.time_zone), "The calendar cannot be read."
    elif plan.calendar is not None:
        by_calendar = True
    before = shifts_of(plan, now, end) if rotation is not None else ()
    draft_plan = replace(
        plan, time_zone=draft.time_zone, layers=tuple(layer.turns(NEVER) for layer in draft.layers)
    )
    after = shifts_of(draft_plan, now, end)
    involved = {shift.person for shift in (*before, *after)} - {None}
    ids = {person for person in involved if person is not None}
    elsewhere = held_shifts(Shift.objects.overlapping(now, end).filter(person__in=ids).exclude(rotation=key))
    outlook = draft_outlook(before, after, elsewhere, draft.time_zone, now, end)
    breaches, new = _breaches(draft, key, ids, before, after, now, end)
    rotations = Rotation.objects.in_bulk({double.rotation for double in outlook.doubles})
    return RotationPreview(
        draft=draft,
        starts_at=now,
        ends_at=end,
        outlook=outlook,
        breaches=breaches,
        new_breaches=new,
        people=Person.objects.in_bulk(ids | draft.people | {each.person for each in outlook.doubles}),
        rotations={pk: str(each) for pk, each in rotations.items()},
        is_by_calendar=by_calendar,
        error=error,
    )


def _unsaved(draft: RotationDraft) -> Rotation:
    return Rotation(
        pk=UNSAVED, name=draft.name, domain=draft.domain, team_id=draft.team, time_zone=draft.time_zone
    )


def _plan(rotation: Rotation, start: datetime, end: datetime) -> RotationPlan | None:
    try:
        return plan_of(rotation, start=start, end=end)
    except CalendarRefused:
        return None


def _breaches(
    draft: RotationDraft,
    key: int,
    people: set[int],
    before: tuple[PlannedShift, ...],
    after: tuple[PlannedShift, ...],
    start: datetime,
    end: datetime,
) -> tuple[tuple[Breach, ...], tuple[Breach, ...]]:
    """All breaches under the draft, and those among them that lie at no time of one that is there now."""
    unsaved = _unsaved(draft)
    unsaved.pk = key
    rules = duty_rules([unsaved])
    as_drafted, as_planned = (
        _all_breaches(duty_of(people, start, end, instead={key: _rotation_shifts(shifts, key)}, rules=rules))
        for shifts in (after, before)
    )
    new = tuple(
        breach
        for breach in as_drafted
        if not any(
            (old.person, old.kind) == (breach.person, breach.kind)
            and old.starts_at < breach.ends_at
            and breach.starts_at < old.ends_at
            for old in as_planned
        )
    )
    return as_drafted, new


def _rotation_shifts(shifts: tuple[PlannedShift, ...], key: int) -> list[HeldShift]:
    return [
        HeldShift(
            level=shift.level,
            person=shift.person,
            rotation=key,
            starts_at=shift.starts_at,
            ends_at=shift.ends_at,
        )
        for shift in shifts
    ]


def _all_breaches(duties: Mapping[int, PersonDuty]) -> tuple[Breach, ...]:
    every = [breach for duty in duties.values() for breach in duty.breaches]
    return tuple(sorted(every, key=lambda breach: (breach.starts_at, breach.person, breach.kind)))
