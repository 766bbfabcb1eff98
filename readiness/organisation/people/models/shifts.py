"""Swaps of shifts, and the shifts themselves."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from inventory.models.constraints import choices_held
from readiness.organisation.people.models.constraints import ends_after
from readiness.organisation.people.models.rotations import Level, Rotation
from readiness.organisation.people.models.staff import Person
from readiness.organisation.people.models.triggers import ITS_ROTATION, claims, shifts_due, sites_of_rotation
from web.units import instant


@choices_held
class Swap(models.Model):
    """A person asks another to take their shift, or a manager moves it. Unclaimed, it lapses as the shift starts."""

    HISTORY = True
    HISTORY_TITLE = ("rotation", "person")
    HISTORY_PERMISSION = "people.view_person"
    WRITABLE_BY = ("rotation",)

    class State(models.TextChoices):
        OPEN = "open", "Open"
        TAKEN = "taken", "Taken"
        WITHDRAWN = "withdrawn", "Withdrawn"
        LAPSED = "lapsed", "Lapsed"

    rotation = models.ForeignKey(Rotation, models.CASCADE, related_name="swaps", verbose_name="rotation")
    level = models.PositiveSmallIntegerField("level", choices=Level)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="person")
    starts_at = models.DateTimeField("starts at")
    ends_at = models.DateTimeField("ends at")
    state = models.CharField("state", max_length=10, choices=State, default=State.OPEN, editable=False)
    taker = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", editable=False, verbose_name="taken by"
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        editable=False,
        verbose_name="requested by",
    )
    requested_at = models.DateTimeField("requested at", editable=False)
    answered_at = models.DateTimeField("answered at", null=True, editable=False)

    class Meta:
        verbose_name = "swap"
        verbose_name_plural = "swaps"
        ordering = ["-requested_at", "id"]
        constraints = [
            ends_after("starts_at", "ends_at", "swap_ends_after_it_starts", None),
            models.CheckConstraint(
                condition=Q(state="taken", taker__isnull=False) | (~Q(state="taken") & Q(taker=None)),
                name="swap_taken_by_somebody",
            ),
            models.CheckConstraint(condition=~Q(taker=F("person")), name="swap_taken_by_another"),
            models.UniqueConstraint(
                fields=["rotation", "level", "person", "starts_at"],
                condition=Q(state="open"),
                name="swap_open_once",
                violation_error_message="A swap of this shift is open already.",
            ),
        ]
        triggers = shifts_due(ITS_ROTATION)

    def __str__(self) -> str:
        return f"Swap in {self.rotation}, {self.get_level_display().lower()}, {instant(self.starts_at)}"


class ShiftQuerySet(models.QuerySet["Shift"]):
    def current(self, now: datetime) -> Self:
        return self.filter(starts_at__lte=now, ends_at__gt=now)

    def overlapping(self, start: datetime, end: datetime) -> Self:
        return self.filter(starts_at__lt=end, ends_at__gt=start)


@choices_held
class Shift(models.Model):
    """Who is on call when: written by `operations` from layers, calendar, overrides, swaps and leave; never entered.

    Without a person it is nobody's: an override of nobody, leave, a person who has an earlier level of the rotation at
    the time, or a calendar's name that Muster does not know, which `unknown_name` keeps.
    """

    WRITABLE_BY = ("rotation",)
    PERSONAL = ("unknown_name",)

    class Origin(models.TextChoices):
        LAYER = "layer", "Layer"
        CALENDAR = "calendar", "Calendar"
        OVERRIDE = "override", "Override"
        SWAP = "swap", "Swap"

    rotation = models.ForeignKey(
        Rotation, models.CASCADE, related_name="shifts", verbose_name="rotation", db_index=False
    )
    level = models.PositiveSmallIntegerField("level", choices=Level)
    person = models.ForeignKey(
        Person, models.CASCADE, null=True, related_name="shifts", verbose_name="person"
    )
    unknown_name = models.CharField("unknown name", max_length=200, blank=True)
    is_on_leave = models.BooleanField("on leave", default=False)
    is_double = models.BooleanField("on call already", default=False)
    starts_at = models.DateTimeField("starts at")
    ends_at = models.DateTimeField("ends at")
    origin = models.CharField("origin", max_length=10, choices=Origin)

    objects = ShiftQuerySet.as_manager()

    class Meta:
        verbose_name = "shift"
        verbose_name_plural = "shifts"
        ordering = ["starts_at", "level", "id"]
        indexes = [
            models.Index(fields=["rotation", "ends_at"], name="shift_of_rotation"),
            models.Index(fields=["starts_at"], name="shift_by_start"),
        ]
        constraints = [ends_after("starts_at", "ends_at", "shift_ends_after_it_starts", None)]
        triggers = claims(sites_of_rotation())

    def __str__(self) -> str:
        return f"Shift in {self.rotation}, {self.get_level_display().lower()}, {instant(self.starts_at)}"
