"""The page that explains: one site, a region, the fleet, and days of which nothing is kept."""

import csv
import io
import re
from fractions import Fraction

import pytest

from inventory.models import CapacityEvent, Site
from readiness.assessment.scoring.models import ScoreInputs, ScorePoint
from readiness.boards.explain import queries
from readiness.boards.trends.queries import Subject
from readiness.boards.trends.queries import days as trend_days
from tests.inventory import made
from tests.pages import rows_of
from tests.readiness.assessment.scoring import stored
from tests.readiness.boards.explain.scene import BACKUP, DAY, good

pytestmark = pytest.mark.django_db
EXPLAIN = "/readiness/explain/"


@pytest.fixture
def pages(client_of):
    return client_of("viewer")


def text(client, query=""):
    answer = client.get(f"{EXPLAIN}?{query}")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


class TestSite:
    def test_it_says_what_moved_by_how_much_and_why(self, pages, dallas):
        shown = text(pages, "site=dallas&start=now-30d")
        assert "Data alone changed it." in shown
        assert "Held back by p2-backup-power." in shown
        assert 'href="/sites/dallas/checks/p2-backup-power/"' in shown
        assert 'href="/evidence/runs/12/"' in shown
        assert "Battery status" in shown or "→" in shown

    def test_a_waiver_is_named_and_linked(self, pages, gent):
        shown = text(pages, "site=gent&start=now-30d")
        [grant] = gent.grants.all()
        assert f"Waiver #{grant.pk} began" in shown
        assert f'href="/waivers/{grant.pk}/"' in shown
        assert "The verdict is the same on both days." in shown

    def test_a_site_that_did_not_move_says_so(self, pages, hull):
        shown = text(pages, "site=hull&start=now-30d")
        assert "No cause changed the score." in shown
        assert "No check moved" in shown

    def test_another_day_stands_in_and_is_named(self, pages, dallas, before):
        shown = text(pages, f"site=dallas&start={(before + 3 * DAY).date()}")
        assert "There is no data for 28 Oct 2026; the page uses 25 Oct 2026." in shown

    def test_days_without_anything_are_an_empty_state_and_never_a_guess(self, pages, dallas):
        shown = text(pages, "site=dallas&start=2026-09-01&end=2026-11-24")
        assert "There is no data for 1 Sep 2026 or the two weeks before." in shown
        assert "There is data from 25 Oct 2026 to 24 Nov 2026." in shown

    def test_presets_reach_back_to_the_last_change_of_verdict(self, pages, dallas):
        shown = text(pages, "site=dallas&start=now-30d")
        assert "site=dallas&amp;start=2026-11-22&amp;end=now" in shown

    def test_the_table_goes_out_as_a_file(self, pages, dallas):
        answer = pages.get(f"{EXPLAIN}?site=dallas&start=now-30d&export=csv")
        rows = rows_of(answer)
        assert [row["Check"] for row in rows] == [BACKUP]
        assert float(rows[0]["Effect on the score (points)"]) < 0


class TestSeveral:
    def test_the_fleet_lists_what_moved_most_and_what_came(self, pages, fleet):
        shown = text(pages, "start=now-30d")
        assert shown.index("Dallas</a>") < shown.index("Hull</a>")
        assert "1 added or removed" in shown
        assert 'href="/readiness/explain/?site=dallas&amp;start=2026-10-25&amp;end=2026-11-24"' in shown

    def test_its_lines_add_up_to_the_change_of_the_score_by_kw(self, fleet, frozen_now, before):
        made.site(name="Edge", slug="edge")
        stored.kept(made.site(name="Bare"), good(frozen_now.at), at=frozen_now.at)
        kw = {"dallas": 900, "gent": 400, "hull": 100, "oslo": 300}
        found = queries.fleet_explained(before.date(), frozen_now.at.date())
        ends = []
        for at in (before, frozen_now.at):
            day = ScorePoint.objects.filter(on_date=at.date(), site__slug__in=kw)
            scores = {point.site.slug: Fraction(point.score) for point in day.select_related("site")}
            whole = sum(kw[slug] for slug in scores)
            ends.append(float(sum(score * kw[slug] for slug, score in scores.items()) / whole))
        start, end = ends
        assert (found.move.start, found.move.end) == (pytest.approx(start), pytest.approx(end))
        assert sum(found.move.by.values()) + found.move.coming_and_going == pytest.approx(
            end - start, abs=1e-9
        )
        assert sum(row.weight for row in found.sites) == pytest.approx(found.move.change, abs=1e-9)

    def test_it_is_the_score_that_the_trend_shows(self, fleet, frozen_now, before):
        found = queries.fleet_explained(before.date(), frozen_now.at.date())
        days = {day.on: day for day in trend_days(Subject(), before.date(), frozen_now.at.date())}
        first, last = days[before.date()], days[frozen_now.at.date()]
        assert (found.move.start, found.move.end) == (pytest.approx(first.score), pytest.approx(last.score))
        assert found.move.plain == (pytest.approx(first.plain), pytest.approx(last.plain))

    def test_capacity_that_came_is_a_cause_with_its_own_line(self, pages, fleet, before):
        Site.objects.filter(slug="oslo").delete()
        made.capacity_event(site=fleet[2], it_kw=4000.0, happened_on=before.date() + 3 * DAY)
        shown = text(pages, "start=now-30d")
        assert re.search(r"Capacity \+\d", shown)
        answer = pages.get(f"{EXPLAIN}chart.csv?start=now-30d")
        assert [row[0] for row in csv.reader(io.StringIO(answer.content.decode()))][-2] == "Capacity"

    def test_both_means_have_their_name(self, pages, fleet):
        shown = text(pages, "start=now-30d")
        assert "Score, by deployed kW" in shown
        assert "Plain mean of sites" in shown

    def test_where_no_site_has_capacity_there_is_no_score_and_it_says_so(self, pages, hull):
        CapacityEvent.objects.all().delete()
        shown = text(pages, "start=now-30d")
        assert "No site here has deployed capacity, so there is no score by deployed kW." in shown
        chart = pages.get(f"{EXPLAIN}chart.json?start=now-30d").json()
        assert "no score by deployed kW" in chart["meta"]["empty"]

    def test_a_region_is_its_sites_alone(self, pages, fleet):
        shown = text(pages, f"region={fleet[2].region.slug}&start=now-30d")
        assert "Hull</a>" in shown
        assert "Dallas</a>" not in shown

    def test_a_site_whose_inputs_went_past_their_time_is_left_out_by_name(self, pages, fleet, before):
        ScoreInputs.objects.filter(site=fleet[0], on_date=before.date()).delete()
        shown = text(pages, "start=now-30d")
        assert "1 site is left out: it has no data near one of the days: Dallas." in shown

    def test_a_day_of_which_nothing_is_kept_is_no_day_without_sites(self, pages, api_of, fleet, before):
        ScoreInputs.objects.filter(on_date__lte=before.date()).delete()
        words = "There is no data of any site for 25 Oct 2026 or the two weeks before."
        shown = text(pages, "start=now-30d")
        assert words in shown
        assert "Sites added or removed" not in shown
        assert pages.get(f"{EXPLAIN}chart.json?start=now-30d").json()["meta"]["empty"] == words
        answer = api_of("viewer").get("/api/readiness/explain/?start=now-30d").json()
        assert (answer["sentence"], answer["change"], answer["end"]["score"]) == (words, 0.0, None)

    def test_a_site_that_retired_went(self, fleet, frozen_now, before):
        gone = fleet[2]
        type(gone).objects.filter(pk=gone.pk).update(stage="retired")
        ScoreInputs.objects.filter(site=gone, on_date=frozen_now.at.date()).delete()
        found = queries.fleet_explained(before.date(), frozen_now.at.date())
        assert list(found.move.went) == [gone.pk]

    def test_nothing_at_all_is_an_empty_state(self, pages):
        assert "No site has a score near these days" in text(pages)

    def test_more_sites_than_are_explained_at_once_ask_for_a_region(self, pages, fleet, monkeypatch):
        monkeypatch.setattr(queries, "MOST_SITES", 2)
        assert "At most 2 sites can be explained at once, and there are 4. Choose a region." in text(pages)

    def test_what_is_remembered_is_what_would_be_reckoned(self, fleet, frozen_now, before):
        first, second = (queries.fleet_explained(before.date(), frozen_now.at.date()) for _ in range(2))
        assert first == second

    def test_a_day_that_is_written_anew_is_reckoned_anew(self, dallas, frozen_now, before):
        asked = (before.date(), frozen_now.at.date())
        assert queries.fleet_explained(*asked).move.change < 0
        later = frozen_now.move(hours=1)
        ScoreInputs.objects.filter(site=dallas, on_date=later.date()).delete()
        ScorePoint.objects.filter(site=dallas, on_date=later.date()).delete()
        stored.kept(dallas, good(later), at=later)
        assert queries.fleet_explained(*asked).move.change == 0


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("start=soon", "start"),
        ("start=2026-13-45", "start"),
        ("start=2026-11-24&end=2026-11-24", "end"),
        ("start=99999999999999", "start"),
        ("end=1830-01-01", "end"),
        ("site=nowhere", "site"),
        ("region=nowhere", "region"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(pages, query, named):
    for path in (EXPLAIN, f"{EXPLAIN}chart.json"):
        answer = pages.get(f"{path}?{query}")
        assert answer.status_code == 400
        assert f"{named}: " in answer.content.decode()


class TestChart:
    def test_steps_lead_from_one_score_to_the_other(self, pages, dallas):
        figure = pages.get(f"{EXPLAIN}chart.json?site=dallas&start=now-30d").json()
        rows = figure["meta"]["table"]["rows"]
        assert [row[0] for row in rows] == [
            "25 Oct 2026", "Data", "Evidence age", "Rule change", "Waiver", "Applicability", "24 Nov 2026",
        ]  # fmt: skip
        assert rows[0][2] == 100
        assert rows[-2][2] == pytest.approx(rows[-1][2], abs=0.01)

    def test_a_fleet_has_a_step_for_sites_that_came(self, pages, fleet):
        answer = pages.get(f"{EXPLAIN}chart.csv?start=now-30d")
        rows = list(csv.reader(io.StringIO(answer.content.decode())))
        assert [row[0] for row in rows[-3:-1]] == ["Applicability", "Sites added or removed"]

    def test_without_anything_kept_it_says_why(self, pages, dallas):
        figure = pages.get(f"{EXPLAIN}chart.json?site=dallas&start=2026-09-01").json()
        assert "There is no data" in figure["meta"]["empty"]
