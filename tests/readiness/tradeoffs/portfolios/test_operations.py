"""A small fleet from the question to the moves, and what ends a run early."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from readiness.demand.workloads import operations as workloads
from readiness.tradeoffs.models import PortfolioRun, SiteFactor
from readiness.tradeoffs.portfolios import operations, solving
from readiness.tradeoffs.portfolios.inputs import WEIGHTS, PortfolioQuestion
from readiness.tradeoffs.portfolios.params import question_of
from readiness.tradeoffs.portfolios.solving import weightings
from readiness.tradeoffs.tasks import look_after_portfolios
from readiness.tradeoffs.units import signed
from tests.cases import cases
from tests.pages import forget_answers
from web.parameters import BadParameter

pytestmark = pytest.mark.django_db
COST = {"cost": 1}
RUNNING = {"chat": ["porto"], "spread": ["lagos", "porto"]}
NONSENSE = [
    ({"workloads": ["nothing"]}, "workloads[0]"),
    ({"workloads": "chat"}, "workloads"),
    ({"left_out": [7]}, "left_out[0]"),
    ({"left_out": ["chat", "idle", "spread"]}, "workloads"),
    ({"pins": ["chat"]}, "pins"),
    ({"pins": {"chat": "oslo"}}, "pins.chat"),
    ({"pins": {"chat": 1}}, "pins.chat"),
    ({"pins": {"web": "porto"}}, "pins.web"),
    ({"pins": {"chat": "porto"}, "left_out": ["chat"]}, "pins.chat"),
    ({"pins": {"idle": None}}, "pins.idle"),
    ({"pins": {"spread": None}}, "pins.spread"),
    ({"weights": {"speed": 1}}, "weights.speed"),
    ({"weights": {"cost": -1}}, "weights.cost"),
    ({"weights": {"cost": 0}}, "weights"),
    ({"weights": {"cost": float("nan")}}, "weights.cost"),
    ({"weights": 1}, "weights"),
    ({"points": 0}, "points"),
    ({"points": 1.5}, "points"),
    ({"points": 41}, "points"),
    ({"points": True}, "points"),
    ({"currency": "euro"}, "currency"),
    ({"carbon": "green"}, "carbon"),
    ({"wait": 1}, "wait"),
]


@pytest.mark.parametrize(("given", "field"), NONSENSE, ids=[str(place) for place in range(len(NONSENSE))])
def test_nonsense_is_refused_by_field(given, field):
    with pytest.raises(BadParameter) as refused:
        question_of(given, workloads=["chat", "idle", "spread"], sites=["porto"], running=RUNNING)
    assert refused.value.field == field


def test_what_was_asked_reads_back_and_begins_with_its_own_weights():
    asked = question_of({"pins": {"chat": "porto"}}, workloads=["web", "chat"], sites=["porto"], running={})
    assert PortfolioQuestion.restore(asked.inputs()) == asked
    assert asked.workloads == ("chat", "web")
    found = weightings(asked)
    assert len(found) == asked.points
    total = sum(WEIGHTS.values())
    assert found[0] == {name: weight / total for name, weight in WEIGHTS.items()}
    one = question_of({"weights": COST, "points": 9}, workloads=["chat"], sites=[], running={})
    assert one.points == 1


def test_a_workload_moves_where_it_costs_less(solve):
    run = solve(weights={"cost": 1, "carbon": 1})
    assert (run.state, run.points_done, run.points_total) == ("done", 4, 4)
    result = run.result
    assert {point["plan"]["chat"] for point in result["points"]} <= {"lulea", "lagos"}
    greenest = min(result["points"], key=lambda point: point["totals"]["carbon"])
    assert greenest["plan"] == {"chat": "lulea"}
    move = result["moves"]["chat"]["lulea"]
    assert move["changes"]["carbon"] == pytest.approx(
        greenest["totals"]["carbon"] - result["today"]["totals"]["carbon"]
    )
    assert move["changes"]["carbon"] < 0
    said = {one["domain"]: one for one in move["consequences"]}
    assert said["cost"]["effect"] == said["energy"]["effect"] == "better"
    assert said["network"]["words"] == "+36 ms"
    assert "to a conditional site" in move["line"]
    assert all(0 <= point["gap"] <= 0.01 for point in result["points"])


def test_a_plan_stands_once_with_all_weights_that_lead_to_it(solve):
    run = solve(weights={"cost": 1, "carbon": 1}, points=12)
    points = run.result["points"]
    plans = [tuple(sorted(point["plan"].items())) for point in points]
    assert (run.points_done, run.result["weightings"]) == (12, 12)
    assert len(plans) == len(set(plans)) <= 3
    assert len(points) + sum(len(point["also"]) for point in points) == 12
    for place, point in enumerate(points):
        assert point["dominated_by"] is None or 0 <= point["dominated_by"] < len(points)
        assert point["dominated_by"] != place


def test_today_and_every_point_sum_the_same_workloads_and_the_rest_is_named(solve, declare):
    declare("idle")
    declare("web", at="lulea")
    run = solve(weights={"cost": 1, "carbon": 1})
    today = run.result["today"]
    assert (today["workloads"], today["outside"]) == (["chat", "web"], {"idle": "does not run today"})
    for point in run.result["points"]:
        assert "idle" in point["plan"]
        for name, sums in point["compared"].items():
            moved = sum(
                run.result["moves"][slug][point["plan"][slug]]["changes"][name]
                for slug in today["workloads"]
                if point["plan"][slug] != today["plan"][slug]
            )
            assert point["changes"][name] == pytest.approx(sums - today["totals"][name])
            assert point["changes"][name] == pytest.approx(moved)


def test_moves_that_a_broken_limit_forces_are_told_from_those_that_are_a_choice(solve, declare, iberia):
    declare("web", at="lagos", users=[(iberia, 1.0)], latency_limit_ms=50.0)
    (point,) = solve(weights=COST, left_out=["chat"]).result["points"]
    run = solve(weights=COST)
    assert point["plan"]["web"] == "lulea"
    web, chat = (run.result["moves"][slug][run.result["points"][0]["plan"][slug]] for slug in ("web", "chat"))
    assert (web["kind"], web["why"]) == ("forced", "latency iberia p99: 110 ms, limit 50 ms, 60 ms over")
    assert (chat["kind"], chat["why"]) == ("choice", "")


def test_an_optional_improvement_is_made_only_to_make_room_and_has_its_price(solve, declare, iberia):
    """Porto is nearer to its users than Luleå, and dearer; both are within the limit."""
    declare("web", at="lulea", users=[(iberia, 1.0)], latency_limit_ms=100.0, accelerators=[(None, 4)])
    run = solve(weights={"latency": 1}, left_out=["chat"])
    assert run.result["points"][0]["plan"]["web"] == "lulea"
    # A hundred are free at Luleå beside the four of web.
    declare("big", accelerators=[(None, 102)], residency="SE")
    run = solve(weights={"latency": 1}, left_out=["chat"])
    assert run.result["points"][0]["plan"] == {"web": "porto", "big": "lulea"}
    move = run.result["moves"]["web"]["porto"]
    assert move["kind"] == "choice"
    assert move["why"] == "an optional improvement: +1,169 EUR a month for 36 ms below a limit already met"
    run = solve(weights={"latency": 100, "cost": 1}, points=1, left_out=["chat"])
    move = run.result["moves"]["web"]["porto"]
    price = signed(move["changes"]["cost"])
    assert move["why"].startswith(f"an optional improvement: {price} EUR a month for 36 ms")


def test_what_runs_there_today_is_room_for_the_plan(solve, declare):
    # Six are free at Porto beside the eight that chat holds there: room for fourteen, not for sixteen.
    declare("web")
    run = solve(weights=COST, pins={"chat": "porto"})
    (point,) = run.result["points"]
    assert point["plan"]["chat"] == "porto"
    assert point["plan"]["web"] == "lagos"


def test_shared_room_is_never_exceeded_and_who_matters_less_is_left_out(solve, declare):
    everywhere = {"accelerators": [(None, 60)], "it_kw": 100.0, "residency": "SE"}
    declare("vital", criticality="critical", **everywhere)
    declare("spare", criticality="best-effort", **everywhere)
    run = solve()
    for point in run.result["points"]:
        assert point["plan"]["vital"] == "lulea"
        assert point["left_out"]["spare"]["reason"] == "no-room"
        for one in point["filling"]:
            if one["capacity"] is not None:
                assert one["after"] <= one["capacity"]


@cases(
    ("given", "reason", "words"),
    {
        "latency": ({"latency_limit_ms": 1.0}, "no-feasible-site", "latency at 3 of 3"),
        "residency": ({"residency": "JP"}, "no-feasible-site", "jurisdiction at 3 of 3"),
        "accelerators": ({"accelerators": [(None, 500)]}, "no-room", "accelerators at Lagos"),
        "power": ({"it_kw": 9_000.0}, "no-room", "power at Porto"),
    },
)
def test_a_workload_with_no_place_is_left_out_with_the_reason(solve, declare, iberia, given, reason, words):
    declare("web", **({"users": [(iberia, 1.0)]} | given))
    (point,) = solve(weights=COST).result["points"]
    assert "web" not in point["plan"]
    assert point["left_out"]["web"]["reason"] == reason
    assert words in point["left_out"]["web"]["words"]


def test_a_pinned_site_that_cannot_take_the_workload_is_shown_by_its_name(solve, declare, fleet):
    declare("web", residency="JP")
    result = solve(weights=COST, left_out=["chat"], pins={"web": "porto"}).result
    assert "web" in result["points"][0]["left_out"]
    assert result["site_names"]["porto"] == fleet["porto"].name


def test_what_is_unknown_is_no_place_and_never_zero(solve, fleet):
    SiteFactor.objects.filter(kind="accelerator_hour_cost").delete()
    (point,) = solve(weights=COST).result["points"]
    assert point["left_out"]["chat"] == {
        "reason": "unknown-figure",
        "words": "A figure is unknown at every site that keeps its limits: cost at Lagos, cost at Luleå,"
        " cost at Porto.".replace("Luleå", fleet["lulea"].name),
    }


def test_of_a_class_at_two_sites_one_placement_is_planned(solve, declare, fleet, planner, frozen_now):
    found = declare("web", at="lulea")
    workloads.place(found, site=fleet["lagos"], on=None, by=planner, now=frozen_now.at)
    run = solve(weights=COST, pins={"chat": "porto"})
    (point,) = run.result["points"]
    # Lagos is first by name and may be left; at Luleå it runs already, so that it cannot go there.
    assert run.result["today"]["plan"]["web"] == "lagos"
    assert point["plan"]["web"] == "lagos"


def test_statements_do_not_grow_with_workloads(ask, declare, frozen_now):
    def counted():
        found = ask(weights=COST)
        forget_answers()
        with CaptureQueriesContext(connection) as caught:
            solving.run(found.pk, now=frozen_now.at)
        return len(caught)

    declare("web")
    few = counted()
    for place in range(5):
        declare(f"more{place}", at="lulea")
    assert counted() == few


def test_asked_twice_there_is_one(ask):
    first = ask()
    assert ask() == first
    assert ask(points=5) != first
    with pytest.raises(IntegrityError, match="portfolio_open_once"), transaction.atomic():
        PortfolioRun.objects.create(
            asked_by=first.asked_by,
            asked_at=first.asked_at,
            inputs={},
            digest=first.digest,
            workloads_total=1,
            points_total=1,
        )


def test_asking_wakes_the_worker_once_it_is_there(ask, monkeypatch, django_capture_on_commit_callbacks):
    woken = []
    monkeypatch.setattr(
        "readiness.tradeoffs.tasks.work_out_portfolio.apply_async", lambda **given: woken.append(given)
    )
    with django_capture_on_commit_callbacks(execute=True):
        run = ask()
        assert woken == []
    assert [(one["args"], one["queue"]) for one in woken] == [([run.pk], "default")]


def test_a_message_that_comes_twice_works_once(solve, frozen_now):
    run = solve()
    assert not solving.run(run.pk, now=frozen_now.at)
    run.refresh_from_db()
    assert run.state == "done"


def test_cancelled_before_anybody_took_it(ask, planner, frozen_now):
    run = operations.cancel(ask(), by=planner, now=frozen_now.at)
    assert (run.state, run.cancel_asked_by) == ("cancelled", planner)
    assert not solving.run(run.pk, now=frozen_now.at)
    with pytest.raises(operations.AlreadyEnded):
        operations.cancel(run, by=planner, now=frozen_now.at)
    # It is asked anew, not joined.
    assert ask() != run


def test_beat_wakes_a_run_whose_wake_up_may_be_lost(ask, frozen_now, monkeypatch):
    woken = []
    monkeypatch.setattr(
        "readiness.tradeoffs.tasks.work_out_portfolio.apply_async",
        lambda **given: woken.append(given["args"]),
    )
    run = ask()
    assert look_after_portfolios() == 0
    assert woken == []
    frozen_now.move(minutes=2)
    assert look_after_portfolios() == 0
    assert woken == [[run.pk]]


def test_cancelled_between_points_keeps_what_was_found(ask, planner, frozen_now, monkeypatch):
    run = ask()
    alive = solving._alive

    def cancelling(pk, **columns):
        alive(pk, **columns)
        if columns.get("points_done") == 2:
            operations.cancel(run, by=planner, now=frozen_now.at)
            assert ask() != run

    monkeypatch.setattr(solving, "_alive", cancelling)
    solving.run(run.pk, now=frozen_now.at)
    run.refresh_from_db()
    assert (run.state, run.points_done, run.result["weightings"]) == ("cancelled", 2, 2)


def test_a_run_whose_worker_is_gone_is_told_as_failed(ask, frozen_now):
    run = ask()
    gone = {"state": "running", "started_at": frozen_now.at}
    PortfolioRun.objects.filter(pk=run.pk).update(**gone, progressed_at=Now())
    assert solving.end_lost(now=frozen_now.at) == 0
    PortfolioRun.objects.filter(pk=run.pk).update(
        progressed_at=Now() - solving.LOST_AFTER - timedelta(seconds=1)
    )
    assert solving.end_lost(now=frozen_now.at) == 1
    run.refresh_from_db()
    assert (run.state, run.problem) == ("failed", solving.LOST)
    assert ask() != run


def test_who_was_declared_lost_does_not_come_back(ask, frozen_now, monkeypatch):
    run = ask()

    def lost(*_given, **_more):
        PortfolioRun.objects.filter(pk=run.pk).update(
            state="failed", problem=solving.LOST, finished_at=frozen_now.at
        )
        return read(*_given, **_more)

    read = solving.fleet.read
    monkeypatch.setattr(solving.fleet, "read", lost)
    solving.run(run.pk, now=frozen_now.at)
    run.refresh_from_db()
    assert (run.state, run.problem, run.result) == ("failed", solving.LOST, None)


def test_what_goes_wrong_is_kept_with_the_run(ask, frozen_now, monkeypatch):
    run = ask()
    monkeypatch.setattr(solving.fleet, "read", lambda *_given, **_more: 1 / 0)
    assert solving.run(run.pk, now=frozen_now.at)
    run.refresh_from_db()
    assert (run.state, run.problem) == ("failed", solving.FAILED)


@pytest.mark.parametrize("role", ["viewer", "ops", "manager"])
def test_planners_ask_and_cancel_alone(ask, user_of, frozen_now, role):
    run, other = ask(), user_of(role)
    with pytest.raises(PermissionDenied, match=operations.MAY_ASK):
        ask(by=other)
    with pytest.raises(PermissionDenied, match=operations.MAY_CANCEL):
        operations.cancel(run, by=other, now=frozen_now.at)


@cases(
    ("columns", "name"),
    {
        "inputs": ({"inputs": {}}, "stays as it was asked"),
        "state": ({"state": "queued", "finished_at": None, "started_at": None, "result": None},
            "does not go back"),
        "result": ({"result": {}}, "stays as it was found"),
        "points": ({"points_done": 5}, "portfolio_points_in_range"),
        "no result": ({"result": None}, "stays as it was found"),
        "problem": ({"problem": "none"}, "portfolio_failed_with_reason"),
    },
)  # fmt: skip
def test_the_database_holds_it(solve, columns, name):
    run = solve()
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        PortfolioRun.objects.filter(pk=run.pk).update(**columns)
