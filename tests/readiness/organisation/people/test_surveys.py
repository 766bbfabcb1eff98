"""Surveys: who is asked, what they may answer, and what is told of it."""

import pytest

from readiness.assessment.scoring.models import SiteScore
from readiness.organisation.people.models import Staffing, SurveyAnswer
from tests.conftest import NOW
from tests.inventory import made
from tests.pages import rows_of, statements, text_of, words_of
from tests.readiness.assessment.scoring import stored
from tests.readiness.organisation.people import made as people
from tests.readiness.organisation.people import practised as practice
from tests.readiness.organisation.people.practised import DAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def porto(db, frozen_now):
    return stored.site(name="Porto", slug="porto")


@pytest.fixture
def fabric(porto):
    team = people.team(name="Fabric", slug="fabric")
    Staffing.objects.create(team=team, site=porto, begins_at=NOW - 90 * DAY)
    return team


@pytest.fixture
def survey(porto):
    return practice.survey(title="Autumn")


@pytest.fixture
def limit(porto, survey):
    return practice.question(porto, survey, text="Power limit in MW?")


@pytest.fixture
def redundancy(porto, survey):
    given = {"kind": "choice", "choices": ["N+1", "2N"], "truth": "N+1", "text": "Redundancy?"}
    return practice.question(porto, survey, **given)


@pytest.fixture
def ana(fabric, user_of):
    """A viewer, in a team that staffs Porto."""
    return people.person(fabric, user=user_of("viewer"), name="Ana Sousa")


@pytest.fixture
def page(survey):
    return f"/people/surveys/{survey.pk}/answer/"


def waiting(client):
    return [row["subject"] for row in client.get("/api/inbox/").json()["entries"]]


class TestAnswering:
    def test_it_waits_in_the_inbox_until_all_is_answered_and_can_be_changed(
        self, ana, fabric, limit, redundancy, page, client_of
    ):
        client = client_of("viewer")
        assert waiting(client) == ["Autumn"]
        first = {"team": fabric.pk, f"question_{limit.pk}": "20.0"}
        assert client.post(page, first).status_code == 302
        assert waiting(client) == ["Autumn"]
        assert client.post(page, first | {f"question_{redundancy.pk}": "2N"}).status_code == 302
        assert waiting(client) == []
        assert 'value="20.0"' in text_of(client.get(page))
        assert client.post(page, {"team": fabric.pk, f"question_{limit.pk}": "30"}).status_code == 302
        kept = SurveyAnswer.objects.values_list("question", "person", "team", "value", "answered_at")
        assert list(kept) == [(limit.pk, ana.pk, fabric.pk, "30", NOW)], "the other was taken back"

    @pytest.mark.parametrize("given", ["lots", "nan", "1" * 101])
    def test_a_number_must_be_one(self, given, ana, fabric, limit, page, client_of):
        answer = client_of("viewer").post(page, {"team": fabric.pk, f"question_{limit.pk}": given})
        assert answer.status_code == 422
        assert not SurveyAnswer.objects.exists()

    def test_it_is_given_in_the_name_of_ones_own_team(self, ana, limit, page, client_of):
        other = people.team()
        answer = client_of("viewer").post(page, {"team": other.pk, f"question_{limit.pk}": "20"})
        assert answer.status_code == 422
        assert not SurveyAnswer.objects.exists()

    def test_questions_are_of_the_sites_that_ones_teams_staff(
        self, ana, fabric, survey, limit, page, client_of
    ):
        elsewhere = practice.question(made.site(), survey, text="Elsewhere?")
        assert "Elsewhere?" not in text_of(client_of("viewer").get(page))
        client_of("viewer").post(page, {"team": fabric.pk, f"question_{elsewhere.pk}": "20"})
        assert not SurveyAnswer.objects.exists()

    @pytest.mark.parametrize("why", ["no person", "no staffing", "left"])
    def test_whoever_is_not_asked_finds_no_page(self, why, fabric, limit, page, user_of, client_of):
        if why != "no person":
            ana = people.person(fabric, user=user_of("viewer"), left_at=NOW if why == "left" else None)
        if why == "no staffing":
            Staffing.objects.filter(team__people=ana).update(ends_at=NOW)
        client = client_of("viewer")
        assert client.get(page).status_code == 404
        assert waiting(client) == []

    def test_a_closed_survey_takes_no_answer(self, ana, fabric, limit, page, client_of, frozen_now):
        frozen_now.move(days=5)
        client = client_of("viewer")
        assert waiting(client) == []
        assert "This survey is not open" in words_of(client.get(page))
        assert client.post(page, {"team": fabric.pk, f"question_{limit.pk}": "20"}).status_code == 422
        assert not SurveyAnswer.objects.exists()


class TestResults:
    @pytest.fixture
    def answered(self, fabric, limit, redundancy):
        facility = people.team(name="Facility")
        for value, other in (("20", "N+1"), ("20.0", "N+1"), ("25", "2N")):
            person = people.person(fabric)
            practice.answer(limit, person, fabric, value)
            practice.answer(redundancy, person, fabric, other)
        for _ in range(2):
            practice.answer(limit, people.person(facility), facility, "30")

    @pytest.fixture
    def results(self, survey, frozen_now):
        frozen_now.move(days=6)
        return f"/people/surveys/{survey.pk}/results/"

    def test_teams_against_the_record_and_none_of_a_small_group(self, answered, results, client_of):
        rows = rows_of(client_of("viewer").get(results + "?export=json"))
        assert [(row["team"], row["percent"], row["answers"]) for row in rows] == [
            ("Fabric", pytest.approx(400 / 6), 6),
            ("Facility", None, None),
        ]
        assert "fewer than 3" in words_of(client_of("admin").get(results))

    def test_before_anybody_answers_it_says_so_once(self, limit, results, client_of):
        page = text_of(client_of("viewer").get(results))
        assert page.count("Nobody has answered") == 1
        assert 'id="questions"' not in page

    def test_questions_with_their_answers_and_which_are_split(self, answered, results, client_of):
        chart = client_of("viewer").get(results + "chart.json").json()
        rows = [
            (question, answer, count) for question, _site, answer, count, _ in chart["meta"]["table"]["rows"]
        ]
        assert rows == [
            ("Power limit in MW?", "20", 2),
            ("Power limit in MW?", "30", 2),
            ("Power limit in MW?", "25", 1),
            ("Redundancy?", "N+1", 2),
            ("Redundancy?", "2N", 1),
        ]
        assert "1 of 2 questions are split. Power limit in MW? (Porto)" in chart["meta"]["finding"]

    def test_a_question_with_two_answers_is_not_told(self, fabric, limit, results, client_of):
        for value in ("7777", "7777"):
            practice.answer(limit, people.person(fabric), fabric, value)
        client = client_of("admin")
        assert "7777" not in words_of(client.get(results))
        assert client.get(results + "chart.json").json()["data"] == []

    @pytest.mark.parametrize("role", ["viewer", "manager", "admin"])
    def test_nobody_sees_who_answered_what(self, role, ana, limit, results, survey, client_of, user_of):
        practice.answer(limit, ana, ana.teams.first(), "7777")
        client = client_of(role)
        for page in (
            results, results + "?export=csv", results + "chart.json", f"/people/surveys/{survey.pk}/",
            f"/people/surveys/{survey.pk}/?tab=history", "/history/", "/api/history/?limit=1000",
            f"/people/survey-questions/{limit.pk}/", f"/people/people/{ana.pk}/",
        ):  # fmt: skip
            assert "7777" not in client.get(page).getvalue().decode(), page
        assert not any("surveyanswer" in name for name in user_of(role).get_all_permissions())

    def test_it_costs_the_same_for_more(self, answered, results, survey, porto, client_of):
        client = client_of("viewer")
        text_of(client.get(results))
        before = statements(client, results)
        for _ in range(3):
            team, question = people.team(), practice.question(porto, survey)
            for _ in range(3):
                practice.answer(question, people.person(team), team, "1")
        assert statements(client, results) == before


class TestTruth:
    """Whoever is asked shall not read the record first; whoever writes the questions does."""

    @pytest.fixture
    def ask(self, survey, limit, client_of, api_of):
        """Each place where what the record says could be read, by a role."""
        limit.truth = "4242"
        limit.save()

        def places(role):
            client, api = client_of(role), api_of(role)
            pages = (
                f"/people/surveys/{survey.pk}/", f"/people/surveys/{survey.pk}/results/",
                f"/people/survey-questions/{limit.pk}/", "/people/survey-questions/",
                "/people/survey-questions/?export=csv", "/people/survey-questions/?export=json",
                f"/people/surveys/{survey.pk}/results/chart.json",
                "/history/?model=people.survey-question", "/api/history/?model=people.survey-question",
            )  # fmt: skip
            answers = [*map(client.get, pages), api.get(f"/api/people/survey-questions/{limit.pk}/")]
            assert {answer.status_code for answer in answers} == {200}
            return ["4242" in text_of(answer) for answer in answers]

        return places

    @pytest.mark.parametrize("role", ["viewer", "ops"])
    def test_it_is_withheld_while_the_survey_is_open(self, role, ask):
        assert not any(ask(role))

    def test_it_is_told_to_whoever_writes_it(self, ask):
        assert sum(ask("manager")) >= 7

    def test_it_is_told_to_all_once_the_survey_closes(self, ask, frozen_now):
        frozen_now.move(days=5)
        assert sum(ask("viewer")) >= 6

    @pytest.mark.parametrize("asked", ["truth=20", "truth__ic=2", "ordering=truth"])
    def test_nobody_can_ask_for_it(self, asked, limit, api_of):
        assert api_of("viewer").get(f"/api/people/survey-questions/?{asked}").status_code == 400


class TestCalibration:
    @pytest.fixture
    def estimate(self, porto, survey):
        return practice.question(porto, survey, kind="estimate", truth="", text="How ready is Porto?")

    def test_an_estimate_stands_beside_the_verdict(self, porto, fabric, estimate, client_of):
        SiteScore.objects.filter(site=porto).update(verdict="not-ready")
        small = people.team(name="Small")
        for team, values in (
            (fabric, ["ready", "conditional", "conditional", "ready"]),
            (small, ["ready"] * 2),
        ):
            for value in values:
                practice.answer(estimate, people.person(team), team, value)
        page = "/readiness/calibration/"
        rows = rows_of(client_of("viewer").get(page + "?export=json"))
        assert [(row["team"], row["estimate"], row["verdict"], row["gap"]) for row in rows] == [
            ("Fabric", "conditional", "not-ready", 1),
            ("Small", None, "not-ready", None),
        ]
        told = words_of(client_of("viewer").get(page))
        assert "1 step too high" in told
        assert "fewer than 3" in told

    def test_a_verdict_is_answered_by_its_words(self, ana, fabric, estimate, page, client_of):
        client = client_of("viewer")
        assert (
            client.post(page, {"team": fabric.pk, f"question_{estimate.pk}": "splendid"}).status_code == 422
        )
        assert client.post(page, {"team": fabric.pk, f"question_{estimate.pk}": "ready"}).status_code == 302


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"kind": "choice", "choices": "N+1,2N", "truth": "3N"}, "one of the choices"),
        ({"kind": "choice", "choices": "N+1", "truth": "N+1"}, "two choices or more"),
        ({"kind": "number", "truth": "lots"}, "is a number"),
        ({"kind": "number", "truth": ""}, "needs the answer that the record gives"),
        ({"kind": "estimate", "truth": "ready"}, "an estimate has none"),
    ],
)
def test_a_question_that_cannot_be_judged_is_refused(given, words, porto, survey, client_of):
    body = {"survey": survey.pk, "site": porto.pk, "text": "Redundancy?"} | given
    assert words in text_of(client_of("manager").post("/people/survey-questions/add/", body), 422)


@pytest.mark.parametrize("kind", ["surveys", "survey-questions"])
def test_lists_cost_the_same_for_more(kind, limit, client_of, porto):
    client = client_of("viewer")
    page = f"/people/{kind}/"
    before = statements(client, page)
    for _ in range(3):
        practice.question(porto)
    assert statements(client, page) == before


def test_answers_to_a_question_that_became_an_estimate_do_not_count(
    porto, survey, fabric, client_of, frozen_now
):
    question = practice.question(porto, survey, text="How ready is Porto?")
    for value in ("20", "30", "40"):
        practice.answer(question, people.person(fabric), fabric, value)
    body = {"kind": "estimate", "truth": "", "truth_source": ""}
    type(question).objects.filter(pk=question.pk).update(**body)
    assert rows_of(client_of("viewer").get("/readiness/calibration/?export=json")) == []
