"""Import rules, each for the files of one source."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from inventory.models.constraints import choices_held
from inventory.models.places import validate_time_zone
from telemetry.core.import_rules import BadImportRule, read_columns
from telemetry.core.table_rules import TableRule
from telemetry.targets.models import LABELS, read_labels

NAME = r"^[a-z0-9][a-z0-9-]*$"
MOST_COLUMNS_CHARS = 50_000


@choices_held
class ImportRule(models.Model):
    """A rule says how files of a source are written and which column holds what. A file that names it is read by it."""

    HISTORY = True

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

    source = models.ForeignKey(
        "telemetry.Source", verbose_name="source", on_delete=models.CASCADE, related_name="import_rules"
    )
    name = models.CharField(
        "name",
        max_length=50,
        validators=[RegexValidator(NAME, "Enter small letters, digits and hyphens.")],
        help_text="Senders name it in the address: ?rule=name.",
    )
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
            name=self.name,
            columns=read_columns(self.columns),
            parameters={name: value for name, value in parameters.items() if value},
            labels=read_labels(self.labels),
            source_scale=self.source.unit_scale,
        )
