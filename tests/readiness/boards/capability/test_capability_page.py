"""The capability gap as page, endpoint and plan: two sites, two teams, one skill that too few people have."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from readiness.golive.models import WorkItem
from tests.inventory import made as inventory
from tests.pages import words_of
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import NOW
from tests.readiness.organisation.people import made

pytestmark = pytest.mark.django_db
HALF_A_YEAR = timedelta(days=180)
NAMES = ("Ada Quill", "Ben Ochre", "Cy Umber")


@pytest.fixture(autouse=True)
def _now(frozen_now):
    frozen_now.at = NOW


def switches(site, device_type):
    inventory.device(site=site, device_type=device_type, role="switch")


@pytest.fixture
def staffed(db):
    """Ada is qualified at both sites since a year; the rule asks for two people, so one more is needed at each."""
    dallas = stored.site(name="Dallas", slug="dallas", kw=0, first_blocker="p3-role-coverage")
    faro = stored.site(name="Faro", slug="faro", kw=0, first_blocker="p3-role-coverage")
    for site, it_kw in ((dallas, 800), (faro, 400)):
        inventory.capacity_event(
            site=site, happened_on=date(2025, 1, 1), it_kw=it_kw, accelerators=it_kw // 10
        )
    inventory.capacity_event(
        site=dallas, happened_on=NOW.date() - timedelta(days=60), it_kw=600, accelerators=60
    )
    vendor = inventory.manufacturer(name="Acme", slug="acme")
    for site in (dallas, faro):
        switches(site, made.hardware(vendor))
    skill = made.skill(name="Acme fabrics", slug="acme-fabrics", domain="network")
    made.rule(skill, people=2)
    team = made.team(name="Network EMEA", slug="network-emea")
    for site in (dallas, faro):
        made.staffing(site, team, begins_at=NOW - 2 * HALF_A_YEAR)
    ada, _ben, _cy = (made.person(team, name=name) for name in NAMES)
    made.qualification(ada, skill, device_type=made.hardware(vendor), shown_at=NOW - 2 * HALF_A_YEAR)
    made.course(name="Fabrics for operators", slug="fabrics", skill=skill, days=3)
    return skill


@pytest.fixture
def page(client_of, staffed):
    return lambda query="", role="viewer": client_of(role).get(f"/people/gap/?{query}")


def answer_of(api_of, role="viewer", query=""):
    return api_of(role, scope="read").get(f"/api/people/gap/?{query}").json()


def test_growth_of_capacity_less_growth_of_qualified_people(api_of, staffed):
    whole = answer_of(api_of)["whole"]
    assert whole["points"] == pytest.approx(50)
    assert (whole["qualified_now"], whole["qualified_then"]) == (1, 1)
    assert whole["accelerators_per_person"] == 180
    assert whole["covers"] == {"once": 2}


def test_somebody_qualified_since_closes_it(api_of, staffed):
    ben = made.person(name="Dee Sepia")
    team = made.Team.objects.get(slug="network-emea")
    made.Membership.objects.create(person=ben, team=team)
    made.qualification(
        ben, staffed, device_type=made.DeviceType.objects.first(), shown_at=NOW - timedelta(days=10)
    )
    whole = answer_of(api_of)["whole"]
    assert whole["points"] == pytest.approx(-50)
    assert (whole["qualified_now"], whole["qualified_then"]) == (2, 1)


def test_sites_and_regions_are_rows(api_of, staffed):
    by_site = {row["key"]: row for row in answer_of(api_of, query="by=site")["groups"]}
    assert by_site["dallas"]["points"] == pytest.approx(75)
    assert by_site["faro"]["points"] == pytest.approx(0)


def test_one_training_covers_both_sites(api_of, staffed):
    closing = answer_of(api_of, query="trainings=1")["closing"]
    assert (closing["needed"], closing["freed"], closing["sites"]) == (1, 1800, ["dallas", "faro"])
    assert closing["is_exact"]
    [line] = closing["lines"]
    assert (line["team"], line["skill"], line["vendor"], line["people"]) == (
        "Network EMEA",
        "Acme fabrics",
        "Acme",
        1,
    )
    assert line["course"] == "Fabrics for operators"


@pytest.mark.parametrize(("role", "sees"), [("viewer", False), ("manager", True)])
def test_names_are_for_those_who_may_see_them(api_of, page, role, sees):
    [line] = answer_of(api_of, role)["closing"]["lines"]
    words = words_of(page(role=role))
    assert line["names"] == (["Ben Ochre"] if sees else None)
    assert any(name in words for name in NAMES) is sees
    assert ("1 person" in words) is not sees


def test_managers_and_the_busiest_come_last(api_of, staffed, user_of):
    """Ben comes first by number alone."""
    names = lambda: answer_of(api_of, "manager", "trainings=1")["closing"]["lines"][0]["names"]  # noqa: E731
    assert names() == ["Ben Ochre"]
    ben = made.Person.objects.get(name="Ben Ochre")
    made.training(ben, made.course(), now=NOW)
    assert names() == ["Cy Umber"]
    cy = made.Person.objects.filter(name="Cy Umber")
    cy.update(requested_user=user_of("manager"), requested_by=user_of("admin"), requested_at=NOW)
    link = {"user": user_of("manager"), "user_confirmed_at": NOW}
    cy.update(**link, requested_user=None, requested_by=None, requested_at=None)
    assert names() == ["Ben Ochre"]


def test_the_plan_is_read_once_until_somebody_writes_or_the_hour_ends(page, staffed, frozen_now):
    def reads_courses():
        with CaptureQueriesContext(connection) as captured:
            page()
        return any('FROM "people_course"' in each["sql"] for each in captured)

    assert [reads_courses(), reads_courses()] == [True, False]
    made.course(name="Fabrics again", slug="again", skill=staffed, days=1)
    assert [reads_courses(), reads_courses()] == [True, False]
    frozen_now.at += timedelta(hours=1)
    assert reads_courses()


def test_what_a_skill_needs_first_is_a_line_and_leaves_the_other_undated(api_of, page, staffed, client_of):
    """A course leads to the skill, none to what it needs."""
    made.prerequisite(staffed, made.skill(name="Cabling", slug="cabling"))
    first, then = sorted(
        answer_of(api_of, "manager", "trainings=2")["closing"]["lines"],
        key=lambda line: line["skill"],
        reverse=True,
    )
    assert (first["skill"], first["first_for"], first["due_on"]) == ("Cabling", ["Acme fabrics"], None)
    assert (then["course"], then["why_undated"]) == (
        "Fabrics for operators",
        "what it needs first has no date",
    )
    words = words_of(page("trainings=2", "manager"))
    assert "needed first for Acme fabrics" in words
    assert "no date no course leads there" in words
    client_of("planner").post("/people/gap/plan/?trainings=2")
    assert set(WorkItem.objects.values_list("due_on", flat=True)) == {None}


def test_a_line_is_assigned_by_a_button_that_fills_the_form(page, staffed):
    form = page(role="manager").content.decode()
    assert "/people/trainings/assign/?course=" in form
    assert "/people/trainings/assign/" not in page(role="ops").content.decode()


def test_the_page_says_figure_and_plan(page):
    words = words_of(page())
    assert "Staff growth gap 50.0 points" in words
    assert "2 requirements: 0 covered by nobody, 2 by one person and 0 by two or more." in words
    assert "Train this person by" in words
    assert (
        "people cover all that is required at 2 sites with 1.8 MW. Other checks may hold those sites."
        in words
    )


def test_many_regions_are_chosen_from_a_list(page):
    few = page().content.decode()
    for _ in range(9):
        region = inventory.region()
    many = page(f"region={region.slug}").content.decode()
    assert '<select class="form-select small" id="shown-region" name="region">' not in few
    assert f'<option value="{region.slug}" selected>{region.name}</option>' in many


class TestWorklist:
    def test_it_is_asked_in_words(self, page):
        words = words_of(page(role="planner"))
        assert "Put the plan on the worklist? An item of the check" in words

    def test_the_plan_becomes_items_with_its_date_and_no_name(self, client_of, staffed):
        answer = client_of("planner").post("/people/gap/plan/?trainings=1")
        assert answer.status_code == 302
        items = list(WorkItem.objects.order_by("site__name"))
        assert [(item.site.slug, item.check_id) for item in items] == [
            ("dallas", "p3-role-coverage"),
            ("faro", "p3-role-coverage"),
        ]
        assert items[0].due_on > NOW.date()
        assert items[0].note.startswith("Train 1 person of Network EMEA in Acme fabrics on Acme by")
        assert not any(name in items[0].note for name in NAMES)

    def test_a_viewer_may_not(self, client_of, staffed):
        assert client_of("viewer").post("/people/gap/plan/").status_code == 403
        assert not WorkItem.objects.exists()


def test_the_fleet_and_the_gap_say_the_figure(client_of, staffed):
    assert "Staff growth gap: 50.0 points" in words_of(client_of("viewer").get("/fleet/"))
    words = words_of(client_of("viewer").get("/readiness/gap/"))
    assert (
        "Staff growth gap: 50.0 points. Accelerators changed by 50.0 % in 180 days, qualified people by 0.0 %"
        in words
    )


def test_where_nobody_is_recorded_it_says_so(client_of, db):
    stored.site(name="Bare", slug="bare", kw=100)
    assert "Staff growth gap not recorded" in words_of(client_of("viewer").get("/people/gap/"))
