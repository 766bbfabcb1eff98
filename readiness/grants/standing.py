"""The grants that scoring counts: by site, by what they cover, as they had been decided by an instant."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from readiness.grants.core.held import HeldGrant
from readiness.grants.models import Grant


@dataclass(frozen=True, slots=True)
class SiteGrants:
    """The grants of a site by check id; a declared n-a of a sub-measure by `check/part`."""

    waivers: Mapping[str, HeldGrant] = field(default_factory=dict)
    exceptions: Mapping[str, HeldGrant] = field(default_factory=dict)
    declared_na: Mapping[str, HeldGrant] = field(default_factory=dict)


NONE = SiteGrants()


def standing_grants(site_ids: Collection[int], *, now: datetime) -> dict[int, SiteGrants]:
    """Grants of sites that have any, by site id; one statement. Those yet to begin are among them.

    With `now` in the past, those count that had been approved by then and not yet revoked.
    """
    counted = Q(state=Grant.State.APPROVED) | Q(state=Grant.State.REVOKED, revoked_at__gt=now)
    counting = Grant.objects.filter(counted, site_id__in=site_ids, decided_at__lte=now, ends_at__gt=now)
    columns = ("id", "reason", "requested_by__username", "approver__username", "starts_at", "ends_at")
    by_site: dict[int, dict[str, dict[str, HeldGrant]]] = defaultdict(lambda: defaultdict(dict))
    for site_id, kind, check_id, part, *rest in counting.order_by("starts_at", "pk").values_list(
        "site_id", "kind", "check_id", "part", *columns
    ):
        covered = f"{check_id}/{part}" if part else check_id
        # Where one grant follows another, the first counts now: the next evaluation finds the other.
        by_site[site_id][kind].setdefault(covered, _standing(*rest))
    return {
        site_id: SiteGrants(
            waivers=kinds.get(Grant.Kind.WAIVER, {}),
            exceptions=kinds.get(Grant.Kind.EXCEPTION, {}),
            declared_na=kinds.get(Grant.Kind.NOT_APPLICABLE, {}),
        )
        for site_id, kinds in by_site.items()
    }


def _standing(
    pk: int, reason: str, requested_by: str, approver: str | None, starts_at: datetime, ends_at: datetime
) -> HeldGrant:
    return HeldGrant(
        id=str(pk),
        reason=reason,
        requested_by=requested_by,
        approved_by=approver or "",
        starts_at=starts_at,
        ends_at=ends_at,
    )
