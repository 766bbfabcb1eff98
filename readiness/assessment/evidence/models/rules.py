"""Rules about test reports: which tests prove which sub-measure."""

from django.db import models


class ReportRule(models.Model):
    """If the tests that match `pattern` pass, they prove `value` of the sub-measure `measure` (`check/sub-measure`)."""

    HISTORY = True
    HISTORY_TITLE = ("pattern",)
    VISIBLE_WHERE = "true"  # organisation-wide

    pattern = models.CharField(
        "tests",
        max_length=200,
        help_text="Compared with suite/class.test; * stands for any text, as in fabric/*",
    )
    measure = models.CharField(
        "proves", max_length=129, help_text="Check and sub-measure, p1-soak-24h/duration"
    )
    value = models.FloatField(help_text="What passed tests prove, in the unit of the sub-measure")
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["measure", "pattern", "id"]
        verbose_name = "rule for test reports"
        verbose_name_plural = "rules for test reports"
        constraints = [
            models.UniqueConstraint(
                fields=["pattern", "measure"],
                name="report_rule_unique",
                violation_error_message="These tests prove this sub-measure already.",
            ),
            models.CheckConstraint(condition=~models.Q(pattern=""), name="report_rule_names_tests"),
        ]

    def __str__(self) -> str:
        return f"{self.pattern} proves {self.measure}"
