"""People who might take a shift, and what hinders them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.db.models import Q

from readiness.organisation.people.core.cover import (
    CoverSpan,
    ShiftRequirement,
    holds_until,
    rest_around,
    week_hours,
)
from readiness.organisation.people.core.on_call import HOUR, WEEK
from readiness.organisation.people.core.rotations import TimeSpan
from readiness.organisation.people.models import LayerMember, Leave, Membership, Person, Qualification, Shift
from readiness.organisation.people.queries.cover import Requirements, abilities_of, cover_ahead
from readiness.organisation.people.queries.rotations import NEVER
from web.units import instant, number

MOST_ELSEWHERE = 20
REST_H, WEEK_H = 11, 48
STAND_BY = timedelta(days=1)
"""Whoever is on call for longer stands by, and rests meanwhile: limits of rest and hours are about shorter shifts."""

type CandidateRole = Literal["rotation", "site", "elsewhere"]
ROLES: tuple[CandidateRole, ...] = ("rotation", "site", "elsewhere")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A person of the rotation, of the site's teams, or elsewhere with all the skills. `qualified_until` is when the
    first of these ends: None where it has no end, or where the person lacks one. Hours of rest are None where no other
    shift is within a week; `hours_7d` are the most in 7 days, the shift included. Without hindrances they could take
    it."""

    person: Person
    role: CandidateRole
    is_qualified: bool
    qualified_until: datetime | None
    rest_before_h: float | None
    rest_after_h: float | None
    hours_7d: float
    hindrances: tuple[str, ...]


def candidates(span: CoverSpan, *, now: datetime) -> list[Candidate]:
    """Whoever could take the shift first, then by role and by hours on call; those who have it already are left out.
    Elsewhere, only qualified people are looked at, 20 at most."""
    cover = cover_ahead([span.site], now=now)[span.site].domains.get(span.domain)
    rotations, requirements = (cover.rotations, cover.requirements) if cover else ((), ())
    roles = _roles(span, rotations, requirements)
    records = _Records(roles, span, now)
    people = Person.objects.filter(pk__in=roles).select_related("user").order_by("name", "pk")
    found = [records.candidate(person, roles[person.pk], requirements) for person in people]
    found.sort(key=lambda each: (bool(each.hindrances), ROLES.index(each.role), each.hours_7d))
    elsewhere = [each for each in found if each.role == "elsewhere" and each.is_qualified][:MOST_ELSEWHERE]
    return [each for each in found if each.role != "elsewhere" or each in elsewhere]


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
    """What is known of some people around a span. Four statements."""

    def __init__(self, people: Collection[int], span: CoverSpan, now: datetime) -> None:
        self.span, self.abilities = span, abilities_of(people, now=now)
        self.shifts: dict[int, list[Shift]] = defaultdict(list)
        near = Shift.objects.overlapping(span.starts_at - WEEK, span.ends_at + WEEK).filter(person__in=people)
        for shift in near.select_related("rotation").order_by("starts_at", "pk"):
            self.shifts[shift.person_id or 0].append(shift)
        self.leaves: dict[int, datetime] = {}
        away = Leave.objects.filter(person__in=people, starts_at__lt=span.ends_at, ends_at__gt=span.starts_at)
        for person_id, ends_at in away.order_by("ends_at").values_list("person_id", "ends_at"):
            self.leaves[person_id] = ends_at

    def candidate(self, person: Person, role: CandidateRole, requirements: Requirements) -> Candidate:
        spans = [TimeSpan(starts_at=each.starts_at, ends_at=each.ends_at) for each in self.shifts[person.pk]]
        before, after = (None if rest is None else rest / HOUR for rest in rest_around(spans, self.span))
        ends = [holds_until(each, self.abilities[person.pk], self.span.starts_at) for each in requirements]
        until = min((end for end in ends if end is not None), default=NEVER)
        hours = week_hours(spans, self.span)
        hindrances = [
            *self._absences(person),
            *_lacking(requirements, ends, self.span),
            *_tiring(before, after, hours, self.span),
        ]
        is_qualified = all(end is not None and end >= self.span.ends_at for end in ends)
        return Candidate(
            person=person,
            role=role,
            is_qualified=is_qualified,
            qualified_until=until if until < NEVER and None not in ends else None,
            rest_before_h=before,
            rest_after_h=after,
            hours_7d=hours,
            hindrances=tuple(hindrances),
        )

    def _absences(self, person: Person) -> Iterator[str]:
        if person.left_by(self.span.ends_at):
            yield "has left by then"
        if person.pk in self.leaves:
            yield f"is on leave until {instant(self.leaves[person.pk])}"
        for shift in self.shifts[person.pk]:
            if shift.starts_at < self.span.ends_at and shift.ends_at > self.span.starts_at:
                yield f"is {shift.get_level_display().lower()} of {shift.rotation} then"


def _lacking(
    requirements: Sequence[ShiftRequirement], ends: Sequence[datetime | None], span: TimeSpan
) -> Iterator[str]:
    for requirement, until in zip(requirements, ends, strict=True):
        if until is None:
            yield f"does not have {requirement.skill}"
        elif until < span.ends_at:
            yield f"has {requirement.skill}, until {instant(until)} only"


def _tiring(before: float | None, after: float | None, hours: float, span: TimeSpan) -> Iterator[str]:
    if span.ends_at - span.starts_at > STAND_BY:
        return
    for rest, where in ((before, "before"), (after, "after")):
        # An overlapping shift is named by itself.
        if rest is not None and 0 < rest < REST_H:
            yield f"rests {number(rest, 0)} h {where} it, of {REST_H} h"
    if hours > WEEK_H:
        yield f"would be on call {number(hours, 0)} h in 7 days, of {WEEK_H} h"
