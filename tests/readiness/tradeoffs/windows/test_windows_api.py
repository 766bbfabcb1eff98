"""`GET /api/tradeoffs/windows/`: plans, their figures, what is unknown, and the back-test."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from readiness.demand.workloads.models import Placement, WorkloadClass
from readiness.tradeoffs.models import SiteFactor
from readiness.tradeoffs.windows.answer import instant_of
from tests.inventory import made

pytestmark = pytest.mark.django_db
NONSENSE = [
    ({"hours": "0"}, "hours"),
    ({"hours": "much"}, "hours"),
    ({"hours": "1.3"}, "hours"),
    ({"hours": "nan"}, "hours"),
    ({"days": "61"}, "days"),
    ({"days": "1.5"}, "days"),
    ({"pauses": "maybe"}, "pauses"),
    ({"aim": "speed"}, "aim"),
    ({"carbon": "green"}, "carbon"),
    ({"carbon_price": "-1"}, "carbon_price"),
    ({"currency": "euro"}, "currency"),
    ({"currency": "USD"}, "currency"),
    ({"site": "atlantis"}, "site"),
    ({"at": "soon"}, "at"),
    ({"at": "0001-01-01T00:00"}, "at"),
    ({"workload": "nothing"}, "workload"),
    ({"wait": "1"}, "wait"),
]


def start(plan):
    return plan["pieces"][0]["start_at"]


def test_plans_are_priced_at_the_power_of_the_meter(both, ask):
    found = ask(hours=1)
    windows = found["windows"]
    assert (found["site"], found["time_zone"], found["currency"]) == ("porto", "Asia/Tokyo", "EUR")
    assert (found["power_kw"], windows["span"], windows["slots_unknown"]) == (
        150,
        "coming",
        {"price": 0, "carbon": 0},
    )
    assert [start(windows[name]) for name in ("at_once", "cheapest", "cleanest")] == [
        "2026-11-24T16:00:00Z",
        "2026-11-24T20:00:00Z",
        "2026-11-24T22:00:00Z",
    ]
    assert windows["cheapest"]["pieces"][0]["start_local"] == "2026-11-25T05:00:00+09:00"
    # 150 kW for an hour at 100 and at 10 EUR/MWh; 400 g/kWh at both.
    assert (windows["at_once"]["cost"], windows["cheapest"]["cost"]) == (
        pytest.approx(15),
        pytest.approx(1.5),
    )
    saved = windows["cheapest"]["saved"]
    assert (saved["cost"], saved["cost_share"], saved["carbon_kg"]) == (
        pytest.approx(13.5),
        pytest.approx(0.9),
        0,
    )
    assert windows["cleanest"]["saved"]["carbon_kg"] == pytest.approx(52.5)
    assert [start(each)[11:13] for each in windows["front"]] == ["20", "21", "22"]
    # Eight hours at 100, one at 10, one at 30; of nine slots each as likely.
    assert windows["flat"]["cost"] == pytest.approx(150 * (7 * 0.1 + 0.01 + 0.03) / 9)


def test_a_carbon_price_moves_the_plan_along_the_front(both, ask):
    """20 EUR/MWh more for 280 g less: from some 71 EUR a tonne on."""
    assert start(ask(hours=1, carbon_price=70)["windows"]["with_carbon_price"])[11:13] == "20"
    assert start(ask(hours=1, carbon_price=73)["windows"]["with_carbon_price"])[11:13] == "21"
    assert ask(hours=1)["windows"]["with_carbon_price"] is None


def test_a_run_that_may_pause_takes_the_hours_apart(training, hourly, ask):
    hourly(price=lambda at: 1.0 if at.hour in (18, 22) else 50.0)
    assert len(ask(hours=2)["windows"]["cheapest"]["pieces"]) == 1
    apart = ask(hours=2, pauses="yes")["windows"]["cheapest"]["pieces"]
    assert [one["start_at"][11:13] for one in apart] == ["18", "22"]


def test_without_one_factor_the_other_is_planned_and_its_figures_are_unknown(training, hourly, ask):
    hourly(carbon=lambda at: 100.0 + at.hour)
    found = ask()
    assert (found["aim"], found["currency"]) == ("carbon", None)
    assert [(one["kind"], one["known"]) for one in found["factors"]] == [
        ("electricity_price", False),
        ("carbon_average", True),
    ]
    windows = found["windows"]
    assert (windows["cheapest"], windows["front"]) == (None, [])
    assert (windows["cleanest"]["cost"], windows["flat"]["cost"]) == (None, None)
    assert windows["cleanest"]["carbon_kg"] > 0


def test_nothing_by_the_hour_says_which_factors(ask):
    found = ask()
    assert (found["windows"], found["back_test"]) == (None, None)
    assert "Electricity price · Carbon intensity, average" in found["why_not"]
    marginal = ask(carbon="marginal")
    assert "Carbon intensity, marginal" in marginal["why_not"]


def test_an_unknown_slot_is_told_and_never_run_in(training, hourly, ask):
    hourly(price=lambda at: None if at.hour == 20 else 50.0 + at.hour)
    windows = ask(hours=1)["windows"]
    assert windows["slots_unknown"] == {"price": 1}
    assert start(windows["cheapest"])[11:13] == "00"


def test_without_power_figures_are_for_one_kw(both, ask):
    SiteFactor.objects.all().delete()
    found = ask(hours=1)
    assert (found["power_kw"], found["windows"]["cheapest"]["cost"]) == (None, None)
    assert "PUE unknown" in found["power_unknown"]
    assert found["windows"]["cheapest"]["cost_per_kw"] == pytest.approx(0.01)
    WorkloadClass.objects.update(it_kw=None)
    assert "IT power" in ask(hours=1)["power_unknown"]


def test_the_last_known_hours_stand_in_where_none_lie_ahead(training, hourly, ask, frozen_now):
    hourly(price=lambda at: 50.0 - at.hour, ahead_h=-30)
    windows = ask(hours=2)["windows"]
    end = frozen_now.at - timedelta(hours=30)
    assert (windows["span"], windows["deadline_at"]) == ("recent", f"{end:%Y-%m-%dT%H:%M:%S}Z")
    assert windows["earliest_at"] == f"{end - timedelta(hours=10):%Y-%m-%dT%H:%M:%S}Z"


def test_an_instant_of_ones_own_is_local_at_the_site(both, ask):
    windows = ask(hours=1, at="2026-11-23T00:00")["windows"]
    assert (windows["span"], windows["earliest_at"]) == ("asked", "2026-11-22T15:00:00Z")
    assert ask(hours=1, at="2026-11-23T00:00Z")["windows"]["earliest_at"] == "2026-11-23T00:00:00Z"
    assert "has gaps" in ask(hours=1, at="2027-01-01T00:00")["why_not"]
    assert (
        ask(at="2199-01-01T00:00")["why_not"] == "There is no hourly data for Porto around 2199-01-01T00:00."
    )


def test_an_instant_that_clocks_jump_over_is_refused(both, ask, porto):
    porto.time_zone = "Europe/Berlin"
    porto.save()
    refused = ask(status=400, at="2026-03-29T02:30")
    assert "clocks jump over it" in refused["at"][0]


def test_of_a_time_that_comes_twice_the_first_is_meant():
    berlin = ZoneInfo("Europe/Berlin")
    assert instant_of("2026-10-25T02:30", berlin) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert instant_of("2026-10-25T02:30+01:00", berlin) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_the_back_test_is_against_at_once_and_perfect_foresight(both, ask):
    """Every day is alike, so that the rule is as good as foresight from the second day on."""
    found = ask(hours=1, days=5)["back_test"]
    assert (len(found["days"]), found["unknown_days"]) == (5, 0)
    assert found["totals"]["at_once"]["cost"] == pytest.approx(5 * 15)
    assert found["totals"]["by_rule"]["cost"] == found["totals"]["best"]["cost"] == pytest.approx(5 * 1.5)
    # The first of ten days has none before it.
    assert ask(hours=1, days=12)["back_test"]["unknown_days"] == 3
    assert ask(hours=1, days=2, aim="carbon")["back_test"]["totals"]["by_rule"]["carbon_kg"] == pytest.approx(
        15
    )


def test_a_class_that_may_not_wait_and_one_that_runs_nowhere(training, both, ask):
    Placement.objects.all().delete()
    assert "runs nowhere" in ask()["why_not"]
    assert ask(site="porto", hours=1)["windows"]
    WorkloadClass.objects.update(deferrable_h=0)
    assert "cannot wait" in ask(site="porto")["why_not"]


@pytest.mark.parametrize(("asked", "field"), NONSENSE, ids=lambda each: str(each))
def test_what_makes_no_sense_names_the_field(both, ask, asked, field):
    assert field in ask(status=400, **asked)


def test_as_many_statements_for_one_site_as_for_many(both, ask, enter_hours):
    def statements():
        with CaptureQueriesContext(connection) as captured:
            ask(hours=1)
        return len(captured)

    statements()
    few = statements()
    for number in range(4):
        site = made.site(name=f"More {number}", slug=f"more-{number}")
        enter_hours([1.0] * 24, site=site)
    # What was entered is read again once it changed.
    statements()
    assert statements() == few <= 28
