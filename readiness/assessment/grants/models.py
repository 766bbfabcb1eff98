"""One grant, from its request to its end."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import Case, F, Q, Value, When

from inventory.models import Site
from inventory.models.constraints import choices_held
from inventory.models.triggers import OWN_SITE, claims, signed_once
from web.ranges import TsTzRange

LONGEST = timedelta(days=180)
"""The longest duration of a grant, and the furthest ahead that it may begin. Operator-set default: as long as the
framework accepts an owner or an attested runbook (`valid_for: 180d` of p4-orchestration-owner, p4-runbook-coverage), so
that a grant is reviewed as often as those.
"""


class GrantStanding(models.TextChoices):
    """The state of a grant as shown."""

    REQUESTED = "requested", "Requested"
    APPROVED = "approved", "Approved"
    DENIED = "denied", "Denied"
    REVOKED = "revoked", "Revoked"
    EXPIRED = "expired", "Expired"


OPEN = (GrantStanding.REQUESTED.value, GrantStanding.APPROVED.value)


def is_live(now: datetime) -> Q:
    return Q(state__in=OPEN, ends_at__gt=now)


class GrantQuerySet(models.QuerySet["Grant"]):
    def live(self, now: datetime) -> GrantQuerySet:
        return self.filter(is_live(now))

    def only_in_force(self, now: datetime) -> GrantQuerySet:
        return self.filter(state=Grant.State.APPROVED, starts_at__lte=now, ends_at__gt=now)

    def standing_at(self, now: datetime) -> GrantQuerySet:
        """Add `standing`, the state as shown: `expired` follows from the end and is never stored."""
        return self.annotate(
            standing=Case(
                When(state__in=OPEN, ends_at__lte=now, then=Value(GrantStanding.EXPIRED)),
                default=F("state"),
                output_field=models.CharField(max_length=10, choices=GrantStanding),
            )
        )


@choices_held
class Grant(models.Model):
    """It counts from `starts_at` up to, but not including, `ends_at`, once approved and until revoked. `check_id` and
    `part` are names of the framework, which has no rows to refer to; the operation checks them."""

    HISTORY = True
    HISTORY_TITLE = ("kind", "check_id", "part")

    class Kind(models.TextChoices):
        WAIVER = "waiver", "Waiver"
        EXCEPTION = "exception", "Go-live exception"
        NOT_APPLICABLE = "n-a", "Declared not applicable"

    class State(models.TextChoices):
        REQUESTED = "requested", "Requested"
        APPROVED = "approved", "Approved"
        DENIED = "denied", "Denied"
        REVOKED = "revoked", "Revoked"

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="grants")
    kind = models.CharField(max_length=10, choices=Kind)
    check_id = models.CharField(max_length=64, verbose_name="check")
    part = models.CharField(
        max_length=64,
        blank=True,
        verbose_name="sub-measure",
        help_text="Only for a declared n-a of one sub-measure",
    )
    reason = models.TextField(max_length=2000)
    state = models.CharField(max_length=10, choices=State, default=State.REQUESTED, editable=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )
    requested_at = models.DateTimeField(editable=False)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="What it covers counts as before from this instant on")
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
        help_text="Who approved or denied it: never who asked for it",
    )
    decided_at = models.DateTimeField(null=True, editable=False)
    decision_note = models.TextField(max_length=2000, blank=True, editable=False)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, editable=False
    )
    revoked_at = models.DateTimeField(null=True, editable=False)
    revocation_note = models.TextField(max_length=2000, blank=True, editable=False)

    objects = GrantQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at", "-id"]
        default_permissions = ("view", "add")
        permissions = [("approve_grant", "Can approve, deny and revoke grants")]
        # A grant changes how a site is judged, as evidence does.
        triggers = [
            *claims(OWN_SITE, origin="evidence"),
            signed_once("grants_grant", "approver_id", "decided_at", "requested_by_id"),
        ]
        indexes = [models.Index(fields=["site", "check_id"], name="grant_site_check")]
        constraints = [
            ExclusionConstraint(
                name="grant_one_at_a_time",
                expressions=[
                    ("site", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
                    ("check_id", RangeOperators.EQUAL),
                    ("part", RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(state__in=OPEN),
                violation_error_message="Another one of this kind is asked for or approved in that time.",
            ),
            models.CheckConstraint(
                condition=~Q(approver=F("requested_by")),
                name="grant_approver_is_another",
                violation_error_message="Nobody decides what they asked for themselves.",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="grant_ends_after_start",
                violation_error_message="The end is not after the start.",
            ),
            models.CheckConstraint(
                condition=Q(
                    ends_at__lte=F("starts_at") + LONGEST, starts_at__lte=F("requested_at") + LONGEST
                ),
                name="grant_is_bounded",
                violation_error_message="It may begin within 180 days and last 180 days at most.",
            ),
            models.CheckConstraint(
                condition=Q(reason__regex=r"\S"),
                name="grant_has_reason",
                violation_error_message="A reason is required.",
            ),
            models.CheckConstraint(
                condition=Q(part="") | Q(kind="n-a"),
                name="grant_part_only_na",
                violation_error_message="Only a declared n-a may be of one sub-measure.",
            ),
            models.CheckConstraint(
                condition=Q(state="requested", approver=None, decided_at=None)
                | Q(state__in=["approved", "denied"], approver__isnull=False, decided_at__isnull=False)
                | Q(state="revoked", approver__isnull=False, decided_at__isnull=False)
                # Withdrawn before anybody decided.
                | Q(state="revoked", approver=None, decided_at=None),
                name="grant_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state="revoked", revoked_by__isnull=False, revoked_at__isnull=False)
                | (~Q(state="revoked") & Q(revoked_by=None, revoked_at=None)),
                name="grant_revoked_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        covered = f"{self.check_id}/{self.part}" if self.part else self.check_id
        return f"{self.get_kind_display()}: {covered} at {self.site}"

    def standing_now(self, now: datetime) -> GrantStanding:
        return (
            GrantStanding.EXPIRED if self.state in OPEN and self.ends_at <= now else GrantStanding(self.state)
        )

    def is_in_force(self, now: datetime) -> bool:
        return self.state == self.State.APPROVED and self.starts_at <= now < self.ends_at
