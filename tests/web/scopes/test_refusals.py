"""What a refusal of a write outside the scope says: what lies outside, the permission, the scope, and whom to ask."""

import pytest
from django.contrib.auth.models import Permission

from inventory.models import Region
from readiness.organisation.people.models import Skill, Team
from tests.inventory import made
from tests.pages import statements, words_of

pytestmark = pytest.mark.django_db
SCOPE = "You see only some sites: region iberia."
HELD = "The permission people.change_team holds within your scope alone."


@pytest.fixture
def iberia():
    europe = Region.objects.create(name="Europe", slug="europe")
    return Region.objects.create(name="Iberia", slug="iberia", parent=europe)


@pytest.fixture
def lyon(iberia):
    return made.site(name="Lyon", slug="lyon", region=iberia.parent)


@pytest.fixture
def limited(iberia, manager):
    """The manager of Iberia, beside one of Europe and an administrator."""
    manager.access_scopes.create(kind="region", slug="iberia")


@pytest.fixture
def others(user_of, lyon):
    user_of("manager", username="mira", name="Mira Kovač").access_scopes.create(kind="region", slug="europe")
    user_of("manager", username="faro").access_scopes.create(kind="region", slug="iberia")
    user_of("planner", username="paul")
    user_of("admin", username="ada", name="Ada Admin")


@pytest.fixture
def team_of():
    return lambda **home: Team.objects.create(name="Hands", slug="hands", **home)


def refused_at(client, team):
    answer = client.patch(f"/api/people/teams/{team.pk}/", {"contact": "x"}, content_type="application/json")
    assert answer.status_code == 403
    return answer.json()["detail"]


def test_it_names_the_home_the_permission_the_scope_and_whom_to_ask(
    limited, others, iberia, team_of, client_of
):
    team = team_of(home_region=iberia.parent)
    sentence = (
        f"This team lies outside your scope: it belongs to region europe. {HELD} Ask Mira Kovač or Ada Admin."
    )
    assert refused_at(client_of("manager"), team) == f"{sentence} {SCOPE}"
    page = client_of("manager").get(f"/people/teams/{team.pk}/edit/")
    assert page.status_code == 403
    assert f"{sentence} {SCOPE}" in words_of(page)


def test_it_does_not_name_a_home_that_the_reader_does_not_see(limited, others, lyon, team_of, client_of):
    detail = refused_at(client_of("manager"), team_of(home_site=lyon))
    assert detail == f"This team lies outside your scope. {HELD} Ask Mira Kovač or Ada Admin. {SCOPE}"


def test_what_is_of_the_whole_installation_is_for_users_of_all_sites(limited, others, team_of, client_of):
    detail = refused_at(client_of("manager"), team_of())
    belongs = "it belongs to the whole installation"
    assert detail == f"This team lies outside your scope: {belongs}. {HELD} Ask Ada Admin. {SCOPE}"
    skill = Skill.objects.create(name="Fabric", slug="fabric", domain="network", levels=["Can"])
    answer = client_of("manager").delete(f"/api/people/skills/{skill.pk}/")
    assert (answer.status_code, belongs in answer.text, "people.delete_skill" in answer.text) == (
        403,
        True,
        True,
    )


def test_moving_something_out_is_refused_by_where_it_would_lie(limited, others, iberia, team_of, client_of):
    team, body = team_of(home_region=iberia), {"home_region": iberia.parent.pk}
    answer = client_of("manager").patch(
        f"/api/people/teams/{team.pk}/", body, content_type="application/json"
    )
    would = "The team would lie outside your scope: it belongs to region europe."
    assert (answer.status_code, answer.json()["detail"]) == (
        403,
        f"{would} {HELD} Ask Mira Kovač or Ada Admin. {SCOPE}",
    )


def test_whoever_sees_no_names_is_told_the_role(limited, others, iberia, team_of, client_of, viewer):
    for name in ("change_team", "view_team"):
        viewer.user_permissions.add(Permission.objects.get(codename=name))
    viewer.access_scopes.create(kind="region", slug="iberia")
    client, europe = client_of("viewer"), iberia.parent
    team = team_of(home_region=europe)
    assert "Ask somebody with the role manager or admin whose scope contains it." in refused_at(client, team)
    Team.objects.update(home_region=None)
    assert "Ask somebody with the role manager or admin for the whole installation." in refused_at(
        client, team
    )


def test_where_nobody_else_may_it_is_for_an_administrator(limited, iberia, team_of, client_of):
    detail = refused_at(client_of("manager"), team_of(home_region=iberia.parent))
    assert "Ask an administrator: no other account may do it there." in detail


def test_one_of_many_outside_refuses_all_and_is_named(limited, others, iberia, team_of, client_of):
    ours = Team.objects.create(name="Ours", slug="ours", home_region=iberia)
    theirs = team_of(home_region=iberia.parent)
    body = [{"id": each.pk, "contact": "x"} for each in (ours, theirs)]
    answer = client_of("manager").patch("/api/people/teams/", body, content_type="application/json")
    assert (answer.status_code, "it belongs to region europe" in answer.text) == (403, True)
    assert set(Team.objects.values_list("contact", flat=True)) == {""}


def test_an_object_that_is_seen_and_not_writable_is_offered_no_form(limited, iberia, team_of, client_of):
    ours = Team.objects.create(name="Ours", slug="ours", home_region=iberia)
    theirs, client = team_of(home_region=iberia.parent), client_of("manager")
    page = client.get("/people/teams/").text
    for team, is_offered in ((ours, True), (theirs, False)):
        edit = f'href="/people/teams/{team.pk}/edit/"'
        assert (edit in page, edit in client.get(f"/people/teams/{team.pk}/").text) == (
            is_offered,
            is_offered,
        )


def test_what_only_users_of_all_sites_write_is_not_offered(limited, client_of):
    skill = Skill.objects.create(name="Fabric", slug="fabric", domain="network", levels=["Can"])
    for path in ("/people/skills/", f"/people/skills/{skill.pk}/"):
        page = client_of("manager").get(path).text
        assert [each for each in ("add/", "csv/", "bulk/", "edit/", "delete/") if f'/{each}"' in page] == []


def test_a_list_learns_what_is_writable_with_its_rows(limited, iberia, team_of, client_of):
    client, europe = client_of("manager"), iberia.parent
    team_of(home_region=europe)
    once = statements(client, "/people/teams/")
    for number in range(9):
        home = iberia if number % 2 else europe
        Team.objects.create(name=f"Team {number}", slug=f"team-{number}", home_region=home)
    assert statements(client, "/people/teams/") == once
