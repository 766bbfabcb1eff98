"""Who is on call at sites at an instant, by domain; a fixed number of statements, however many sites."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from inventory.models import Site
from inventory.queries import site_facts
from readiness.organisation.people.core.coverage import SiteCoverage
from readiness.organisation.people.core.on_call import LEVELS, PRIMARY, SECONDARY, Lack, lacks
from readiness.organisation.people.facts import coverage_of
from readiness.organisation.people.models import Rotation, RotationSite, Shift

WORST_FIRST = ("uncovered", "unqualified", "qualified")

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
