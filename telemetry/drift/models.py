"""Contradictions between the inventory and what telemetry or a run reports."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from inventory.models import Device, Site
from inventory.models.constraints import SameSite, choices_held
from inventory.models.triggers import OWN_SITE, claims


class InventoryDriftQuerySet(models.QuerySet["InventoryDrift"]):
    def not_ended(self) -> "InventoryDriftQuerySet":
        """Those that no evidence ended. A dismissed one is off the lists of problems, but still caps."""
        return self.filter(state__in=STANDING)

    def pressing(self) -> "InventoryDriftQuerySet":
        return self.filter(state__in=PRESSING)


@choices_held
class InventoryDrift(models.Model):
    """One field of one device or accelerator about which the inventory and a sender disagree.

    There is one row for each; it opens again when the two disagree again. Evidence ends it: telemetry that agrees, or a
    correction that one person proposes and another one confirms. Silence does not.
    """

    HISTORY = True
    HISTORY_TITLE = ("device", "field")

    class Field(models.TextChoices):
        MODEL = "model", "Model"
        UUID = "uuid", "UUID"
        SERIAL = "serial", "Serial"
        BUS_ID = "bus-id", "Bus id"
        COUNT = "count", "Number of accelerators"
        DRIVER = "driver", "Driver"
        FIRMWARE = "firmware", "Firmware"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        PROPOSED = "proposed", "Correction proposed"
        REJECTED = "rejected", "Correction rejected"
        CORRECTED = "corrected", "Corrected"
        DISMISSED = "dismissed", "Dismissed"
        ENDED = "ended", "Ended"

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="drifts", db_index=False)
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="drifts", db_index=False)
    index = models.SmallIntegerField(default=-1, help_text="Of the accelerator in the device; -1: the device")
    field = models.CharField(max_length=8, choices=Field)
    inventory_value = models.CharField("inventory", max_length=200, help_text="What the inventory says")
    reported_value = models.CharField("reported", max_length=200, help_text="What telemetry or the run says")
    reported_by = models.CharField("reported by", max_length=200, help_text="The source, or the run")
    first_seen_at = models.DateTimeField("first seen")
    last_seen_at = models.DateTimeField("last seen", help_text="To the hour while nothing changes")
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    state_at = models.DateTimeField("in this state since")
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    proposed_at = models.DateTimeField("proposed", null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="Who confirmed, rejected or dismissed it",
    )
    decided_at = models.DateTimeField("decided", null=True, blank=True)
    note = models.TextField("note", max_length=2000, blank=True)

    objects = InventoryDriftQuerySet.as_manager()

    class Meta:
        verbose_name = "contradiction of the inventory"
        verbose_name_plural = "contradictions of the inventory"
        ordering = ["-first_seen_at", "-id"]
        default_permissions = ("view",)
        triggers = claims(OWN_SITE)
        indexes = [
            # Few stand among all that ever stood.
            models.Index(
                fields=["site"],
                name="drift_standing",
                condition=Q(state__in=["open", "proposed", "rejected", "dismissed"]),
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["device", "index", "field"], name="drift_unique"),
            models.CheckConstraint(condition=Q(index__gte=-1), name="drift_index_of_part"),
            SameSite(field="device", name="drift_at_site_of_device", follows=True),
            models.CheckConstraint(
                condition=~Q(state__in=["proposed", "rejected", "corrected"])
                | Q(proposed_by__isnull=False, proposed_at__isnull=False),
                name="drift_correction_proposed",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["rejected", "corrected", "dismissed"])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="drift_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["rejected", "corrected"]) | ~Q(decided_by=F("proposed_by")),
                name="drift_confirmed_by_another",
                violation_error_message="Nobody decides on a correction that they proposed themselves.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_field_display()} of {self.place}"

    @property
    def place(self) -> str:
        return str(self.device) if self.index < 0 else f"{self.device} #{self.index}"


State = InventoryDrift.State
PRESSING = (State.OPEN.value, State.PROPOSED.value, State.REJECTED.value)
STANDING = (*PRESSING, State.DISMISSED.value)
HARDWARE = ("model", "uuid", "serial", "bus-id", "count")
"""Fields that say which hardware is there; a different driver or firmware does not make it other hardware."""
