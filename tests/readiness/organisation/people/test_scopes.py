"""A manager limited to one region changes rotations, teams and people that have their home there, and no others."""

import re
from datetime import timedelta

import pytest

from accounts.models import User
from inventory.models import Region
from readiness.organisation.people.models import (
    CapabilityRule,
    Layer,
    Override,
    Person,
    Rotation,
    Shift,
    Team,
)
from readiness.organisation.people.operations.rotations import write_claimed_shifts
from tests.conftest import NOW
from tests.inventory.made import site as make_site
from tests.pages import text_of
from tests.readiness.organisation.people import made

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen_now")]


@pytest.fixture
def europe():
    return Region.objects.create(name="Europe", slug="europe")


@pytest.fixture
def porto(europe):
    return make_site(
        name="Porto", slug="porto", region=Region.objects.create(name="Iberia", slug="iberia", parent=europe)
    )


@pytest.fixture
def lyon(europe):
    return make_site(name="Lyon", slug="lyon", region=europe)


@pytest.fixture
def limited(manager, porto):
    manager.access_scopes.create(kind="region", slug="iberia")
    return manager


@pytest.fixture
def client(limited, client_of):
    return client_of("manager")


@pytest.fixture
def api(limited, api_of):
    return api_of("manager")


def rotation_of(site, **home):
    rotation = made.rotation(site, **home)
    team = made.team(name=f"Team of {home['home_site']}" if "home_site" in home else "Shared", **home)
    people = [made.person(team, name=f"{name} of {site}", **home) for name in ("Ana", "Bo")]
    made.layer(rotation, *people)
    write_claimed_shifts(now=NOW)
    return rotation


@pytest.fixture
def theirs(lyon):
    return rotation_of(lyon, home_site=lyon)


@pytest.fixture
def shared(porto, lyon, europe):
    """Of a wider region than the scope, and on call for a site in it."""
    rotation = rotation_of(porto, home_region=europe)
    rotation.served.create(site=lyon)
    return rotation


@pytest.fixture
def ours(porto):
    return rotation_of(porto, home_site=porto)


def next_shift(rotation):
    return Shift.objects.filter(rotation=rotation, starts_at__gt=NOW).earliest("starts_at")


def test_rotations_of_other_regions_are_not_read(client, api, theirs, shared):
    rows = api.get("/api/people/rotations/").json()["results"]
    assert [row["id"] for row in rows] == [shared.pk]
    assert api.get("/api/people/layers/").json()["count"] == 1
    for address in (f"/people/rotations/{theirs.pk}/", f"/people/shifts/{next_shift(theirs).pk}/"):
        assert client.get(address).status_code == 404
    assert "of Lyon" not in client.get("/people/shifts/").text


def test_a_shift_of_another_region_is_not_moved(client, theirs, shared, porto):
    taker = made.person(name="Cai", home_site=porto)
    for rotation, status in ((theirs, 404), (shared, 403)):
        shift = next_shift(rotation)
        assert client.post(f"/people/shifts/{shift.pk}/move/", {"taker": taker.pk}).status_code == status
        shift.refresh_from_db()
        assert shift.person != taker


def test_a_primary_of_another_region_is_not_set_to_nobody(api, theirs, shared, ours):
    def override(rotation):
        times = {"starts_at": NOW.isoformat(), "ends_at": (NOW + timedelta(days=1)).isoformat()}
        return api.post(
            "/api/people/overrides/", {"rotation": rotation.pk, "level": 1, "person": None} | times
        )

    assert [override(rotation).status_code for rotation in (theirs, shared, ours)] == [400, 403, 201]
    assert [each.rotation for each in Override.objects.all()] == [ours]


def test_a_team_of_another_region_is_not_dissolved(api, client, theirs, ours, lyon):
    team, own = Team.objects.get(home_site=lyon), Team.objects.exclude(home_site=lyon).get()
    body = {"dissolved_at": NOW.isoformat()}
    assert api.patch(f"/api/people/teams/{team.pk}/", body).status_code == 403
    assert api.patch(f"/api/people/teams/{own.pk}/", body).status_code == 200
    assert api.delete(f"/api/people/memberships/{team.memberships.first().pk}/").status_code == 403
    staffing = {"team": team.pk, "site": {"slug": "porto"}, "begins_at": NOW.isoformat()}
    assert api.post("/api/people/staffings/", staffing).status_code == 403
    team.refresh_from_db()
    assert (team.dissolved_at, team.memberships.count()) == (None, 2)


def test_a_rule_of_the_whole_fleet_is_not_changed(api, limited):
    rule = made.rule(made.skill())
    assert api.patch(f"/api/people/capability-rules/{rule.pk}/", {"people": 1}).status_code == 403
    assert CapabilityRule.objects.get().people == 2


def test_nothing_is_moved_out_of_the_scope_or_into_it(api, ours, theirs, lyon, porto):
    for home in (
        {"home_site": lyon.pk},
        {"home_site": None},
        {"home_site": None, "home_region": lyon.region_id},
    ):
        status = api.patch(f"/api/people/rotations/{ours.pk}/", home).status_code
        assert status == (400 if home["home_site"] else 403)
    assert (
        api.patch(
            f"/api/people/teams/{Team.objects.get(home_site=lyon).pk}/", {"home_site": porto.pk}
        ).status_code
        == 403
    )
    assert (
        api.patch(f"/api/people/layers/{ours.layers.get().pk}/", {"rotation": theirs.pk}).status_code == 400
    )
    ours.refresh_from_db()
    assert (ours.home, Layer.objects.filter(rotation=ours).count()) == (porto, 1)


def options_of(page, name):
    """What a select offers, or the checkboxes of this name."""
    select = re.search(rf'<select name="{name}".*?</select>', page, re.DOTALL)
    return [text for value, text in re.findall(r'<option value="(\w*)"[^>]*>([^<]*)', select[0]) if value]


def test_a_form_offers_the_homes_of_the_scope(client, limited, lyon):
    page = client.get("/people/rotations/add/").text
    assert [options_of(page, f"home_{kind}") for kind in ("region", "site")] == [["Iberia"], ["Porto"]]
    body = {"name": "Nights", "slug": "nights", "domain": "energy", "time_zone": "UTC"}
    refused = client.post("/people/rotations/add/", body)
    assert (refused.status_code, Rotation.objects.count()) == (422, 0)
    assert "A region or a site of yours" in refused.text
    iberia = Region.objects.get(slug="iberia")
    assert client.post("/people/rotations/add/", body | {"home_region": iberia.pk}).status_code == 302
    assert Rotation.objects.get().home == iberia


def test_a_person_keeps_the_teams_that_lie_elsewhere(client, ours, theirs, lyon, porto):
    person = Person.objects.filter(home_site=porto).first()
    person.memberships.create(team=Team.objects.get(home_site=lyon))
    page = f"/people/{person.pk}/edit/"
    shown = client.get(page).text
    assert ("Team of Porto" in shown, "Team of Lyon" in shown) == (True, False)
    body = {"name": "Ann", "time_zone": "UTC", "home_site": "porto"}
    assert client.post(page, body).status_code == 302
    person.refresh_from_db()
    assert (person.name, [str(team) for team in person.teams.all()]) == ("Ann", ["Team of Lyon"])


def test_who_one_is_does_not_depend_on_a_scope(client, limited, lyon):
    person = made.person(
        name="Mira",
        home_site=lyon,
        requested_user=limited,
        requested_at=NOW,
        requested_by=User.objects.create(username="x"),
    )
    assert client.post(f"/settings/person/{person.pk}/confirm/").status_code == 302
    person.refresh_from_db()
    assert person.user == limited


def test_a_link_of_another_region_is_not_ended(api, lyon, porto, user_of):
    for number, (home, status) in enumerate(((lyon, 403), (porto, 204))):
        user = user_of("viewer", username=f"v{number}")
        person = made.person(home_site=home, user=user)
        assert api.post(f"/api/people/people/{person.pk}/unlink/", {}).status_code == status
        person.refresh_from_db()
        assert (person.user is None) == (home == porto)
        assert user.ties.filter(ended_at=None).exists() == (home == lyon)


def test_what_has_no_home_is_listed_for_whoever_sees_everything(api_of, client_of, porto):
    open_team = made.team(name="Open", is_home_chosen=False)
    made.team(name="Wide")
    made.team(name="Own", home_site=porto)
    api = api_of("manager")
    rows = api.get("/api/people/teams/?without_home=true").json()["results"]
    assert [row["id"] for row in rows] == [open_team.pk]
    page = text_of(client_of("manager").get("/people/teams/?without_home=true"))
    assert "not chosen" in page
    assert "the whole installation" not in page
    assert api.patch(f"/api/people/teams/{open_team.pk}/", {"is_home_chosen": True}).status_code == 200
    assert api.get("/api/people/teams/?without_home=true").json()["count"] == 0
