"""Mapping rules, each for series of one source."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from inventory.models import Site
from inventory.models.constraints import choices_held
from telemetry.core.mapping import STAR, BadMapping, SeriesMapping
from telemetry.core.matching import ObjectKind

MOST_OF_A_SOURCE = 500
TWO_STARS = r"\*.*\*"


@choices_held
class MappingRule(models.Model):
    """A rule says which object those series of a source describe whose labels name none."""

    HISTORY = True
    # A rule changes what all series of its source may describe, also those of other sites.
    WRITABLE_BY = ("source",)

    class Kind(models.TextChoices):
        DEVICE = "device", "Device"
        ACCELERATOR = "accelerator", "Accelerator"
        PORT = "port", "Port"
        FEED = "feed", "Power feed"
        LINK = "link", "Link"
        COOLING_UNIT = "cooling-unit", "Cooling unit"
        SITE = "site", "Site"

    source = models.ForeignKey(
        "telemetry.Source", verbose_name="source", on_delete=models.CASCADE, related_name="mapping_rules"
    )
    name = models.CharField(
        "name", max_length=100, help_text="What people call this rule, such as BMCs of hall 2."
    )
    metric = models.CharField(
        "metric",
        max_length=200,
        blank=True,
        help_text="The exporter's name, such as rack_* for all that begin so. Empty: every metric.",
    )
    label = models.CharField("label", max_length=200, help_text="The label whose value tells the object.")
    value = models.CharField(
        "value",
        max_length=400,
        help_text="The value of the label. A star stands for any text: bmc-* fits bmc-07 and bmc-08.",
    )
    site = models.ForeignKey(
        Site,
        verbose_name="site",
        on_delete=models.CASCADE,
        related_name="+",
        help_text="Where the object is. If the source belongs to a site, it is that one.",
    )
    kind = models.CharField("kind of object", max_length=12, choices=Kind, default=Kind.DEVICE)
    object_name = models.CharField(
        "object",
        max_length=400,
        blank=True,
        help_text="Its name in the inventory, such as node-*: the star repeats the text of the value's star. Write an"
        " accelerator as node-7/3, with its index, and a port as switch-1/eth0. Empty for the site itself.",
    )

    class Meta:
        verbose_name = "series mapping rule"
        verbose_name_plural = "series mapping rules"
        ordering = ["source__name", "name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "name"], name="mapping_rule_unique_in_source"),
            models.CheckConstraint(
                condition=~Q(label="") & ~Q(value=""), name="mapping_rule_label_and_value"
            ),
            models.CheckConstraint(
                condition=Q(kind="site", object_name="") | ~Q(kind="site") & ~Q(object_name=""),
                name="mapping_rule_object",
            ),
            models.CheckConstraint(
                condition=~Q(metric__regex=TWO_STARS)
                & ~Q(value__regex=TWO_STARS)
                & ~Q(object_name__regex=TWO_STARS)
                & (Q(value__contains=STAR) | ~Q(object_name__contains=STAR)),
                name="mapping_rule_stars",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.source_id is None or self.site_id is None:
            return
        try:
            _ = self.series_mapping
        except BadMapping as error:
            raise ValidationError({error.field: str(error)}) from error
        if self.source.site_id not in (None, self.site_id):
            raise ValidationError({"site": f"The source belongs to {self.source.site}: choose that site."})
        others = MappingRule.objects.filter(source=self.source_id).exclude(pk=self.pk)
        if others.count() >= MOST_OF_A_SOURCE:
            raise ValidationError(
                {"source": f"A source has at most {MOST_OF_A_SOURCE} mapping rules: use a star."}
            )

    @property
    def series_mapping(self) -> SeriesMapping:
        """Raises BadMapping."""
        kind = ObjectKind(self.kind)
        return SeriesMapping(
            self.name, self.metric, self.label, self.value, self.site_id, kind, self.object_name
        )
