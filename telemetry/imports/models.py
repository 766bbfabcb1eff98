"""Import rules, each for the files of one source, and the files of samples that people send."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from inventory.models.constraints import choices_held
from inventory.models.places import validate_time_zone
from telemetry.core.import_rules import BadImportRule, read_columns
from telemetry.core.table_rules import TableRule
from telemetry.targets.models import LABELS, read_labels

NAME = r"^[a-z0-9][a-z0-9-]*$"
MOST_COLUMNS_CHARS = 50_000


class TableForm(models.Model):
    """How a table of samples is written, and which column holds what."""

    class Separator(models.TextChoices):
        FOUND = "", "As the first line shows"
        COMMA = "comma", "Comma"
        SEMICOLON = "semicolon", "Semicolon"
        TAB = "tab", "Tab"
        PIPE = "pipe", "Pipe"

    class Decimal(models.TextChoices):
        POINT = "point", "Point"
        COMMA = "comma", "Comma"

    class Dates(models.TextChoices):
        YEAR_FIRST = "", "Year first, or Unix time"
        DAY_FIRST = "day-first", "Day first: day/month/year"
        MONTH_FIRST = "month-first", "Month first: month/day/year"

    separator = models.CharField(
        "separator", max_length=9, choices=Separator, default=Separator.FOUND, blank=True
    )
    decimal = models.CharField("decimal sign", max_length=5, choices=Decimal, default=Decimal.POINT)
    zone = models.CharField(
        "time zone",
        max_length=64,
        blank=True,
        validators=[validate_time_zone],
        help_text="Where the clocks of local times stand, such as Europe/Lisbon. Empty: each time has its offset.",
    )
    dates = models.CharField("dates", max_length=11, choices=Dates, default=Dates.YEAR_FIRST, blank=True)
    columns = models.TextField(
        "columns",
        max_length=MOST_COLUMNS_CHARS,
        help_text="One line for each column of the file: Timestamp = time, Host = label instance, Power = metric"
        " DCGM_FI_DEV_POWER_USAGE in kW, Comment = nothing. A long file has Reading = metric and Amount = value in °F."
        " A column of one meter names it: A1 = metric rPDU2DeviceStatusPower{instance=pdu-a1} in kW.",
    )
    labels = models.CharField(
        "labels",
        max_length=500,
        blank=True,
        validators=[RegexValidator(LABELS, "Enter labels as name=value, separated by commas.")],
        help_text="Further labels of every series: name=value, separated by commas.",
    )

    class Meta:
        abstract = True

    def check_form(self) -> None:
        """Raises ValidationError by field."""
        try:
            uses = read_columns(self.columns).values()
            names = {use.name for use in uses} | {name for use in uses for name, _ in use.labels}
        except BadImportRule as error:
            raise ValidationError({"columns": f"{str(error)[:1].upper()}{str(error)[1:]}."}) from error
        if repeated_names := [name for name in read_labels(self.labels) if name in names]:
            raise ValidationError({"labels": f"A column holds {repeated_names[0]} already."})

    @property
    def table_rule(self) -> TableRule:
        """Read the rule for the decoder of tables."""
        parameters = {
            "separator": self.separator,
            "decimal": self.decimal,
            "zone": self.zone,
            "dates": self.dates,
        }
        return TableRule(
            name=str(self),
            columns=read_columns(self.columns),
            parameters={name: value for name, value in parameters.items() if value},
            labels=read_labels(self.labels),
            units=self.source.units,  # type: ignore[attr-defined]
        )


@choices_held
class ImportRule(TableForm):
    """A rule says how files of a source are written and which column holds what. A file that names it is read by it."""

    HISTORY = True

    source = models.ForeignKey(
        "telemetry.Source", verbose_name="source", on_delete=models.CASCADE, related_name="import_rules"
    )
    name = models.CharField(
        "name",
        max_length=50,
        validators=[RegexValidator(NAME, "Enter small letters, digits and hyphens.")],
        help_text="Senders name it in the address: ?rule=name.",
    )

    class Meta:
        verbose_name = "import rule"
        verbose_name_plural = "import rules"
        ordering = ["source__name", "name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "name"], name="import_rule_unique_in_source"),
            models.CheckConstraint(condition=Q(name__regex=NAME), name="import_rule_name"),
            models.CheckConstraint(condition=Q(columns__contains="="), name="import_rule_columns"),
            models.CheckConstraint(
                condition=Q(labels="") | Q(labels__regex=LABELS), name="import_rule_labels"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.check_form()


@choices_held
class ImportedFile(TableForm):
    """A file of samples that somebody sent on a page: as it is read, checked and stored.

    `content` is its text in UTF-8, compressed, and goes when the file is stored. `lines_done` and the counts grow with
    each part that is stored, in the same transaction, so that a task that begins again goes on behind it.
    `refused_lines` is a table of what was refused, as CSV, with lines and reasons.
    """

    HISTORY = True
    HISTORY_LEAVES_OUT = ("content", "refused_lines", "lines_done", "progressed_at")
    VISIBLE_BY = ("source",)
    WRITABLE_BY = ("source",)

    class State(models.TextChoices):
        MAPPING = "mapping", "To be mapped"
        STORING = "storing", "Being stored"
        DONE = "done", "Stored"
        CANCELLED = "cancelled", "Cancelled"
        FAILED = "failed", "Failed"

    source = models.ForeignKey(
        "telemetry.Source", verbose_name="source", on_delete=models.CASCADE, related_name="imported_files"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="by", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    state = models.CharField("state", max_length=9, choices=State, default=State.MAPPING)
    file_name = models.CharField("file", max_length=200)
    content = models.BinaryField()
    charset = models.CharField("charset", max_length=12)
    lines = models.PositiveIntegerField("lines")
    header_line = models.PositiveIntegerField("header")
    asks_dates = models.BooleanField("asks for dates", default=False)
    begun_at = models.DateTimeField("sent")
    ended_at = models.DateTimeField("ended", null=True, blank=True)
    progressed_at = models.DateTimeField(null=True)
    lines_done = models.PositiveIntegerField(default=0)
    stored_values = models.PositiveIntegerField("stored values", default=0)
    repeated_values = models.PositiveIntegerField("values stored before", default=0)
    refused_values = models.PositiveIntegerField("refused values", default=0)
    refused_lines = models.BinaryField(default=bytes)
    problem = models.CharField("problem", max_length=500, blank=True)

    class Meta:
        default_permissions = ("view", "add")
        verbose_name = "imported file"
        verbose_name_plural = "imported files"
        ordering = ["-begun_at", "-id"]
        indexes = [models.Index(fields=["source", "-begun_at"], name="imported_file_of_source")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["mapping", "storing"]) ^ Q(ended_at__isnull=False),
                name="imported_file_ended",
            ),
            models.CheckConstraint(condition=Q(lines_done__lte=F("lines")), name="imported_file_lines_done"),
            # Two files that are stored side by side would not see which values they share.
            models.UniqueConstraint(
                fields=["source"], condition=Q(state="storing"), name="imported_file_stored_alone"
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def values(self) -> int:
        return self.stored_values + self.repeated_values + self.refused_values
