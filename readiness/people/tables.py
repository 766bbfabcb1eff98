"""Columns as data: teams, and people."""

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from readiness.people.filters import PersonFilters, TeamFilters
from readiness.people.models import Person
from web.tables import Column, Table


def teams_of(person: Person) -> str:
    return ", ".join(each.team.name for each in person.memberships.all())


def _standing(person: Person) -> str:
    return gettext("left") if person.has_left else gettext("present")  # type: ignore[attr-defined]


def people_table() -> Table:
    return Table(
        id="people",
        noun=(_("person"), _("people")),
        columns=(
            Column("name", _("Name"), sort="name", locked=True, phone="title"),
            Column("teams", _("Teams"), value=teams_of, phone="full"),
            Column(
                "standing",
                _("Standing"),
                value=_standing,
                tone=lambda person: "warn" if person.has_left else "",
                phone="status",
            ),
            Column(
                "user",
                _("User"),
                value=lambda person: person.user.username if person.user else "",
                sort="user__username",
            ),
            Column("email", _("E-mail"), sort="email"),
            Column("phone", _("Phone")),
            Column("time_zone", _("Time zone"), sort="time_zone"),
        ),
        filterset=PersonFilters,
        row_url=lambda person: reverse("person", args=[person.pk]),
        api="people-api-person-list",
        empty={
            "title": _("Nobody yet"),
            "text": _(
                "People answer for sites. Add those who do, and link them to the users they sign in as."
            ),
            "icon": "users-group",
        },
    )


def team_table() -> Table:
    return Table(
        id="teams",
        noun=(_("team"), _("teams")),
        columns=(
            Column("name", _("Name"), sort="name", locked=True, phone="title"),
            Column("present", _("People"), sort="present", numeric=True, hint=_("Who have not left")),
            Column("contact", _("Contact"), sort="contact"),
            Column("description", _("Description"), phone="full"),
            Column("slug", _("Slug"), sort="slug", default=False),
        ),
        filterset=TeamFilters,
        row_url=lambda team: reverse("team", args=[team.pk]),
        row_name=lambda team: str(team),
        api="people-api-team-list",
        empty={
            "title": _("No team yet"),
            "text": _("A team is who answers when a person cannot: it has a contact of its own."),
            "icon": "users-group",
        },
    )
