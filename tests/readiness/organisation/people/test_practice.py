"""What practice comes to: the four checks of it, from records, at any instant."""

from datetime import timedelta

import pytest

from inventory.queries import site_facts
from readiness.assessment.scoring.models import CheckResult
from readiness.assessment.scoring.operations import evaluate
from readiness.organisation.people.core.coverage import SiteCoverage
from readiness.organisation.people.core.practice import same_answer
from readiness.organisation.people.facts import people_facts
from readiness.organisation.people.models import Procedure
from readiness.organisation.people.queries.standing import practice_of
from tests.conftest import NOW
from tests.inventory import made
from tests.readiness.organisation.people import made as people
from tests.readiness.organisation.people import practised as practice
from tests.readiness.organisation.people.practised import DAY

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
DRILLS, SURVEYS = "p3-drill-participation", "p3-shared-understanding"
RUNBOOKS, DOCUMENTS = "p4-runbook-coverage", "p4-documentation-currency"


@pytest.fixture
def porto(db):
    return made.site(name="Porto", slug="porto", stage="production")


@pytest.fixture
def parts(porto):
    """`parts(check, now)` evaluates at that instant, and returns value and state of each sub-measure."""

    def look(check, now=NOW):
        evaluate(site_ids=[porto.pk], now=now)
        result = CheckResult.objects.get(site=porto, check_id=check)
        return {part["part"]: (part["value"], part["state"]) for part in result.parts}

    return look


@pytest.fixture
def crew(porto):
    """Four people, each with one shift in a rotation that serves Porto."""
    rotation, staff = people.rotation(porto), [people.person() for _ in range(4)]
    for person, days in zip(staff, (-29, 0, 10, 29), strict=True):
        practice.shift(rotation, person, NOW + days * DAY)
    return staff


class TestDrills:
    def test_people_on_call_who_took_part(self, porto, crew, parts):
        one, two, *_ = crew
        outsider = people.person()
        domains = [(one, "compute"), (two, "network"), (outsider, "energy")]
        practice.drill(porto, domains)
        practice.drill(porto, [(two, "energy")])
        assert parts(DRILLS) == {"people-drilled": (50.0, "fail"), "cross-domain-drills": (50.0, "pass")}

    def test_a_planned_drill_and_one_of_another_site_count_for_nothing(self, porto, crew, parts):
        everybody = [(person, "compute") for person in crew]
        practice.drill(porto, everybody, result="planned")
        practice.drill(made.site(), everybody)
        assert parts(DRILLS)["people-drilled"] == (None, "unknown")
        practice.drill(porto)
        assert parts(DRILLS)["people-drilled"] == (0.0, "fail")

    def test_a_drill_ends_to_count_after_180_days_and_not_a_second_before(self, porto, crew, parts):
        practice.drill(porto, [(person, "compute") for person in crew], held_at=NOW - 180 * DAY)
        assert parts(DRILLS, NOW - SECOND)["people-drilled"] == (100.0, "pass")
        assert parts(DRILLS)["people-drilled"] == (0.0, "fail")

    def test_shifts_of_thirty_days_back_and_ahead_make_somebody_on_call(self, porto, parts):
        rotation, (past, ahead) = people.rotation(porto), (people.person(), people.person())
        practice.shift(rotation, past, NOW - 30 * DAY)
        practice.shift(rotation, ahead, NOW + 31 * DAY)
        practice.drill(porto, [(past, "compute")])
        assert parts(DRILLS)["people-drilled"] == (100.0, "pass")
        assert parts(DRILLS, NOW + 2 * DAY)["people-drilled"] == (0.0, "fail")

    def test_whoever_left_is_not_on_call(self, porto, crew, parts):
        practice.drill(porto, [(person, "compute") for person in crew[1:]])
        assert parts(DRILLS)["people-drilled"] == (75.0, "warn")
        type(crew[0]).objects.filter(pk=crew[0].pk).update(left_at=NOW - DAY)
        assert parts(DRILLS)["people-drilled"] == (100.0, "pass")


class TestRunbooks:
    def test_rules_of_the_site_and_of_all_sites_with_a_runbook_reviewed_in_time(self, porto, parts):
        here = practice.procedure(site=porto, reviewed_at=NOW - DAY)
        everywhere = practice.procedure(reviewed_at=NOW - DAY, review_days=30)
        elsewhere = practice.procedure(site=made.site(), reviewed_at=NOW - DAY)
        practice.rule(site=porto, runbook=here, is_critical=True)
        practice.rule(runbook=everywhere, is_critical=True)
        practice.rule(site=porto, runbook=elsewhere)
        practice.rule(site=elsewhere.site, runbook=elsewhere)
        practice.drill(porto, procedures=[here])
        practice.drill(porto, procedures=[everywhere], result="planned")
        assert parts(RUNBOOKS) == {
            "critical-rules": (100.0, "pass"),
            "all-rules": (100 * 2 / 3, "fail"),
            "exercised": (50.0, "n-a"),
        }

    def test_a_review_runs_out_at_its_instant(self, porto, parts):
        runbook = practice.procedure(reviewed_at=NOW - 30 * DAY, review_days=30)
        practice.rule(site=porto, runbook=runbook, is_critical=True)
        assert parts(RUNBOOKS, NOW - SECOND)["critical-rules"] == (100.0, "pass")
        assert parts(RUNBOOKS)["critical-rules"] == (0.0, "fail")

    def test_no_critical_rule_is_not_known_rather_than_well(self, porto, parts):
        practice.rule(site=porto, runbook=practice.procedure(reviewed_at=NOW))
        assert parts(RUNBOOKS)["critical-rules"] == (None, "unknown")


class TestDocuments:
    @pytest.fixture
    def documents(self, porto):
        return {
            kind.value: practice.procedure(kind=kind, version="1", reviewed_at=NOW - 30 * DAY)
            for kind in Procedure.DOCUMENTS
        }

    def change(self, procedure, **given):
        Procedure.objects.filter(pk=procedure.pk).update(**given)

    def test_all_seven_of_all_sites(self, documents, parts):
        assert parts(DOCUMENTS) == {"documents-missing": (0.0, "pass"), "documents-overdue": (0.0, "pass")}

    @pytest.mark.parametrize(
        ("given", "missing", "overdue"),
        [
            pytest.param({"version": " "}, 1, 0, id="no version"),
            pytest.param({"kind": "sop"}, 1, 0, id="another kind"),
            pytest.param({"reviewed_at": None}, 0, 1, id="never reviewed"),
            pytest.param({"reviewed_at": NOW - 366 * DAY}, 0, 1, id="reviewed long ago"),
            pytest.param({"reviewed_at": NOW + DAY}, 0, 1, id="reviewed only later"),
            pytest.param({"subject_changed_at": NOW - DAY}, 0, 1, id="changed since"),
            pytest.param({"subject_changed_at": NOW + DAY}, 0, 0, id="changes later"),
            pytest.param({"subject_changed_at": NOW - 31 * DAY}, 0, 0, id="reviewed since"),
        ],
    )
    def test_one_that_is_wanting(self, given, missing, overdue, documents, parts):
        self.change(documents["capacity-plan"], **given)
        values = {part: value for part, (value, _state) in parts(DOCUMENTS).items()}
        assert values == {"documents-missing": missing, "documents-overdue": overdue}

    def test_the_sites_own_goes_before_that_of_all_sites(self, porto, documents, parts):
        practice.procedure(kind="recovery-plan", version="2", site=porto, reviewed_at=NOW - 400 * DAY)
        assert parts(DOCUMENTS)["documents-overdue"] == (1.0, "warn")

    def test_it_runs_out_at_its_instant(self, documents, parts):
        self.change(documents["capacity-plan"], reviewed_at=NOW - 365 * DAY)
        assert parts(DOCUMENTS, NOW - SECOND)["documents-overdue"] == (0.0, "pass")
        assert parts(DOCUMENTS)["documents-overdue"] == (1.0, "warn")


class TestSurveys:
    @pytest.fixture
    def answered(self, porto):
        """`answered(team, *values)`: a person of this team for each."""
        question = practice.question(porto, kind="choice", choices=["N+1", "2N"], truth="N+1")

        def give(team, *values, **given):
            for value in values:
                practice.answer(question, people.person(team), team, value, **given)

        return give

    def test_agreement_and_the_weakest_team(self, porto, answered, parts):
        answered(people.team(), "n+1", " N+1", "N+1")
        answered(people.team(), "2N", "2N", "N+1")
        agreement, weakest = parts(SURVEYS).values()
        assert agreement == (pytest.approx(100 * 4 / 6), "warn")
        assert weakest == (pytest.approx(100 / 3), "warn")

    def test_a_small_group_is_not_told(self, answered, parts):
        answered(people.team(), "N+1", "N+1", "N+1")
        answered(people.team(), "2N", "2N")
        assert parts(SURVEYS)["weakest-team"] == (100.0, "pass")

    def test_two_people_alone_are_not_told(self, answered, parts):
        answered(people.team(), "2N", "2N")
        assert set(parts(SURVEYS).values()) == {(None, "unknown")}

    def test_answers_count_for_180_days(self, answered, parts):
        answered(people.team(), "N+1", "N+1", "N+1", answered_at=NOW - 180 * DAY)
        assert parts(SURVEYS, NOW - SECOND)["agreement"] == (100.0, "pass")
        assert parts(SURVEYS)["agreement"] == (None, "unknown")

    def test_estimates_are_no_answers_to_the_record(self, porto, parts):
        estimate, team = practice.question(porto, kind="estimate", truth=""), people.team()
        for _ in range(3):
            practice.answer(estimate, people.person(team), team, "ready")
        assert parts(SURVEYS)["agreement"] == (None, "unknown")

    @pytest.mark.parametrize(
        ("given", "truth", "same"),
        [
            ("20", "20.0", True),
            ("2e1", "20", True),
            ("21", "20", False),
            ("NOC lead", "noc  LEAD", True),
            ("", "20", False),
            ("infinity", "Infinity", True),
        ],
    )
    def test_what_is_the_same_answer(self, given, truth, same):
        assert same_answer(given, truth) is same


def test_when_something_changes_next(porto, crew):
    practice.drill(porto, held_at=NOW - 170 * DAY)
    practice.procedure(reviewed_at=NOW - 100 * DAY, review_days=102)

    def known(now):
        return people_facts({site.id: site for site in site_facts()}, now=now)[porto.pk]

    assert known(NOW).on_call_until == NOW + 1.5 * DAY, "the first shift is thirty days ago"
    assert known(NOW + 1.6 * DAY).practice.until == NOW + 2 * DAY, "the review"
    assert known(NOW + 2 * DAY).practice.until == NOW + 10 * DAY, "the drill"


def test_statements_do_not_grow_with_sites(porto, crew, django_assert_num_queries):
    def fill(site):
        team = people.team()
        person = people.person(team)
        runbook = practice.procedure(site=site)
        practice.drill(site, [(person, "compute")], [runbook])
        practice.rule(site=site, runbook=runbook)
        practice.answer(practice.question(site), person, team, "20")
        return site

    sites = [fill(porto), *(fill(made.site()) for _ in range(4))]
    for chosen in (sites[:1], sites):
        covered = {site.pk: SiteCoverage(is_staffed=True) for site in chosen}
        with django_assert_num_queries(6):
            practised = practice_of(covered, now=NOW)
        assert len(practised) == len(chosen)
        assert all(each.drills and each.rules and each.written for each in practised.values())
