"""Who is on call at sites at an instant, by domain; a fixed number of statements, however many sites."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from inventory.models import Site
from inventory.queries import site_facts
from readiness.organisation.people.core.coverage import SiteCoverage
from readiness.organisation.people.core.on_call import LEVELS, PRIMARY, SECONDARY, Lack, lacks
from readiness.organisation.people.facts import coverage_of
from readiness.organisation.people.models import Person, Rotation, RotationSite, Shift

WORST_FIRST = ("uncovered", "unqualified", "qualified")

type DutyStanding = Literal["qualified", "unqualified", "uncovered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyRow:
    """A domain of a site at an instant. `holders` are shifts by level: without a person it is nobody, or a name that
    Muster does not know. `doubles` would have a second level too, which is nobody's. `elsewhere` names the rotations
    of other sites in which a person is primary at the same time. `next_shift` is the next of its primary."""

    site: Site
    domain: str
    domain_label: str
    rotations: tuple[Rotation, ...]
    holders: Mapping[int, tuple[Shift, ...]]
    lacks: tuple[Lack, ...]
    next_shift: Shift | None
    standing: DutyStanding
    doubles: tuple[Person, ...] = ()
    elsewhere: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.site.slug}-{self.domain}"

    @property
    def primary(self) -> tuple[Shift, ...]:
        return self.holders.get(PRIMARY, ())

    @property
    def secondary(self) -> tuple[Shift, ...]:
        return self.holders.get(SECONDARY, ())


def duties_at(
    sites: Iterable[Site], *, at: datetime, covered: Mapping[int, SiteCoverage] | None = None
) -> list[DutyRow]:
    """Each domain of each site that a rotation serves: what is wrong first, then by site and domain. Coverage is read
    where it is not given."""
    by_id = {site.pk: site for site in sites}
    rows = (
        RotationSite.objects.filter(site__in=by_id)
        .select_related("rotation")
        .order_by("site__name", "site", "rotation__domain", "rotation__name")
    )
    rotations_by_domain: dict[tuple[int, str], list[Rotation]] = defaultdict(list)
    for served in rows:
        rotations_by_domain[served.site_id, served.rotation.domain].append(served.rotation)
    rotations = {rotation.pk for each in rotations_by_domain.values() for rotation in each}
    now_on: dict[int, list[Shift]] = defaultdict(list)
    current = Shift.objects.current(at).filter(rotation__in=rotations, level__in=LEVELS)
    for shift in current.select_related("person__user").order_by("level", "starts_at", "pk"):
        if shift.person is not None and shift.person.left_by(at):
            shift.person = None
        now_on[shift.rotation_id].append(shift)
    primaries = _primary_rotations(now_on, at)
    following = (
        Shift.objects.filter(rotation__in=rotations, level=PRIMARY, starts_at__gt=at)
        .order_by("rotation_id", "starts_at", "pk")
        .distinct("rotation_id")
        .select_related("person")
    )
    coming = {shift.rotation_id: shift for shift in following}
    if covered is None:
        facts = {each.id: each for each in site_facts(sorted(by_id))} if rotations else {}
        covered = coverage_of(facts, now=at)
    duties = [
        _duty_row(by_id[site_id], domain, serving, now_on, primaries, coming, covered.get(site_id))
        for (site_id, domain), serving in rotations_by_domain.items()
    ]
    return sorted(duties, key=lambda row: WORST_FIRST.index(row.standing))


def _duty_row(
    site: Site,
    domain: str,
    serving: list[Rotation],
    now_on: Mapping[int, list[Shift]],
    primaries: Mapping[int, Mapping[int, str]],
    coming: Mapping[int, Shift],
    coverage: SiteCoverage | None,
) -> DutyRow:
    shifts = one_level_each(shift for rotation in serving for shift in now_on.get(rotation.pk, ()))
    holders = {level: tuple(shift for shift in shifts if shift.level == level) for level in LEVELS}
    people = {
        (domain, level): {shift.person_id for shift in shifts_of_level if shift.person_id is not None}
        for level, shifts_of_level in holders.items()
    }
    following = [coming[rotation.pk] for rotation in serving if rotation.pk in coming]
    missing = lacks(coverage.requirements, people) if coverage else ()
    standing: DutyStanding = "unqualified" if missing else "qualified"
    return DutyRow(
        site=site,
        domain=domain,
        domain_label=serving[0].get_domain_display(),
        rotations=tuple(serving),
        holders=holders,
        lacks=missing,
        standing=standing if all(people.values()) else "uncovered",
        next_shift=min(following, key=lambda shift: shift.starts_at, default=None),
        doubles=_doubles(shifts),
        elsewhere=_elsewhere(holders[PRIMARY], serving, primaries),
    )


def one_level_each(shifts: Iterable[Shift]) -> list[Shift]:
    """Shifts of one domain of a site at an instant: whoever has two levels keeps the first, and the other one is
    nobody's."""
    kept_shifts: list[Shift] = []
    for shift in sorted(shifts, key=lambda each: each.level):
        before = {each.person_id for each in kept_shifts if each.level < shift.level}
        if shift.person_id is not None and shift.person_id in before:
            shift = copy(shift)
            shift.person, shift.is_double = None, True
        kept_shifts.append(shift)
    return kept_shifts


def _doubles(shifts: Sequence[Shift]) -> tuple[Person, ...]:
    """Whoever has a level before one that is nobody's because of that."""
    ends = [shift.level for shift in shifts if shift.is_double]
    people = [each.person for each in shifts if each.person is not None and each.level < max(ends, default=0)]
    return tuple(dict.fromkeys(people))


def _primary_rotations(now_on: Mapping[int, list[Shift]], at: datetime) -> dict[int, dict[int, str]]:
    """Names of all rotations in which the primaries are primary, by person and rotation. One statement."""
    people = {shift.person_id for each in now_on.values() for shift in each if shift.level == PRIMARY}
    rows = Shift.objects.current(at).filter(person__in=people - {None}, level=PRIMARY)
    rotations: dict[int, dict[int, str]] = defaultdict(dict)
    names = rows.order_by("rotation__name", "pk").values_list("person_id", "rotation_id", "rotation__name")
    for person_id, rotation_id, name in names:
        if person_id is not None:
            rotations[person_id][rotation_id] = name
    return rotations


def _elsewhere(
    primary: Iterable[Shift], serving: Iterable[Rotation], primaries: Mapping[int, Mapping[int, str]]
) -> dict[int, tuple[str, ...]]:
    here = {rotation.pk for rotation in serving}
    names = {
        shift.person_id: tuple(
            name for rotation, name in primaries.get(shift.person_id, {}).items() if rotation not in here
        )
        for shift in primary
        if shift.person_id is not None
    }
    return {person_id: rotations for person_id, rotations in names.items() if rotations}
