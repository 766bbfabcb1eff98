"""Teams, people, and who is in which team. What they answer for is written down in the room above."""

from datetime import datetime
from typing import Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.models import User
from inventory.models import Site
from inventory.models.homes import Homed, home_within, one_home
from inventory.models.places import validate_time_zone
from inventory.models.triggers import CHANGED, WRITTEN
from readiness.organisation.people.models.constraints import ends_after
from readiness.organisation.people.models.triggers import (
    ITS_SITE,
    claims,
    rotations_of,
    shifts_due,
    sites_of_person,
    sites_of_team,
)


class TeamQuerySet(models.QuerySet["Team"]):
    def present(self, now: datetime) -> Self:
        return self.filter(Q(dissolved_at=None) | Q(dissolved_at__gt=now))


class Team(Homed):
    HISTORY = True
    VISIBLE_WHERE = "true"  # organisation-wide
    WRITABLE_WHERE = home_within("people_team")

    name = models.CharField("name", max_length=100, unique=True)
    slug = models.SlugField("slug", max_length=100, unique=True)
    contact = models.CharField(
        "contact", max_length=200, blank=True, help_text="A shared address, channel or pager; no person's own"
    )
    description = models.CharField("description", max_length=200, blank=True)
    dissolved_at = models.DateTimeField(
        "dissolved at", null=True, blank=True, help_text="From this instant on nobody answers under its name"
    )

    objects = TeamQuerySet.as_manager()

    class Meta:
        verbose_name = "team"
        verbose_name_plural = "teams"
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(name__regex=r"\S"), name="team_has_name"),
            one_home("team_has_one_home"),
        ]

    def __str__(self) -> str:
        return self.name


def has_left(now: datetime, *, person: str = "") -> Q:
    """A condition for people who are gone: their last day is over, or nobody can sign in as them any more.

    `person` is the path to the person, such as "accountable__".
    """
    return Q(**{f"{person}left_at__lte": now}) | Q(**{f"{person}user__is_active": False})


class PersonQuerySet(models.QuerySet["Person"]):
    def left(self, now: datetime) -> Self:
        return self.filter(has_left(now))

    def present(self, now: datetime) -> Self:
        # As a list of keys: negated, the join to a user who may not be there would lose those without one.
        return self.exclude(pk__in=self.model.objects.left(now).order_by().values("pk"))


LINK_IS_CONFIRMED = pgtrigger.Trigger(
    name="link_is_confirmed",
    operation=pgtrigger.Update,
    when=pgtrigger.Before,
    func="IF NEW.user_id IS NOT NULL AND NEW.user_id IS DISTINCT FROM OLD.user_id"
    " AND NEW.user_id IS DISTINCT FROM OLD.requested_user_id"
    " THEN RAISE EXCEPTION 'A link comes into force only after it was requested.'"
    " USING ERRCODE = 'check_violation', CONSTRAINT = 'person_link_was_requested', TABLE = 'people_person';"
    " END IF; RETURN NEW;",
)


# Raw writes too leave their mark; the operations say when, by the clock of the program.
LINK_IS_NOTED = pgtrigger.Trigger(
    name="link_is_noted",
    operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
    when=pgtrigger.After,
    func="""
        IF TG_OP <> 'INSERT' AND (TG_OP = 'DELETE' OR NEW.user_id IS DISTINCT FROM OLD.user_id) THEN
            UPDATE accounts_accounttie SET ended_at = greatest(now(), began_at)
                WHERE person_id = OLD.id AND account_id = OLD.user_id AND ended_at IS NULL;
        END IF;
        IF TG_OP <> 'DELETE' AND NEW.user_id IS NOT NULL THEN
            IF TG_OP = 'INSERT' OR NEW.user_id IS DISTINCT FROM OLD.user_id THEN
                INSERT INTO accounts_accounttie (account_id, kind, person_id, began_at)
                    VALUES (NEW.user_id, 'person', NEW.id, NEW.user_confirmed_at);
            END IF;
        END IF;
        RETURN NULL;
    """,
)


class Person(Homed):
    """Somebody who works at the sites, whether they sign in to Muster or not. Only who does can accept anything.

    `user` is the link in force. A link that is requested waits in `requested_user` until that user confirms it.
    """

    HISTORY = True
    VISIBLE_WHERE = "true"  # organisation-wide
    WRITABLE_WHERE = home_within("people_person")

    HISTORY_PERMISSION = "people.view_person"
    SIGNS_IN_AS = "user_id"

    name = models.CharField("name", max_length=150)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="person",
        null=True,
        blank=True,
        verbose_name="user",
        editable=False,
        help_text="Who signs in as this person; without one nothing can be accepted",
    )
    user_confirmed_at = models.DateTimeField(
        "link confirmed at", null=True, editable=False, help_text="When the user confirmed the link"
    )
    requested_user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="requested_people",
        null=True,
        editable=False,
        verbose_name="requested user",
        help_text="Who is to confirm that they are this person",
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
        verbose_name="link requested by",
    )
    requested_at = models.DateTimeField("link requested at", null=True, editable=False)
    email = models.EmailField("e-mail", blank=True)
    employer = models.CharField(
        "employer", max_length=100, blank=True, help_text="Of a vendor's staff; empty: this organisation"
    )
    phone = models.CharField("phone", max_length=40, blank=True)
    time_zone = models.CharField("time zone", max_length=64, default="UTC", validators=[validate_time_zone])
    left_at = models.DateTimeField(
        "left at", null=True, blank=True, help_text="End of the last day, in the person's own time zone"
    )
    teams = models.ManyToManyField(
        Team, through="Membership", related_name="people", blank=True, verbose_name="teams"
    )

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name = "person"
        verbose_name_plural = "people"
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(name__regex=r"\S"),
                name="person_has_name",
                violation_error_message="A name is required.",
            ),
            one_home("person_has_one_home"),
            models.UniqueConstraint(
                fields=["email"],
                condition=~Q(email=""),
                name="person_email_unique",
                violation_error_code="unique",
                violation_error_message="Somebody else has this e-mail.",
            ),
            models.CheckConstraint(
                condition=Q(user=None, user_confirmed_at=None)
                | Q(user__isnull=False, user_confirmed_at__isnull=False),
                name="person_link_is_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(requested_user=None, requested_by=None, requested_at=None)
                | Q(
                    requested_user__isnull=False,
                    requested_by__isnull=False,
                    requested_at__isnull=False,
                    user=None,
                ),
                name="person_link_request_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(requested_by=F("requested_user")),
                name="person_link_requested_by_another",
                violation_error_message="Nobody requests a link to their own user.",
            ),
        ]
        permissions = [
            ("link_person", "Can request and end links of people to users"),
            ("erase_person", "Can erase what is known of a person"),
        ]
        triggers = [
            LINK_IS_CONFIRMED,
            LINK_IS_NOTED,
            *claims(sites_of_person("id"), *CHANGED),
            *shifts_due(rotations_of("id"), *WRITTEN),
        ]

    def __str__(self) -> str:
        return self.name

    def left_by(self, now: datetime) -> bool:
        """Needs the user joined in."""
        gone = self.left_at is not None and self.left_at <= now
        return gone or (self.user is not None and not self.user.is_active)


# Whoever may not sign in any more has left, and calendars name people by their users.
_OF_USERS = """(SELECT person.id AS person_id FROM new_values AS written
    JOIN old_values AS before ON before.id = written.id JOIN people_person AS person ON person.user_id = written.id
    WHERE (written.is_active, written.username, written.email)
        IS DISTINCT FROM (before.is_active, before.username, before.email))"""
pgtrigger.register(
    *claims(sites_of_person().replace("{rows}", _OF_USERS), *CHANGED),
    *shifts_due(rotations_of().replace("{rows}", _OF_USERS), *CHANGED),
)(User)


class Membership(models.Model):
    HISTORY = True
    HISTORY_TITLE = ("person", "team")
    VISIBLE_WHERE = "true"  # organisation-wide
    WRITABLE_BY = ("team",)

    HISTORY_PERMISSION = "people.view_person"

    person = models.ForeignKey(Person, models.CASCADE, related_name="memberships", verbose_name="person")
    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships", verbose_name="team")
    role = models.CharField("role", max_length=100, blank=True, help_text="Such as lead; in words")

    class Meta:
        verbose_name = "team membership"
        verbose_name_plural = "team memberships"
        ordering = ["team__name", "person__name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "team"],
                name="membership_once",
                violation_error_message="This person is in this team already.",
            )
        ]

        triggers = claims(sites_of_team())

    def __str__(self) -> str:
        return f"{self.person} in {self.team}"


class Staffing(models.Model):
    """A team staffs a site: its members are assigned there, and are counted for what the site requires."""

    HISTORY = True
    HISTORY_TITLE = ("team",)
    VISIBLE_BY = ("site",)
    WRITABLE_BY = ("team",)

    team = models.ForeignKey(Team, models.CASCADE, related_name="staffings", verbose_name="team")
    site = models.ForeignKey(Site, models.CASCADE, related_name="staffings", verbose_name="site")
    begins_at = models.DateTimeField("begins at")
    ends_at = models.DateTimeField("ends at", null=True, blank=True)

    class Meta:
        verbose_name = "staffing"
        verbose_name_plural = "staffings"
        ordering = ["site__name", "team__name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "site"],
                condition=Q(ends_at=None),
                name="staffing_once",
                violation_error_message="This team staffs this site already.",
            ),
            ends_after(
                "begins_at",
                "ends_at",
                "staffing_ends_after_it_begins",
                "It must end after it begins.",
                open_end=True,
            ),
        ]
        triggers = claims(ITS_SITE)

    def __str__(self) -> str:
        return f"{self.team} at {self.site}"
