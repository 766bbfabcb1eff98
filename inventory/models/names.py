"""Other names of devices."""

from django.db import models
from django.db.models.functions import Lower, Now

from inventory.models import triggers
from inventory.models.constraints import SameSite
from inventory.models.hardware import Device, site_of_device


class DeviceName(models.Model):
    """Another name of a device, as a tool, a scheduler or an exporter writes it. It counts from `recorded_at` on."""

    HISTORY = True
    VISIBLE_BY = ("site",)  # that of the device

    device = models.ForeignKey(
        verbose_name="device", to=Device, on_delete=models.CASCADE, related_name="other_names"
    )
    site = site_of_device()
    name = models.CharField("name", max_length=100, help_text="As a tool or an exporter writes it")
    recorded_at = models.DateTimeField(
        "recorded",
        db_default=Now(),
        editable=False,
        help_text="When the database got it; the name means the device only from then on",
    )

    class Meta:
        verbose_name = "other name"
        verbose_name_plural = "other names"
        ordering = ["site__name", "name", "id"]
        constraints = [
            # Serves look-ups by site too, so that column has no index of its own.
            models.UniqueConstraint(
                "site",
                Lower("name"),
                name="device_name_unique_in_site",
                violation_error_message="Another device of the site has this other name.",
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="device_name_not_empty"),
            SameSite(field="device", name="device_name_at_site_of_device", follows=True),
        ]
        triggers = [
            *triggers.claims(triggers.OWN_SITE),
            triggers.site_of_device(),
            triggers.recorded_when_changed("name", "device_id"),
            *triggers.no_name_of_another_device(),
        ]

    def __str__(self) -> str:
        return self.name
