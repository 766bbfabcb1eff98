"""The road as it stands: every site with capacity, its blockers in order, their steps, owners and fixes."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from django.db.models import Count, Q

from accounts.models import User
from readiness.assessment.framework.core.definition import Check, Framework
from readiness.assessment.scoring.core.closing import ClosingTarget
from readiness.assessment.scoring.core.gap import NOTHING, CapacityMeasure
from readiness.assessment.scoring.core.states import Verdict
from readiness.assessment.scoring.gap.closing import closing
from readiness.assessment.scoring.gap.queries import fleet_of
from readiness.assessment.scoring.models import DomainHealth, SiteScore
from readiness.assessment.scoring.queries.standing import FleetStanding, SiteStanding
from readiness.boards.road.core.sums import Road
from readiness.boards.road.core.threads import NOBODY, RoadBlocker, RoadSite, counted_day, road_blocker
from readiness.boards.road.owners import Owners, RoadOwner, items_by_check
from readiness.boards.road.params import RoadQuestion
from readiness.boards.road.steps import RoadStep, StepKey, planned_steps
from readiness.organisation.ownership.core.standing import Item
from web.visibility import name_of, sees_names


@dataclass(frozen=True)
class RoadStanding:
    """`steps` are by slug of the site and check; `silent` are the slugs of sites that send nothing."""

    question: RoadQuestion
    road: Road
    fleet: FleetStanding
    owners: Mapping[str, RoadOwner]
    steps: Mapping[tuple[str, str], RoadStep]
    users: Mapping[int, User]
    silent: frozenset[str]

    @property
    def framework(self) -> Framework:
        return self.fleet.framework

    @property
    def measure(self) -> CapacityMeasure:
        return self.road.measure

    @cached_property
    def sites(self) -> dict[str, SiteStanding]:
        return {site.ref.slug: site for site in self.fleet.sites}

    @cached_property
    def items(self) -> dict[str, Item]:
        return items_by_check(self.framework)

    def check_name(self, check_id: str) -> str:
        check = self.framework.checks_by_id.get(check_id)
        return check.name if check else check_id

    def check(self, check_id: str) -> Check | None:
        return self.framework.checks_by_id.get(check_id)

    def owner(self, blocker: RoadBlocker | None) -> RoadOwner | None:
        return self.owners[blocker.owner] if blocker else None

    def step(self, slug: str, check_id: str) -> RoadStep | None:
        return self.steps.get((slug, check_id))

    def doer(self, step: RoadStep | None) -> str:
        """Whoever is named for a step, as the reader may see them; "" for nobody."""
        return doer_name(step, self.users) if step else ""


def doer_name(step: RoadStep, users: Mapping[int, User]) -> str:
    return name_of(users.get(step.doer_id) if step.doer_id is not None else step.doer_name)


def road_outline(question: RoadQuestion, fleet: FleetStanding, *, now: datetime) -> Road:
    """Build the road for its figures alone. A site with an owner but no planned step has no day, whichever checks hold
    it, so blockers are read for the other sites only. Seven statements, however many sites there are."""
    steps = planned_steps(fleet.among, now=now)
    planned_ids = {site_id for site_id, _check_id in steps}
    read_sites: list[SiteStanding] = []
    other_sites: list[RoadSite] = []
    for site in fleet.sites:
        # At least one is read, so that as many statements are made for every fleet.
        if site.ref.id in planned_ids or not site.ref.owner.strip() or not read_sites:
            read_sites.append(site)
        elif (present := fleet.capacity[site.ref.id]).deployed != NOTHING:
            is_ready = present.verdict is Verdict.READY
            other_sites.append(RoadSite(site.ref.slug, present.deployed, is_ready))
    part = replace(fleet, sites=tuple(read_sites), of_all=False)
    owners = Owners(part, steps.values(), now=now)
    sites = _sites(part, steps, owners, question, now=now)
    return Road((*sites, *other_sites), question.of.measure, question.today, question.by)


def road_of(question: RoadQuestion, *, now: datetime) -> RoadStanding:
    """Ten statements, however many sites there are."""
    fleet = fleet_of(question.of, now=now)
    steps = planned_steps(fleet.among, now=now)
    owners = Owners(fleet, steps.values(), now=now)
    sites = _sites(fleet, steps, owners, question, now=now)
    blockers = [blocker for site in sites for blocker in site.blockers]
    ticks = question.ticks & {blocker.fix for blocker in blockers} if question.ticks else frozenset()
    keys = {blocker.owner for blocker in blockers}
    slugs = {site.ref.id: site.ref.slug for site in fleet.sites}
    users = _users(steps.values())
    doers = {step.doer_key: doer_name(step, users) for step in steps.values() if step.doer_key in keys}
    return RoadStanding(
        question=question,
        road=Road(sites, question.of.measure, question.today, question.by, ticks),
        fleet=fleet,
        owners=owners.blocks(keys, doers, names=sees_names()),
        steps={(slugs[site_id], check_id): step for (site_id, check_id), step in steps.items()},
        users=users,
        silent=_silent(fleet, slugs),
    )


def _sites(
    fleet: FleetStanding,
    steps: Mapping[tuple[int, str], RoadStep],
    owners: Owners,
    question: RoadQuestion,
    *,
    now: datetime,
) -> tuple[RoadSite, ...]:
    """All sites with capacity, the largest first. Those that are not ready are the sites of the closing plan, with its
    checks."""
    plan = closing(fleet, target=ClosingTarget.READY, measure=question.of.measure)
    checks = {site.site: site.checks for site in plan.held_sites}
    deciding = _deciding(fleet)
    today, planned_ids = _today(steps.values(), now=now), frozenset(site_id for site_id, _check_id in steps)
    road_blockers = _Blockers(steps, owners, question.by, today, planned_ids)
    sites = []
    for standing in fleet.sites:
        site_id, slug = standing.ref.id, standing.ref.slug
        present = fleet.capacity[site_id]
        if present.deployed == NOTHING:
            continue
        is_ready = present.verdict is Verdict.READY
        first = deciding.get(site_id, ())
        ordered = _first_blocker_first(() if is_ready else checks[slug], first)
        sites.append(
            RoadSite(slug, present.deployed, is_ready, road_blockers.site_blockers(site_id, ordered))
        )
    whole = question.of.measure.whole
    return tuple(sorted(sites, key=lambda site: (-whole(site.capacity), site.slug)))


@dataclass(frozen=True, slots=True)
class _Blockers:
    """Blockers of checks without a step are shared, and so are all those of sites without any: most sites have none,
    and wait for the same checks of the same owners as others do."""

    steps: Mapping[StepKey, RoadStep]
    owners: Owners
    by: date
    today: Mapping[str, date]
    planned_ids: frozenset[int]
    undated: dict[tuple[str, str], RoadBlocker] = field(default_factory=dict)
    of_alike: dict[Hashable, tuple[RoadBlocker, ...]] = field(default_factory=dict)

    def site_blockers(self, site_id: int, check_ids: Sequence[str]) -> tuple[RoadBlocker, ...]:
        if site_id in self.planned_ids:
            return tuple(self._blocker(site_id, check_id) for check_id in check_ids)
        alike = self.owners.terms_at(site_id), *check_ids
        if alike not in self.of_alike:
            self.of_alike[alike] = tuple(self._blocker(site_id, check_id) for check_id in check_ids)
        return self.of_alike[alike]

    def _blocker(self, site_id: int, check_id: str) -> RoadBlocker:
        step = self.steps.get((site_id, check_id))
        owner = self.owners.key_of(site_id, check_id, step)
        if step is None:
            if (check_id, owner) not in self.undated:
                self.undated[check_id, owner] = road_blocker(check_id, owner, None, by=self.by)
            return self.undated[check_id, owner]
        # Whoever is named for the step does it, else the owner of the check.
        is_owned = step.has_doer or owner != NOBODY
        due_on = counted_day(step.due_on, today=self.today[step.time_zone], is_owned=is_owned)
        return road_blocker(check_id, owner, due_on, by=self.by)


def _deciding(fleet: FleetStanding) -> dict[int, tuple[str, ...]]:
    """The checks that hold each site's verdict, its first blocker first."""
    rows = SiteScore.objects.filter(fleet.among("site")).exclude(verdict=Verdict.READY).order_by()
    return dict(rows.values_list("site_id", "deciding"))


def _first_blocker_first(checks: Iterable[str], deciding: Iterable[str]) -> list[str]:
    """The checks that hold the verdict now, in their order, before those that hold only the next better one."""
    remaining_checks = dict.fromkeys(checks)
    first = [check_id for check_id in deciding if check_id in remaining_checks]
    return [*first, *(check_id for check_id in remaining_checks if check_id not in first)]


def _today(steps: Iterable[RoadStep], *, now: datetime) -> dict[str, date]:
    return {zone: now.astimezone(ZoneInfo(zone)).date() for zone in {step.time_zone for step in steps}}


def _users(steps: Iterable[RoadStep]) -> dict[int, User]:
    return User.objects.in_bulk({step.doer_id for step in steps if step.doer_id is not None})


def _silent(fleet: FleetStanding, slugs: Mapping[int, str]) -> frozenset[str]:
    """The sites whose every monitored domain is silent."""
    monitored = DomainHealth.objects.filter(fleet.among("site")).exclude(health="not-monitored")
    counted = (
        monitored.order_by()
        .values("site_id")
        .annotate(all=Count("pk"), silent=Count("pk", filter=Q(clock=DomainHealth.Clock.SILENT)))
    )
    return frozenset(
        slugs[row["site_id"]] for row in counted if row["all"] == row["silent"] and row["site_id"] in slugs
    )
