"""Grants for lists, and the grants in force at sites."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, Count, Min, Q, Value, When

from inventory.models import Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.grants.core.rules import HeldGrant, SiteGrants
from readiness.assessment.grants.models import OPEN, Grant, GrantQuerySet, GrantStanding, is_live
from web.workflows import second

ENDS_SOON = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A grant with the framework's names of what it covers. `vendor` is "" if unknown."""

    grant: Grant
    standing: GrantStanding
    check_name: str
    claim: str
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
    """`oldest_at` is the request time of the oldest grant in force."""

    waiting: int
    in_force: int
    ends_soon: int
    oldest_at: datetime | None


def grants(*, now: datetime) -> GrantQuerySet:
    return (
        Grant.objects.select_related("site", "requested_by", "approver", "revoked_by")
        .standing_at(now)
        .annotate(
            approval_flags=second.flags_of(Grant),
            place=Case(When(is_live(now), then=Value(0)), default=Value(1)),
        )
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
        claim=check.claim if check else "",
        part_name=part.name if part else grant.part,
        pillar=check.pillar if check else "",
        pillar_name=pillars[check.pillar].short_name if check else "",
        vendor=vendor,
    )


def counts(*, now: datetime) -> GrantCounts:
    in_force = Q(state=Grant.State.APPROVED, starts_at__lte=now)
    totals = Grant.objects.live(now).aggregate(
        waiting=Count("pk", filter=Q(state=Grant.State.REQUESTED)),
        in_force=Count("pk", filter=in_force),
        ends_soon=Count("pk", filter=in_force & Q(ends_at__lte=now + ENDS_SOON)),
        oldest_at=Min("requested_at", filter=in_force),
    )
    return GrantCounts(**totals)


def grants_of_check(site: Site, check_id: str, *, now: datetime, limit: int = 10) -> list[GrantRow]:
    _version, framework = framework_queries.current()
    newest = grants(now=now).filter(site=site, check_id=check_id)[:limit]
    return [row_of(grant, framework, "", now) for grant in newest]


def standing_grants(site_ids: Collection[int], *, now: datetime) -> dict[int, SiteGrants]:
    """Grants of sites that have any, by site id, including future ones; one statement. With `now` in the past, grants
    count that had been approved by then and not yet revoked."""
    counted = Q(state=Grant.State.APPROVED) | Q(state=Grant.State.REVOKED, revoked_at__gt=now)
    counting = Grant.objects.filter(counted, site_id__in=site_ids, decided_at__lte=now, ends_at__gt=now)
    columns = ("id", "reason", "requested_by__username", "approver__username", "starts_at", "ends_at")
    by_site: dict[int, dict[str, dict[str, HeldGrant]]] = defaultdict(lambda: defaultdict(dict))
    for site_id, kind, check_id, part, pk, reason, by, approver, *span in counting.order_by(
        "starts_at", "pk"
    ).values_list("site_id", "kind", "check_id", "part", *columns):
        covered = f"{check_id}/{part}" if part else check_id
        # If one grant follows another, the first counts now; a later evaluation finds the other.
        by_site[site_id][kind].setdefault(covered, HeldGrant(str(pk), reason, by, approver or "", *span))
    return {
        site_id: SiteGrants(
            waivers=kinds.get(Grant.Kind.WAIVER, {}),
            exceptions=kinds.get(Grant.Kind.EXCEPTION, {}),
            declared_na=kinds.get(Grant.Kind.NOT_APPLICABLE, {}),
        )
        for site_id, kinds in by_site.items()
    }
