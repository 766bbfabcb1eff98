"""Models of this room: dry-runs of a framework version."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q

from inventory.models.constraints import choices_held
from readiness.assessment.framework.models import FrameworkVersion

COUNTS_FOR = timedelta(hours=24)
"""How long a dry-run allows its content to be published. Operator-set default: an older dry-run says little about the
fleet of today."""


@choices_held
class DryRun(models.Model):
    """A trial of the content `digest` at `evaluated_at`. `result` is the comparison, stored as plain values."""

    VISIBLE_WHERE = "false"  # of the whole fleet

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    version = models.ForeignKey(FrameworkVersion, on_delete=models.CASCADE, related_name="dry_runs")
    revision = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, help_text="Of the content that was tried")
    in_force = models.ForeignKey(
        FrameworkVersion, on_delete=models.PROTECT, related_name="+", help_text="What it was compared with"
    )
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    evaluated_at = models.DateTimeField(null=True, help_text="The instant that both were decided at")
    sites_total = models.PositiveIntegerField(default=0)
    sites_done = models.PositiveIntegerField(default=0)
    progressed_at = models.DateTimeField(null=True, help_text="Sign of life of whoever works on it")
    finished_at = models.DateTimeField(null=True)
    result = models.JSONField(null=True)
    problem = models.TextField(blank=True)

    class Meta:
        ordering = ["-requested_at", "-id"]
        default_permissions = ("view", "add")
        indexes = [models.Index(fields=["version", "-id"], name="dry_run_of_version")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="done", result__isnull=False, finished_at__isnull=False)
                | (~Q(state="done") & Q(result__isnull=True)),
                name="dry_run_done_has_result",
            )
        ]

    def __str__(self) -> str:
        return f"Dry-run {self.pk} of {self.version_id}, revision {self.revision}"

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)
