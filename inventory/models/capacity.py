"""Dated capacity, and the claim rows that tell upper floors that a site changed."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from inventory.models import triggers
from inventory.models.constraints import choices_held
from inventory.models.places import Site
from web.units import day


@choices_held
class CapacityEvent(models.Model):
    """Capacity added or removed. Deployed at t: commissionings minus decommissionings up to t."""

    HISTORY = True
    HISTORY_TITLE = ("kind", "happened_on")

    class Kind(models.TextChoices):
        COMMISSION = "commission", "Commissioned"
        DECOMMISSION = "decommission", "Decommissioned"

    site = models.ForeignKey(
        verbose_name="site",
        to=Site,
        on_delete=models.CASCADE,
        related_name="capacity_events",
        db_index=False,
    )
    kind = models.CharField("kind", max_length=16, choices=Kind, default=Kind.COMMISSION)
    happened_on = models.DateField("day", help_text="The day at whose end, in the site's zone, it counts")
    it_kw = models.FloatField("IT power", help_text="IT power, kW")
    accelerators = models.PositiveIntegerField("accelerators", default=0)
    note = models.CharField("note", max_length=200, blank=True)

    class Meta:
        verbose_name = "capacity event"
        verbose_name_plural = "capacity events"
        ordering = ["happened_on", "site", "id"]
        # A site's capacity up to a day; the index also serves look-ups by site, so that column has no own index.
        indexes = [models.Index(fields=["site", "happened_on"], name="capacity_site_day")]
        constraints = [models.CheckConstraint(condition=Q(it_kw__gte=0), name="capacity_it_kw_not_negative")]
        triggers = triggers.claims(triggers.OWN_SITE)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.it_kw:g} kW, {day(self.happened_on)}"


@choices_held
class SiteChange(models.Model):
    """A claim row: something about this site changed.

    Scoring takes rows with SKIP LOCKED and deletes them. A cursor on time would lose rows, because transactions commit
    out of order. Triggers leave a row for the inventory's writes, including bulk writes; telemetry leaves one for each
    site of a batch.
    """

    class Origin(models.TextChoices):
        INVENTORY = "inventory", "Inventory"
        TELEMETRY = "telemetry", "Telemetry"
        SOURCE = "source", "Source state"
        WORKLOAD = "workload", "Workload"
        EVIDENCE = "evidence", "Evidence"
        RECORD = "record", "Record"
        FRAMEWORK = "framework", "Framework"

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    origin = models.CharField(max_length=16, choices=Origin)
    changed_at = models.DateTimeField(db_default=Now())
    waits_until = models.DateTimeField(
        null=True, help_text="It may wait so long for another claim of the site, and is taken with that"
    )

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.origin} of {self.site_id}"
