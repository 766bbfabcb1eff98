"""Rotations: layers by RFC 5545 rules, overrides and leave, or a calendar."""

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from inventory.models import Site
from inventory.models.constraints import choices_held
from inventory.models.homes import Homed, home_within, one_home
from inventory.models.places import DomainChoices, validate_time_zone
from inventory.models.triggers import CHANGED, PerStatement
from readiness.organisation.people.core.recurrence import RuleRefused
from readiness.organisation.people.core.rotations import EARLIEST, refuse_rule
from readiness.organisation.people.models.constraints import ends_after
from readiness.organisation.people.models.staff import Person, Team
from readiness.organisation.people.models.triggers import (
    ITS_ROTATION,
    ITS_SITE,
    ROTATION_OF_LAYER,
    claims,
    rotations_of,
    shifts_due,
    sites_of_person,
    sites_of_rotation,
)
from web.units import day

FORGET_CHANGES = PerStatement(
    name="forget_changes",
    operation=pgtrigger.Delete,
    func="DELETE FROM people_rotationchange WHERE rotation_id IN (SELECT id FROM old_values); RETURN NULL;",
)


class Rotation(Homed):
    """Who is on call for a domain of some sites. With a calendar its shifts come from there alone.

    Readers with scopes see it, and all that is part of it, where its home or one of its sites lies within them.
    """

    HISTORY = True
    HISTORY_LEAVES_OUT = ("calendar_read_at",)
    # Whoever has the address of a feed reads the names in it.
    WITHHELD = ("calendar_url",)
    VISIBLE_WHERE = f"""{home_within("people_rotation")}
        OR EXISTS (SELECT FROM people_rotationsite AS served WHERE served.rotation_id = people_rotation.id)"""
    WRITABLE_WHERE = home_within("people_rotation")

    name = models.CharField("name", max_length=100, unique=True)
    slug = models.SlugField("slug", max_length=100, unique=True)
    domain = models.CharField("domain", max_length=8, choices=DomainChoices)
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="rotations", verbose_name="team"
    )
    time_zone = models.CharField("time zone", max_length=64, default="UTC", validators=[validate_time_zone])
    calendar_url = models.URLField(
        "calendar address", max_length=500, blank=True, help_text="An .ics feed; it takes the place of layers"
    )
    calendar_read_at = models.DateTimeField("calendar read at", null=True, editable=False)
    calendar_error = models.CharField("calendar error", max_length=300, blank=True, editable=False)
    sites = models.ManyToManyField(
        Site, through="RotationSite", related_name="rotations", blank=True, verbose_name="sites"
    )

    class Meta:
        verbose_name = "rotation"
        verbose_name_plural = "rotations"
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(domain__in=DomainChoices.values), name="rotation_domain_known"
            ),
            one_home("rotation_has_one_home"),
        ]
        triggers = [
            *claims(sites_of_rotation("id"), pgtrigger.Update),
            *shifts_due("SELECT id FROM {rows} AS changed", *CHANGED),
            FORGET_CHANGES,
        ]

    def __str__(self) -> str:
        return self.name


class RotationCalendar(models.Model):
    """The calendar of a rotation as it was read or uploaded last. Its shifts are made anew from it each day."""

    WRITABLE_BY = ("rotation",)

    rotation = models.OneToOneField(
        Rotation, models.CASCADE, primary_key=True, related_name="calendar", verbose_name="rotation"
    )
    content = models.BinaryField("content")

    class Meta:
        verbose_name = "calendar of a rotation"
        verbose_name_plural = "calendars of rotations"
        ordering = ["rotation"]
        triggers = shifts_due(ITS_ROTATION)

    def __str__(self) -> str:
        return f"Calendar of {self.rotation}"


class RotationChange(models.Model):
    """A claim row: the shifts of this rotation are to be written again."""

    WRITABLE_BY = ("rotation",)

    rotation = models.ForeignKey(Rotation, models.CASCADE, related_name="+")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Change of {self.rotation_id}"


class RotationSite(models.Model):
    """A site that a rotation serves."""

    HISTORY = True
    HISTORY_TITLE = ("rotation",)
    VISIBLE_BY = ("site",)
    WRITABLE_BY = ("rotation",)

    rotation = models.ForeignKey(Rotation, models.CASCADE, related_name="served", verbose_name="rotation")
    site = models.ForeignKey(Site, models.CASCADE, related_name="+", verbose_name="site")

    class Meta:
        verbose_name = "site of a rotation"
        verbose_name_plural = "sites of rotations"
        ordering = ["rotation__name", "site__name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["rotation", "site"],
                name="rotation_site_once",
                violation_error_message="The rotation serves this site already.",
            )
        ]
        triggers = claims(ITS_SITE)

    def __str__(self) -> str:
        return f"{self.rotation} at {self.site}"


class Level(models.IntegerChoices):
    """Who is called first, and who after them."""

    PRIMARY = 1, "Primary"
    SECONDARY = 2, "Secondary"
    TERTIARY = 3, "Tertiary"


@choices_held
class Layer(models.Model):
    """People who take turns: one shift for each occurrence of `rule`, `turn_shifts` of them in a row for each person.

    `starts_at` is the start of the first shift; occurrences keep its time of day in the rotation's zone.
    """

    HISTORY = True
    WRITABLE_BY = ("rotation",)

    rotation = models.ForeignKey(Rotation, models.CASCADE, related_name="layers", verbose_name="rotation")
    name = models.CharField("name", max_length=100, blank=True)
    level = models.PositiveSmallIntegerField("level", choices=Level, default=Level.PRIMARY)
    starts_at = models.DateTimeField("first shift starts at")
    ends_at = models.DateTimeField("ends at", null=True, blank=True)
    rule = models.CharField(
        "rule",
        max_length=300,
        help_text="RFC 5545, such as FREQ=WEEKLY;BYDAY=MO for a shift from each Monday",
    )
    duration_min = models.PositiveIntegerField("shift lasts", help_text="Minutes")
    turn_shifts = models.PositiveSmallIntegerField("shifts in a row", default=1)
    people = models.ManyToManyField(
        Person, through="LayerMember", related_name="layers", blank=True, verbose_name="people"
    )

    class Meta:
        verbose_name = "layer"
        verbose_name_plural = "layers"
        ordering = ["rotation__name", "level", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(duration_min__gte=15) & Q(duration_min__lte=44_640),
                name="layer_shift_is_bounded",
                violation_error_message="A shift lasts 15 minutes to 31 days.",
            ),
            models.CheckConstraint(condition=Q(turn_shifts__gte=1), name="layer_has_turns"),
            ends_after("starts_at", "ends_at", "layer_ends_after_it_starts", open_end=True),
        ]
        triggers = shifts_due(ITS_ROTATION)

    def __str__(self) -> str:
        return self.name or f"{self.rotation}, {self.get_level_display().lower()}"

    def clean(self) -> None:
        """Raises ValidationError by field: a rule that cannot be followed, a start too long ago."""
        try:
            refuse_rule(self.rule)
        except RuleRefused as error:
            raise ValidationError({"rule": str(error)}) from error
        if self.starts_at is not None and self.starts_at < EARLIEST:
            raise ValidationError({"starts_at": f"A layer begins in {EARLIEST.year} or later."})


class LayerMember(models.Model):
    """A person's place in the turns of a layer."""

    HISTORY = True
    HISTORY_TITLE = ("layer", "person")
    HISTORY_PERMISSION = "people.view_person"
    WRITABLE_BY = ("layer",)

    layer = models.ForeignKey(Layer, models.CASCADE, related_name="members", verbose_name="layer")
    person = models.ForeignKey(Person, models.PROTECT, related_name="turns", verbose_name="person")
    position = models.PositiveSmallIntegerField("position")

    class Meta:
        verbose_name = "turn"
        verbose_name_plural = "turns"
        ordering = ["layer", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["layer", "position"], name="layer_member_position_once")
        ]
        triggers = shifts_due(ROTATION_OF_LAYER)

    def __str__(self) -> str:
        # A layer without a name is called by its rotation.
        around = f" of {self.layer.rotation}" if self.layer.name else ""
        return f"{self.person} in {self.layer}{around}"


@choices_held
class Override(models.Model):
    """Somebody else, or nobody, is on call at a level for a time, whatever layers and calendar say."""

    HISTORY = True
    HISTORY_TITLE = ("rotation", "person")
    HISTORY_PERMISSION = "people.view_person"
    WRITABLE_BY = ("rotation",)

    rotation = models.ForeignKey(Rotation, models.CASCADE, related_name="overrides", verbose_name="rotation")
    level = models.PositiveSmallIntegerField("level", choices=Level, default=Level.PRIMARY)
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="person"
    )
    starts_at = models.DateTimeField("starts at")
    ends_at = models.DateTimeField("ends at")

    class Meta:
        verbose_name = "override"
        verbose_name_plural = "overrides"
        ordering = ["starts_at", "id"]
        constraints = [ends_after("starts_at", "ends_at", "override_ends_after_it_starts")]
        triggers = shifts_due(ITS_ROTATION)

    def __str__(self) -> str:
        return f"Override in {self.rotation}, {self.get_level_display().lower()}, {day(self.starts_at)}"


class Leave(models.Model):
    """A person is away. Why is nobody's business here."""

    HISTORY = True
    HISTORY_TITLE = ("person",)
    HISTORY_PERMISSION = "people.view_person"
    VISIBLE_WHERE = "true"  # organisation-wide
    WRITABLE_BY = ("person",)

    person = models.ForeignKey(Person, models.CASCADE, related_name="leaves", verbose_name="person")
    starts_at = models.DateTimeField("starts at")
    ends_at = models.DateTimeField("ends at")

    class Meta:
        verbose_name = "leave"
        verbose_name_plural = "leave"
        ordering = ["starts_at", "id"]
        constraints = [ends_after("starts_at", "ends_at", "leave_ends_after_it_starts")]
        triggers = [*claims(sites_of_person()), *shifts_due(rotations_of())]

    def __str__(self) -> str:
        return f"Leave of {self.person}, from {day(self.starts_at)}"
