"""Recording, approving, rejecting and withdrawing: who may, in which order, and what the database holds."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction

from readiness.tradeoffs.decisions import operations
from readiness.tradeoffs.models import Decision, DecisionForecast
from readiness.tradeoffs.placing.params import question_of
from tests.cases import cases
from tests.readiness.tradeoffs.decisions.conftest import SAID, SNAPSHOT
from web.parameters import BadParameter
from web.permissions import MissingPermission
from web.workflows import NotInState

pytestmark = pytest.mark.django_db


class TestRecording:
    def test_everything_that_was_considered_is_kept(
        self, record, chat, porto, lagos, planner, answer, frozen_now
    ):
        decision = Decision.objects.get(pk=record(what_if={"demand": 1.2}).pk)
        assert (decision.workload, decision.site, decision.previous_site) == (chat, porto, lagos)
        assert decision.options == answer["options"]
        assert (decision.snapshot, decision.sensitivity) == (SNAPSHOT, answer["sensitivity"])
        assert (decision.weights, decision.what_if) == ({"cost": 60.0, "latency": 40.0}, {"demand": 1.2})
        assert (decision.rationale, decision.state, decision.decided_by) == (SAID, "recorded", planner)
        assert decision.demand == {
            "accelerators": [{"type": None, "count": 2}],
            "it_kw": 4.0,
            "regions": ["emea"],
            "percentile": 99.0,
            "carbon": "carbon_average",
        }
        assert decision.due_on == frozen_now.at.date() + timedelta(days=30)

    def test_each_objective_is_forecast_with_its_band_and_what_it_was_before(self, record):
        forecasts = {one.objective: one for one in record().forecasts.all()}
        assert list(forecasts) == ["cost", "latency", "energy", "carbon", "readiness", "compliance"]
        cost = forecasts["cost"]
        assert (cost.value, cost.low, cost.high, cost.before) == (9000, 8000, 10000, 11000)
        assert (cost.unit, cost.provenance, cost.direction) == ("EUR/month", "estimated", "min")
        assert forecasts["readiness"].direction == "max"
        assert (forecasts["compliance"].value, forecasts["compliance"].provenance) == (None, "")

    def test_the_figures_are_those_of_the_placement_as_of_now(self, record, answer, chat, frozen_now):
        asked = []

        def place(*given):
            asked.append(given)
            return answer

        question = question_of({"what_if": {"pue": 1.1}, "currency": "USD", "carbon": "marginal"})
        decision = record(placing=place, question=question)
        assert asked == [(chat, question, frozen_now.at)]
        assert decision.demand["carbon"] == "carbon_marginal"

    def test_a_question_that_the_placement_refuses_names_its_field(self, record):
        def place(*_given):
            raise BadParameter("today", "It does not run there.")

        with pytest.raises(ValidationError, match="does not run there") as refused:
            record(placing=place)
        assert list(refused.value.message_dict) == ["today"]

    @cases(
        ("given", "field"),
        {
            "no reason": ({"rationale": " \n"}, "rationale"),
            "a review on the same day": ({"days": 0}, "due_on"),
            "a review in a year and more": ({"days": 400}, "due_on"),
        },
    )
    def test_what_cannot_be_kept_names_its_field(self, record, frozen_now, given, field):
        days = given.pop("days", None)
        due = {} if days is None else {"due_on": (frozen_now.at + timedelta(days=days)).date()}
        with pytest.raises(ValidationError) as refused:
            record(**given, **due)
        assert list(refused.value.message_dict) == [field]

    def test_it_reads_on_when_the_workload_is_gone(self, record, chat):
        decision = record()
        chat.delete()
        decision.refresh_from_db()
        assert (decision.workload, decision.workload_name, str(decision)) == (None, "Chat", "Chat at Porto")


class TestAnswering:
    @pytest.mark.parametrize("answer_it", [operations.approve, operations.reject])
    def test_nobody_answers_what_they_decided(self, record, admin, frozen_now, answer_it):
        decision = record(by=admin)
        with pytest.raises(operations.OwnDecision, match="the role manager or admin must approve it"):
            answer_it(decision, note="Mine.", by=admin, now=frozen_now.at)

    def test_nor_does_the_database_let_them(self, record, admin, frozen_now):
        decision = record(by=admin)
        with pytest.raises(IntegrityError, match="decision_approver_is_another"), transaction.atomic():
            Decision.objects.filter(pk=decision.pk).update(
                state="approved", answered_by=admin, answered_at=frozen_now.at
            )

    def test_who_rejects_says_why(self, record, manager, frozen_now):
        decision = record()
        with pytest.raises(ValidationError, match="Enter a reason"):
            operations.reject(decision, note=" ", by=manager, now=frozen_now.at)
        operations.reject(decision, note="Lagos is kept for Africa.", by=manager, now=frozen_now.at)
        with pytest.raises(NotInState, match="rejected"):
            operations.approve(decision, by=manager, now=frozen_now.at)

    def test_who_decided_takes_it_back_even_once_approved(self, approved, planner, frozen_now):
        decision = operations.withdraw(approved(), note="Plans changed.", by=planner, now=frozen_now.at)
        assert (decision.state, decision.withdrawn_by) == ("withdrawn", planner)
        with pytest.raises(NotInState):
            operations.withdraw(decision, note="Again.", by=planner, now=frozen_now.at)

    def test_another_planner_does_not_take_it_back(self, record, user_of, frozen_now):
        with pytest.raises(MissingPermission):
            operations.withdraw(
                record(), note="No.", by=user_of("planner", username="second"), now=frozen_now.at
            )


class TestWhatIsFrozen:
    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("options", []),
            ("weights", {"cost": 1}),
            ("snapshot", {}),
            ("rationale", "Another reason."),
            ("due_on", "2027-01-01"),
            ("demand", {}),
            ("previous_name", "Nowhere"),
        ],
    )
    def test_what_was_decided_stays(self, record, column, value):
        decision = record()
        with pytest.raises(IntegrityError, match="stays as it was recorded"), transaction.atomic():
            Decision.objects.filter(pk=decision.pk).update(**{column: value})

    def test_so_does_what_was_expected(self, record):
        decision = record()
        with pytest.raises(IntegrityError, match="stays as it is"), transaction.atomic():
            DecisionForecast.objects.filter(decision=decision).update(value=1)

    def test_it_never_becomes_one_of_another_site(self, record, faro):
        decision = record()
        with pytest.raises(DatabaseError, match="stays as it was recorded"), transaction.atomic():
            Decision.objects.filter(pk=decision.pk).update(previous_site=faro)

    def test_a_decision_does_not_go_back(self, approved):
        decision = approved()
        with pytest.raises(IntegrityError, match="does not go back"), transaction.atomic():
            Decision.objects.filter(pk=decision.pk).update(state="recorded")
