"""Waivers of deviations: asked for by one person, approved by another, with an end."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce

from accounts.fields import account_field
from inventory.models import Device, Site
from inventory.models.constraints import SameSite, choices_held
from inventory.models.triggers import OWN_SITE, claims, signed_once
from readiness.assessment.grants.models import LONGEST
from readiness.assessment.standards.models.standards import Standard
from web.ranges import TsTzRange


class WaiverStanding(models.TextChoices):
    """The state of a waiver as shown: `expired` follows from its end."""

    REQUESTED = "requested", "Requested"
    APPROVED = "approved", "Approved"
    DENIED = "denied", "Denied"
    REVOKED = "revoked", "Revoked"
    EXPIRED = "expired", "Expired"


OPEN = (WaiverStanding.REQUESTED.value, WaiverStanding.APPROVED.value)


class DeviationWaiverQuerySet(models.QuerySet["DeviationWaiver"]):
    def standing_at(self, now: datetime) -> DeviationWaiverQuerySet:
        return self.annotate(
            standing=Case(
                When(state__in=OPEN, ends_at__lte=now, then=Value(WaiverStanding.EXPIRED)),
                default=F("state"),
                output_field=models.CharField(max_length=10, choices=WaiverStanding),
            )
        )


@choices_held
class DeviationWaiver(models.Model):
    """A device of a site, or all of them, may deviate from a rule of a standard, or from all, until an instant."""

    HISTORY = True
    HISTORY_TITLE = ("standard", "rule", "site")
    VISIBLE_BY = ("site",)  # the device is at the same one

    class State(models.TextChoices):
        REQUESTED = "requested", "Requested"
        APPROVED = "approved", "Approved"
        DENIED = "denied", "Denied"
        REVOKED = "revoked", "Revoked"

    standard = models.ForeignKey(Standard, models.PROTECT, related_name="waivers", verbose_name="standard")
    rule = models.CharField("rule", max_length=64, blank=True, help_text="Its id; empty: every rule of it")
    site = models.ForeignKey(Site, models.CASCADE, related_name="deviation_waivers", verbose_name="site")
    device = models.ForeignKey(
        Device,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="deviation_waivers",
        verbose_name="device",
        help_text="With its accelerators; empty: all of the site",
    )
    reason = models.TextField("reason", max_length=2000)
    state = models.CharField("state", max_length=10, choices=State, default=State.REQUESTED, editable=False)
    requested_by = account_field("requested by")
    requested_at = models.DateTimeField("requested at", editable=False)
    starts_at = models.DateTimeField("from")
    ends_at = models.DateTimeField("until", help_text="From this instant on the deviation counts again")
    approver = account_field("decided by", null=True)
    decided_at = models.DateTimeField("decided at", null=True, editable=False)
    decision_note = models.TextField("decision", max_length=2000, blank=True, editable=False)
    revoked_at = models.DateTimeField("revoked at", null=True, editable=False)

    objects = DeviationWaiverQuerySet.as_manager()

    class Meta:
        verbose_name = "waiver of a deviation"
        verbose_name_plural = "waivers of deviations"
        ordering = ["-requested_at", "-id"]
        default_permissions = ("view", "add")
        permissions = [("approve_deviationwaiver", "Can approve, deny and revoke waivers of deviations")]
        triggers = [
            *claims(OWN_SITE, origin="record"),
            signed_once("standards_deviationwaiver", "approver_id", "decided_at", "requested_by_id"),
        ]
        constraints = [
            ExclusionConstraint(
                name="deviation_waiver_one_at_a_time",
                expressions=[
                    ("standard", RangeOperators.EQUAL),
                    ("rule", RangeOperators.EQUAL),
                    ("site", RangeOperators.EQUAL),
                    (Coalesce("device_id", 0, output_field=models.BigIntegerField()), RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(state__in=OPEN),
                violation_error_message="A waiver of this is asked for or in force already.",
            ),
            SameSite(field="device", name="deviation_waiver_device_at_site", follows=True),
            models.CheckConstraint(
                condition=~Q(approver=F("requested_by")),
                name="deviation_waiver_approver_is_another",
                violation_error_message="Nobody decides what they asked for themselves.",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at"), ends_at__lte=F("starts_at") + LONGEST),
                name="deviation_waiver_is_bounded",
                violation_error_message="It ends after its start, and lasts 180 days at most.",
            ),
            models.CheckConstraint(
                condition=Q(reason__regex=r"\S"),
                name="deviation_waiver_has_reason",
                violation_error_message="A reason is required.",
            ),
            models.CheckConstraint(
                condition=Q(state="requested", approver=None, decided_at=None, revoked_at=None)
                | Q(state__in=["approved", "denied"], approver__isnull=False, decided_at__isnull=False,
                    revoked_at=None)
                | Q(state="revoked", revoked_at__isnull=False),
                name="deviation_waiver_decided_by_somebody",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        subject = self.device or self.site
        return f"{self.standard}{f', {self.rule}' if self.rule else ''}: {subject}"

    def standing_now(self, now: datetime) -> WaiverStanding:
        is_over = self.state in OPEN and self.ends_at <= now
        return WaiverStanding.EXPIRED if is_over else WaiverStanding(self.state)
