"""The page of a check at a site answers first: figure, limit, trend, proof, what to do, who."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from readiness.assessment.evidence.operations import attest, record_fact
from readiness.boards.checks.detail import bullet
from readiness.boards.checks.over_time import weeks
from readiness.boards.checks.sentences import limit_words, margin_words
from tests.pages import words_in
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import DAY, NOW
from tests.readiness.boards.explain import scene

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("judged_now")]
PAGE = "/sites/dallas/checks/p2-power-headroom/"
KEY = ("p2-power-headroom", "site-load")


def card(response, heading):
    page = response.content.decode()
    return words_in(re.search(rf'id="{heading}"(.*?)</section>', page, re.S)[1])


@pytest.fixture
def measured(dallas):
    """Four days of inputs: three runs, of which one counted for two days."""
    good = scene.good(NOW)
    for days, value, taken in ((40, 700.0, 40), (20, 720.0, 20), (19, 720.0, 20), (1, 930.0, 1)):
        at = NOW - days * DAY
        reading = good.readings[KEY]._replace(value=value, taken_at=NOW - taken * DAY)
        stored.kept(dallas, replace(good, readings={**good.readings, KEY: reading}), at=at)
    return dallas


def test_the_first_card_has_figure_limit_margin_and_what_is_held(viewer_pages, dallas):
    words = card(viewer_pages.get(PAGE), "h-result")
    for part in ("940", "limit: at most 850 kW", "90 kW over", "Not passing since"):
        assert part in words


def test_every_run_is_one_point_of_the_trend_and_today_is_the_last(viewer_pages, measured):
    figure = viewer_pages.get(f"{PAGE}charts/trend.json?trend=90d").json()
    assert [row[1] for row in figure["meta"]["table"]["rows"]] == ["940 kW", "930 kW", "720 kW", "700 kW"]
    assert figure["meta"]["finding"].endswith("4 figures, last 940 kW; 2 of 4 do not meet the limit of now.")
    month = viewer_pages.get(f"{PAGE}charts/trend.json?trend=30d").json()
    assert len(month["meta"]["table"]["rows"]) == 3


def test_a_check_without_a_result_says_so_in_every_card(viewer_pages, dallas):
    answer = viewer_pages.get("/sites/dallas/checks/p1-fabric-collective/")
    assert "no result" in card(answer, "h-result")
    assert "No evidence yet" in card(answer, "h-proof")
    assert "The trend appears here once the check has been evaluated." in words_in(answer.content.decode())
    figure = viewer_pages.get("/sites/dallas/checks/p1-fabric-collective/charts/trend.json").json()
    assert figure["meta"]["empty"] == "No sub-measure of this check was judged yet."


def test_the_proof_lists_what_counts_and_why_the_rest_does_not(client_of, dallas):
    entered = {"site": dallas, "by": None, "now": NOW, "check": "p4-documentation-currency"}
    record_fact(part="documents-missing", value=2, source="register", taken_on=date(2026, 11, 20), **entered)
    attest(
        part="documents-overdue", value=0, statement="Read", attested_by="R. Costa",
        taken_on=date(2024, 1, 1), **entered,
    )  # fmt: skip
    words = card(client_of("ops").get("/sites/dallas/checks/p4-documentation-currency/"), "h-proof")
    assert "Fact " in words
    assert "Attestation " in words
    assert "It counted until" in words


def test_who_is_on_call_and_who_owns_it_stand_beside_the_result(client_of, dallas):
    words = card(client_of("ops").get(PAGE), "h-who")
    assert "No rotation serves Dallas" in words
    assert "Owner, orchestration overall Platform AMER" in words


@pytest.mark.parametrize(
    ("value", "limit", "margin", "drawn"),
    [
        pytest.param(940.0, 850.0, -90.0, True, id="beyond"),
        pytest.param(257.0, 330.0, -73.0, True, id="short"),
        pytest.param(None, 330.0, None, False, id="no figure"),
        pytest.param(2.0, None, None, False, id="a code"),
        pytest.param(-3.0, 2.0, 5.0, False, id="below zero"),
        pytest.param(0.0, 0.0, 0.0, False, id="none allowed, none seen"),
    ],
)
def test_a_figure_is_drawn_where_it_has_a_length(value, limit, margin, drawn):
    bar = bullet(value, limit, margin)
    assert (bar is not None) == drawn
    if bar is not None:
        assert bar.band > 0
        assert max(bar.width, bar.limit) <= 100


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("≥ 330 GB/s", "at least 330 GB/s"),
        ("≤ 0", "at most 0"),
        ("< 5 %", "less than 5 %"),
        ("18 to 27 °C",) * 2,
        ("", ""),
    ],
)
def test_limits_in_words(text, words):
    assert limit_words(text) == words


def test_margins_in_words():
    assert margin_words(-73.0, "GB/s", "≥ 330 GB/s") == "73 GB/s short"
    assert margin_words(-0.6, "µs", "≤ 8 µs") == "0.60 µs over"
    assert margin_words(3.4, "%", "≤ 5 %") == "3.4 % to spare"
    assert margin_words(None, "%", "≤ 5 %") == ""


def test_the_fleet_page_says_how_many_do_not_pass_and_who_answers(viewer_pages, dallas, porto):
    page = viewer_pages.get("/readiness/checks/p2-power-headroom/")
    assert "1 of " in card(page, "h-fleet")
    assert "Platform AMER" in card(page, "h-who")
    figure = viewer_pages.get("/readiness/checks/p2-power-headroom/charts/trend.json").json()
    assert figure["meta"]["finding"].startswith("1 site does not pass")


def test_weeks_follow_the_changes_of_state(dallas):
    check_id = "p5-fabric-health"
    stored.flip(dallas, "check", check_id, "fail", from_state="pass", at=NOW - timedelta(days=15))
    stored.flip(dallas, "check", check_id, "pass", from_state="fail", at=NOW - timedelta(days=3))
    counts = [week.open_sites for week in weeks(check_id, {dallas.pk: "pass"}, now=NOW)]
    assert counts[-4:] == [0, 1, 1, 0]
