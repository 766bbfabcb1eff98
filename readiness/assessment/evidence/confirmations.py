"""Attestations that need a confirmation: which they are, for whom they wait, and how long they count without."""

from datetime import datetime

from django.db.models import (
    Case,
    CharField,
    DateTimeField,
    DurationField,
    Exists,
    Func,
    OuterRef,
    Q,
    QuerySet,
    TextChoices,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Concat

from accounts.models import User
from readiness.assessment.evidence.models import Attestation
from web.workflows import second


class AttestationStanding(TextChoices):
    """The state of an attestation as shown; those that decide nothing that blocks have none."""

    NEEDED = "needed", "Not confirmed"
    IN_GRACE = "in-grace", "Counts unconfirmed for now"
    CONFIRMED = "confirmed", "Confirmed"
    REJECTED = "rejected", "Rejected"


MAY_CONFIRM = "evidence.confirm_attestation"
# `blocking_parts` in SQL, with the validity of each: every page counts what waits, in one statement with all else.
_BLOCKING = """
SELECT jsonb_object_agg((of_check ->> 'id') || '/' || (measured ->> 'id'), of_validity)
FROM framework_frameworkversion AS version
CROSS JOIN LATERAL jsonb_array_elements(version.definition -> 'checks') AS checks (of_check)
CROSS JOIN LATERAL jsonb_array_elements(of_check -> 'parts') AS parts (measured)
CROSS JOIN LATERAL (
    SELECT coalesce(measured -> 'valid_for', of_check -> 'valid_for') ->> 'max_age'
) AS valid (of_validity)
WHERE version.status = 'published' AND of_validity IS NOT NULL AND measured -> 'pass' IS NOT NULL
    AND (of_check ->> 'gate' = 'BLOCK' OR of_check -> 'gate_rules' @> '[{"gate": "BLOCK"}]')
    AND coalesce(measured ->> 'gate', 'BLOCK') = 'BLOCK'
    AND NOT coalesce(measured -> 'evidence', of_check -> 'evidence') <@ '["TQ", "VR"]'
"""


class ValiditySpan(Func):
    """How long an attestation counts where it may decide a sub-measure that blocks, by the framework in force; null for
    all others."""

    template = f"(({_BLOCKING}) ->> %(expressions)s)::interval"
    output_field = DurationField()

    def __init__(self) -> None:
        super().__init__(Concat("check_id", Value("/"), "part", output_field=TextField()))


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
    may_decide = Q(taken_at__gte=Value(now, DateTimeField()) - ValiditySpan())
    in_force = Q(valid_until=None) | Q(valid_until__gte=now.date())
    counting = Q(workload_classes=[], voided_at=None, taken_at__lte=now) & in_force
    return unanswered() & counting & may_decide & Q(~Exists(newer))


def answerable_by(user: User, now: datetime) -> Q:
    """Those that this user may answer: their own, or, with the permission, those without an account that others
    entered."""
    unnamed = Q(attester=None, by__isnull=False)
    answerable = (Q(attester=user) | unnamed) if user.has_perm(MAY_CONFIRM) else Q(attester=user)
    return answerable & second.others("by", user, now)


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
    return rows.annotate(confirmation=standing, approval_flags=second.flags_of(Attestation))


def awaited_at(site_id: int, *, now: datetime) -> list[Attestation]:
    """Those of a site that count as declared only until somebody confirms them; one statement."""
    graced = Q(grace_until__gt=now)
    waiting = Attestation.objects.filter(needed(now) & ~graced, site=site_id).select_related("attester")
    return list(waiting.order_by("check_id", "part", "pk"))
