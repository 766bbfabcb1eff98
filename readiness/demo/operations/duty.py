"""On-call duty in the demo: rotations with layers, an override, leave, an open swap, and past shifts."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from django.db.models import Model

from accounts.models import User
from inventory.models import Site
from inventory.queries.homes import home_of
from readiness.demo.building import write
from readiness.demo.core.plan import FleetPlan, book
from readiness.demo.operations.made import DemoObjects
from readiness.demo.operations.staffing import Workforce
from readiness.organisation.people.core.rotations import shifts_of
from readiness.organisation.people.models import (
    DutyRule,
    Layer,
    LayerMember,
    Leave,
    Override,
    Person,
    Rotation,
    RotationSite,
    Shift,
    Swap,
)
from readiness.organisation.people.operations.rotations import write_shifts
from readiness.organisation.people.queries.rotations import plan_of

BEGUN_BEFORE = 10
"""A rotation begins this many days before its first site has capacity."""
BOTH_LEVELS = (1, 2)
RULE = "FREQ=DAILY;BYHOUR={hours};BYMINUTE=0;BYSECOND=0"


def write_duty(
    plan: FleetPlan, sites: Mapping[str, Site], workforce: Workforce, objects: DemoObjects, *, now: datetime
) -> None:
    people_book, people = book("people"), workforce.people
    rotations: dict[str, Rotation] = {}
    rows: list[Model] = []
    begun = {site.name: max((days for days, _ in site.waves), default=0) for site in plan.sites}
    for row in people_book["rotations"]:
        if not (served := [name for name in row["sites"] if name in sites]):
            continue
        columns = {key: row[key] for key in ("name", "slug", "domain")}
        home = home_of([sites[name] for name in served])
        rotations[row["slug"]] = rotation = Rotation(**columns, **home, team=workforce.teams[row["team"]])
        rows += [RotationSite(rotation=rotation, site=sites[name]) for name in served]
        age = max(begun[name] for name in served) + BEGUN_BEFORE
        rows += [turn for layer in row["layers"] for turn in _turns(rotation, layer, workforce, age, now=now)]
    for row in people_book["overrides"]:
        if row["rotation"] in rotations:
            columns = {"rotation": rotations[row["rotation"]], "level": row["level"]}
            starts_at, ends_at = (_night(now, row[edge]) for edge in ("from", "to"))
            rows.append(
                Override(person=people[row["person"]], starts_at=starts_at, ends_at=ends_at, **columns)
            )
    for row in people_book["leave"]:
        starts_at, ends_at = (now - timedelta(days=row[edge]) for edge in ("from", "to"))
        rows.append(Leave(person=people[row["person"]], starts_at=starts_at, ends_at=ends_at))
    rows += _duty_rules(rotations.values(), workforce)
    write(rotations.values(), rows)
    objects.note(rotations.values())
    for rotation in rotations.values():
        _write_shifts(rotation, now=now)
    for row in people_book["swaps"]:
        if row["rotation"] in rotations:
            _ask_swap(rotations[row["rotation"]], people[row["person"]], row, now=now)


def _duty_rules(rotations: Iterable[Rotation], workforce: Workforce) -> Iterator[DutyRule]:
    """Give each team that has a rotation here a price of overtime; with the team, its rule goes."""
    teams = {rotation.team for rotation in rotations}
    taken = set(DutyRule.objects.filter(team__in=teams).values_list("team", flat=True))
    for row in book("people")["duty_rules"]:
        team = workforce.teams[row["team"]]
        if team in teams and team.pk not in taken:
            yield DutyRule(
                **row | {"team": team, "name": f"Overtime of {team}"}, source=book("people")["duty_source"]
            )


def _turns(
    rotation: Rotation, row: Mapping[str, Any], workforce: Workforce, age: int, *, now: datetime
) -> Iterator[LayerMember]:
    """Yield the members of the layers that a row describes, one layer for each level."""
    people_book = book("people")
    hours = range(people_book["shifts_begin_at"], 24, people_book["shift_hours"])
    turns = [person for key in row["groups"] for person in workforce.crews[key]]
    turns += [workforce.people[name] for name in row.get("people", [])]
    for level in row.get("levels", BOTH_LEVELS):
        layer = Layer(
            rotation=rotation,
            level=level,
            starts_at=_shift_start(now, min(row.get("from", age), age)),
            ends_at=_shift_start(now, row["to"]) if "to" in row else None,
            rule=RULE.format(hours=",".join(map(str, hours))),
            duration_min=60 * people_book["shift_hours"],
        )
        offset = (level - 1) * (len(turns) // 2)
        for place in range(len(turns)):
            person = turns[(place + offset) % len(turns)]
            yield LayerMember(layer=layer, person=person, position=place + 1)


def _shift_start(now: datetime, days_ago: int) -> datetime:
    begins_at = book("people")["shifts_begin_at"]
    return (now - timedelta(days=days_ago)).replace(hour=begins_at, minute=0, second=0, microsecond=0)


def _night(now: datetime, days_ago: int) -> datetime:
    """The last change of shifts before `now`, and the same hour of other days."""
    step = timedelta(hours=book("people")["shift_hours"])
    begins_at = _shift_start(now, 1)
    return begins_at + (now - begins_at) // step * step - timedelta(days=days_ago)


def _write_shifts(rotation: Rotation, *, now: datetime) -> None:
    """Write past shifts in bulk, and future shifts as the product does."""
    since = Layer.objects.filter(rotation=rotation).earliest("starts_at").starts_at
    Shift.objects.bulk_create(
        Shift(
            rotation=rotation,
            level=shift.level,
            person_id=shift.person,
            starts_at=shift.starts_at,
            ends_at=shift.ends_at,
            origin=shift.origin.value,
        )
        for shift in shifts_of(plan_of(rotation, start=since, end=now), since, now)
        if shift.starts_at < now
    )
    write_shifts(rotation, now=now)


def _ask_swap(rotation: Rotation, person: Person, row: Mapping[str, Any], *, now: datetime) -> None:
    shifts = Shift.objects.filter(rotation=rotation, level=row["level"], person=person)
    shift = shifts.filter(starts_at__gte=now + timedelta(days=row["ahead"])).earliest("starts_at")
    Swap.objects.create(
        rotation=rotation,
        level=shift.level,
        person=person,
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
        requested_by=cast(User, person.user),
        requested_at=now - timedelta(days=row["asked"]),
    )
