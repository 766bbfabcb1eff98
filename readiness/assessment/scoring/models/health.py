"""Stored health: a row for each domain of a site, and one for each open reason why an object is not well."""

from datetime import datetime

from django.conf import settings
from django.db import models

from inventory.models import DomainChoices, Site
from inventory.models.constraints import choices_held
from readiness.assessment.scoring.core.states import (
    FADING,
    HEALTHS,
    KNOWN,
    REASON_HEALTHS,
    REASON_STANDINGS,
    Health,
    HealthAt,
    ReasonStanding,
    health_at,
)
from telemetry.models import Series


class DomainHealthQuerySet(models.QuerySet["DomainHealth"]):
    def annotate_health_now(self, now: datetime) -> "DomainHealthQuerySet":
        blind = models.When(blind_at__lt=now, health__in=FADING, then=models.Value(Health.UNKNOWN.value))
        return self.annotate(health_now=models.Case(blind, default=models.F("health")))


class DomainHealth(models.Model):
    """Health of one domain of a site. `clock` says that one of its sources is late or silent. The evaluated health
    holds until `blind_at`: by then a sample has come and was evaluated, or all of it is silent."""

    class Clock(models.TextChoices):
        NONE = "", "Live"
        LATE = "late", "Late"
        SILENT = "silent", "Silent"

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="domain_health")
    domain = models.CharField(max_length=8, choices=DomainChoices)
    health = models.CharField(max_length=16, choices=HEALTHS)
    clock = models.CharField(max_length=8, choices=Clock, blank=True, default=Clock.NONE)
    since = models.DateTimeField()
    objects_by_health = models.JSONField(default=dict)
    reasons = models.JSONField(default=list, help_text="The worst few, worst first; HealthReason has all")
    figures = models.JSONField(
        default=dict, help_text="The domain's key figures: value, unit, provenance, taken_at"
    )
    taken_at = models.DateTimeField(null=True, blank=True)
    last_health = models.CharField(
        max_length=16, choices=HEALTHS, blank=True, help_text="What it was before it became unknown"
    )
    heard_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When all of it was last heard from; of an unknown one, until when it was as before",
    )
    blind_at = models.DateTimeField(
        null=True, blank=True, help_text="All of it is silent from then on, if no sample arrives first"
    )
    is_last_known = models.BooleanField(
        default=False, help_text="No live sample shows this health: it is the last known one"
    )
    evaluated_at = models.DateTimeField()

    objects = DomainHealthQuerySet.as_manager()

    class Meta:
        ordering = ["site", "domain"]
        constraints = [
            models.UniqueConstraint(fields=["site", "domain"], name="domain_health_unique"),
            models.CheckConstraint(
                condition=models.Q(last_health="") | models.Q(health=Health.UNKNOWN.value),
                name="domain_health_last_of_unknown",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site_id} {self.domain}"

    def is_blind_at(self, now: datetime) -> bool:
        """Whether all of it fell silent after the last evaluation."""
        return self.blind_at is not None and self.blind_at < now and self.health in KNOWN

    def state_at(self, now: datetime) -> HealthAt:
        evaluated = HealthAt(
            *(self.health, self.since, self.last_health, self.heard_at),
            *(self.objects_by_health, self.figures, self.is_last_known),
        )
        return health_at(evaluated, self.blind_at, now)


class HealthReasonQuerySet(models.QuerySet["HealthReason"]):
    def counting(self) -> "HealthReasonQuerySet":
        return self.filter(counts_from__isnull=False)


@choices_held
class HealthReason(models.Model):
    """An open reason why an object is not well, as seen by one domain. An object keeps all its reasons.

    `metric` is empty where the reason is silence. A reason without `counts_from` counts for nothing yet: its samples
    are not beyond the limit for long enough. Rows are of what is open; flips and problems are the history.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="health_reasons")
    domain = models.CharField(max_length=8, choices=DomainChoices)
    object_kind = models.CharField(max_length=16, choices=Series.ObjectKind)
    object_id = models.BigIntegerField()
    object = models.TextField(help_text="Name of the object")
    metric = models.CharField(max_length=200, blank=True)
    part = models.CharField(max_length=200, blank=True, help_text="Which part of the object the metric is of")
    measure = models.CharField(max_length=16, blank=True, help_text="What of the metric is compared")
    direction = models.CharField(max_length=16, blank=True, help_text="How it is compared with the limit")
    health = models.CharField(max_length=16, choices=REASON_HEALTHS)
    title = models.TextField()
    value = models.FloatField(null=True, blank=True)
    unit = models.CharField(max_length=32, blank=True)
    threshold = models.FloatField(null=True, blank=True, help_text="The exceeded limit")
    source = models.TextField(blank=True, help_text="Source of the limit")
    since = models.DateTimeField(help_text="When its cause was first seen")
    taken_at = models.DateTimeField(null=True, blank=True, help_text="Time of the last sample")
    is_last_known = models.BooleanField(default=False, help_text="No live sample of the metric says so now")
    standing = models.CharField(max_length=16, choices=REASON_STANDINGS)
    rank = models.PositiveSmallIntegerField(help_text="0 is the worst")
    counts_from = models.DateTimeField(null=True, blank=True)

    objects = HealthReasonQuerySet.as_manager()

    class Meta:
        ordering = ["site", "domain", "rank", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    *("site", "domain", "object_kind", "object_id"),
                    *("metric", "part", "measure", "direction"),
                ],
                name="health_reason_unique",
            ),
            models.CheckConstraint(
                condition=models.Q(is_last_known=False) | ~models.Q(standing=ReasonStanding.LIVE.value),
                name="health_reason_live_is_no_last_known",
            ),
        ]
        indexes = [
            # The worst of a domain, of which there may be thousands.
            models.Index(fields=["site", "domain", "rank", "id"], name="health_reason_worst"),
            # All objects with the same reason.
            models.Index(fields=["site", "domain", "metric", "rank", "id"], name="health_reason_alike"),
            models.Index(fields=["object_kind", "object_id"], name="health_reason_object"),
        ]

    def __str__(self) -> str:
        return f"{self.object}: {self.title}"


@choices_held
class ReasonEnd(models.Model):
    """A person's word that a reason does not hold, and why. Samples until then say nothing more about it: it comes back
    if a later one still says so."""

    PERSONAL = ("note",)

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    domain = models.CharField(max_length=8, choices=DomainChoices)
    object_kind = models.CharField(max_length=16, choices=Series.ObjectKind)
    object_id = models.BigIntegerField()
    object = models.TextField()
    metric = models.CharField(max_length=200)
    part = models.CharField(max_length=200, blank=True)
    measure = models.CharField(max_length=16)
    direction = models.CharField(max_length=16)
    health = models.CharField(max_length=16, choices=REASON_HEALTHS)
    title = models.TextField()
    value = models.FloatField(null=True, blank=True)
    unit = models.CharField(max_length=32, blank=True)
    since = models.DateTimeField()
    taken_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(max_length=2000)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )
    ended_at = models.DateTimeField()

    class Meta:
        ordering = ["-ended_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(note=""), name="reason_end_has_note"),
            models.CheckConstraint(condition=~models.Q(metric=""), name="reason_end_is_of_no_silence"),
        ]
        indexes = [models.Index(fields=["site", "ended_at"], name="reason_end_recent")]

    def __str__(self) -> str:
        return f"{self.object}: {self.title}"
