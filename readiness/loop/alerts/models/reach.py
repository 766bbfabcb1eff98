"""How users want to be told, and of what besides what is theirs."""

from __future__ import annotations

from datetime import datetime, tzinfo

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import READER, WRITER
from inventory.models import Region, Site
from inventory.models.constraints import choices_held
from readiness.loop.alerts.core.kinds import AlertSeverity
from readiness.loop.alerts.core.quiet import Preferences, held_until
from readiness.loop.alerts.models.alerts import SEVERITIES
from web.delivery.models import Channel


class AlertPreferences(models.Model):
    """Quiet hours in the user's own time zone, during which what can wait waits; and until when the user is awake
    already, so that the rest waits too. Critical pages to whoever is on call are never held."""

    HISTORY = True
    VISIBLE_WHERE = f"alerts_alertpreferences.user_id = {READER}"
    WRITABLE_WHERE = f"alerts_alertpreferences.user_id = {WRITER}"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="alert_preferences")
    quiet_from = models.TimeField("quiet from", null=True, blank=True)
    quiet_until = models.TimeField("quiet until", null=True, blank=True)
    awake_until = models.DateTimeField("awake until", null=True, blank=True)
    daily_digest = models.BooleanField("daily digest", null=True, blank=True, help_text="By role if empty")
    weekly_digest = models.BooleanField("weekly digest", null=True, blank=True, help_text="By role if empty")

    class Meta:
        default_permissions = ()
        verbose_name = "preferences for alerts"
        verbose_name_plural = "preferences for alerts"
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="quiet_hours_are_whole",
                violation_error_message="Quiet hours have a beginning and an end.",
            )
        ]

    def __str__(self) -> str:
        return f"preferences of {self.user_id}"

    def held_until(self, zone: tzinfo, *, now: datetime) -> datetime | None:
        """The instant until which messages that can wait are held, by the hours of this zone; None if they
        need not wait."""
        quiet = Preferences(
            zone=zone,
            quiet_from=self.quiet_from,
            quiet_until=self.quiet_until,
            awake_until=self.awake_until,
        )
        return held_until(quiet, now=now)


@choices_held
class Subscription(models.Model):
    """Alerts that a user wants to be told of besides what is theirs: of a site, region, check or pillar, or of all that
    they see; through one channel, or all of theirs."""

    HISTORY = True
    HISTORY_TITLE = ("user", "channel")
    VISIBLE_WHERE = f"alerts_subscription.user_id = {READER}"
    WRITABLE_WHERE = f"alerts_subscription.user_id = {WRITER}"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="subscriptions")
    channel = models.ForeignKey(
        Channel, models.CASCADE, related_name="+", null=True, blank=True, verbose_name="channel"
    )
    region = models.ForeignKey(
        Region, models.CASCADE, related_name="+", null=True, blank=True, verbose_name="region"
    )
    site = models.ForeignKey(
        Site, models.CASCADE, related_name="+", null=True, blank=True, verbose_name="site"
    )
    check_id = models.CharField("check", max_length=64, blank=True)
    pillar = models.CharField("pillar", max_length=40, blank=True)
    severity = models.CharField(
        "at least", max_length=8, choices=SEVERITIES, default=AlertSeverity.ERROR.value
    )

    class Meta:
        ordering = ["user", "id"]
        verbose_name = "subscription"
        verbose_name_plural = "subscriptions"
        constraints = [
            models.CheckConstraint(
                condition=Q(region=None) | Q(site=None),
                name="subscription_one_place",
                violation_error_message="Choose a region or a site.",
            ),
            models.CheckConstraint(
                condition=Q(check_id="") | Q(pillar=""),
                name="subscription_one_subject",
                violation_error_message="Choose a check or a pillar.",
            ),
        ]

    def __str__(self) -> str:
        return f"subscription of {self.user_id}"
