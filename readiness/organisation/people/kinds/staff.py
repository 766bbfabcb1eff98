"""People and teams: their lists, pages and forms."""

from typing import Any

from django.db.models import Q, QuerySet

from inventory.homes import HOME_FIELDS, HOME_GROUP, HomeForm, home_column, home_filters, home_text
from readiness.organisation.people import operations, queries
from readiness.organisation.people.forms import PersonForm, PersonLinkForm, initial_of
from readiness.organisation.people.kinds.tabs import declared, standing_column
from readiness.organisation.people.models import (
    Person,
    Qualification,
    Shift,
    Staffing,
    Team,
    Training,
    has_left,
)
from web import clock
from web.kinds import Entry, Kind, Related
from web.kinds.columns import hidden, plain
from web.kinds.rest import filters_of
from web.links import page_url
from web.rest.lookups import Flag
from web.tables import Column, Table
from web.visibility import SEES_NAMES, sees_names
from web.workflows.approvals import flag_words, flags_on, rests_on

PersonFilters = filters_of(
    Person,
    ("name", "user", "email", "phone", "employer", "time_zone", "left_at", "teams", *HOME_FIELDS),
    search=("name", "email", "employer", "user__username"),
    panel=("teams", "gone", "home_region", "home_site", "without_home"),
    gone=Flag(read=lambda _key: has_left(clock.now()), label="Has left"),
    **home_filters(),
)


def _people() -> QuerySet[Person]:
    return queries.people(now=clock.now())


def _teams_of(person: Person) -> str:
    return ", ".join(each.team.name for each in person.memberships.all())


def _team_context(team: Team, user: Any) -> dict[str, Any]:
    names = sees_names(user)
    members = _people().filter(memberships__team=team) if names else []
    return {"members": members, "sees_names": names, "home": home_text(team)}


PEOPLE = Kind(
    model=Person,
    rows=_people,
    room=None,
    icon="users-group",
    search_order=25,
    title="People",
    address="",
    names={"list": "people", "detail": "person"},
    may=(SEES_NAMES,),
    # Whoever may not see names gets another list at the same address.
    pages=("detail", "bulk", "csv"),
    hint="Who works at the sites, in which team, and how to reach them",
    template="people/person.html",
    context=lambda person, user: {
        "heading": person.name,
        "teams": _teams_of(person),
        "home": home_text(person),
        "approval_flags": flag_words(flags_on(person)),
    },
    links=(("Teams", "teams", "users-group"),),
    related=(
        Related(
            Qualification,
            ("person",),
            ("skill", "level", "device_type", "valid_until", "standing"),
            fills="person",
        ),
        Related(Training, ("person",), ("course", "completed_at", "valid_until", "standing")),
        Related(
            Shift,
            ("person",),
            ("rotation", "level", "starts_at", "ends_at"),
            only=lambda: Q(ends_at__gt=clock.now()),
        ),
    ),
    entries=(
        Entry(
            url_name="person-add",
            permissions=("people.add_person",),
            heading="Add a person",
            form=PersonForm,
            enter=operations.save_person,
            done=lambda person: f"{person} is saved.",
            after=lambda person: page_url(person) or "",
        ),
        Entry(
            url_name="person-edit",
            on_object=True,
            permissions=("people.change_person",),
            heading=lambda person: f"Change {person.name}",
            form=PersonForm,
            initial=initial_of,
            enter=operations.save_person,
            done=lambda person: f"{person} is saved.",
        ),
        Entry(
            url_name="person-link",
            on_object=True,
            permissions=(operations.MAY_LINK,),
            heading=lambda person: f"Link {person} to a user",
            form=PersonLinkForm,
            enter=operations.request_link,
            done="The user is asked to confirm the link.",
        ),
        Entry(
            url_name="person-unlink",
            on_object=True,
            permissions=(operations.MAY_LINK,),
            heading="Unlink",
            enter=operations.unlink,
            done=lambda person: f"{person} is linked to no user.",
        ),
    ),
    table=Table(
        id="people",
        noun=("person", "people"),
        columns=(
            plain("name", "Name", locked=True, phone="title"),
            Column("teams", "Teams", value=_teams_of, phone="full"),
            standing_column(lambda person: "left" if person.has_left else "present", left="warn"),
            Column("user", "User", value="user.username", sort="user__username", default=False),
            plain("email", "E-mail"),
            Column("phone", "Phone"),
            hidden(plain, "employer", "Employer"),
            home_column(),
            plain("time_zone", "Time zone"),
            rests_on(),
        ),
        filterset=PersonFilters,
        row_url=page_url,
        api="people-api-person-list",
        nothing="people/nothing.html#people",
    ),
)
TEAMS = declared(
    Team,
    ("name", "slug", "contact", "description", "dissolved_at", *HOME_FIELDS),
    (
        "name",
        plain("present", "People", numeric=True, hint="Who have not left"),
        "contact",
        Column("description", "Description", phone="full"),
        home_column(),
    ),
    hidden=("slug",),
    form=HomeForm,
    groups=(("Team", ("name", "slug", "contact", "description", "dissolved_at")), HOME_GROUP),
    filters=home_filters(),
    panel=("home_region", "home_site", "without_home"),
    tabs=lambda current: (),
    names={"list": "teams", "detail": "team"},
    pages=("list", "add", "detail", "edit", "bulk", "csv"),
    counted=lambda: queries.teams(now=clock.now()),
    search=("name", "slug", "contact", "description"),
    hint="A team has a contact of its own, owns items of sites, and staffs sites with its people",
    template="people/team.html",
    context=_team_context,
    links=(("People", "people", "user"),),
    empty="A team is who answers when a person cannot: it has a contact of its own.",
)
STAFFING = declared(
    Staffing,
    ("team", "site", "begins_at", "ends_at"),
    ("team", "site", plain("begins_at", "Since"), plain("ends_at", "Until")),
    search=("team__name", "site__name"),
    panel=("team", "site"),
    hint="Which team runs which site",
    links=(("Teams", "teams", "users-group"),),
    empty="The members of a team that staffs a site are assigned there, and count for what it requires.",
)
