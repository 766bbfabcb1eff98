"""Duty rules: which one counts, what pages say by it and to whom, and what becomes a problem of which site."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from readiness.loop.problems import operations as problems
from readiness.loop.problems.models import Problem, ProblemClaim
from readiness.organisation.people.models import DutyRule
from readiness.organisation.people.queries.duty import duty_of
from tests.conftest import NOW
from tests.inventory import made as inventory
from tests.pages import statements, text_of
from tests.readiness.organisation.people import made
from tests.readiness.organisation.people.test_on_call import hours

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen_now")]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.fixture
def porto():
    return inventory.site(name="Porto", slug="porto")


@pytest.fixture
def fabric(porto):
    """A rotation of a team of its own; Ona has ten hours between two shifts tomorrow."""
    rotation = made.rotation(porto, name="Fabric", team=made.team(slug="fabric-team"))
    ona = made.person(name="Ona Short")
    for begins in (DAY, DAY + 18 * HOUR):
        made.shift(rotation, ona, now=NOW, starts_at=NOW + begins, ends_at=NOW + begins + 8 * HOUR)
    return rotation


@pytest.fixture
def ona(fabric):
    return fabric.shifts.first().person


def kinds(person, start=NOW - DAY, end=NOW + 30 * DAY):
    return [breach.kind for breach in duty_of([person.pk], start, end)[person.pk].breaches]


def test_the_directive_is_the_rule_that_comes_with_muster():
    rule = DutyRule.objects.get()
    assert (rule.team, rule.rest_h, rule.week_h, rule.reference_weeks) == (None, 11, 48, 17)
    assert "2003/88/EC" in rule.source
    assert (rule.primary_percent, rule.standby_percent, rule.overtime_cost) == (100, 100, None)


@pytest.mark.parametrize(
    "columns",
    [
        {"name": "Again, for all"},
        {"name": "No rest", "team": True, "rest_h": 0},
        {"name": "Two weeks in one", "team": True, "week_h": 169},
        {"name": "Twice", "team": True, "standby_percent": 101},
        {"name": "A cost of no currency", "team": True, "overtime_cost": 40},
        {"name": "A currency of no cost", "team": True, "currency": "EUR"},
        {"name": "No currency", "team": True, "overtime_cost": 40, "currency": "eur"},
    ],
    ids=lambda columns: columns["name"],
)
def test_a_rule_that_makes_no_sense_is_refused(columns):
    columns = columns | ({"team": made.team()} if "team" in columns else {})
    with pytest.raises(ValidationError):
        DutyRule(**columns).full_clean()


def test_the_rule_of_the_teams_rotation_counts_and_else_the_one_for_all(fabric, ona):
    assert kinds(ona) == ["rest"]
    own = DutyRule.objects.create(name="Fabric team", team=fabric.team, rest_h=10, week_h=None)
    assert kinds(ona) == []
    # Somebody with shifts under two rules has the strictest limits.
    other = made.rotation(name="Power", domain="energy")
    made.shift(other, ona, now=NOW, starts_at=NOW + 5 * DAY, ends_at=NOW + 5 * DAY + HOUR)
    assert kinds(ona) == ["rest"]
    own.delete()
    DutyRule.objects.all().delete()
    assert kinds(ona) == []


def test_stand_by_interrupts_no_rest(fabric, ona):
    DutyRule.objects.update(primary_percent=25)
    assert kinds(ona) == []


def test_a_breach_is_a_problem_of_the_sites_that_the_rotation_serves(fabric, ona, porto, frozen_now):
    lisbon = inventory.site(name="Lisbon", slug="lisbon")
    far = made.rotation(lisbon, name="Far away", team=fabric.team)
    for begins in (20 * DAY, 20 * DAY + 18 * HOUR):
        made.shift(far, made.person(), now=NOW, starts_at=NOW + begins, ends_at=NOW + begins + 8 * HOUR)
    late = made.person(name="Late Breach")
    for begins in (17 * DAY, 17 * DAY + 18 * HOUR):
        made.shift(far, late, now=NOW, starts_at=NOW + begins, ends_at=NOW + begins + 8 * HOUR)
    problems.write_claimed(now=NOW)

    def open_ones():
        rows = Problem.objects.open().filter(kind="duty").order_by("pk")
        return [(row.site.slug, row.title, row.value, row.limit) for row in rows]

    title = "Fabric: 1 person with too little rest"
    assert open_ones() == [("porto", title, "10 h of rest", "limit 11 h")]
    # The clock alone makes a problem of the later one, and ends the first a week after it.
    frozen_now.move(days=4)
    problems.write_claimed(now=frozen_now.at)
    assert [site for site, *_ in open_ones()] == ["porto", "lisbon"]
    frozen_now.move(days=6)
    problems.write_claimed(now=frozen_now.at)
    assert [site for site, *_ in open_ones()] == ["lisbon"]
    assert Problem.objects.get(kind="duty", site=porto).ended_by == "duty"


def test_a_changed_rule_claims_each_site_that_a_rotation_serves(fabric, porto):
    inventory.site(name="Nobody's", slug="nobodys")
    problems.write_claimed(now=NOW)
    DutyRule.objects.update(rest_h=9)
    assert set(ProblemClaim.objects.values_list("site__slug", flat=True)) == {"porto"}
    problems.write_claimed(now=NOW)
    assert not Problem.objects.open().filter(kind="duty").exists()


def test_overtime_costs_what_the_rule_says_in_its_currency(fabric, ona, client_of):
    rule = DutyRule.objects.get()
    rule.overtime_cost, rule.currency = 50, "EUR"
    rule.save()
    shown = hours(client_of("ops"), start=(NOW + DAY).isoformat(), end=(NOW + 3 * DAY).isoformat())
    row = shown["Ona Short"]
    overtime = float(row["Overtime (h)"])
    assert overtime > 0
    assert row["Cost of overtime"] == f"{round(overtime * 50)} EUR"
    assert row["Rest breaches"] == "1"


def test_pages_name_people_to_those_who_may_know(fabric, ona, client_of):
    page = f"/people/rotations/{fabric.pk}/"
    told, counted = (text_of(client_of(role).get(page)) for role in ("ops", "viewer"))
    assert "Ona Short: 10 hours of rest, of 11 at least" in told
    assert "Ona Short" not in counted
    assert "of 1 person, in all their rotations" in counted
    assert "10 hours of rest, of 11 at least" in text_of(client_of("ops").get(f"/people/{ona.pk}/"))


def test_the_page_of_a_rotation_costs_the_same_for_many_people(fabric, client_of):
    client, page = client_of("ops"), f"/people/rotations/{fabric.pk}/"
    few = statements(client, page)
    for number in range(8):
        made.shift(
            fabric, made.person(), now=NOW, starts_at=NOW + number * DAY, ends_at=NOW + (number + 1) * DAY
        )
    assert statements(client, page) == few


def test_a_manager_writes_a_rule_and_everybody_reads_it(api_of, client_of):
    body = {"name": "Nights", "rest_h": 12, "week_h": 40, "overtime_cost": 62.5, "currency": "USD"}
    assert api_of("ops").post("/api/people/duty-rules/", body, format="json").status_code == 403
    team = made.team()
    answer = api_of("manager").post("/api/people/duty-rules/", body | {"team": team.pk}, format="json")
    assert answer.status_code == 201, answer.json()
    assert "Nights" in text_of(client_of("viewer").get("/people/duty-rules/"))
