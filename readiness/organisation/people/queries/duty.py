"""Rest, hours a week and cost of overtime of people by the duty rules; a fixed number of statements for any number."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Min

from accounts.models import User
from readiness.organisation.people.core import duty
from readiness.organisation.people.core.duty import Breach, BreachKind, DutyLimits, OvertimePrice
from readiness.organisation.people.core.rotations import AHEAD, Absence, HeldShift
from readiness.organisation.people.models import DutyRule, Leave, Person, Rotation, RotationSite, Shift
from readiness.organisation.people.queries.standing import held_shifts
from web.cached import CachedAnswer, clock_step
from web.rows import rows_as

DAY = timedelta(days=1)
NO_LIMITS = DutyLimits(rest_h=None, week_h=None)


@dataclass(frozen=True, slots=True)
class RotationDuty:
    """The limits that the rule of a rotation sets, and what overtime costs there."""

    limits: DutyLimits
    price: OvertimePrice


def duty_rules(rotations: Iterable[Rotation]) -> dict[int, RotationDuty]:
    """The rule of the rotation's team, else the one for all, else no limits."""
    rules = {rule.team_id: rule for rule in DutyRule.objects.order_by("pk")}
    return {
        rotation.pk: _rotation_duty(rules.get(rotation.team_id) or rules.get(None), rotation.time_zone)
        for rotation in rotations
    }


def _rotation_duty(rule: DutyRule | None, zone: str) -> RotationDuty:
    if rule is None:
        return RotationDuty(NO_LIMITS, OvertimePrice(zone=zone))
    shares = {"primary_share": rule.primary_percent / 100, "standby_share": rule.standby_percent / 100}
    return RotationDuty(
        DutyLimits(rest_h=rule.rest_h, week_h=rule.week_h, weeks=rule.reference_weeks, **shares),
        OvertimePrice(zone=zone, cost=rule.overtime_cost, currency=rule.currency, **shares),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDuty:
    """One person's duty in a time: `week_h` is the average at an instant of it, `costs` are by currency."""

    person: int
    limits: DutyLimits = NO_LIMITS
    breaches: tuple[Breach, ...] = ()
    week_h: float = 0.0
    least_rest_h: float | None = None
    overtime_h: float = 0.0
    costs: Mapping[str, float] = field(default_factory=dict)
    shifts: tuple[HeldShift, ...] = ()

    def count(self, kind: BreachKind) -> int:
        return sum(breach.kind == kind for breach in self.breaches)


def total_costs(duties: Iterable[PersonDuty]) -> dict[str, float]:
    costs: defaultdict[str, float] = defaultdict(float)
    for each in duties:
        for currency, amount in each.costs.items():
            costs[currency] += amount
    return dict(costs)


def duty_of(
    people: Collection[int],
    start: datetime,
    end: datetime,
    *,
    at: datetime | None = None,
    instead: Mapping[int, Sequence[HeldShift]] | None = None,
    rules: dict[int, RotationDuty] | None = None,
) -> dict[int, PersonDuty]:
    """The duty of those of the people who have shifts, five statements; the average week is that of `at`, by default of
    the end. `instead` are shifts of rotations that replace the written ones from `start` on, `rules` those of rotations
    that are not written."""
    by_rotation = duty_rules(Rotation.objects.order_by("pk")) | (rules or {})
    weeks = max((each.limits.weeks for each in by_rotation.values()), default=0)
    near = Shift.objects.overlapping(start - timedelta(weeks=weeks), end + DAY).filter(person__in=people)
    shifts = held_shifts(near)
    if instead is not None:
        shifts = replaced(shifts, instead, start)
    leaves = Leave.objects.filter(person__in=people, starts_at__lt=end, ends_at__gt=start - weeks * 7 * DAY)
    absences: dict[int, list[Absence]] = defaultdict(list)
    for absence in rows_as(Absence, leaves.order_by("pk"), person="person_id"):
        absences[absence.person].append(absence)
    every = Shift.objects.filter(person__in=people).order_by()
    first_at = dict(every.values_list("person").annotate(Min("starts_at")))
    of_person: dict[int, list[HeldShift]] = defaultdict(list)
    for shift in shifts:
        if shift.person is not None and shift.person in people:
            of_person[shift.person].append(shift)
    return {
        person: _person_duty(
            *(person, theirs, absences[person], by_rotation, start, end),
            at=at or end,
            begun=first_at.get(person),
        )
        for person, theirs in sorted(of_person.items())
    }


def replaced(
    shifts: Iterable[HeldShift], instead: Mapping[int, Sequence[HeldShift]], start: datetime
) -> list[HeldShift]:
    """The shifts, with others in the place of those of some rotations from `start` on."""
    kept_shifts = [shift for shift in shifts if shift.rotation not in instead or shift.ends_at <= start]
    return kept_shifts + [shift for others in instead.values() for shift in others]


def _person_duty(
    person: int,
    shifts: Sequence[HeldShift],
    absences: Sequence[Absence],
    rules: Mapping[int, RotationDuty],
    start: datetime,
    end: datetime,
    *,
    at: datetime,
    begun: datetime | None,
) -> PersonDuty:
    limits = duty.strictest(dict.fromkeys(rules[shift.rotation].limits for shift in shifts))
    since = {} if begun is None else {person: begun}
    prices = {rotation: each.price for rotation, each in rules.items()}
    figures = duty.figures(shifts, limits, start, end, at=at, absences=absences, begun=begun)
    [person_overtime] = duty.overtime(shifts, prices, start, end)
    return PersonDuty(
        person=person,
        limits=limits,
        breaches=tuple(duty.breaches(shifts, limits, start, end, absences=absences, begun=since)),
        week_h=figures.week_h,
        least_rest_h=figures.least_rest_h,
        overtime_h=person_overtime.hours,
        costs=person_overtime.costs,
        shifts=tuple(shift for shift in shifts if shift.starts_at < end and shift.ends_at > start),
    )


KEPT_BACK, KEPT_FOR = timedelta(days=30), timedelta(hours=1)
"""How far back duties around now look, and how long they are kept unless something changes."""
DUTIES: CachedAnswer[int, PersonDuty | None] = CachedAnswer(
    "rest and hours of people", models=(Rotation, DutyRule, Leave, Person, User), rows=(Shift,)
)


def duties_around(people: Iterable[int], *, now: datetime) -> dict[int, PersonDuty]:
    """The duty of those who have shifts from 30 days ago to 60 days ahead, with the average week of this hour."""
    start, end = around(now)

    def read(missing: Collection[int]) -> dict[int, PersonDuty | None]:
        duties = duty_of(set(missing), start, end, at=start + KEPT_BACK)
        return {person: duties.get(person) for person in missing}

    every = DUTIES.values(
        dict.fromkeys(sorted(people)), read, now=now, until=lambda _duty: start + KEPT_BACK + KEPT_FOR
    )
    return {person: duty for person, duty in every.items() if duty is not None and duty.shifts}


def around(now: datetime) -> tuple[datetime, datetime]:
    at = clock_step(now, KEPT_FOR)
    return at - KEPT_BACK, at + AHEAD - DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationBreaches:
    """Breaches of one kind by people with shifts of one rotation. `hours` is the worst of them, `limit` its limit,
    `since` when the first began, None if that lies before what was read; whoever reads it learns no name."""

    rotation: Rotation
    kind: BreachKind
    people: int
    hours: float
    limit: float
    since: datetime | None


@dataclass(slots=True)
class SiteDuty:
    """Breaches of a site's rotations that are problems, and when the clock alone changes which are."""

    pressing: list[RotationBreaches] = field(default_factory=list)
    turns_at: list[datetime] = field(default_factory=list)


def site_duty(site_ids: Collection[int], *, now: datetime) -> dict[int, SiteDuty]:
    """Breaches of people of rotations that serve the sites, by site: those that lie in the last 7 or next 14 days."""
    served: dict[int, set[int]] = defaultdict(set)
    for site_id, rotation_id in RotationSite.objects.filter(site__in=site_ids).values_list(
        "site", "rotation"
    ):
        served[rotation_id].add(site_id)
    if not served:
        return {}
    # All that is written, so that the clock alone may tell when a breach becomes a problem.
    start, end = around(now)
    near = Shift.objects.overlapping(now - duty.BACK - DAY, end).filter(
        rotation__in=served, person__isnull=False
    )
    people = set(near.order_by().values_list("person", flat=True).distinct())
    every: dict[tuple[int, BreachKind], list[Breach]] = defaultdict(list)
    for each in duties_around(people, now=now).values():
        for breach in each.breaches:
            touching = {
                shift.rotation
                for shift in each.shifts
                if shift.starts_at <= breach.ends_at and shift.ends_at >= breach.starts_at
            }
            for rotation_id in touching & served.keys():
                every[rotation_id, breach.kind].append(breach)
    rotations = Rotation.objects.in_bulk(rotation_id for rotation_id, _ in every)
    by_site: dict[int, SiteDuty] = defaultdict(SiteDuty)
    for (rotation_id, kind), alike in sorted(every.items()):
        recent = [breach for breach in alike if breach.ends_at > now - duty.BACK]
        pressing = [breach for breach in recent if duty.pressing(breach, now)]
        for site_id in served[rotation_id]:
            by_site[site_id].turns_at += duty.turning_points(recent)
            if pressing:
                by_site[site_id].pressing.append(_summed(rotations[rotation_id], kind, pressing, start))
    return by_site


def _summed(
    rotation: Rotation, kind: BreachKind, breaches: Sequence[Breach], start: datetime
) -> RotationBreaches:
    first_at = min(breach.starts_at for breach in breaches)
    worst = min(breaches, key=lambda breach: breach.hours if kind == "rest" else -breach.hours)
    return RotationBreaches(
        rotation=rotation,
        kind=kind,
        people=len({breach.person for breach in breaches}),
        hours=worst.hours,
        limit=worst.limit,
        since=first_at if first_at > start else None,
    )
