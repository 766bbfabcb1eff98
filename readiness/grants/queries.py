"""Grants in their order, with the framework's words for what they cover, and how many there are."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, Count, Min, Q, Value, When

from inventory.models import Site
from readiness.framework import queries as framework_queries
from readiness.framework.core.definition import Framework
from readiness.grants.models import OPEN, Grant, GrantQuerySet, GrantStanding, is_live

ENDS_SOON = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A grant with the framework's words for what it covers. `vendor` is "" where it cannot be told."""

    grant: Grant
    standing: GrantStanding
    check_name: str
    part_name: str
    pillar: str
    pillar_name: str
    vendor: str

    @property
    def title(self) -> str:
        kind = self.grant.get_kind_display()
        return f"{kind}: {self.part_name}" if self.part_name else kind

    @property
    def is_open(self) -> bool:
        return self.standing.value in OPEN


@dataclass(frozen=True, slots=True)
class GrantCounts:
    """`oldest_at` is when the oldest that is in force was asked for."""

    waiting: int
    in_force: int
    ends_soon: int
    oldest_at: datetime | None


def grants(*, now: datetime) -> GrantQuerySet:
    """All grants, live ones first, and among those the one that ends first."""
    return (
        Grant.objects.select_related("site", "requested_by", "approver", "revoked_by")
        .standing_at(now)
        .annotate(place=Case(When(is_live(now), then=Value(0)), default=Value(1)))
        .order_by("place", "ends_at", "pk")
    )


def row_of(grant: Grant, framework: Framework, vendor: str, now: datetime) -> GrantRow:
    check = framework.checks_by_id.get(grant.check_id)
    pillars = {pillar.id: pillar for pillar in framework.pillars}
    part = next((each for each in check.parts if each.id == grant.part), None) if check else None
    return GrantRow(
        grant=grant,
        standing=grant.standing_now(now),
        check_name=check.name if check else grant.check_id,
        part_name=part.name if part else grant.part,
        pillar=check.pillar if check else "",
        pillar_name=pillars[check.pillar].short_name if check else "",
        vendor=vendor,
    )


def counts(*, now: datetime) -> GrantCounts:
    """One statement."""
    in_force = Q(state=Grant.State.APPROVED, starts_at__lte=now)
    totals = Grant.objects.live(now).aggregate(
        waiting=Count("pk", filter=Q(state=Grant.State.REQUESTED)),
        in_force=Count("pk", filter=in_force),
        ends_soon=Count("pk", filter=in_force & Q(ends_at__lte=now + ENDS_SOON)),
        oldest_at=Min("requested_at", filter=in_force),
    )
    return GrantCounts(**totals)


def of_check(site: Site, check_id: str, *, now: datetime, limit: int = 10) -> list[GrantRow]:
    """Grants that a check ever had at a site, live ones first; the vendor is left out. One statement."""
    _version, framework = framework_queries.current()
    newest = grants(now=now).filter(site=site, check_id=check_id)[:limit]
    return [row_of(grant, framework, "", now) for grant in newest]
