"""Rules of duty: rest between shifts, hours a week, and what overtime costs."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from readiness.organisation.people.models.staff import Team
from readiness.organisation.people.models.triggers import claims, sites_of_every_rotation

CURRENCY = r"^[A-Z]{3}$"


class DutyRule(models.Model):
    """Limits for the shifts of one team's rotations, or, without a team, of all that have no rule of their own.

    A level that counts in full interrupts rest; one that counts by a share is stand-by, and interrupts none.
    """

    HISTORY = True
    VISIBLE_WHERE = "true"  # organisation-wide, so written by users without scopes only

    name = models.CharField("name", max_length=100, unique=True)
    team = models.ForeignKey(
        Team,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="duty_rules",
        verbose_name="team",
        help_text="Counts for rotations of this team; empty: for all without a rule of their own",
    )
    rest_h = models.FloatField(
        "rest between shifts", null=True, blank=True, default=11, help_text="Hours; empty: no limit"
    )
    week_h = models.FloatField(
        "hours a week", null=True, blank=True, default=48, help_text="On average; empty: no limit"
    )
    reference_weeks = models.PositiveSmallIntegerField(
        "averaged over", default=17, help_text="Weeks; four months are 17"
    )
    primary_percent = models.PositiveSmallIntegerField(
        "primary counts", default=100, help_text="Percent of the hours; below 100 it is stand-by"
    )
    standby_percent = models.PositiveSmallIntegerField(
        "secondary and tertiary count",
        default=100,
        help_text="Percent of the hours; below 100 it is stand-by",
    )
    overtime_cost = models.FloatField(
        "overtime costs", null=True, blank=True, help_text="An hour outside 8:00 to 18:00 on weekdays"
    )
    currency = models.CharField(
        "currency",
        max_length=3,
        blank=True,
        validators=[RegexValidator(CURRENCY, "A currency has three capital letters, such as EUR.")],
        help_text="Three letters, such as EUR; nothing is converted",
    )
    source = models.CharField(
        "source", max_length=300, blank=True, help_text="The law or agreement that asks for it"
    )

    class Meta:
        verbose_name = "duty rule"
        verbose_name_plural = "duty rules"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["team"],
                name="duty_rule_once_a_team",
                nulls_distinct=False,
                violation_error_message="There is a duty rule for this team, or for all teams, already.",
            ),
            models.CheckConstraint(
                condition=Q(rest_h=None) | Q(rest_h__gt=0, rest_h__lt=24),
                name="duty_rest_is_of_a_day",
                violation_error_message="Rest is more than 0 and less than 24 hours.",
            ),
            models.CheckConstraint(
                condition=Q(week_h=None) | Q(week_h__gt=0, week_h__lte=168),
                name="duty_week_has_hours",
                violation_error_message="A week has 168 hours at most.",
            ),
            models.CheckConstraint(
                condition=Q(reference_weeks__gte=1, reference_weeks__lte=52),
                name="duty_reference_is_bounded",
                violation_error_message="Hours are averaged over 1 to 52 weeks.",
            ),
            models.CheckConstraint(
                condition=Q(primary_percent__lte=100, standby_percent__lte=100),
                name="duty_counts_by_a_share",
                violation_error_message="All of the hours count at most: 100 percent.",
            ),
            models.CheckConstraint(
                condition=Q(overtime_cost=None, currency="")
                | Q(overtime_cost__isnull=False, overtime_cost__gte=0, currency__regex=CURRENCY),
                name="duty_cost_has_currency",
                violation_error_message="A cost is 0 or more and needs a currency; without a cost there is none.",
            ),
        ]
        triggers = [*claims(sites_of_every_rotation())]

    def __str__(self) -> str:
        return self.name
