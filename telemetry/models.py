"""Sources, the inbox, series, and counts of received data.

Samples and roll-ups are no models: they are partitioned tables (migration 0002) that only `telemetry.store` knows.
"""

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from accounts.models import Token, User
from inventory.models import Accelerator, CoolingUnit, Device, Link, Port, PowerFeed, Site
from telemetry.core.trust import SkewDirection
from telemetry.core.unit_rules import SourceUnits
from telemetry.drift.models import InventoryDrift as InventoryDrift
from telemetry.imports.models import ImportedFile as ImportedFile
from telemetry.imports.models import ImportRule as ImportRule
from telemetry.mapping.models import MappingRule as MappingRule
from telemetry.replicas.models import Replica as Replica
from telemetry.schedulers.models import SchedulerContradiction as SchedulerContradiction
from telemetry.schedulers.models import SchedulerState as SchedulerState
from telemetry.site_rows import DirtyWindow as DirtyWindow
from telemetry.site_rows import LateDay as LateDay
from telemetry.site_rows import MatchedInventory as MatchedInventory
from telemetry.stuck.models import StuckSensor as StuckSensor
from telemetry.targets.models import ScrapeTarget as ScrapeTarget
from telemetry.targets.models import TargetState as TargetState
from telemetry.unit_rules.models import UnitRule as UnitRule
from web.scopes import among

# Figures of a source that serves many sites include samples of all of them.
_OF_ONE_SITE = """EXISTS (SELECT FROM telemetry_source AS source
    WHERE source.id = source_id AND source.site_id IS NOT NULL)"""


class SourceProvenance(models.TextChoices):
    MEASURED = "measured", "Measured"
    ESTIMATED = "estimated", "Estimated"
    DECLARED = "declared", "Declared"
    SIMULATED = "simulated", "Simulated"


class SourceState(models.TextChoices):
    ON_TIME = "on-time", "On time"
    LATE = "late", "Late"
    SILENT = "silent", "Silent"
    PAUSED = "paused", "Paused"
    WAITING = "waiting", "Waiting for the first sample"


CLOCKS = [
    (SkewDirection.AGREES.value, "Agrees with Muster's clock"),
    (SkewDirection.AHEAD.value, "Ahead of Muster's clock"),
    (SkewDirection.BEHIND.value, "Behind Muster's clock"),
]


class Source(models.Model):
    """A sender. It belongs to one site, or a label's value names the site of each series."""

    HISTORY = True
    name = models.CharField(max_length=100, unique=True, help_text="What people call this sender.")
    site = models.ForeignKey(
        Site,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="sources",
        help_text="Everything it sends belongs to this site. Leave it empty if one sender serves many sites.",
    )
    site_label = models.CharField(
        max_length=100, blank=True, help_text="The label whose value is a site's slug. Only without a site."
    )
    replica_label = models.CharField(
        max_length=100,
        blank=True,
        help_text="The label by which two Prometheus of a pair differ: of each series one of them is read."
        " Empty if a single one sends.",
    )
    cadence_s = models.PositiveIntegerField(
        "cadence, s", default=60, help_text="Seconds between two samples: the sender's scrape interval."
    )
    grace_s = models.PositiveIntegerField(
        "grace, s", default=60, help_text="Seconds past the cadence before the source is late."
    )
    provenance = models.CharField(
        max_length=16,
        choices=SourceProvenance,
        default=SourceProvenance.MEASURED,
        help_text="How its numbers came about. An estimate is never shown as a measurement.",
    )
    token = models.OneToOneField(
        Token, on_delete=models.PROTECT, related_name="source", null=True, blank=True
    )
    owner = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        related_name="owned_sources",
        null=True,
        blank=True,
        help_text="Who answers for the sender and its token",
    )
    paused = models.BooleanField(default=False)
    description = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(site__isnull=False) & Q(site_label=""))
                | (Q(site__isnull=True) & ~Q(site_label="")),
                name="source_site_or_label",
                violation_error_message="Name a site or a label that names it, not both.",
            ),
            models.CheckConstraint(condition=Q(cadence_s__gt=0), name="source_cadence_positive"),
            models.CheckConstraint(
                condition=~Q(replica_label="__name__")
                & (Q(replica_label="") | ~Q(replica_label=F("site_label"))),
                name="source_replica_label_apart",
                violation_error_message="The metric's name and the label of the site tell no replicas apart.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def units(self) -> SourceUnits:
        return SourceUnits(tuple(rule.sent_unit for rule in self.unit_rules.all()))

    @property
    def unit_scale(self) -> dict[str, float]:
        """The unit rules that are one factor for one metric: {metric: factor}."""
        return {rule.metric: rule.factor for rule in self.unit_rules.all() if rule.is_plain_factor}

    @property
    def lost_owner(self) -> bool:
        """Whether its owner may no longer sign in. The source continues; somebody else must take it over."""
        return self.owner is not None and not self.owner.is_active


class SourceStatus(models.Model):
    """The last activity of a source. The history of Source holds decisions, not heartbeats."""

    VISIBLE_WHERE = _OF_ONE_SITE
    source = models.OneToOneField(Source, on_delete=models.CASCADE, primary_key=True, related_name="status")
    state = models.CharField(max_length=8, choices=SourceState, default=SourceState.WAITING)
    state_since = models.DateTimeField()
    first_sample_at = models.DateTimeField(null=True, blank=True)
    last_sample_at = models.DateTimeField(null=True, blank=True, help_text="Newest sample's own time")
    last_received_at = models.DateTimeField(null=True, blank=True)
    clock = models.CharField(
        max_length=8, choices=CLOCKS, blank=True, db_default="", help_text="Empty until it was measured"
    )
    clock_since = models.DateTimeField(null=True, blank=True)
    clock_skew_s = models.FloatField(
        null=True, blank=True, help_text="Time of newest samples less that of their receipt, s"
    )
    # Increased whenever series of the source are matched again, so that the drains drop their caches.
    match_revision = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "source statuses"

    def __str__(self) -> str:
        return f"{self.source}: {self.state}"

    @property
    def heard_at(self) -> datetime | None:
        """Since when nothing arrived: a sender's clock may be ahead, and delayed samples may be old."""
        return min((at for at in (self.last_sample_at, self.last_received_at) if at), default=None)


class SourceFlip(models.Model):
    VISIBLE_WHERE = _OF_ONE_SITE
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="flips")
    from_state = models.CharField(max_length=8, choices=SourceState)
    to_state = models.CharField(max_length=8, choices=SourceState)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["source", "-at"], name="source_flip_recent")]

    def __str__(self) -> str:
        return f"{self.source}: {self.from_state} -> {self.to_state}"


class SourceActivity(models.Model):
    """Counts per source and five minutes, shown on the ingest page."""

    VISIBLE_WHERE = _OF_ONE_SITE
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="activity")
    start = models.DateTimeField()
    batches = models.PositiveBigIntegerField(default=0)
    samples = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)
    ignored = models.PositiveBigIntegerField(default=0, db_default=0, help_text="No reading, and no fault")
    new_series = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="Series met for the first time, those beyond the limit included"
    )
    lag_max_s = models.FloatField(default=0, help_text="Longest time from receipt to stored, s")
    clock_skew_s = models.FloatField(
        null=True, help_text="Time of the newest sample less that of its receipt, the greatest, s"
    )

    class Meta:
        ordering = ["source", "start"]
        constraints = [models.UniqueConstraint(fields=["source", "start"], name="source_activity_unique")]

    def __str__(self) -> str:
        return f"{self.source} {self.start}"


class Rejection(models.Model):
    """Samples and bodies refused, per source, day and reason, with the latest example."""

    VISIBLE_WHERE = _OF_ONE_SITE
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="rejections")
    on_date = models.DateField()
    reason = models.CharField(max_length=32)
    count = models.PositiveBigIntegerField(default=0)
    example = models.CharField(max_length=400, blank=True)
    last_at = models.DateTimeField()

    class Meta:
        ordering = ["-last_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "on_date", "reason"], name="rejection_unique")
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.count} x {self.reason}"


class InboxBatchQuerySet(models.QuerySet["InboxBatch"]):
    def waiting(self) -> "InboxBatchQuerySet":
        return self.filter(failed_at__isnull=True)

    def set_aside(self) -> "InboxBatchQuerySet":
        return self.filter(failed_at__isnull=False)


class InboxBatch(models.Model):
    """One accepted body, decoded once into packed columns. Its commit is the promise to the sender. The drain deletes
    it. A batch that cannot be stored stays, with the reason (a dead letter), and is skipped."""

    VISIBLE_WHERE = _OF_ONE_SITE
    # Rows live for a second: an index on source would cost every insert and serve nobody.
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+", db_index=False)
    received_at = models.DateTimeField()
    samples = models.PositiveIntegerField()
    columns = models.BinaryField()
    failed_at = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=400, blank=True)

    objects = InboxBatchQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "inbox batches"
        constraints = [
            models.CheckConstraint(
                condition=Q(failed_at__isnull=True, failure="") | Q(failed_at__isnull=False),
                name="inbox_failure_dated",
            )
        ]

    def __str__(self) -> str:
        return f"batch {self.pk} of {self.source_id}"


class BatchDecision(models.Model):
    """Somebody's decision about a batch that was set aside; the batch itself is no longer listed."""

    VISIBLE_WHERE = _OF_ONE_SITE

    class Decision(models.TextChoices):
        RETRIED = "retried", "Retried"
        DISCARDED = "discarded", "Discarded"

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="batch_decisions")
    decision = models.CharField(max_length=9, choices=Decision)
    received_at = models.DateTimeField(help_text="When the batch was accepted")
    samples = models.PositiveIntegerField()
    failure = models.CharField(max_length=400)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-decided_at", "-id"]

    def __str__(self) -> str:
        return f"{self.source_id}: {self.decision} {self.samples}"


class BodyDigest(models.Model):
    """Digests of recent bodies, so that a repeated one is recognised before it is decoded."""

    VISIBLE_WHERE = _OF_ONE_SITE
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+", db_index=False)
    digest = models.BinaryField(max_length=16)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "digest"], name="body_digest_unique")]
        indexes = [models.Index(fields=["received_at"], name="body_digest_age")]

    def __str__(self) -> str:
        return f"body of {self.source_id}"


class SeriesQuerySet(models.QuerySet["Series"]):
    def matched(self) -> "SeriesQuerySet":
        return self.filter(object_kind__gt="")

    def unmatched(self) -> "SeriesQuerySet":
        return self.filter(object_kind="")


class Series(models.Model):
    """One metric with one set of labels from one source, and the inventory object it describes."""

    # An unmatched series of a source with many sites may belong to any of them.
    VISIBLE_WHERE = f"""{among("muster.sites", "telemetry_series.site_id")}
        OR telemetry_series.site_id IS NULL AND {_OF_ONE_SITE}"""
    ERASING_KEEPS = {"*": "The sender names its series so: change it there."}

    class Kind(models.TextChoices):
        GAUGE = "gauge", "Gauge"
        COUNTER = "counter", "Counter"
        HISTOGRAM = "histogram", "Histogram bucket"
        STATE = "state", "State"

    class ObjectKind(models.TextChoices):
        ACCELERATOR = "accelerator", "Accelerator"
        DEVICE = "device", "Device"
        PORT = "port", "Port"
        FEED = "feed", "Power feed"
        LINK = "link", "Link"
        COOLING_UNIT = "cooling-unit", "Cooling unit"
        SITE = "site", "Site"

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="series", db_index=False)
    metric = models.CharField(max_length=200, help_text="The exporter's name")
    labels = models.JSONField(default=dict)
    digest = models.BinaryField(max_length=16, editable=False)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.GAUGE)
    site = models.ForeignKey(
        Site, on_delete=models.SET_NULL, null=True, blank=True, related_name="series", db_index=False
    )
    object_kind = models.CharField(max_length=12, choices=ObjectKind, blank=True)
    # A series of an accelerator or a port also refers to its device, so that all series of a device are found at once.
    device = models.ForeignKey(
        Device, on_delete=models.SET_NULL, null=True, blank=True, related_name="series", db_index=False
    )
    accelerator = models.ForeignKey(
        Accelerator, on_delete=models.SET_NULL, null=True, blank=True, related_name="series", db_index=False
    )
    port = models.ForeignKey(
        Port, on_delete=models.SET_NULL, null=True, blank=True, related_name="series", db_index=False
    )
    power_feed = models.ForeignKey(
        PowerFeed, on_delete=models.SET_NULL, null=True, blank=True, related_name="series", db_index=False
    )
    link = models.ForeignKey(
        Link, on_delete=models.SET_NULL, null=True, blank=True, related_name="series", db_index=False
    )
    cooling_unit = models.ForeignKey(
        CoolingUnit, on_delete=models.SET_NULL, null=True, blank=True, related_name="series", db_index=False
    )
    first_seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(
        null=True, blank=True, help_text="Set by a stale marker; empty while samples come"
    )

    objects = SeriesQuerySet.as_manager()

    class Meta:
        ordering = ["metric", "id"]
        verbose_name_plural = "series"
        constraints = [models.UniqueConstraint(fields=["source", "digest"], name="series_unique_in_source")]
        indexes = [
            models.Index(fields=["site", "metric"], name="series_site_metric"),
            # Most series have no object of most kinds: partial indexes stay small.
            *(
                models.Index(fields=[kind], condition=Q(**{f"{kind}__isnull": False}), name=f"series_{kind}")
                for kind in ("device", "accelerator", "port", "power_feed", "link", "cooling_unit")
            ),
            models.Index(fields=["source", "metric"], condition=Q(object_kind=""), name="series_unmatched"),
            models.Index(
                fields=["source", "ended_at"], condition=Q(ended_at__isnull=False), name="series_ended"
            ),
        ]

    def __str__(self) -> str:
        return self.metric
