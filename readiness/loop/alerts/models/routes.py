"""Escalation: whom an alert goes to, level by level, until somebody acknowledges it."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from inventory.models import DomainChoices
from inventory.models.constraints import choices_held
from inventory.models.homes import Homed, home_within, one_home
from readiness.loop.alerts.core.routes import EscalationTarget
from readiness.organisation.people.models import Person
from web.delivery.models import Channel


class EscalationRoute(Homed):
    """A route for the alerts of the sites in its home, of one domain or of all. The nearest home decides, and of two of
    one home that with a domain; without one, the route that comes with Muster (`core/routes.py`)."""

    HISTORY = True
    VISIBLE_WHERE = "true"  # organisation-wide
    WRITABLE_WHERE = home_within("alerts_escalationroute")
    MOVES_WITHIN = ("home_region", "home_site")

    name = models.CharField("name", max_length=100, unique=True)
    domain = models.CharField("domain", max_length=8, choices=DomainChoices, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name = "escalation route"
        verbose_name_plural = "escalation routes"
        constraints = [
            one_home("escalation_route_one_home"),
            models.UniqueConstraint(
                fields=["home_region", "home_site", "domain"],
                nulls_distinct=False,
                name="escalation_route_once",
                violation_error_message="There is a route for this home and domain.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


TARGETS = [
    (EscalationTarget.PRIMARY.value, "Primary on call"),
    (EscalationTarget.SECONDARY.value, "Secondary on call"),
    (EscalationTarget.OWNER.value, "Owner, or acting deputy"),
    (EscalationTarget.PERSON.value, "A person"),
    (EscalationTarget.CHANNEL.value, "A shared channel"),
]


@choices_held
class EscalationLevel(models.Model):
    """A level of a route: who is told after how many minutes without an acknowledgement."""

    HISTORY = True
    HISTORY_TITLE = ("route", "target")
    VISIBLE_WHERE = "true"  # organisation-wide, as its route is
    WRITABLE_BY = ("route",)

    route = models.ForeignKey(EscalationRoute, models.CASCADE, related_name="levels", verbose_name="route")
    after_min = models.PositiveIntegerField("after", help_text="Minutes from the beginning; the first is 0")
    target = models.CharField("whom", max_length=10, choices=TARGETS)
    person = models.ForeignKey(
        Person, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="person"
    )
    channel = models.ForeignKey(
        Channel, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="channel"
    )

    class Meta:
        ordering = ["route", "after_min", "id"]
        verbose_name = "escalation level"
        verbose_name_plural = "escalation levels"
        constraints = [
            models.CheckConstraint(
                condition=Q(target="person", person__isnull=False, channel=None)
                | Q(target="channel", channel__isnull=False, person=None)
                | ~Q(target__in=["person", "channel"]) & Q(person=None, channel=None),
                name="escalation_level_has_its_target",
                violation_error_message="Name the person or the channel, and only where it goes to one.",
            ),
            models.CheckConstraint(
                condition=Q(after_min__lte=1440),
                name="escalation_level_within_a_day",
                violation_error_message="A level comes within a day.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_target_display()} after {self.after_min} min"

    def clean(self) -> None:
        """Raises ValidationError: a route tells no channel of somebody's own."""
        if self.channel is not None and not self.channel.is_shared:
            raise ValidationError({"channel": "A route goes to shared channels only."})
