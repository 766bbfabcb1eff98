"""Who may sign for which domain: a list for every site, and lists of sites that take its place domain by domain."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from inventory.models import Site
from readiness.evidence.models import SigningDomain
from readiness.golive.reviews.models import Approver
from web.workflows import require

MAY_NAME = "golive.add_approver"
MAY_REMOVE = "golive.delete_approver"


def candidates(site: Site) -> dict[str, list[User]]:
    """Those who may sign in each domain, by username; one statement. A site's own list replaces that of every site."""
    own: dict[str, list[User]] = defaultdict(list)
    everywhere: dict[str, list[User]] = defaultdict(list)
    approvers = Approver.objects.filter(Q(site=site) | Q(site=None), user__is_active=True).select_related(
        "user"
    )
    for approver in approvers.order_by("user__username"):
        (own if approver.site_id else everywhere)[approver.domain].append(approver.user)
    return {domain: own.get(domain) or everywhere.get(domain, []) for domain in SigningDomain.values}


@transaction.atomic
def add(*, domain: str, user: User, site: Site | None = None, by: User, now: datetime) -> Approver:
    """Add an approver. Raises MissingPermission; ValidationError where the person is named there already."""
    require(by, MAY_NAME)
    approver = Approver(domain=domain, user=user, site=site, added_at=now)
    approver.clean_fields(exclude=["user", "site"])
    if Approver.objects.filter(domain=domain, user=user, site=site).exists():
        raise ValidationError({"user": f"{user} is named there already."})
    approver.save(force_insert=True)
    return approver


@transaction.atomic
def remove(approver: Approver, *, by: User) -> None:
    """Remove an approver. Their signatures stay; they can no longer sign what waits for them."""
    require(by, MAY_REMOVE)
    Approver.objects.filter(pk=approver.pk).delete()
