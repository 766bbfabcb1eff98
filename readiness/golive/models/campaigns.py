"""Campaigns and their items: the runs that a site still needs."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from inventory.models import Site
from inventory.models.constraints import choices_held
from readiness.assessment.evidence.models import Tool, ValidationRun
from readiness.assessment.framework.models import FrameworkVersion


class RunTarget(models.TextChoices):
    SITE = "site", "The site"
    NODE = "node", "Each node"
    PAIR = "pair", "Pairs that cover each node"
    PORT = "port", "Each RDMA port"
    PATH = "path", "A path"
    FABRIC = "fabric", "All nodes at once"


class Progress(models.TextChoices):
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    BLOCKED = "blocked", "Blocked"
    STALE = "stale", "Stale"
    MISSING = "missing", "Missing"
    NOT_APPLICABLE = "n-a", "Not applicable"
    DROPPED = "dropped", "Dropped"


ENDED = ("finished", "cancelled")


@choices_held
class Campaign(models.Model):
    HISTORY = True

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        RUNNING = "running", "Running"
        FINISHED = "finished", "Finished"
        CANCELLED = "cancelled", "Cancelled"

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="campaigns", verbose_name="site")
    name = models.CharField("name", max_length=120)
    state = models.CharField("state", max_length=10, choices=State, default=State.PLANNED, editable=False)
    due_on = models.DateField("due", help_text="The last day, by the site's calendar")
    counts_from = models.DateField(
        "counts from",
        null=True,
        blank=True,
        help_text="Runs taken before this day do not count; empty: every run that counts at the site",
    )
    note = models.TextField("note", max_length=2000, blank=True)
    framework_version = models.ForeignKey(
        FrameworkVersion,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        help_text="The version that its items were made from",
    )
    repeats = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, editable=False, related_name="repeated_by"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )
    created_at = models.DateTimeField(editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, editable=False
    )
    ended_at = models.DateTimeField(null=True, editable=False)
    end_note = models.TextField(max_length=2000, blank=True, editable=False)

    class Meta:
        verbose_name = "validation campaign"
        verbose_name_plural = "validation campaigns"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["site"],
                condition=Q(state__in=["planned", "running"]),
                name="campaign_one_open_at_site",
                violation_error_message="The site has an open campaign already.",
            ),
            models.CheckConstraint(
                condition=Q(name__regex=r"\S"),
                name="campaign_has_name",
                violation_error_message="A name is required.",
            ),
            models.CheckConstraint(
                condition=Q(state="planned", started_at=None)
                | Q(state__in=["running", "finished"], started_at__isnull=False)
                # Called off before or after it began.
                | Q(state="cancelled"),
                name="campaign_started_once_it_runs",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ENDED, ended_by__isnull=False, ended_at__isnull=False)
                | (~Q(state__in=ENDED) & Q(ended_by=None, ended_at=None, end_note="")),
                name="campaign_ended_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="cancelled") | Q(end_note__regex=r"\S"),
                name="campaign_cancelled_with_reason",
                violation_error_message="Enter a reason.",
            ),
            models.CheckConstraint(
                condition=Q(counts_from=None) | Q(counts_from__lte=F("due_on")),
                name="campaign_counts_before_due",
                violation_error_message="Runs cannot count only from after the last day.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.state not in ENDED


@choices_held
class CampaignItem(models.Model):
    """Runs of one tool that prove sub-measures of a check.

    `check_id` and `parts` are names of the framework, which has no rows to refer to; the operation checks them.
    """

    HISTORY = True
    HISTORY_TITLE = ("check_id", "tool")

    PERSONAL = ("assigned_to",)

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="items", db_index=False)
    check_id = models.CharField("check", max_length=64)
    parts = ArrayField(models.CharField(max_length=64), verbose_name="sub-measures")
    tool = models.CharField("tool", max_length=16, choices=Tool)
    scope = models.CharField("scope", max_length=8, choices=ValidationRun.Scope)
    targets = models.CharField("made on", max_length=8, choices=RunTarget)
    load = models.CharField("load", max_length=8, choices=ValidationRun.Load, blank=True)
    size_bytes = models.BigIntegerField("size", null=True, blank=True, help_text="Message, bytes")
    repeats = models.PositiveIntegerField("repeats", default=1)
    how = models.CharField("how", max_length=500, blank=True)
    added = models.BooleanField(
        default=False, editable=False, help_text="By hand; not made from the framework"
    )
    assignee = models.ForeignKey(
        verbose_name="person",
        to=settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
    )
    assigned_to = models.CharField(
        "or somebody else", max_length=120, blank=True, help_text="Who has no account here"
    )
    due_on = models.DateField("due", null=True, blank=True, help_text="Empty: the campaign's own day")
    dropped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, editable=False
    )
    dropped_at = models.DateTimeField(null=True, editable=False)
    drop_reason = models.CharField(max_length=500, blank=True, editable=False)
    outcome = models.CharField(
        max_length=8,
        choices=Progress,
        blank=True,
        editable=False,
        help_text="How far it was when the campaign ended",
    )
    outcome_reason = models.TextField(blank=True, editable=False)

    class Meta:
        verbose_name = "campaign item"
        verbose_name_plural = "campaign items"
        ordering = ["campaign", "check_id", "id"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "check_id", "parts", "tool", "load"],
                name="campaign_item_once",
                violation_error_message="The campaign has this item already.",
            ),
            models.CheckConstraint(
                condition=~Q(check_id="") & Q(parts__len__gt=0), name="campaign_item_proves_something"
            ),
            models.CheckConstraint(
                condition=Q(assignee=None) | Q(assigned_to=""),
                name="campaign_item_one_assignee",
                violation_error_message="Name a person or somebody else, not both.",
            ),
            models.CheckConstraint(
                condition=Q(dropped_by=None, dropped_at=None, drop_reason="")
                | Q(dropped_by__isnull=False, dropped_at__isnull=False, drop_reason__regex=r"\S"),
                name="campaign_item_dropped_with_reason",
                violation_error_message="Enter a reason.",
            ),
            models.CheckConstraint(
                condition=Q(repeats__gte=1, repeats__lte=1000) & (Q(size_bytes=None) | Q(size_bytes__gt=0)),
                name="campaign_item_counts_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.check_id}: {self.get_tool_display()}"

    @property
    def is_dropped(self) -> bool:
        return self.dropped_at is not None
