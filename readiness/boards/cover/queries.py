"""Cover of all sites by day and night, and what the panel of one shift tells; kept results make a page of it cheap."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from inventory.models import Site
from inventory.queries import SiteFacts
from readiness.assessment.scoring.models import CheckResult
from readiness.assessment.scoring.queries.rows import ref_of
from readiness.assessment.scoring.queries.standing import present_capacity, score_of
from readiness.boards.cover.core import DomainShifts, Half, SiteShifts
from readiness.loop.problems.responders import ItemOwner, owner_of
from readiness.organisation.people.core.cover import CoverSpan, HalfDay, half_days
from readiness.organisation.people.fleet import fleet_people
from readiness.organisation.people.models import Level, Shift
from readiness.organisation.people.queries.candidates import Candidate, candidates
from readiness.organisation.people.queries.cover import DomainCover, SiteCover, cover_ahead
from web.cached import CachedAnswer

CHECK = "p3-oncall-staffing"
MOST_AGAIN = 6
SHIFTS: CachedAnswer[int, SiteShifts] = CachedAnswer("days and nights of sites")
"""A site's basis is its cover, which another module keeps."""


@dataclass(frozen=True, slots=True)
class CoveredSite:
    """`short` and `not_planned` count in the time shown, in the domains shown."""

    site: SiteFacts
    shifts: SiteShifts
    lines: tuple[DomainShifts, ...]
    short: int
    not_planned: int


def sites_ahead(*, now: datetime) -> dict[int, tuple[SiteFacts, SiteShifts]]:
    """Sites in use of which some domain has a rotation or requires people on each shift, by name."""
    facts = {
        site_id: site
        for site_id, site in fleet_people(now=now, unstaffed=True).sites.items()
        if site.stage != Site.Stage.RETIRED
    }
    shifts = _shifts_of(cover_ahead(list(facts), now=now), facts)
    return {site_id: (site, shifts[site_id]) for site_id, site in facts.items() if shifts[site_id].domains}


def _shifts_of(covers: Mapping[int, SiteCover], facts: Mapping[int, SiteFacts]) -> dict[int, SiteShifts]:
    shared: dict[tuple[DomainCover, str], DomainShifts] = {}

    def read(site_ids: Collection[int]) -> dict[int, SiteShifts]:
        return {site_id: site_shifts(site_id) for site_id in site_ids}

    def site_shifts(site_id: int) -> SiteShifts:
        zone, lines = facts[site_id].time_zone, []
        for domain, cover in covers[site_id].domains.items():
            key = cover, zone
            if key not in shared:
                shared[key] = DomainShifts.read(domain, cover.parts, zone)
            lines.append(shared[key])
        return SiteShifts(site_id, zone, tuple(lines))

    bases = {
        site_id: (facts[site_id].time_zone, *cover.domains.values()) for site_id, cover in covers.items()
    }
    return SHIFTS.values(bases, read)


@dataclass(frozen=True, slots=True)
class HeldTurn:
    """A shift behind a span; `is_weak` where its holder is nobody, or does not have what is required."""

    shift: Shift
    level: str
    is_weak: bool


@dataclass(frozen=True, slots=True)
class ShiftDetail:
    """One day or night of a domain at a site. `again` are other short ones of the domain; `kw` is deployed at the site,
    whose verdict and check depend on it."""

    site: Site
    domain: str
    half: Half
    half_day: HalfDay
    turns: tuple[HeldTurn, ...]
    rotation_id: int | None
    takers: tuple[Candidate, ...]
    others: tuple[Candidate, ...]
    again: tuple[Half, ...]
    kw: float
    verdict: str
    check: CheckResult | None
    owner: ItemOwner

    @property
    def span(self) -> CoverSpan:
        return self.half_day.span

    @property
    def missing(self) -> int:
        return max(self.half_day.needed - self.half_day.qualified, 0)

    @property
    def weak(self) -> Shift | None:
        return next((turn.shift for turn in self.turns if turn.is_weak), None)

    @property
    def free_level(self) -> int | None:
        """The first level that no shift is written for; None where each has one."""
        levels = {turn.shift.level for turn in self.turns}
        return next((level for level in (Level.PRIMARY, Level.SECONDARY) if level not in levels), None)


def shift_detail(site_id: int, domain: str, half: Half, *, user: object, now: datetime) -> ShiftDetail | None:
    """None where nothing is known of it: it is over, too far ahead, or no rotation serves the domain."""
    cover = cover_ahead([site_id], now=now).get(site_id)
    site = Site.objects.select_related("region", "score").filter(pk=site_id).first()
    if cover is None or site is None or domain not in cover.domains:
        return None
    halves = half_days(cover.domain_spans(domain), site.time_zone)
    half_day = next((each for each in halves if (each.day, each.is_night) == half), None)
    if half_day is None:
        return None
    # Without anything planned there is nobody to take the place of.
    people = candidates(half_day.span, now=now) if half_day.standing != "not-planned" else []
    score = score_of(site)
    kw = present_capacity([site], now=now)[site.pk].deployed.it_kw
    return ShiftDetail(
        site=site,
        domain=domain,
        half=half,
        half_day=half_day,
        turns=tuple(_turns(half_day.span, cover.domains[domain].rotations)),
        rotation_id=next(iter(cover.domains[domain].rotations), None),
        takers=tuple(each for each in people if not each.hindrances),
        others=tuple(each for each in people if each.hindrances),
        again=tuple(
            other
            for each in halves
            if each.standing == "short"
            and each.ends_at > now
            and (other := Half(each.day, each.is_night)) != half
        )[:MOST_AGAIN],
        kw=kw,
        verdict=score.confirmed_verdict if score else "",
        check=CheckResult.objects.filter(site=site, check_id=CHECK).first(),
        owner=owner_of(ref_of(site), [domain], user=user, now=now),
    )


def _turns(span: CoverSpan, rotations: Collection[int]) -> list[HeldTurn]:
    shifts = Shift.objects.overlapping(span.starts_at, span.ends_at).filter(
        rotation__in=rotations, level__lte=Level.SECONDARY
    )
    return [
        HeldTurn(shift, str(Level(shift.level).label), shift.person_id not in span.qualified)
        for shift in shifts.select_related("rotation", "person__user").order_by("level", "starts_at", "pk")
    ]
