"""States of nodes as a scheduler says them, and where something contradicts the scheduler."""

from django.db import models
from django.db.models import Q

from inventory.models import Device, Site
from inventory.models.constraints import SameSite, SiteReference, choices_held
from inventory.models.triggers import OWN_SITE, claims
from telemetry.core.schedulers import NodeStanding


@choices_held
class SchedulerState(models.Model):
    """The state of one node by one scheduler, as one source sends it.

    The row is written only when that changes: samples tell whether work runs there. Silence changes no standing; it
    only sets `silent_since`.
    """

    HISTORY = True
    HISTORY_TITLE = ("device", "scheduler")
    VISIBLE_BY = ("site",)
    ERASING_KEEPS = dict.fromkeys(("reason", "reason_by"), "The scheduler says so: change it there.")

    class Scheduler(models.TextChoices):
        SLURM = "slurm", "Slurm"
        KUBERNETES = "kubernetes", "Kubernetes"

    class Standing(models.TextChoices):
        OPEN = "open", "Takes work"
        MAINTENANCE = NodeStanding.MAINTENANCE.value, "In maintenance"
        DRAINING = NodeStanding.DRAINING.value, "Draining"
        DRAINED = NodeStanding.DRAINED.value, "Drained"
        DOWN = NodeStanding.DOWN.value, "Down"

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="scheduler_states", db_index=False)
    device = models.ForeignKey(
        Device, on_delete=models.CASCADE, related_name="scheduler_states", db_index=False
    )
    source = models.ForeignKey(
        "telemetry.Source",
        on_delete=models.CASCADE,
        related_name="scheduler_states",
        help_text="Who sends it",
    )
    scheduler = models.CharField(max_length=10, choices=Scheduler)
    standing = models.CharField(max_length=11, choices=Standing)
    since = models.DateTimeField(
        help_text="Since when it is so, by the scheduler or by the first sample of it"
    )
    reason = models.CharField(max_length=300, blank=True, help_text="As the scheduler has it")
    reason_by = models.CharField(
        "reason by", max_length=100, blank=True, help_text="The account that gave the reason to the scheduler"
    )
    silent_since = models.DateTimeField(
        "silent since", null=True, blank=True, help_text="Empty while samples of it come; what is known stays"
    )

    class Meta:
        verbose_name = "scheduler state"
        verbose_name_plural = "scheduler states"
        ordering = ["site__name", "device__name", "id"]
        default_permissions = ("view",)
        triggers = claims(OWN_SITE)
        indexes = [models.Index(fields=["site"], name="scheduler_state_site")]
        constraints = [
            models.UniqueConstraint(fields=["device", "scheduler", "source"], name="scheduler_state_unique"),
            SameSite(field="device", name="scheduler_state_at_site_of_device", follows=True),
            SiteReference(name="scheduler_state_site_reference"),
            models.CheckConstraint(
                condition=~Q(standing="open") | Q(reason="", reason_by=""),
                name="scheduler_state_reason_if_closed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.device}: {self.get_standing_display().lower()} in {self.get_scheduler_display()}"


@choices_held
class SchedulerContradiction(models.Model):
    """Something that contradicts what a scheduler says of a node. Samples of both sides that agree end it, or a change
    of the inventory; silence of either side does not."""

    VISIBLE_BY = ("site",)

    class Kind(models.TextChoices):
        EXPORTERS = "exporters", "Its exporters do not answer"
        IDLE_GPUS = "idle-gpus", "Its GPUs idle"
        INVENTORY = "inventory", "The inventory says otherwise"

    state = models.ForeignKey(SchedulerState, on_delete=models.CASCADE, related_name="contradictions")
    site = models.ForeignKey(
        Site, on_delete=models.CASCADE, related_name="scheduler_contradictions", db_index=False
    )
    kind = models.CharField(max_length=9, choices=Kind)
    since = models.DateTimeField(help_text="When both sides were first seen to differ")
    scheduler_says = models.CharField(max_length=200)
    other_says = models.CharField(max_length=200)

    class Meta:
        ordering = ["since", "id"]
        default_permissions = ()
        triggers = claims(OWN_SITE)
        indexes = [models.Index(fields=["site"], name="scheduler_contradiction_site")]
        constraints = [
            models.UniqueConstraint(fields=["state", "kind"], name="scheduler_contradiction_unique"),
            SameSite(field="state", name="scheduler_contradiction_at_site_of_state", follows=True),
        ]

    def __str__(self) -> str:
        return f"{self.state_id}: {self.kind} since {self.since}"
