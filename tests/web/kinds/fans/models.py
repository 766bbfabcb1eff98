"""Fans of a site."""

from django.db import models

from inventory.models import Site


class Fan(models.Model):
    HISTORY = True

    class Status(models.TextChoices):
        RUNNING = "running", "Running"
        STOPPED = "stopped", "Stopped"

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    name = models.CharField("name", max_length=100)
    status = models.CharField("status", max_length=16, choices=Status, default=Status.RUNNING)
    airflow_m3h = models.FloatField("airflow", null=True, blank=True, help_text="m³/h")

    class Meta:
        app_label = "fans"
        verbose_name = "fan"
        verbose_name_plural = "fans"
        ordering = ["site__name", "name", "id"]
        constraints = [models.UniqueConstraint(fields=["site", "name"], name="fan_unique_in_site")]

    def __str__(self) -> str:
        return self.name
