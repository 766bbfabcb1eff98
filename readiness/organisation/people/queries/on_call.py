"""Who is on call at sites; a fixed number of statements, however many sites."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from django.db.models import Case, F, Q, QuerySet, When

from inventory.models import Site
from inventory.queries import site_facts
from readiness.organisation.people.core.coverage import SiteCoverage
from readiness.organisation.people.core.on_call import (
    LEVELS,
    MONTH,
    PRIMARY,
    SECONDARY,
    Lack,
    OnCallStanding,
    RotationSize,
    full_hour,
    lacks,
    present,
    site_standing,
)
from readiness.organisation.people.core.rotations import HeldShift
from readiness.organisation.people.models import LayerMember, Person, Rotation, RotationSite, Shift
from readiness.organisation.people.queries.coverage import coverage_of
from web.rows import rows_as

WORST_FIRST = ("uncovered", "unqualified", "qualified")


def held_shifts(shifts: QuerySet[Shift]) -> list[HeldShift]:
    """A shift of somebody who cannot sign in any more is nobody's."""
    holder = Case(When(person__user__is_active=False, then=None), default=F("person_id"))
    rows = shifts.annotate(held_by=holder).order_by("starts_at", "pk")
    return list(rows_as(HeldShift, rows, rotation="rotation_id", domain="rotation__domain", person="held_by"))


def standing_of(covered: Mapping[int, SiteCoverage], *, now: datetime) -> dict[int, OnCallStanding]:
    """Read how those sites stand that some rotation serves."""
    served = _served(covered)
    if not served:
        return {}
    rotations = {rotation for each in served.values() for rotation in each}
    near = Shift.objects.overlapping(full_hour(now) - MONTH, now + MONTH)
    people = near.filter(rotation__in=rotations, person__isnull=False).order_by().values("person")
    duties = held_shifts(near.filter(Q(rotation__in=rotations) | Q(person__in=people)))
    of_rotation: dict[int, list[HeldShift]] = defaultdict(list)
    of_person: dict[int, list[HeldShift]] = defaultdict(list)
    for shift in duties:
        of_rotation[shift.rotation].append(shift)
        if shift.person is not None:
            of_person[shift.person].append(shift)
    sizes = _sizes(rotations, of_rotation, now)
    # Sites share rotations: all but what each requires is worked out once for those that the same ones serve.
    shared: dict[tuple[int, ...], tuple[OnCallStanding, Mapping[tuple[str, int], frozenset[int]]]] = {}
    standings = {}
    for site_id, serving in served.items():
        key = tuple(serving)
        if key not in shared:
            shifts = [shift for rotation in serving for shift in of_rotation[rotation]]
            persons = {shift.person for shift in shifts if shift.person is not None}
            theirs = [shift for person in sorted(persons) for shift in of_person[person]]
            size_of_each = [sizes[rotation] for rotation in serving]
            shared[key] = (site_standing(shifts, theirs, size_of_each, now=now), present(shifts, now))
        of_rotations, on_call = shared[key]
        standings[site_id] = replace(of_rotations, lacks=lacks(covered[site_id].requirements, on_call))
    return standings


def _served(site_ids: Collection[int]) -> dict[int, list[int]]:
    served: dict[int, list[int]] = defaultdict(list)
    rows = RotationSite.objects.filter(site__in=site_ids).order_by("rotation")
    for site_id, rotation_id in rows.values_list("site_id", "rotation_id"):
        served[site_id].append(rotation_id)
    return served


def _sizes(
    rotations: Collection[int], shifts: Mapping[int, list[HeldShift]], now: datetime
) -> dict[int, RotationSize]:
    """People are those who take turns in layers; of a calendar, those with shifts."""
    served = RotationSite.objects.filter(rotation__in=rotations)
    sites = Counter(served.values_list("rotation_id", flat=True))
    members: dict[int, set[int]] = defaultdict(set)
    ends: dict[int, list[datetime]] = defaultdict(list)
    members_now = LayerMember.objects.filter(layer__rotation__in=rotations, layer__rotation__calendar=None)
    members_now = members_now.filter(Q(layer__ends_at=None) | Q(layer__ends_at__gt=now))
    members_now = members_now.exclude(person__in=Person.objects.left(now).order_by().values("pk"))
    for rotation_id, person, *moments in members_now.order_by().values_list(
        "layer__rotation_id", "person_id", "layer__ends_at", "person__left_at"
    ):
        members[rotation_id].add(person)
        ends[rotation_id] += (moment for moment in moments if moment is not None)
    return {
        rotation: RotationSize(
            people=len(members.get(rotation) or {shift.person for shift in shifts[rotation]} - {None}),
            sites=sites[rotation],
            until=min(ends[rotation], default=None),
        )
        for rotation in rotations
    }


type DutyStanding = Literal["qualified", "unqualified", "uncovered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyRow:
    """A domain of a site at an instant. `holders` are shifts by level: without a person it is nobody, or a name that
    Muster does not know. `next_shift` is the next of its primary."""

    site: Site
    domain: str
    domain_label: str
    rotations: tuple[Rotation, ...]
    holders: Mapping[int, tuple[Shift, ...]]
    lacks: tuple[Lack, ...]
    next_shift: Shift | None
    standing: DutyStanding

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
    grouped: dict[tuple[int, str], list[Rotation]] = defaultdict(list)
    for served in rows:
        grouped[served.site_id, served.rotation.domain].append(served.rotation)
    rotations = {rotation.pk for each in grouped.values() for rotation in each}
    now_on: dict[int, list[Shift]] = defaultdict(list)
    current = Shift.objects.current(at).filter(rotation__in=rotations, level__in=LEVELS)
    for shift in current.select_related("person__user").order_by("level", "starts_at", "pk"):
        if shift.person is not None and shift.person.left_by(at):
            shift.person = None
        now_on[shift.rotation_id].append(shift)
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
        _duty_row(by_id[site_id], domain, serving, now_on, coming, covered.get(site_id))
        for (site_id, domain), serving in grouped.items()
    ]
    return sorted(duties, key=lambda row: WORST_FIRST.index(row.standing))


def _duty_row(
    site: Site,
    domain: str,
    serving: list[Rotation],
    now_on: Mapping[int, list[Shift]],
    coming: Mapping[int, Shift],
    coverage: SiteCoverage | None,
) -> DutyRow:
    shifts = [shift for rotation in serving for shift in now_on.get(rotation.pk, ())]
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
    )
