"""Unit rules, each for the metrics of one source."""

import math

import pgtrigger
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from inventory.models.constraints import choices_held
from telemetry.core.conversions import NoConversion, known_units
from telemetry.core.registry import registry
from telemetry.core.unit_checks import check_unit
from telemetry.core.unit_rules import STAR, SentUnit

METRIC = r'^[^\s?\[\]{}"]+$'
UNITS = [(unit, unit) for unit in known_units()]
_IN_FORCE = pgtrigger.Trigger(
    name="in_force_since",
    operation=pgtrigger.Insert | pgtrigger.Update,
    when=pgtrigger.Before,
    func="IF TG_OP = 'INSERT' OR (OLD.metric, OLD.unit, OLD.factor, OLD.offset, OLD.source_id)"
    " IS DISTINCT FROM (NEW.metric, NEW.unit, NEW.factor, NEW.offset, NEW.source_id)"
    " THEN NEW.in_force_since = now(); END IF; RETURN NEW;",
)


@choices_held
class UnitRule(models.Model):
    """A rule says in which unit a source sends a metric. Samples that arrive from then on are read by it."""

    HISTORY = True

    source = models.ForeignKey(
        "telemetry.Source", verbose_name="source", on_delete=models.CASCADE, related_name="unit_rules"
    )
    metric = models.CharField(
        "metric",
        max_length=200,
        validators=[RegexValidator(METRIC, "Enter the name of a metric; * stands for any part of it.")],
        help_text="The name as it is sent. * stands for any part: hw.* means every metric that begins with hw.",
    )
    unit = models.CharField(
        "sent in",
        max_length=10,
        choices=UNITS,
        blank=True,
        default="",
        help_text="The unit that the sender uses. Muster converts it to its own. Empty if the factor and the offset"
        " below say how.",
    )
    factor = models.FloatField(
        "factor",
        default=1.0,
        db_default=1.0,
        help_text="Without a unit: a sent value times this is what Muster expects of the metric.",
    )
    offset = models.FloatField(
        "offset", default=0.0, db_default=0.0, help_text="Without a unit: this is added after the factor."
    )
    in_force_since = models.DateTimeField(
        "since",
        db_default=Now(),
        editable=False,
        help_text="Samples that arrived since then are read by the rule.",
    )

    HISTORY_TITLE = ("metric",)

    class Meta:
        verbose_name = "unit rule"
        verbose_name_plural = "unit rules"
        ordering = ["source__name", "metric", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "metric"],
                name="unit_rule_unique_in_source",
                violation_error_message="The source has a rule for this metric already.",
            ),
            models.CheckConstraint(condition=Q(metric__regex=METRIC), name="unit_rule_metric"),
            models.CheckConstraint(
                condition=Q(factor__gt=0, factor__lt=math.inf),
                name="unit_rule_factor",
                violation_error_message="Enter a factor above 0.",
            ),
            models.CheckConstraint(
                condition=Q(offset__gt=-math.inf, offset__lt=math.inf),
                name="unit_rule_offset",
                violation_error_message="Enter a finite offset.",
            ),
            models.CheckConstraint(
                condition=Q(unit="") | Q(factor=1, offset=0),
                name="unit_rule_unit_or_factor",
                violation_error_message="A unit has its own factor: leave the factor at 1 and the offset at 0, or"
                " choose no unit.",
            ),
        ]
        triggers = [_IN_FORCE]

    def __str__(self) -> str:
        return self.metric

    def clean(self) -> None:
        if not self.unit:
            return
        try:
            check_unit(self.sent_unit, registry())
        except NoConversion as error:
            raise ValidationError({"unit": f"{error}."}) from error

    @property
    def sent_unit(self) -> SentUnit:
        return SentUnit(self.metric, self.unit, self.factor, self.offset)

    @property
    def is_plain_factor(self) -> bool:
        """Whether it is one of those that the field `unit_scale` of a source tells of."""
        return not self.unit and not self.offset and STAR not in self.metric
