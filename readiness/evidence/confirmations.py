"""Attestations that need a confirmation: which they are, for whom they wait, and how long they count without."""

from collections import defaultdict
from datetime import datetime, timedelta

from django.db.models import (
    Case,
    CharField,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    TextChoices,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Concat
from django.db.models.lookups import In

from accounts.models import User
from readiness.evidence.core.confirming import blocking_parts
from readiness.evidence.models import Attestation
from readiness.framework import queries as framework_queries


class AttestationStanding(TextChoices):
    """The state of an attestation as shown; those that decide nothing that blocks have none."""

    NEEDED = "needed", "Not confirmed"
    IN_GRACE = "in-grace", "Counts unconfirmed for now"
    CONFIRMED = "confirmed", "Confirmed"
    REJECTED = "rejected", "Rejected"


MAY_CONFIRM = "evidence.confirm_attestation"
_KEY = Concat("check_id", Value("/"), "part", output_field=TextField())
"""Check and sub-measure as one text, so that pairs are compared."""


def unanswered() -> Q:
    return Q(confirmed_at=None, rejected_at=None)


def needed(now: datetime) -> Q:
    """A condition for attestations that could decide a sub-measure that blocks and that nobody answered: of a site as a
    whole, still counting, and not replaced by a newer one."""
    newer = Attestation.objects.filter(
        Q(taken_at__gt=OuterRef("taken_at")) | Q(taken_at=OuterRef("taken_at"), pk__gt=OuterRef("pk")),
        site=OuterRef("site"),
        check_id=OuterRef("check_id"),
        part=OuterRef("part"),
        workload_classes=[],
        rejected_at=None,
    )
    in_force = Q(valid_until=None) | Q(valid_until__gte=now.date())
    counting = Q(workload_classes=[], voided_at=None, taken_at__lte=now) & in_force
    return unanswered() & counting & _of_blocking_parts(now) & Q(~Exists(newer))


def _of_blocking_parts(now: datetime) -> Q:
    keys: dict[float, list[str]] = defaultdict(list)
    for (check_id, part_id), part in blocking_parts(framework_queries.current()[1]).items():
        keys[part.validity.limit_s(None)].append(f"{check_id}/{part_id}")
    condition = Q(pk=None)
    for limit_s, named in sorted(keys.items()):
        condition |= Q(In(_KEY, named), taken_at__gte=now - timedelta(seconds=limit_s))
    return condition


def for_user(user: User) -> Q:
    """Those that this user may answer: their own, or, with the permission, those without an account that others
    entered."""
    others = Q(attester=None, by__isnull=False) & ~Q(by=user)
    return (Q(attester=user) | others) if user.has_perm(MAY_CONFIRM) else Q(attester=user)


def attestations(*, now: datetime) -> QuerySet[Attestation]:
    """All, with `confirmation`, the state as shown, and the people joined in."""
    waits = needed(now)
    standing = Case(
        When(rejected_at__isnull=False, then=Value(AttestationStanding.REJECTED)),
        When(confirmed_at__isnull=False, then=Value(AttestationStanding.CONFIRMED)),
        When(waits & Q(grace_until__gt=now), then=Value(AttestationStanding.IN_GRACE)),
        When(waits, then=Value(AttestationStanding.NEEDED)),
        default=Value(""),
        output_field=CharField(choices=AttestationStanding),
    )
    rows = Attestation.objects.select_related("site", "by", "attester", "confirmed_by", "rejected_by")
    return rows.annotate(confirmation=standing)


def awaited_at(site_id: int, *, now: datetime) -> list[Attestation]:
    """Those of a site that count as declared only until somebody confirms them; one statement."""
    graced = Q(grace_until__gt=now)
    waiting = Attestation.objects.filter(needed(now) & ~graced, site=site_id).select_related("attester")
    return list(waiting.order_by("check_id", "part", "pk"))
