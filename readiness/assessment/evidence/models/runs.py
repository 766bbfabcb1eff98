"""Validation runs: a tool's output, its file and devices; the floors that runs must reach; daily measures from
telemetry, and which days were measured."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length

from inventory.models import Device, Site
from inventory.models.constraints import choices_held
from inventory.models.triggers import OWN_SITE
from readiness.assessment.evidence.models.records import SITES_OF_PLATFORM, Voidable, claims, user_key
from telemetry.models import SourceProvenance
from web.units import instant

MOST_BYTES = 5 * 1024 * 1024
LONGEST_REASON = 500
"""A larger file is refused: outputs of these tools are kilobytes, and logs of whole jobs do not belong here."""


class Tool(models.TextChoices):
    """Programs whose output can be read; the parsers are in readiness.assessment.evidence.core.parsers."""

    NCCL_TESTS = "nccl-tests", "nccl-tests"
    RCCL_TESTS = "rccl-tests", "rccl-tests"
    PERFTEST = "perftest", "perftest"
    IPERF3 = "iperf3", "iperf3"
    SOCKPERF = "sockperf", "sockperf"
    FIO = "fio", "fio"
    DCGM_DIAG = "dcgm-diag", "dcgmi diag"
    MLPERF = "mlperf", "MLPerf-style log"
    VLLM_BENCH = "vllm-bench", "vllm bench serve"
    STREAM = "stream", "STREAM"
    HPL = "hpl", "HPL"
    HPL_MXP = "hpl-mxp", "HPL-MxP"
    OSU = "osu", "OSU micro-benchmarks"
    SUPERBENCH = "superbench", "SuperBench"
    NCCL_RAS = "nccl-ras", "NCCL or RCCL RAS"
    JUNIT = "junit", "JUnit test report"
    CSV = "csv", "Table (CSV)"


class ValidationRunQuerySet(models.QuerySet["ValidationRun"]):
    def taken_by(self, now: datetime) -> "ValidationRunQuerySet":
        return self.filter(Q(withdrawn_at=None) | Q(withdrawn_at__gt=now), taken_at__lte=now)


@choices_held
class ValidationRun(Voidable):
    """One output of one tool at one site. A run is never edited: a better run is a new one. A wrongly placed run can be
    moved, and a wrong one withdrawn."""

    HISTORY = True
    HISTORY_TITLE = ("tool", "taken_at")
    ERASING_KEEPS = dict.fromkeys(("hosts", "identity", "claim"), "It is what the file of the run says.")

    class Scope(models.TextChoices):
        NODE = "node", "One node"
        LINK = "link", "One link or path"
        PAIR = "pair", "A pair of nodes"
        FABRIC = "fabric", "The fabric"
        SITE = "site", "The site"

    class Load(models.TextChoices):
        IDLE = "idle", "Idle"
        LOADED = "loaded", "With background load"

    tool = models.CharField(max_length=16, choices=Tool)
    scope = models.CharField(max_length=8, choices=Scope)
    devices = models.ManyToManyField(Device, through="RunDevice", related_name="runs", blank=True)
    platform = models.CharField(
        max_length=100, blank=True, help_text="Device type of its nodes, whose floors it is judged by"
    )
    load = models.CharField(max_length=8, choices=Load, blank=True, help_text="Empty: the run does not say")
    load_gbps = models.FloatField(
        "background load", null=True, blank=True, help_text="Rate of the background load, Gb/s"
    )
    driver = models.CharField(max_length=100, blank=True)
    firmware = models.CharField(max_length=100, blank=True)
    nos = models.CharField(
        "network operating system", max_length=100, blank=True, help_text="Of the switches"
    )
    library = models.CharField(max_length=100, blank=True, help_text="NCCL, RCCL and the like")
    taken_at = models.DateTimeField("taken", help_text="When it was run")
    received_at = models.DateTimeField("received", help_text="When it was uploaded")
    by = user_key(models.SET_NULL, verbose_name="uploaded by")
    file_name = models.CharField("file", max_length=200)
    file_sha256 = models.CharField("SHA-256", max_length=64, help_text="Of the file as it was sent")
    file_bytes = models.PositiveIntegerField("size", help_text="Of the file as it is kept, bytes")
    about = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text="The same for runs of one thing under one load, of which the newest counts",
    )
    hosts = ArrayField(
        models.CharField(max_length=200), default=list, blank=True, help_text="As the file names them"
    )
    loopback = models.CharField(max_length=300, blank=True, help_text="Why the run crossed no network")
    warnings = ArrayField(models.CharField(max_length=300), verbose_name="remarks", default=list, blank=True)
    note = models.CharField(max_length=200, blank=True)
    provenance = models.CharField(max_length=16, choices=SourceProvenance, default=SourceProvenance.MEASURED)

    identity = models.JSONField(
        default=dict, blank=True, editable=False, help_text="What the file says of who ran, and how fast"
    )
    claim = models.JSONField(
        default=dict, blank=True, editable=False, help_text="What the sender said beside the file"
    )
    sender_named = models.BooleanField(
        "named by the sender", default=False, help_text="Only the sender names a device that it was on"
    )
    mismatch = models.CharField(
        max_length=LONGEST_REASON,
        blank=True,
        editable=False,
        help_text="How its file contradicts the inventory; it then proves nothing",
    )
    implausible = models.CharField(
        max_length=LONGEST_REASON,
        blank=True,
        editable=False,
        help_text="Which of its figures cannot be; it then proves nothing",
    )
    content_digest = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text="Of what the file says, not of its bytes; empty for a copy stored before copies were refused",
    )
    rules = models.PositiveSmallIntegerField(
        default=0, editable=False, help_text="Revision of the rules that it was read by"
    )
    withdrawn_at = models.DateTimeField("withdrawn", null=True, blank=True, editable=False)
    withdrawn_by = user_key(models.PROTECT, editable=False)
    withdrawn_reason = models.CharField("reason", max_length=300, blank=True, editable=False)

    baseline_at = models.DateTimeField(
        "baseline since",
        null=True,
        blank=True,
        editable=False,
        help_text="When it was marked as what later runs of the same thing are measured against",
    )
    baseline_by = user_key(models.SET_NULL, editable=False)

    objects = ValidationRunQuerySet.as_manager()

    class Meta:
        ordering = ["-taken_at", "-id"]
        indexes = [
            # The newest runs of a site; the index also serves look-ups by site alone.
            models.Index(fields=["site", "tool", "-taken_at"], name="run_site_tool_taken"),
            # The newest runs of each thing, which is what scoring reads.
            models.Index(fields=["site", "about", "-taken_at", "-id"], name="run_site_about_taken"),
            # The newest runs of all sites.
            models.Index(fields=["-taken_at", "-id"], name="run_newest"),
        ]
        constraints = [
            # The same file twice is one run: either a retry, or an old result passed off as new.
            models.UniqueConstraint(
                fields=["site", "file_sha256"],
                condition=Q(withdrawn_at=None),
                name="run_file_once_at_site",
                violation_error_message="This file was imported at this site before.",
            ),
            # So is the same result in another file, here or at another site.
            models.UniqueConstraint(
                fields=["content_digest"],
                condition=~Q(content_digest="") & Q(withdrawn_at=None),
                name="run_content_once",
                violation_error_message="This run was imported before.",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(withdrawn_reason__regex=r"\S"),
                name="run_withdrawn_with_reason",
                violation_error_message="A run is withdrawn with a reason.",
            ),
            models.CheckConstraint(condition=Q(file_bytes__lte=MOST_BYTES), name="run_file_bounded"),
            models.CheckConstraint(
                condition=Q(load_gbps__isnull=True) | Q(load_gbps__gt=0, load="loaded"),
                name="run_load_rate_of_a_load",
                violation_error_message="A rate of background load needs a background load.",
            ),
            *Voidable.Meta.constraints,
        ]
        triggers = claims(OWN_SITE)

    def __str__(self) -> str:
        return f"{self.get_tool_display()}, {instant(self.taken_at)}"

    @property
    def scope_text(self) -> str:
        """A run of many nodes tested one by one shows the number: "One node" would suggest the whole run."""
        is_of_many = self.scope == ValidationRun.Scope.NODE and len(self.run_devices.all()) > 1
        return "Each node by itself" if is_of_many else self.get_scope_display()


class RunFile(models.Model):
    """The stored file, separate from its run so that lists do not read it."""

    ERASING_KEEPS = {"content": "The file of a run is stored as it was sent, with its digest."}

    run = models.OneToOneField(ValidationRun, on_delete=models.CASCADE, related_name="file", primary_key=True)
    content = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.lookups.LessThanOrEqual(Length("content"), MOST_BYTES),
                name="run_file_content_bounded",
            )
        ]

    def __str__(self) -> str:
        return f"File of run {self.run_id}"


class RunDevice(models.Model):
    run = models.ForeignKey(
        ValidationRun, on_delete=models.CASCADE, related_name="run_devices", db_index=False
    )
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="run_devices")
    place = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Place among the devices, 0 for the one that the tool ran on"
    )
    firmware_version = models.CharField(max_length=100, blank=True)
    software_version = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["run", "place", "device"]
        constraints = [models.UniqueConstraint(fields=["run", "device"], name="run_device_unique")]

    def __str__(self) -> str:
        return f"{self.device_id} in run {self.run_id}"


class RunMeasure(models.Model):
    """One figure of a run. It is not judged if it has no value or a caution."""

    run = models.ForeignKey(ValidationRun, on_delete=models.CASCADE, related_name="measures", db_index=False)
    name = models.CharField("measure", max_length=200)
    value = models.FloatField(null=True, blank=True)
    unit = models.CharField(max_length=16, blank=True)
    operation = models.CharField(max_length=200, blank=True)
    variant = models.CharField(max_length=450, blank=True)
    subject = models.CharField(max_length=200, blank=True)
    size_bytes = models.BigIntegerField("size", null=True, blank=True, help_text="Message or block, bytes")
    percentile = models.FloatField(null=True, blank=True)
    samples = models.BigIntegerField(null=True, blank=True)
    streams = models.BigIntegerField(null=True, blank=True, help_text="Running side by side")
    caution = models.CharField(max_length=300, blank=True, help_text="Why it is not judged")

    class Meta:
        ordering = ["id"]
        indexes = [
            # The figures of a run by name; the index also serves look-ups by run alone.
            models.Index(fields=["run", "name"], name="run_measure_run_name")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(value__isnull=False) | ~Q(caution=""), name="run_measure_value_or_reason"
            ),
            models.CheckConstraint(
                condition=Q(percentile__isnull=True) | Q(percentile__gt=0, percentile__lt=100),
                name="run_measure_percentile_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of run {self.run_id}"


@choices_held
class Floor(models.Model):
    """A run of that platform passes at `value` or above. A floor without a size applies to any size."""

    HISTORY = True
    HISTORY_TITLE = ("platform", "measure", "operation")
    HISTORY_VALUE = "value"
    VISIBLE_WHERE = "true"  # organisation-wide

    platform = models.CharField(
        max_length=100, help_text="A device type's slug, or a name that runs are given"
    )
    tool = models.CharField(max_length=16, choices=Tool)
    measure = models.CharField(max_length=64, help_text="As the tool's figures are named: busbw")
    operation = models.CharField(max_length=64, blank=True, help_text="Empty: any")
    size_bytes = models.BigIntegerField("size", null=True, blank=True, help_text="Bytes; empty: any")
    value = models.FloatField()
    unit = models.CharField(max_length=16)
    source = models.CharField(max_length=200, blank=True, help_text="Where the number comes from")
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["platform", "tool", "measure", "operation", "size_bytes", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["platform", "tool", "measure", "operation", "size_bytes"],
                name="floor_unique",
                nulls_distinct=False,
                violation_error_message="This platform has a floor of this measure at this size.",
            ),
            models.CheckConstraint(
                condition=Q(value__gt=0),
                name="floor_positive",
                violation_error_message="A floor is above 0.",
            ),
            models.CheckConstraint(
                condition=Q(size_bytes__isnull=True) | Q(size_bytes__gt=0),
                name="floor_size_positive",
                violation_error_message="A size is above 0.",
            ),
        ]
        triggers = claims(SITES_OF_PLATFORM)

    def __str__(self) -> str:
        return f"{self.platform}: {self.measure} {self.value:g} {self.unit}"


class Measure(models.Model):
    """One figure of one site for one UTC day, such as the day's peak load.

    It outlives its samples. `key` names the measure (see readiness.assessment.evidence.measures), `part` the
    subject if a measure has several. Quantiles keep their mergeable sketch, so that the p99 of seven days is exact to
    the sketch's error rather than a mean of percentiles.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="measures")
    key = models.CharField(max_length=64)
    part = models.CharField(max_length=200, blank=True)
    on_date = models.DateField()
    value = models.FloatField(null=True, blank=True)
    unit = models.CharField(max_length=16, blank=True)
    detail = models.CharField(max_length=200, blank=True, help_text="What the figure leaves out, if anything")
    samples = models.PositiveBigIntegerField(default=0)
    sketch_buckets = ArrayField(models.IntegerField(), null=True, blank=True)
    sketch_counts = ArrayField(models.BigIntegerField(), null=True, blank=True)
    provenance = models.CharField(max_length=16, choices=SourceProvenance, default=SourceProvenance.MEASURED)
    taken_at = models.DateTimeField(help_text="Newest sample behind it")
    measured_at = models.DateTimeField(help_text="When it was computed")

    class Meta:
        ordering = ["site", "key", "part", "on_date"]
        constraints = [
            models.UniqueConstraint(fields=["site", "key", "part", "on_date"], name="measure_unique")
        ]
        indexes = [models.Index(fields=["key", "on_date"], name="measure_key_day")]

    def __str__(self) -> str:
        return f"{self.site_id} {self.key} {self.part} {self.on_date}"


class MeasuredDay(models.Model):
    """Records when a site's day was measured, which decides whether it is due again."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    on_date = models.DateField()
    measured_at = models.DateTimeField()
    whole_at = models.DateTimeField(help_text="When the whole day was last read, not only what is new")
    closed = models.BooleanField(default=False, help_text="Measured after the day was over")

    class Meta:
        ordering = ["site", "on_date"]
        constraints = [models.UniqueConstraint(fields=["site", "on_date"], name="measured_day_unique")]

    def __str__(self) -> str:
        return f"{self.site_id} {self.on_date}"
