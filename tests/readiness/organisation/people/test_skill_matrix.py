"""People against skills: what each cell says, gaps of sites, filters, one cell beside it, and who sees what."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.inventory import made as inventory
from tests.pages import forget_answers, rows_of, words_of
from tests.readiness.assessment.scoring.stored import NOW
from tests.readiness.organisation.people import made

pytestmark = pytest.mark.django_db
ADDRESS = "/people/matrix/"
DAY = timedelta(days=1)
BUDGET = 36


@pytest.fixture(autouse=True)
def at_noon(frozen_now):
    frozen_now.at = NOW


def cells_of(response):
    assert response.status_code == 200
    found = re.findall(
        r'<td(?: class="first")?(?: data-skill="([\w-]+)")?[^>]*><button name="cell" value="([^"]+)"[^>]*'
        r' aria-label="([^"]+)"',
        response.content.decode(),
    )
    return {unescape(label).partition(":")[0]: (standing, unescape(label)) for standing, _, label in found}


@pytest.fixture
def optics(db):
    return made.skill(name="Optics", slug="optics")


@pytest.fixture
def porto(optics):
    """Porto needs two people of the skill, and one of its team has it."""
    site = inventory.site(name="Porto", slug="porto", stage="production")
    made.rule(optics, subject="site")
    return site


@pytest.fixture
def team(porto):
    team = made.team(name="Fabric", slug="fabric")
    made.staffing(porto, team)
    return team


@pytest.fixture
def people(team, optics):
    ona, bo = (made.person(team, name=name) for name in ("Ona Reis", "Bo Lind"))
    made.qualification(ona, optics, level=2, valid_until=NOW + 10 * DAY)
    return ona, bo


def test_a_cell_says_level_end_and_gap(client_of, people):
    response = client_of("manager").get(ADDRESS)
    assert cells_of(response) == {
        "Ona Reis, Optics": ("ending", "Ona Reis, Optics: level 2, ends 4 Dec 2026"),
        "Bo Lind, Optics": ("gap", "Bo Lind, Optics: a site is short of level 1"),
    }
    assert "Sites are short of people in 1 skill of 1" in words_of(response)


def test_filters_select_people_by_team_and_site_and_skills_by_domain(client_of, people, optics):
    made.person(made.team(name="Power", slug="power"), name="Cai Moss")
    made.skill(name="Cooling", slug="cooling", domain="energy")
    manager = client_of("manager")

    def names(query):
        return {label.partition(",")[0] for label in cells_of(manager.get(f"{ADDRESS}?{query}"))}

    assert names("") == {"Ona Reis", "Bo Lind", "Cai Moss"}
    assert names("team=power") == {"Cai Moss"}
    assert names("site=porto") == {"Ona Reis", "Bo Lind"}
    assert names("q=bo") == {"Bo Lind"}
    cells = cells_of(manager.get(f"{ADDRESS}?domain=energy"))
    assert {label.rpartition(", ")[2] for label in cells} == {"Cooling"}
    assert "No person matches" in words_of(manager.get(f"{ADDRESS}?site=nowhere"))


def test_files_have_a_column_for_each_skill(client_of, people):
    rows = rows_of(client_of("manager").get(f"{ADDRESS}?export=csv"))
    assert {row["Person"]: (row["Teams"], row["Optics"]) for row in rows} == {
        "Ona Reis": ("Fabric", "level 2, ends 4 Dec 2026"),
        "Bo Lind": ("Fabric", "a site is short of level 1"),
    }


def test_the_panel_says_what_was_shown_where_it_is_short_and_what_leads_there(client_of, people, optics):
    bo = people[1]
    course = made.course(name="Optics by hand", skill=optics)
    response = client_of("manager").get(f"{ADDRESS}?cell={bo.pk}.optics")
    words = words_of(response)
    assert "Bo Lind, Optics" in words
    assert "Porto is short of people at level 1, and Bo Lind is assigned there." in words
    assert "Nothing is recorded." in words
    body = response.content.decode()
    assert f'href="/people/trainings/assign/?course={course.pk}&amp;people={bo.pk}"' in body
    assert f'href="/people/qualifications/add/?person={bo.pk}&amp;skill={optics.pk}"' in body
    ona = words_of(client_of("manager").get(f"{ADDRESS}?cell={people[0].pk}.optics"))
    assert "Level 2, assessed hands-on" in ona
    assert "valid until 4 Dec 2026" in ona
    assert "Assign" not in words_of(client_of("ops").get(f"{ADDRESS}?cell={bo.pk}.optics"))


@pytest.mark.parametrize("cell", ["optics", "0.optics", "1.nothing", "x.optics", "99999999999.optics"])
def test_a_cell_of_nobody_is_not_found(client_of, people, cell):
    assert client_of("manager").get(f"{ADDRESS}?cell={cell}").status_code == 404


def test_whoever_may_not_see_names_sees_counts_by_team(client_of, people):
    response = client_of("viewer").get(f"{ADDRESS}?cell={people[1].pk}.optics")
    words = words_of(response)
    assert "Fabric, Optics: 1 person" in words
    assert "counts only" in words
    assert response.context["evidence"] is None
    for name in ("Ona Reis", "Bo Lind"):
        assert name not in words
    [row] = rows_of(client_of("viewer").get(f"{ADDRESS}?export=csv"))
    assert (row["Team"], row["People"], row["Optics"]) == ("Fabric", "2", "1")


def test_without_anybody_it_says_what_would_be_here(client_of, optics):
    assert "No people yet" in words_of(client_of("manager").get(ADDRESS))


def statements(client, path):
    forget_answers()
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_the_page_costs_the_same_for_two_people_and_for_sixty(client_of, people, team, optics):
    paths = (ADDRESS, f"{ADDRESS}?cell={people[1].pk}.optics")
    few = [statements(client_of("manager"), path) for path in paths]
    for number in range(60):
        made.qualification(made.person(team, name=f"Person {number}"), optics)
    assert [statements(client_of("manager"), path) for path in paths] == few
    assert max(few) <= BUDGET
