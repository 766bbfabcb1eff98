"""Scores over time, the marks of what happened, and the points behind them."""

import csv
import io
from datetime import date
from fractions import Fraction

import pytest

from inventory.models import Site
from readiness.assessment.evidence.models import ValidationRun
from readiness.assessment.evidence.operations import import_run
from readiness.assessment.framework import operations as framework
from readiness.assessment.framework.core import shipped
from readiness.assessment.grants import operations as waivers
from readiness.assessment.scoring.models import ScorePoint
from readiness.boards.trends import charts
from readiness.boards.trends.queries import Day, Subject, days
from readiness.boards.waivers.requests import ask_for_grant
from tests.inventory import made
from tests.pages import rows_of
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.scoring import stored
from tests.readiness.boards.explain import scene
from tests.readiness.boards.explain.scene import BACKUP, DAY, MONTH
from web.versioned.core.documents import written

pytestmark = pytest.mark.django_db
TRENDS = "/readiness/trends/"


@pytest.fixture
def porto(db, frozen_now):
    """Ready a month ago, failing since yesterday."""
    there = made.site(name="Porto", slug="porto")
    made.capacity_event(site=there, it_kw=300.0)
    stored.kept(there, scene.good(frozen_now.at - MONTH), at=frozen_now.at - MONTH)
    stored.kept(there, scene.failing(scene.good(frozen_now.at)), at=frozen_now.at)
    return there


@pytest.fixture
def faro(db, frozen_now):
    """Ready today."""
    there = made.site(name="Faro", slug="faro")
    made.capacity_event(site=there, it_kw=100.0)
    stored.kept(there, scene.good(frozen_now.at), at=frozen_now.at)
    return there


@pytest.fixture
def eventful(porto, frozen_now, user_of):
    """One mark of each kind within the last month."""
    ops, manager = user_of("ops"), user_of("manager")
    at = frozen_now.at
    asked = {"kind": "waiver", "check_id": BACKUP, "reason": "UPS B is being replaced"}
    grant = ask_for_grant(site=porto, ends_at=at - 2 * DAY, by=ops, now=at - 9 * DAY, **asked)
    waivers.approve(grant, note="", by=manager, now=at - 8 * DAY)
    kept = ask_for_grant(site=porto, ends_at=at + 9 * DAY, by=ops, now=at - DAY, **asked)
    waivers.revoke(waivers.approve(kept, note="", by=manager, now=at - DAY), note="Done", by=manager, now=at)
    definition = written(shipped.shipped()) | {"version": "muster-3"}
    framework.publish(definition, by=None, now=at - 4 * DAY)
    stored.flip(porto, "verdict", "", "not-ready", from_state="ready", at=at - DAY, reason="Held by it.")
    run = import_run(
        site=porto,
        tool="nccl-tests",
        content=outputs.collective(),
        file_name="a.log",
        by=None,
        now=at - 9 * DAY,
    )
    ValidationRun.objects.filter(pk=run.pk).update(
        void_changes=["firmware"], voided_at=at - 3 * DAY, void_reason="node-1: firmware 1.2 → 1.3"
    )
    return grant, kept


@pytest.fixture
def pages(client_of):
    return client_of("viewer")


def text(client, query=""):
    answer = client.get(f"{TRENDS}?{query}")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def rows(client, query):
    answer = client.get(f"{TRENDS}?{query}&export=csv")
    return rows_of(answer)


class TestDays:
    def test_a_fleet_is_the_mean_of_the_sites_of_the_day_by_kw(self, porto, faro, frozen_now):
        today = frozen_now.at.date()
        # None of these carries load: no capacity, a stage that has none, capacity that is still to come or went again.
        for number, events in enumerate(([], [500], [500, -500])):
            there = made.site(name=f"Empty {number}")
            for kw in events:
                kind = "commission" if kw > 0 else "decommission"
                made.capacity_event(site=there, it_kw=abs(kw), kind=kind)
            stored.point(there, today, 0.125, verdict="" if number == 1 else "not-ready")
        made.capacity_event(site=porto, it_kw=9000.0, happened_on=today)
        [day] = days(Subject(), today, today)
        score = {
            slug: Fraction(ScorePoint.objects.get(on_date=today, site__slug=slug).score)
            for slug in ("porto", "faro")
        }
        assert day.score == pytest.approx(float((300 * score["porto"] + 100 * score["faro"]) / 400))
        # Where there is no verdict, lists show no score.
        assert day.plain == pytest.approx(float((score["porto"] + score["faro"] + Fraction(2, 8)) / 4))
        assert day.verdicts == {"not-ready": 3, "ready": 1, "": 1}

    def test_what_a_site_had_at_the_time_counts(self, porto, faro, frozen_now):
        yesterday = (frozen_now.at - DAY).date()
        for there, score in ((porto, 0.2), (faro, 0.8)):
            stored.point(there, yesterday, score, evaluated_at=frozen_now.at - DAY)
        stored.point(faro, (frozen_now.at - 2 * DAY).date(), 0.8, evaluated_at=frozen_now.at - 2 * DAY)
        stored.point(porto, (frozen_now.at - 2 * DAY).date(), 0.2, evaluated_at=frozen_now.at - 2 * DAY)
        made.capacity_event(site=faro, it_kw=800.0, happened_on=(frozen_now.at - 2 * DAY).date())
        before, after = days(Subject(), (frozen_now.at - 2 * DAY).date(), yesterday)
        assert before.score == pytest.approx(float(Fraction(300 * 2 + 100 * 8, 4000)))
        assert after.score == pytest.approx(float(Fraction(300 * 2 + 900 * 8, 12000)))

    def test_without_capacity_there_is_no_score_but_the_plain_mean(self, frozen_now):
        today = frozen_now.at.date()
        stored.point(made.site(), today, 0.4)
        [day] = days(Subject(), today, today)
        assert (day.score, day.upper, day.coverage, day.plain) == (None, None, None, 0.4)

    def test_a_pillar_is_its_own_score(self, porto, frozen_now):
        today = frozen_now.at.date()
        [whole] = days(Subject(site=porto), today, today)
        by_pillar = {each: days(Subject(site=porto, pillar=each), today, today)[0] for each in ("p1", "p2")}
        assert by_pillar["p1"].score == 1
        assert by_pillar["p2"].score < whole.score < 1

    def test_a_region_is_its_sites_alone(self, porto, faro, frozen_now):
        today = frozen_now.at.date()
        [day] = days(Subject(region=faro.region), today, today)
        assert (day.sites, day.score) == (1, 1)

    def test_each_of_several_sites_stands_for_two_weeks_after_it_was_scored(self, porto, faro, frozen_now):
        start = (frozen_now.at - MONTH).date()
        found = days(Subject(), start, frozen_now.at.date())
        assert [day.on for day in found] == [start + number * DAY for number in range(14)] + [start + MONTH]
        assert {day.sites for day in found[:14]} == {1}

    def test_a_day_without_a_score_is_not_there(self, porto, frozen_now):
        found = days(Subject(site=porto), (frozen_now.at - 2 * MONTH).date(), frozen_now.at.date())
        assert [day.on for day in found] == [(frozen_now.at - MONTH).date(), frozen_now.at.date()]


class TestMarks:
    def test_each_says_what_it_is(self, pages, eventful):
        first, second = eventful
        told = {(row["Kind"], row["What"]) for row in rows(pages, "site=porto&start=now-30d")}
        assert told == {
            ("rule", "muster-3 was published"),
            ("grant-began", f"Waiver #{first.pk} began: Backup power"),
            ("grant-ended", f"Waiver #{first.pk} ended: Backup power"),
            ("grant-began", f"Waiver #{second.pk} began: Backup power"),
            ("grant-ended", f"Waiver #{second.pk} was revoked: Backup power"),
            ("verdict", "Verdict: Ready → Not ready"),
            ("voided", "1 piece of evidence was voided"),
        }

    def test_a_grant_counts_from_its_approval(self, pages, eventful, frozen_now):
        began = [row for row in rows(pages, "site=porto&start=now-30d") if row["Kind"] == "grant-began"]
        assert (frozen_now.at - 8 * DAY).date().isoformat() in began[-1]["When"]

    def test_of_a_pillar_grants_are_of_its_checks_alone(self, pages, eventful):
        kinds = {row["Kind"] for row in rows(pages, "site=porto&pillar=p1&start=now-30d")}
        assert kinds == {"rule", "verdict", "voided"}

    def test_of_another_site_only_what_concerns_all(self, pages, eventful, faro):
        assert [row["Kind"] for row in rows(pages, "site=faro&start=now-30d")] == ["rule"]

    def test_outside_the_time_there_are_none(self, pages, eventful):
        assert rows(pages, "site=porto&start=now-90d&end=now-60d") == []

    def test_they_are_on_the_chart_with_their_words(self, pages, eventful):
        figure = pages.get(f"{TRENDS}chart.json?site=porto&start=now-30d").json()
        said = {text for trace in figure["data"] for text in trace.get("text") or []}
        assert any("Porto: Verdict: Ready → Not ready" in one for one in said)
        assert len(figure["layout"]["shapes"]) == 1


class TestPage:
    def test_it_tells_the_change_and_leads_to_why(self, pages, porto):
        shown = text(pages, "site=porto&start=now-60d")
        assert "The score went from 100.0 to" in shown
        assert 'href="/readiness/explain/?site=porto&amp;start=2026-10-25&amp;end=2026-11-24"' in shown

    def test_the_fleet_counts_sites_that_are_ready(self, pages, porto, faro):
        assert "of 2" in text(pages)

    def test_both_means_have_one_name_on_page_chart_and_file(self, pages, porto, faro):
        names = ["Score, by deployed kW", "Plain mean of sites"]
        shown = text(pages)
        assert [name for name in names if f'<span class="label">{name}</span>' in shown] == names
        drawn = {trace["name"] for trace in pages.get(f"{TRENDS}chart.json").json()["data"]}
        assert drawn >= set(names)
        answer = pages.get(f"{TRENDS}chart.csv?start=now-60d")
        [today, *_] = csv.DictReader(io.StringIO(answer.content.decode()))
        assert float(today[f"{names[0]}, points"]) < float(today[f"{names[1]}, points"]) < 100

    def test_where_no_site_has_capacity_it_says_so_beside_the_plain_mean(self, pages, frozen_now):
        stored.point(made.site(), frozen_now.at.date(), 0.4)
        shown = text(pages)
        assert shown.count("No site here has deployed capacity, so there is no score by deployed kW.") >= 2
        assert "40.0" in shown
        assert "no score by deployed kW" in pages.get(f"{TRENDS}chart.json").json()["meta"]["empty"]

    def test_nothing_stored_is_said(self, pages):
        assert "No score is stored for these days." in text(pages)
        assert "empty" in pages.get(f"{TRENDS}chart.json").json()["meta"]

    def test_no_line_bridges_a_hole_of_more_than_two_weeks(self, pages, porto):
        figure = pages.get(f"{TRENDS}chart.json?site=porto&start=now-60d").json()
        lines = [trace for trace in figure["data"] if trace["name"] == "Score"]
        assert [len(line["x"]) for line in lines] == [1, 1]


class TestPoints:
    def test_they_are_listed_and_filtered(self, api_of, porto, faro):
        api = api_of("viewer")
        found = api.get("/api/readiness/score-points/?site=porto&ordering=-on_date").json()
        assert [row["on_date"] for row in found["results"]] == ["2026-11-24", "2026-10-25"]
        assert found["results"][0]["counts"]["fail"] == 1
        assert found["results"][0]["verdict"]["value"] == "not-ready"
        since = api.get("/api/readiness/score-points/?on_date__gte=2026-11-01").json()
        assert since["count"] == 2
        region = Site.objects.get(slug="porto").region.slug
        there = api.get(f"/api/readiness/score-points/?region={region}&site=porto").json()
        assert there["count"] == found["count"]
        assert api.get("/api/readiness/score-points/?region=nowhere").status_code == 400
        assert api.get("/api/readiness/score-points/?start=now-2d&verdict=ready").json()["count"] == 1


def day(on, score, verdict="ready"):
    return Day(date(2026, 10, on), score, score, score, verdicts={verdict: 1})


@pytest.mark.parametrize(
    ("scores", "axis"),
    [
        ([0.85, 0.88], (85, 88, 1)),
        ([0.852, 0.871, 0.99], (85, 100, 5)),
        ([0.5, 0.5], (50, 52, 1)),
        ([1.0], (98, 100, 1)),
        ([0.0, 1.0], (0, 100, 20)),
    ],
)
def test_the_axis_of_scores_fits_them(scores, axis):
    fitted = charts.ScoreAxis.fit([day(1, score) for score in scores])
    assert (fitted.low, fitted.high, fitted.step) == axis


def test_a_verdict_is_drawn_until_the_next_one_is_known():
    lengths = charts._lengths([day(1, 0.8), day(8, 0.8), day(9, 0.8), day(30, 0.8)])
    assert [length // charts.DAY_MS for length in lengths.values()] == [7, 1, 1, 1]
