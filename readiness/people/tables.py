"""Columns as data: teams, and people."""

from django.urls import reverse

from readiness.people.filters import PersonFilters, TeamFilters
from readiness.people.models import Person
from web.tables import Column, Table


def teams_of(person: Person) -> str:
    return ", ".join(each.team.name for each in person.memberships.all())


def _standing(person: Person) -> str:
    return "left" if person.has_left else "present"  # type: ignore[attr-defined]


def people_table() -> Table:
    return Table(
        id="people",
        noun=("person", "people"),
        columns=(
            Column("name", "Name", sort="name", locked=True, phone="title"),
            Column("teams", "Teams", value=teams_of, phone="full"),
            Column(
                "standing",
                "Standing",
                value=_standing,
                tone=lambda person: "warn" if person.has_left else "",
                phone="status",
            ),
            Column(
                "user",
                "User",
                value=lambda person: person.user.username if person.user else "",
                sort="user__username",
            ),
            Column("email", "E-mail", sort="email"),
            Column("phone", "Phone"),
            Column("time_zone", "Time zone", sort="time_zone"),
        ),
        filterset=PersonFilters,
        row_url=lambda person: reverse("person", args=[person.pk]),
        api="people-api-person-list",
        empty={
            "title": "Nobody yet",
            "text": "People answer for sites. Add those who do, and link them to the users they sign in as.",
            "icon": "users-group",
        },
    )


def team_table() -> Table:
    return Table(
        id="teams",
        noun=("team", "teams"),
        columns=(
            Column("name", "Name", sort="name", locked=True, phone="title"),
            Column("present", "People", sort="present", numeric=True, hint="Who have not left"),
            Column("contact", "Contact", sort="contact"),
            Column("description", "Description", phone="full"),
            Column("slug", "Slug", sort="slug", default=False),
        ),
        filterset=TeamFilters,
        row_url=lambda team: reverse("team", args=[team.pk]),
        row_name=lambda team: str(team),
        api="people-api-team-list",
        empty={
            "title": "No team yet",
            "text": "A team is who answers when a person cannot: it has a contact of its own.",
            "icon": "users-group",
        },
    )
