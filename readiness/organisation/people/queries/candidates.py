"""People who might take a shift, and what hinders them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Min, Q

from readiness.organisation.people.core.cover import (
    CoverSpan,
    ShiftRequirement,
    holds_until,
    rest_around,
    week_hours,
)
from readiness.organisation.people.core.duty import DAY_H, DutyLimits, figures, strictest
from readiness.organisation.people.core.on_call import HOUR, PRIMARY, SECONDARY, WEEK
from readiness.organisation.people.core.rotations import Absence, HeldShift, TimeSpan
from readiness.organisation.people.models import (
    LayerMember,
    Leave,
    Membership,
    Person,
    Qualification,
    Rotation,
    Shift,
)
from readiness.organisation.people.queries.cover import Requirements, abilities_of, cover_ahead
from readiness.organisation.people.queries.duty import NO_LIMITS, duty_rules
from readiness.organisation.people.queries.rotations import NEVER
from web.rows import rows_as
from web.units import instant, number

MOST_ELSEWHERE = 20

type CandidateRole = Literal["rotation", "site", "elsewhere"]
ROLES: tuple[CandidateRole, ...] = ("rotation", "site", "elsewhere")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A person of the rotation, of the site's teams, or elsewhere with all the skills. `qualified_until` is when the
    first of these ends: None where it has no end, or where the person lacks one. Hours of rest are None where no other
    shift within a week interrupts it; `hours_7d` are the most in 7 days, the shift included. Rest and the average week
    are held against the strictest of the duty rules. Without hindrances they could take it."""

    person: Person
    role: CandidateRole
    is_qualified: bool
    qualified_until: datetime | None
    rest_before_h: float | None
    rest_after_h: float | None
    hours_7d: float
    limits: DutyLimits
    hindrances: tuple[str, ...]


def candidates(span: CoverSpan, *, now: datetime) -> list[Candidate]:
    """Whoever could take the shift first, then by role and by hours on call; those who have it already are left out.
    Elsewhere, only qualified people are looked at, 20 at most."""
    cover = cover_ahead([span.site], now=now)[span.site].domains.get(span.domain)
    rotations, requirements = (cover.rotations, cover.requirements) if cover else ((), ())
    roles = _roles(span, rotations, requirements)
    records = _Records(roles, rotations, span, now)
    people = Person.objects.filter(pk__in=roles).select_related("user").order_by("name", "pk")
    all_candidates = [records.candidate(person, roles[person.pk], requirements) for person in people]
    all_candidates.sort(key=lambda each: (bool(each.hindrances), ROLES.index(each.role), each.hours_7d))
    elsewhere = [each for each in all_candidates if each.role == "elsewhere" and each.is_qualified][
        :MOST_ELSEWHERE
    ]
    return [each for each in all_candidates if each.role != "elsewhere" or each in elsewhere]


def _roles(
    span: CoverSpan, rotations: Collection[int], requirements: Requirements
) -> dict[int, CandidateRole]:
    at = span.starts_at
    near = Shift.objects.overlapping(at - WEEK, span.ends_at + WEEK).filter(rotation__in=rotations)
    lasting = Q(team__staffings__ends_at=None) | Q(team__staffings__ends_at__gt=at)
    present = Q(team__dissolved_at=None) | Q(team__dissolved_at__gt=at)
    of_site = Membership.objects.filter(
        lasting, present, team__staffings__site=span.site, team__staffings__begins_at__lte=at
    )
    skills = {requirement.skill_id for requirement in requirements}
    groups: dict[CandidateRole, Iterable[int | None]] = {
        "elsewhere": Qualification.objects.filter(skill__in=skills).values_list("person", flat=True),
        "site": of_site.values_list("person", flat=True),
        "rotation": {
            *LayerMember.objects.filter(layer__rotation__in=rotations).values_list("person", flat=True),
            *near.values_list("person", flat=True),
        },
    }
    roles: dict[int, CandidateRole] = {}
    for role, people in groups.items():
        roles |= {person: role for person in people if person is not None and person not in span.people}
    return roles


class _Records:
    """Records of some people around a span, and limits of their duty. Seven statements."""

    def __init__(
        self, people: Collection[int], rotations: Collection[int], span: CoverSpan, now: datetime
    ) -> None:
        self.span, self.rotations = span, rotations
        self.abilities = abilities_of(people, now=now)
        self.rules = duty_rules(Rotation.objects.order_by("pk"))
        weeks = max((rule.limits.weeks for rule in self.rules.values()), default=1)
        self.shifts: dict[int, list[Shift]] = defaultdict(list)
        near = Shift.objects.overlapping(span.starts_at - weeks * WEEK, span.ends_at + WEEK)
        for shift in near.filter(person__in=people).select_related("rotation").order_by("starts_at", "pk"):
            self.shifts[shift.person_id or 0].append(shift)
        first = Shift.objects.filter(person__in=people).order_by().values_list("person")
        self.begun = dict(first.annotate(Min("starts_at")))
        self.leaves: dict[int, list[Absence]] = defaultdict(list)
        away = Leave.objects.filter(
            person__in=people, starts_at__lt=span.ends_at, ends_at__gt=span.starts_at - weeks * WEEK
        )
        for absence in rows_as(Absence, away.order_by("ends_at", "pk"), person="person_id"):
            self.leaves[absence.person].append(absence)

    def candidate(self, person: Person, role: CandidateRole, requirements: Requirements) -> Candidate:
        span, near = self.span, self._near(person)
        bound = {*self.rotations, *(shift.rotation_id for shift in near)} & self.rules.keys()
        limits = strictest(self.rules[rotation].limits for rotation in bound) if bound else NO_LIMITS
        tiring = [shift for shift in near if limits.share(shift.level) >= 1]
        before, after = (None if rest is None else rest / HOUR for rest in rest_around(_times(tiring), span))
        ends = [holds_until(each, self.abilities[person.pk], span.starts_at) for each in requirements]
        until = min((end for end in ends if end is not None), default=NEVER)
        hindrances = [
            *self._absences(person, near),
            *_lacking(requirements, ends, span),
            *_tiring(before, after, limits, span),
            *_overworked(self._average_week(person, limits), limits),
        ]
        return Candidate(
            person=person,
            role=role,
            is_qualified=all(end is not None and end >= span.ends_at for end in ends),
            qualified_until=until if until < NEVER and None not in ends else None,
            rest_before_h=before,
            rest_after_h=after,
            hours_7d=week_hours(_times(near), span),
            limits=limits,
            hindrances=tuple(hindrances),
        )

    def _near(self, person: Person) -> list[Shift]:
        begins_at = self.span.starts_at - WEEK
        return [shift for shift in self.shifts[person.pk] if shift.ends_at > begins_at]

    def _average_week(self, person: Person, limits: DutyLimits) -> float:
        """Hours a week if they take it, averaged as the limits say."""
        level = PRIMARY if any(lack.level == PRIMARY for lack in self.span.lacks) else SECONDARY
        duties = [
            HeldShift(level=each.level, person=person.pk, starts_at=each.starts_at, ends_at=each.ends_at)
            for each in self.shifts[person.pk]
            if each.starts_at < self.span.ends_at
        ]
        shift = HeldShift(
            level=level, person=person.pk, starts_at=self.span.starts_at, ends_at=self.span.ends_at
        )
        week = figures(
            [*duties, shift],
            limits,
            self.span.starts_at,
            self.span.ends_at,
            at=self.span.ends_at,
            absences=self.leaves[person.pk],
            begun=self.begun.get(person.pk),
        )
        return week.week_h

    def _absences(self, person: Person, near: Iterable[Shift]) -> Iterator[str]:
        if person.left_by(self.span.ends_at):
            yield "has left by then"
        for absence in self.leaves[person.pk]:
            if absence.ends_at > self.span.starts_at:
                yield f"is on leave until {instant(absence.ends_at)}"
        for shift in near:
            if shift.starts_at < self.span.ends_at and shift.ends_at > self.span.starts_at:
                yield f"is {shift.get_level_display().lower()} of {shift.rotation} then"


def _times(shifts: Iterable[Shift]) -> list[TimeSpan]:
    return [TimeSpan(starts_at=each.starts_at, ends_at=each.ends_at) for each in shifts]


def _lacking(
    requirements: Sequence[ShiftRequirement], ends: Sequence[datetime | None], span: TimeSpan
) -> Iterator[str]:
    for requirement, until in zip(requirements, ends, strict=True):
        if until is None:
            yield f"does not have {requirement.skill}"
        elif until < span.ends_at:
            yield f"has {requirement.skill}, until {instant(until)} only"


def _tiring(before: float | None, after: float | None, limits: DutyLimits, span: TimeSpan) -> Iterator[str]:
    """A shift that leaves no such rest within a day does so for everybody: the rule says that of its rotation."""
    if limits.rest_h is None or (span.ends_at - span.starts_at) / HOUR > DAY_H - limits.rest_h:
        return
    for rest, where in ((before, "before"), (after, "after")):
        if rest is not None and rest < limits.rest_h:
            yield f"rests {number(rest, 0)} h {where} it, of {number(limits.rest_h, 0)} h"


def _overworked(week_h: float, limits: DutyLimits) -> Iterator[str]:
    if limits.week_h is not None and week_h > limits.week_h:
        yield f"would be on call {number(week_h, 0)} h a week, of {number(limits.week_h, 0)} h"
