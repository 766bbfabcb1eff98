"""Silences and maintenance windows, which hold alerts back for a time. None is without an end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from inventory.models import DomainChoices, Region, Site
from inventory.models.places import validate_time_zone
from readiness.loop.alerts.core.matching import AlertMatcher
from readiness.loop.alerts.core.windows import LONGEST_SERIES, WindowSeries
from readiness.loop.alerts.models.alerts import KINDS, Alert
from web.delivery.models import Channel
from web.scopes import among

LONGEST_SILENCE = timedelta(days=31)
"""A silence lasts a month at most: what takes longer is a window, or somebody's decision, such as a waiver."""
LONGEST_WINDOW = timedelta(days=14)


def _places_within(table: str) -> str:
    """A condition in SQL that a row holds back alerts of places within the writer's scope alone: a region that only
    contains such places is not enough."""
    region, site = (
        among("muster.regions", f"{table}.region_id"),
        among("muster.sites", f"{table}.site_id"),
    )
    return f"{region} OR {site}"


def _names_something(*names: str) -> Q:
    return ~Q(region=None, site=None, domain="", kind="", check_id="", object="", **dict.fromkeys(names))


class Matched(models.Model):
    """The alerts that are held back: those that agree with everything that is filled in."""

    region = models.ForeignKey(
        Region, models.CASCADE, related_name="+", null=True, blank=True, verbose_name="region"
    )
    site = models.ForeignKey(
        Site, models.CASCADE, related_name="+", null=True, blank=True, verbose_name="site"
    )
    domain = models.CharField("domain", max_length=8, choices=DomainChoices, blank=True)
    kind = models.CharField("kind", max_length=16, choices=KINDS, blank=True)
    check_id = models.CharField("check", max_length=64, blank=True)
    object = models.CharField(
        "object", max_length=200, blank=True, help_text="Its name; * stands for any text"
    )
    channel = models.ForeignKey(
        Channel,
        models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        limit_choices_to={"is_shared": True},
        verbose_name="told to",
        help_text="A shared channel that hears of its start and end; without one your own channels do, or else the "
        "last resort",
    )
    start_told_at = models.DateTimeField(null=True, editable=False)
    tell_again = models.BooleanField(
        default=False, editable=False, help_text="Changed since its start was told"
    )
    end_told_at = models.DateTimeField(null=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        related_name="+",
        null=True,
        editable=False,
        verbose_name="author",
    )
    created_at = models.DateTimeField("created at", editable=False)
    ended_early_at = models.DateTimeField("ended early at", null=True, blank=True, editable=False)
    ended_early_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
        verbose_name="ended early by",
    )

    class Meta:
        abstract = True

    @property
    def matcher(self) -> AlertMatcher:
        return AlertMatcher(
            region_id=self.region_id,
            site_id=self.site_id,
            domain=self.domain,
            kind=self.kind,
            check_id=self.check_id,
            object=self.object,
        )


class SilenceQuerySet(models.QuerySet["Silence"]):
    def unfinished(self, now: datetime) -> Self:
        """Silences under way or to come."""
        return self.filter(ended_early_at=None, ends_at__gt=now)


class Silence(Matched):
    """Alerts that nobody is to be told of until `ends_at`, and why. Their ends are told nevertheless.

    With `alert` it holds back whatever has that alert's key: also the same thing when it begins again.
    """

    HISTORY = True
    HISTORY_TITLE = ("domain", "kind", "check_id", "object")
    HISTORY_LEAVES_OUT = ("start_told_at", "tell_again", "end_told_at")
    VISIBLE_BY = ("region", "site", "alert")
    WRITABLE_WHERE = _places_within("alerts_silence")

    alert = models.ForeignKey(
        Alert, models.CASCADE, related_name="silences", null=True, blank=True, verbose_name="alert"
    )
    reason = models.CharField("reason", max_length=300)
    starts_at = models.DateTimeField("starts at")
    ends_at = models.DateTimeField("ends at")

    objects = SilenceQuerySet.as_manager()

    class Meta:
        ordering = ["-ends_at", "id"]
        default_permissions = ("view", "add", "change")
        verbose_name = "silence"
        verbose_name_plural = "silences"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="silence_ends_after_start",
                violation_error_message="A silence ends after it starts.",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__lte=F("starts_at") + LONGEST_SILENCE),
                name="silence_within_a_month",
                violation_error_message="A silence lasts 31 days at most.",
            ),
            models.CheckConstraint(
                condition=Q(reason__regex=r"\S"),
                name="silence_has_reason",
                violation_error_message="Enter a reason.",
            ),
            models.CheckConstraint(
                condition=_names_something("alert"),
                name="silence_names_something",
                violation_error_message="Name at least one thing: a silence never covers everything.",
            ),
        ]

    def __str__(self) -> str:
        return self.reason

    @property
    def matcher(self) -> AlertMatcher:
        matcher = super().matcher
        return AlertMatcher(site_id=self.site_id, key=self.alert.key) if self.alert is not None else matcher

    @property
    def real_end_at(self) -> datetime:
        return self.ends_at if self.ended_early_at is None else min(self.ended_early_at, self.ends_at)


class WindowQuerySet(models.QuerySet["MaintenanceWindow"]):
    def unfinished(self) -> Self:
        """Windows with an occurrence that is under way, to come, or over but not yet followed by the next."""
        return self.filter(occurrence_ends_at__isnull=False)


class MaintenanceWindow(Matched):
    """Work that is announced: once, or by a rule of recurrence (RFC 5545), in the time zone of its site, up to
    `last_ends_at`. Collecting goes on; what still fires at the end of an occurrence is raised at once.

    `occurrence_starts_at` and `occurrence_ends_at` are those of the present occurrence, or of the next one: of the row,
    not of the rule, so that the present one can end early. They are empty after the last.
    """

    HISTORY = True
    HISTORY_LEAVES_OUT = (
        *("start_told_at", "tell_again", "end_told_at"),
        *("occurrence_starts_at", "occurrence_ends_at"),
    )
    VISIBLE_BY = ("region", "site")
    WRITABLE_WHERE = _places_within("alerts_maintenancewindow")

    name = models.CharField("name", max_length=150)
    reason = models.CharField("reason", max_length=300, blank=True)
    starts_at = models.DateTimeField("first starts at")
    duration_min = models.PositiveIntegerField("lasts", help_text="Minutes")
    rule = models.CharField(
        "repeats", max_length=200, blank=True, help_text="RFC 5545, such as FREQ=WEEKLY;BYDAY=SU; empty: once"
    )
    time_zone = models.CharField(
        "time zone",
        max_length=64,
        blank=True,
        validators=[validate_time_zone],
        help_text="In which it keeps its time of day; empty: the site's",
    )
    last_ends_at = models.DateTimeField(
        "last ends at", blank=True, help_text="When the last one is over; needed where it repeats"
    )
    occurrence_starts_at = models.DateTimeField("next starts at", null=True, editable=False)
    occurrence_ends_at = models.DateTimeField("next ends at", null=True, editable=False)

    objects = WindowQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "id"]
        default_permissions = ("view", "add", "change")
        verbose_name = "maintenance window"
        verbose_name_plural = "maintenance windows"
        constraints = [
            models.CheckConstraint(
                condition=Q(last_ends_at__gt=F("starts_at")),
                name="maintenance_window_ends",
                violation_error_message="A window ends after it starts.",
            ),
            models.CheckConstraint(
                condition=Q(last_ends_at__lte=F("starts_at") + LONGEST_SERIES),
                name="maintenance_window_within_two_years",
                violation_error_message="A window repeats for two years at most.",
            ),
            models.CheckConstraint(
                condition=Q(duration_min__gte=1, duration_min__lte=LONGEST_WINDOW // timedelta(minutes=1)),
                name="maintenance_window_within_two_weeks",
                violation_error_message="A window lasts a minute to 14 days.",
            ),
            models.CheckConstraint(
                condition=_names_something(),
                name="maintenance_window_names_something",
                violation_error_message="Name at least one thing: a window never covers everything.",
            ),
            models.CheckConstraint(
                condition=Q(occurrence_starts_at=None, occurrence_ends_at=None)
                | Q(occurrence_ends_at__gte=F("occurrence_starts_at")),
                name="maintenance_window_occurrence_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def series(self) -> WindowSeries:
        return WindowSeries(
            starts_at=self.starts_at,
            duration=timedelta(minutes=self.duration_min),
            last_ends_at=self.last_ends_at,
            rule=self.rule,
            time_zone=self.time_zone or "UTC",
        )
