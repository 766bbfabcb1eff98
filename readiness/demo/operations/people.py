"""People of the demo: a login for each role, and teams and people who own items of its sites.

The password of the logins is derived from the secret key, so it can be printed at any time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password

from accounts.models import User
from accounts.operations import create_user
from accounts.roles import ROLES
from inventory.models import Site
from readiness.demo.building import write
from readiness.demo.core.plan import book
from readiness.demo.logins import password_of
from readiness.demo.models import DemoFleet
from readiness.demo.operations.made import DemoObjects, written
from readiness.organisation.ownership import operations as ownership
from readiness.organisation.ownership.core.standing import Item
from readiness.organisation.ownership.models import Assignment
from readiness.organisation.ownership.operations import Proposal
from readiness.organisation.people.models import Leave, Membership, Person, Team

USERNAME = "demo-{key}"
LINKED_BEFORE = timedelta(days=400)
"""How long ago the demo's people confirmed their user accounts: before they accepted anything."""
CONFIRMED_BEFORE = timedelta(days=3)
"""An owner of the demo confirms this long before the deadline. Confirmations that ended before the loading stay
overdue."""


def password() -> str:
    return password_of(settings.SECRET_KEY)


def logins() -> tuple[str, ...]:
    """The remaining logins of the loaded demo, each named after its role; empty without a demo."""
    fleet = DemoFleet.objects.first()
    return () if fleet is None else tuple(role for role, user in people(fleet.made).items() if user.is_active)


def write_logins(objects: DemoObjects, *, now: datetime) -> None:
    """Make the logins, except for names that already exist. The common password is hashed only once, which saves a
    second."""
    existing_logins = set(User.objects.filter(username__in=ROLES).values_list("username", flat=True))
    users = [
        create_user(username=role, password=None, role=role, by=None, now=now)
        for role in ROLES
        if role not in existing_logins
    ]
    User.objects.filter(pk__in=[user.pk for user in users]).update(password=make_password(password()))
    objects.note(users)


def people(ids_by_model: Mapping[str, list[int]]) -> dict[str, User]:
    """The logins that the demo created, by role. A role whose name already existed is missing."""
    users = {
        user.username: user for user in User.objects.filter(pk__in=ids_by_model.get(User._meta.label, []))
    }
    return {role: users[role] for role in ROLES if role in users}


@dataclass(frozen=True, slots=True)
class Staff:
    teams: Mapping[str, Team]
    people: Mapping[str, Person]

    def proposal(self, site: Site, item: str, team: str, *, person: str, deputy: str | None) -> Proposal:
        owner_book = book("owners")
        return Proposal(
            site=site,
            item=item,
            accountable=self.people[person],
            team=self.teams[team],
            deputy=self.people[deputy] if deputy else None,
            decision_rights=owner_book["rights"][item],
            escalation=owner_book["escalation"],
        )


def write_owners(
    sites: Mapping[str, Site], logins: Mapping[str, User], objects: DemoObjects, *, now: datetime
) -> Staff | None:
    """Write assignments up to `now`. Without the manager's login, nobody can propose."""
    by = logins.get("manager")
    if by is None:
        return None
    owner_book = book("owners")
    teams = written(Team, owner_book["teams"], objects)
    people = {row["key"]: _person(row, logins, objects, now=now) for row in owner_book["people"]}
    memberships = [
        Membership(person=people[row["key"]], team=teams[slug])
        for row in owner_book["people"]
        for slug in row["teams"]
    ]
    leave = [
        Leave(
            person=people[row["person"]],
            starts_at=now - timedelta(days=row["from"]),
            ends_at=now - timedelta(days=row["to"]),
        )
        for row in owner_book["leave"]
    ]
    write(people.values(), memberships, leave)
    objects.note(people.values())
    staff = Staff(teams, people)
    for name, row in owner_book["owned"].items():
        if name in sites:
            _write_site(sites[name], row, staff, by=by, now=now)
    for row in owner_book["handing_over"]:
        if row["site"] in sites:
            _hand_over(sites[row["site"]], row, staff, by=by, now=now)
    return staff


def _person(
    row: Mapping[str, Any], logins: Mapping[str, User], objects: DemoObjects, *, now: datetime
) -> Person:
    user = logins.get(row.get("login", ""))
    if user is None or hasattr(user, "person"):
        username = USERNAME.format(key=row["key"])
        user = create_user(
            username=username, name=row["name"], password=None, role="viewer", by=None, now=now
        )
        objects.note([user])
    return Person(
        name=row["name"],
        user=user,
        user_confirmed_at=now - LINKED_BEFORE,
        time_zone=row["time_zone"],
        left_at=now - timedelta(days=row["left"]) if "left" in row else None,
    )


def _write_site(site: Site, row: Mapping[str, Any], staff: Staff, *, by: User, now: datetime) -> None:
    """Each assignment was proposed a week before its acceptance; all at once, so that no day counts half a site."""
    accepted_at, items, team = now - timedelta(days=row["since"]), row.get("items", {}), row["team"]
    # Special items may have other people, nobody, or somebody who has not answered.
    owned = {item.value: items.get(item.value, row) for item in Item}
    proposals = [
        staff.proposal(site, item, team, person=own["by"], deputy=own["deputy"])
        for item, own in owned.items()
        if own is not None and "by" in own
    ]
    for assignment in ownership.propose_many(proposals, by=by, now=accepted_at - timedelta(days=7)):
        _accept(assignment, at=accepted_at)
    for item, own in items.items():
        if own and "asked" in own:
            proposal = staff.proposal(site, item, team, person=own["asked"], deputy=row["deputy"])
            ownership.propose(proposal, by=by, now=now - timedelta(days=own["ago"]))


def _accept(assignment: Assignment, *, at: datetime) -> None:
    user = assignment.accountable.user
    if user is None:
        raise ValueError("Everybody in the demo signs in as somebody.")
    accepted = ownership.accept(assignment, by=user, now=at)
    for step in accepted.steps.all():
        ownership.set_step(step, done=True, by=user, now=at)


def _hand_over(site: Site, row: Mapping[str, Any], staff: Staff, *, by: User, now: datetime) -> None:
    at = now - timedelta(days=row["ago"])
    proposal = staff.proposal(site, row["item"], row["team"], person=row["to"], deputy=row["deputy"])
    assignment = ownership.propose(proposal, by=by, now=at)
    for step in assignment.steps.all()[: row["ticked"]]:
        ownership.set_step(step, done=True, by=by, now=at)


def keep_owned(site_ids: list[int], *, now: datetime) -> int:
    """Let the owners of the demo confirm before the deadline; returns the number of confirmations."""
    due = Assignment.objects.only_in_force(now).filter(
        site__in=site_ids, due_at__gt=now, due_at__lte=now + CONFIRMED_BEFORE
    )
    confirmed = 0
    for assignment in due.select_related("accountable__user").order_by("pk"):
        if assignment.accountable.user is not None and not assignment.accountable.left_by(now):
            ownership.confirm(assignment, by=assignment.accountable.user, now=now)
            confirmed += 1
    return confirmed
