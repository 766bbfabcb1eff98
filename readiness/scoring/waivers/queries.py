"""What the pages of grants show: rows of the list, who answers for how many, and what there is at one check."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, Count, Min, Q, Value, When

from inventory.models import Device, Site
from readiness.framework import queries as framework_queries
from readiness.framework.core.definition import Framework
from readiness.scoring.models import CheckResult
from readiness.scoring.waivers.models import OPEN, Grant, GrantQuerySet, Standing, is_live
from web.visibility import name_of

ENDS_SOON = timedelta(days=14)
OLD = (timedelta(days=30), timedelta(days=90))
"""Where the ageing report draws its lines. Operator-set defaults."""


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A grant with the framework's words for what it covers. `vendor` is "" where it cannot be told."""

    id: int
    kind: str
    kind_label: str
    standing: Standing
    check_id: str
    check_name: str
    part: str
    part_name: str
    pillar: str
    pillar_name: str
    site_slug: str
    site_name: str
    owner: str
    requester: str
    requester_username: str
    approver: str
    reason: str
    requested_at: datetime
    starts_at: datetime
    ends_at: datetime
    ended_at: datetime
    vendor: str

    def age_s(self, now: datetime) -> float:
        """Since it was asked for."""
        return (now - self.requested_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Counts:
    """`oldest_at` is when the oldest that is in force was asked for."""

    waiting: int
    in_force: int
    ends_soon: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class AgeingRow:
    """Live grants of one requester, owner, vendor or pillar. `key` "" is "none", or "cannot be told".

    `young`, `middle` and `old` are those in force by age since their request: up to 30 days, up to 90, more.
    """

    key: str
    label: str
    waiting: int
    in_force: int
    young: int
    middle: int
    old: int
    oldest_at: datetime
    next_end_at: datetime


def grants(*, now: datetime) -> GrantQuerySet:
    """All, those that are live first, and of those the one that ends first."""
    return (
        Grant.objects.select_related("site", "requested_by", "approver", "revoked_by")
        .standing_at(now)
        .annotate(place=Case(When(is_live(now), then=Value(0)), default=Value(1)))
        .order_by("place", "ends_at", "pk")
    )


def rows(found: Sequence[Grant], *, now: datetime) -> list[GrantRow]:
    """In their order; four statements however many."""
    _version, framework = framework_queries.current()
    vendors = vendors_of(found, framework)
    return [_row(grant, framework, vendors.get(grant.pk, ""), now) for grant in found]


def _row(grant: Grant, framework: Framework, vendor: str, now: datetime) -> GrantRow:
    check = framework.checks_by_id.get(grant.check_id)
    pillars = {pillar.id: pillar for pillar in framework.pillars}
    part = next((one for one in check.parts if one.id == grant.part), None) if check else None
    return GrantRow(
        id=grant.pk,
        kind=grant.kind,
        kind_label=str(Grant.Kind(grant.kind).label),
        standing=grant.standing_now(now),
        check_id=grant.check_id,
        check_name=check.name if check else grant.check_id,
        part=grant.part,
        part_name=part.name if part else grant.part,
        pillar=check.pillar if check else "",
        pillar_name=pillars[check.pillar].short_name if check else "",
        site_slug=grant.site.slug,
        site_name=grant.site.name,
        owner=grant.site.owner,
        requester=name_of(grant.requested_by),
        requester_username=grant.requested_by.username,
        approver=name_of(grant.approver),
        reason=grant.reason,
        requested_at=grant.requested_at,
        starts_at=grant.starts_at,
        ends_at=grant.ends_at,
        ended_at=grant.revoked_at or grant.ends_at,
        vendor=vendor,
    )


def vendors_of(found: Iterable[Grant], framework: Framework) -> dict[int, str]:
    """The maker of what a check is about, by grant id, where there is one answer; three statements.

    That of the device which decided the check; else that of all devices of the check's domains at the site, if they
    have the same one.
    """
    covered = list(found)
    site_ids = {grant.site_id for grant in covered}
    decided = {
        (site_id, check_id): (evidence or {}).get("object", "")
        for site_id, check_id, evidence in CheckResult.objects.filter(
            site_id__in=site_ids, check_id__in={grant.check_id for grant in covered}
        ).values_list("site_id", "check_id", "evidence")
    }
    named = {
        (site_id, name): maker
        for site_id, name, maker in Device.objects.filter(
            site_id__in=site_ids, name__in={name for name in decided.values() if name}
        ).values_list("site_id", "name", "device_type__manufacturer__name")
    }
    makers: dict[tuple[int, str], set[str]] = defaultdict(set)
    for site_id, domain, maker in (
        Device.objects.filter(site_id__in=site_ids)
        .values_list("site_id", "device_type__domain", "device_type__manufacturer__name")
        .distinct()
        .order_by()
    ):
        makers[site_id, domain].add(maker)
    told = {}
    for grant in covered:
        device = decided.get((grant.site_id, grant.check_id), "")
        check = framework.checks_by_id.get(grant.check_id)
        domains = check.domains if check else ()
        of_domains = set().union(*(makers.get((grant.site_id, domain.value), set()) for domain in domains))
        only = next(iter(of_domains)) if len(of_domains) == 1 else ""
        told[grant.pk] = named.get((grant.site_id, device), only)
    return told


def counts(*, now: datetime) -> Counts:
    """One statement."""
    in_force = Q(state=Grant.State.APPROVED, starts_at__lte=now)
    found = Grant.objects.live(now).aggregate(
        waiting=Count("pk", filter=Q(state=Grant.State.REQUESTED)),
        in_force=Count("pk", filter=in_force),
        ends_soon=Count("pk", filter=in_force & Q(ends_at__lte=now + ENDS_SOON)),
        oldest_at=Min("requested_at", filter=in_force),
    )
    return Counts(**found)


def of_check(site: Site, check_id: str, *, now: datetime, limit: int = 10) -> list[GrantRow]:
    """What was ever granted for a check at a site, what is live first; the vendor is left out. One statement."""
    _version, framework = framework_queries.current()
    found = grants(now=now).filter(site=site, check_id=check_id)[:limit]
    return [_row(grant, framework, "", now) for grant in found]


KEYS: dict[str, Callable[[GrantRow], tuple[str, str]]] = {
    "requester": lambda row: (row.requester_username, row.requester),
    "owner": lambda row: (row.owner, row.owner),
    "vendor": lambda row: (row.vendor, row.vendor),
    "pillar": lambda row: (row.pillar, row.pillar_name),
}
"""What the ageing report groups by: the key and the words of a row's group."""


def ageing(by: str, *, now: datetime) -> tuple[AgeingRow, ...]:
    """Live grants by one of KEYS, the group with the oldest first; five statements."""
    groups: dict[tuple[str, str], list[GrantRow]] = defaultdict(list)
    live = Grant.objects.live(now).select_related("site", "requested_by", "approver").order_by("pk")
    for row in rows(list(live), now=now):
        groups[KEYS[by](row)].append(row)
    found = [_aged(key, label, members, now) for (key, label), members in groups.items()]
    return tuple(sorted(found, key=lambda one: (one.oldest_at, one.label)))


def _aged(key: str, label: str, members: Sequence[GrantRow], now: datetime) -> AgeingRow:
    in_force = [row for row in members if row.standing == Standing.APPROVED and row.starts_at <= now]
    ages = [now - row.requested_at for row in in_force]
    return AgeingRow(
        key=key,
        label=label,
        waiting=sum(row.standing == Standing.REQUESTED for row in members),
        in_force=len(in_force),
        young=sum(age <= OLD[0] for age in ages),
        middle=sum(OLD[0] < age <= OLD[1] for age in ages),
        old=sum(age > OLD[1] for age in ages),
        oldest_at=min(row.requested_at for row in members),
        next_end_at=min(row.ends_at for row in members),
    )


def is_open(row: GrantRow) -> bool:
    return row.standing.value in OPEN
