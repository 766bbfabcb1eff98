"""When somebody said that an envelope still holds."""

from django.conf import settings
from django.db import models

from readiness.workloads.models.classes import WorkloadClass
from readiness.workloads.triggers import SITES_OF_CLASS_ROW, claims


class EnvelopeConfirmation(models.Model):
    """The envelope was looked at and holds as it is. One declared anew since is not confirmed by it."""

    HISTORY = True
    VISIBLE_WHERE = "true"  # organisation-wide

    workload_class = models.ForeignKey(WorkloadClass, on_delete=models.CASCADE, related_name="confirmations")
    confirmed_on = models.DateField("confirmed")
    note = models.CharField("note", max_length=300, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )

    class Meta:
        ordering = ["workload_class", "-confirmed_on", "id"]
        triggers = claims(SITES_OF_CLASS_ROW)
        constraints = [
            models.UniqueConstraint(fields=["workload_class", "confirmed_on"], name="envelope_confirmed_once_a_day")
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.workload_class}, {self.confirmed_on}"
