"""The people of a site for its page: who is on call, their qualifications, and single-person dependencies."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from inventory.models import DomainChoices, Site
from readiness.organisation.people.core.coverage import CoverDepth, SiteCoverage, dependencies
from readiness.organisation.people.fleet import fleet_people
from readiness.organisation.people.models import Person, Shift
from readiness.organisation.people.queries.on_call import one_level_each

PRIMARY_AND_SECONDARY = (1, 2)


@dataclass(frozen=True, slots=True)
class OnCallLine:
    """A shift under way.

    `who` is "" for readers who may not see names, and if nobody is on call. `skills` are the required skills of the
    domain that this person has.
    """

    domain: str
    rotation: str
    level: str
    who: str
    is_covered: bool
    ends_at: datetime
    skills: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reliance:
    """A person who alone is qualified for `skills`; `who` is "" for readers who may not see names."""

    who: str
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SitePeopleCard:
    on_call: tuple[OnCallLine, ...]
    uncalled: tuple[str, ...]
    covers: Mapping[CoverDepth, int]
    relies_on: tuple[Reliance, ...]
    is_recorded: bool


def people_of(site: Site, *, names: bool, now: datetime) -> SitePeopleCard:
    """Takes two statements beside those for all people, or three if there is a single-person dependency."""
    covered = fleet_people(now=now).covered.get(site.pk)
    requirements = covered.requirements if covered else ()
    shifts = (
        Shift.objects.current(now)
        .filter(rotation__served__site=site, level__in=PRIMARY_AND_SECONDARY)
        .select_related("rotation", "person")
        .order_by("rotation__domain", "rotation__name", "level", "starts_at", "pk")
    )
    lines = tuple(
        _line(shift, covered, names=names)
        for _, of_domain in groupby(shifts, lambda shift: shift.rotation.domain)
        for shift in one_level_each(of_domain)
    )
    called = {line.domain for line in lines if line.is_covered}
    return SitePeopleCard(
        on_call=lines,
        uncalled=tuple(str(domain.label) for domain in DomainChoices if domain.label not in called),
        covers=Counter(each.cover for each in requirements),
        relies_on=_relied_on(covered, names=names) if covered else (),
        is_recorded=bool(lines) or bool(covered and (covered.is_staffed or covered.has_rotation)),
    )


def _line(shift: Shift, covered: SiteCoverage | None, *, names: bool) -> OnCallLine:
    rotation, person = shift.rotation, shift.person
    requirements = [
        each
        for each in (covered.requirements if covered else ())
        if each.requirement.domain == rotation.domain
    ]
    skilled = [each for each in requirements if shift.person_id in each.on_call]
    return OnCallLine(
        domain=str(DomainChoices(rotation.domain).label),
        rotation=rotation.name,
        level=str(shift.get_level_display()),
        who=person.name if person and names else "",
        is_covered=person is not None,
        ends_at=shift.ends_at,
        skills=_skills(each.requirement.skill_name for each in skilled),
        missing=_skills(each.requirement.skill_name for each in requirements if each not in skilled)
        if person
        else (),
    )


def _relied_on(covered: SiteCoverage, *, names: bool) -> tuple[Reliance, ...]:
    alone = dependencies(covered.requirements)
    names_by_id: dict[int, str] = {}
    if alone and names:
        names_by_id = dict(
            Person.objects.filter(pk__in=[each.person_id for each in alone]).values_list("pk", "name")
        )
    return tuple(
        Reliance(
            names_by_id.get(each.person_id, ""), _skills(requirement.skill_name for requirement in each.alone)
        )
        for each in alone
    )


def _skills(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))
