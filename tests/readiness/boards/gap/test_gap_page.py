"""The gap's page and endpoint: figures, findings and plans of the stored verdicts, in words computed from them."""

import csv
import io
import re
from datetime import timedelta

import pytest

from readiness.assessment.scoring.core.gap import CapacityFigures, Gap
from readiness.assessment.scoring.queries.capacity import Pace
from readiness.boards.gap import sentences as gap_sentences
from tests.cases import cases
from tests.inventory import made
from tests.pages import words_of
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("judged_now")]


def rows_of(answer):
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))


@pytest.fixture
def two_held(dallas):
    """Dallas is held by one check, Faro by that one and another."""
    faro = stored.site(name="Faro", slug="faro", kw=300.0, first_blocker="p1-soak-24h", kind="edge")
    faro.score.deciding = ["p1-soak-24h", "p2-power-headroom"]
    faro.score.save()


class TestPage:
    def test_it_says_what_is_deployed_and_whose_the_gap_is(self, viewer_pages, two_held, porto):
        words = words_of(viewer_pages.get("/readiness/gap/"))
        assert (
            "0 of 3 sites are ready. Deployed 1.7 MW: ready 0 kW, conditional 400 kW, not ready 1.3 MW."
            in words
        )
        assert ": 1.0 MW at 1 site, 59 % of the gap." in words
        assert re.search(r"Conditional 400 ?kW 24 % of what is deployed", words)

    def test_it_says_what_would_close_it(self, viewer_pages, two_held):
        words = words_of(viewer_pages.get("/readiness/gap/?checks=2"))
        assert "Resolved at all 2 sites it holds back, it frees 1.0 MW at the 1 site where no other" in words
        assert (
            "The first 2 sites of the plan need 3 checks and free 1.3 MW, 100 % of what is held back."
            in words
        )
        assert "Resolving 2 checks frees at most 1.0 MW: 1 of them at Dallas." in words

    def test_without_figures_of_people_there_is_no_base(self, viewer_pages, dallas):
        words = words_of(viewer_pages.get("/readiness/gap/"))
        assert re.search(r"Staff growth gap not recorded", words)
        assert "Nothing is known of the people who run these sites." in words

    def test_in_accelerators(self, viewer_pages, two_held):
        words = words_of(viewer_pages.get("/readiness/gap/?measure=accelerators"))
        assert "Deployed 130 accelerators: ready 0 accelerators" in words
        assert "130 accelerators deployed but conditional or not ready" in words

    def test_of_some_sites_alone(self, viewer_pages, two_held):
        page = viewer_pages.get("/readiness/gap/?kind=edge")
        assert "Remove the filter Kind: Edge" in page.text
        assert "0 of 1 sites are ready. Deployed 300 kW: ready 0 kW" in words_of(page)

    def test_each_switch_keeps_the_rest_of_the_address(self, viewer_pages, two_held):
        page = viewer_pages.get("/readiness/gap/?kind=edge&by=region&measure=accelerators&start=now-30d").text
        [by_pillar] = re.findall(r'href="([^"]*by=pillar)"', page)
        assert {"kind=edge", "measure=accelerators", "start=now-30d"} <= set(
            re.split(r"[?]|&amp;", by_pillar)
        )

    def test_no_site_matches(self, viewer_pages, dallas):
        assert "No site matches" in words_of(viewer_pages.get("/readiness/gap/?kind=colo"))

    def test_an_empty_installation_says_what_to_do_first(self, viewer_pages):
        assert "No sites yet" in words_of(viewer_pages.get("/readiness/gap/"))

    def test_all_ready_is_said_plainly(self, viewer_pages):
        stored.site("ready", name="Ria", slug="ria")
        words = words_of(viewer_pages.get("/readiness/gap/"))
        assert "Nothing holds capacity back: all that is deployed is ready." in words
        assert "No check holds any capacity back." in words

    def test_the_plan_as_a_file(self, viewer_pages, two_held):
        head, *rows = rows_of(viewer_pages.get("/readiness/gap/?export=csv"))
        places = [head.index(name) for name in ("Site", "Checks", "Frees (kW)", "Freed so far (kW)")]
        assert [[row[place] for place in places] for row in rows] == [
            ["dallas", "1", "1000.0", "1000.0"],
            ["faro", "2", "300.0", "1300.0"],
        ]

    def test_the_checks_as_a_file(self, viewer_pages, two_held):
        head, *rows = rows_of(viewer_pages.get("/readiness/gap/?plan=checks&export=csv"))
        places = [head.index(name) for name in ("Check", "Sites held", "Sites freed", "Frees (kW)")]
        assert [[row[place] for place in places] for row in rows] == [
            ["p2-power-headroom", "2", "1", "1000.0"],
            ["p1-soak-24h", "1", "0", "0.0"],
        ]

    def test_the_fleet_leads_here(self, viewer_pages, dallas):
        assert 'href="/readiness/gap/#closing"' in viewer_pages.get("/fleet/").text


class TestCharts:
    def test_the_gap_is_drawn_in_the_measure_asked_for(self, viewer_pages, two_held):
        figure = viewer_pages.get("/readiness/gap/charts/over-time.json?measure=accelerators").json()
        assert [trace["meta"]["role"] for trace in figure["data"][:4]] == [
            "ready",
            "conditional",
            "gap",
            "deployed",
        ]
        assert figure["data"][3]["y"][-1] == 130
        assert "Straight line through the last 12 weeks" in figure["meta"]["footer"]

    def test_groups_are_areas_on_top_of_each_other(self, viewer_pages, two_held):
        figure = viewer_pages.get("/readiness/gap/charts/by-group.json?by=site").json()
        assert [(trace["name"], trace["y"][-1]) for trace in figure["data"]] == [
            ("Dallas", 1.0),
            ("Faro", 0.3),
        ]
        assert "Dallas grew most, by 1.0 MW" in figure["meta"]["finding"]

    def test_the_curve_is_the_best_and_the_plan_beside_it(self, viewer_pages, two_held):
        figure = viewer_pages.get("/readiness/gap/charts/closing.json").json()
        best, plan = figure["data"]
        assert (best["x"], best["y"]) == ([0, 1, 3], [0, 1.0, 1.3])
        assert (plan["x"], plan["y"]) == ([0, 1, 3], [0, 1.0, 1.3])

    @pytest.mark.parametrize(("by", "most"), [("region", 400), ("pillar", 60)])
    def test_a_wide_screen_gets_as_many_points_as_there_are(self, viewer_pages, dallas, by, most):
        figure = viewer_pages.get(f"/readiness/gap/charts/by-group.json?by={by}&points=2560").json()
        assert len(figure["data"][0]["x"]) == most

    @pytest.mark.parametrize("chart", ["over-time", "by-group", "closing"])
    def test_each_is_a_file_too_and_says_when_there_is_nothing(self, viewer_pages, chart):
        assert viewer_pages.get(f"/readiness/gap/charts/{chart}.json").json()["meta"]["empty"]
        stored.site(name="Faro", slug="faro", first_blocker="p1-soak-24h")
        answer = viewer_pages.get(f"/readiness/gap/charts/{chart}.csv")
        assert len(answer.content.decode().splitlines()) > 2


class TestEndpoint:
    def test_the_gap_by_kind(self, api_of, two_held):
        answer = (
            api_of("viewer", scope="read").get("/api/readiness/gap/?by=kind&start=now-90d&points=4").json()
        )
        assert answer["now"] == {
            "deployed": 1300,
            "ready": 0,
            "conditional": 0,
            "not_ready": 1300,
            "gap": 1300,
        }
        assert len(answer["instants"]) == 4
        assert [(group["key"], group["now"]["gap"]) for group in answer["groups"]] == [
            ("core", 1000),
            ("edge", 300),
        ]
        assert answer["whole"]["gap"] == [1300] * 4
        assert answer["projection"]["method"].startswith("Straight line")
        assert answer["capability_gap"]["points"] is None

    def test_what_would_close_it(self, api_of, two_held):
        answer = api_of("viewer", scope="read").get("/api/readiness/gap/closing/?checks=2").json()
        assert [(step["site"], step["freed_so_far"]) for step in answer["plan"]] == [
            ("dallas", 1000),
            ("faro", 1300),
        ]
        assert answer["best"] == {
            "checks": 2,
            "needed": 1,
            "freed": 1000,
            "sites": [{"site": "dallas", "held": 1000, "checks": ["p2-power-headroom"]}],
        }
        assert answer["curve"][-1] == {"checks": 3, "freed": 1300}


def test_a_year_of_growth_is_told_in_both_directions(viewer_pages):
    there = stored.site(name="Grown", slug="grown", kw=0, first_blocker="p1-soak-24h")
    for week in range(20):
        made.capacity_event(site=there, happened_on=(NOW - timedelta(weeks=week, days=1)).date(), it_kw=70)
    words = words_of(viewer_pages.get("/readiness/gap/"))
    assert "Over 12 weeks deployment outran readiness by 304 kW a month." in words
    assert "If the pace holds, the gap is 2.2 MW in 12 weeks, give or take 0 kW." in words


@cases(
    ("gap_kw", "closes_a_month", "words"),
    {
        "a year": (1200.0, 100.0, "at this pace the gap closes in 12 months."),
        "soon": (60.0, 100.0, "at this pace the gap closes in 1 month."),
        "closed": (0.0, 100.0, "no gap is left."),
    },
)
def test_the_pace_says_when_the_gap_closes_or_that_none_is_left(gap_kw, closes_a_month, words):
    deployed, ready = (CapacityFigures(kw, 0) for kw in (2000.0, 2000.0 - gap_kw))
    said = gap_sentences.pace(
        Pace(0.0, closes_a_month, 12), Gap(NOW, deployed, ready, CapacityFigures(0.0, 0))
    )
    assert said == f"Over 12 weeks readiness caught up by 100 kW a month; {words}"
