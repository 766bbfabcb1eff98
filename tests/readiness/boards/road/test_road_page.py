"""The page of the road: figures, picture data, fixes, table, chart and files."""

import json
import re
from datetime import date, timedelta

import pytest

from readiness.golive.models import WorkItem
from readiness.golive.worklist import operations as worklist
from tests.cases import cases
from tests.pages import rows_of, statements, words_in, words_of
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import NOW

pytestmark = pytest.mark.django_db

ROAD = "/readiness/road/"
PORTO, DALLAS = "p2-backup-power.text-platform-emea", "p2-backup-power.text-platform-amer"
SOAK, LAGOS = "p1-soak-24h.text-platform-amer", "p5-fabric-health.none"


def picture_on(page):
    [text] = re.findall(r'<script id="road-data" type="application/json">(.*?)</script>', page.text, re.S)
    return json.loads(text)


def table_rows(client, query=""):
    return {row["Site, first blocker"]: row for row in rows_of(client.get(f"{ROAD}?export=csv{query}"))}


def figures_on(page):
    parts = re.findall(r'data-road-figure="(\w+)">(.*?)(?=<div class="kpi"|</section>)', page.text, re.S)
    return {key: words_in(markup) for key, markup in parts}


class TestFigures:
    def test_they_add_up_to_what_is_deployed(self, viewer_pages, road_sites):
        page = viewer_pages.get(ROAD)
        assert {key: text.partition(" ·")[0] for key, text in figures_on(page).items()} == {
            "ready": "Ready now 200 kW 1 site, 11 % of what is deployed",
            "dated": "Ready by 12 Dec 2026 with the plan 600 kW +400 kW from 1 site",
            "undated": "Not dated 1.3 MW 2 sites, 1 without an owner",
        }
        assert "1.7 MW wait: 400 kW have a date, 1.3 MW have none" in words_of(page)

    def test_ticks_add_what_they_change(self, viewer_pages, road_sites):
        figures = figures_on(viewer_pages.get(f"{ROAD}?fix={LAGOS}"))
        assert figures["dated"].endswith("· 900 kW with 1 fix")
        assert figures["undated"].endswith("· 1.0 MW with 1 fix")

    def test_nothing_waits(self, viewer_pages, faro):
        assert "Nothing waits: all 200 kW are ready." in words_of(viewer_pages.get(ROAD))

    def test_fleet_shows_the_same(self, viewer_pages, road_sites):
        shown = words_of(viewer_pages.get("/fleet/"))
        for text in figures_on(viewer_pages.get(ROAD)).values():
            assert text.partition(" ·")[0] in shown


class TestTheFirstBlocker:
    def test_a_site_counts_once_under_it(self, viewer_pages, road_sites):
        sites = {site["slug"]: site for site in picture_on(viewer_pages.get(ROAD))["sites"]}
        assert {slug: site["blocker"] for slug, site in sites.items()} == {
            "faro": None,
            "porto": "p2-backup-power",
            "dallas": "p2-backup-power",
            "lagos": "p5-fabric-health",
        }
        assert sites["dallas"]["owner"] == "text-platform-amer"
        assert (sites["lagos"]["owner"], sites["lagos"]["state"]) == ("none", "undated")
        assert (sites["porto"]["month"], sites["porto"]["ready_on"]) == ("2026-12", "2026-12-12")

    def test_the_sum_of_the_threads_is_what_is_deployed(self, viewer_pages, road_sites):
        picture = picture_on(viewer_pages.get(ROAD))
        assert sum(site["size"] for site in picture["sites"]) == picture["deployed"] == 1900
        picture = picture_on(viewer_pages.get(f"{ROAD}?measure=accelerators"))
        assert sum(site["size"] for site in picture["sites"]) == picture["deployed"] == 190

    def test_whoever_is_named_for_two_steps_is_one_owner(self, planner_pages, lagos, planner):
        accra = stored.site("conditional", name="Accra", slug="accra", kw=100.0, owner="")
        stored.result(accra, "p5-fabric-health", "fail", gate="COND")
        for site in (lagos, accra):
            worklist.add(site=site, check_id="p5-fabric-health", owner_name="Ana", by=planner, now=NOW)
        [owner] = picture_on(planner_pages.get(ROAD))["owners"]
        assert (owner["name"], owner["is_gap"]) == ("Ana", False)

    def test_every_blocker_and_owner_is_described(self, viewer_pages, road_sites):
        picture = picture_on(viewer_pages.get(ROAD))
        checks, owners = (
            {each[key] for each in picture[name]} for name, key in (("checks", "id"), ("owners", "key"))
        )
        for site in picture["sites"]:
            assert site["owner"] is None or site["owner"] in owners
            assert {blocker["check"] for blocker in site["blockers"]} <= checks


class TestDays:
    @cases(
        ("planned", "ready_on"),
        {
            "a day ahead counts": ({"due_on": date(2027, 1, 3), "owner_name": "Ana"}, "2027-01-03"),
            "today counts": ({"due_on": NOW.date(), "owner_name": "Ana"}, "2026-11-24"),
            "a day that has passed is none": (
                {"due_on": NOW.date() - timedelta(days=1), "owner_name": "Ana"},
                None,
            ),
            "a step that nobody does has none": ({"due_on": date(2027, 1, 3)}, None),
            "an item without a day": ({"owner_name": "Ana"}, None),
        },
    )
    def test_of_a_step(self, viewer_pages, lagos, planner, planned, ready_on):
        worklist.add(site=lagos, check_id="p5-fabric-health", by=planner, now=NOW, **planned)
        [site] = picture_on(viewer_pages.get(ROAD))["sites"]
        assert site["ready_on"] == ready_on

    def test_the_last_of_several_counts(self, viewer_pages, dallas, planner):
        for check_id, month in (("p1-soak-24h", 1), ("p2-backup-power", 3)):
            worklist.add(site=dallas, check_id=check_id, due_on=date(2027, month, 9), by=planner, now=NOW)
        [site] = picture_on(viewer_pages.get(ROAD))["sites"]
        assert (site["state"], site["ready_on"]) == ("dated", "2027-03-09")


class TestFixes:
    def test_what_frees_most_alone_comes_first(self, viewer_pages, road_sites):
        picture = picture_on(viewer_pages.get(ROAD))
        assert [fix["key"] for fix in picture["fixes"]] == [PORTO, LAGOS, SOAK, DALLAS]
        assert {fix["date"] for fix in picture["fixes"]} == {"2026-11-30"}

    def test_what_is_planned_sooner_is_no_fix(self, viewer_pages, road_sites):
        by_keys = {
            by: {fix["key"] for fix in picture_on(viewer_pages.get(f"{ROAD}?done_by={by}"))["fixes"]}
            for by in ("2026-12-11", "2026-12-12")
        }
        assert PORTO in by_keys["2026-12-11"]
        assert PORTO not in by_keys["2026-12-12"]

    def test_two_ticks_free_a_site_once(self, viewer_pages, road_sites):
        words = words_of(viewer_pages.get(f"{ROAD}?fix={SOAK}&fix={DALLAS}&done_by=2026-12-20"))
        assert "+ 1.0 MW by 20 Dec 2026 2 fixes ticked: 1 site ready sooner." in words
        alone = words_of(viewer_pages.get(f"{ROAD}?fix={SOAK}"))
        assert "1 fix ticked: 0 sites ready sooner." in alone

    def test_a_cost_is_entered_with_its_item_and_added_up(
        self, viewer_pages, planner_pages, api_of, road_sites, planner
    ):
        assert "No cost is recorded. Planners enter" in words_of(viewer_pages.get(ROAD))
        for check_id, cost in (("p1-soak-24h", 900.0), ("p2-backup-power", 1250.0)):
            worklist.add(
                site=road_sites["dallas"], check_id=check_id, cost=cost, currency="EUR", by=planner, now=NOW
            )
        words = words_of(planner_pages.get(f"{ROAD}?fix={SOAK}&fix={DALLAS}"))
        assert "900 EUR" in words
        assert "They cost 2,150 EUR , as far as costs are recorded." in words
        assert "No cost is recorded" not in words
        fixes = api_of("viewer").get("/api/readiness/road/").json()["fixes"]
        costs = {fix["key"]: fix["costs"] for fix in fixes}
        assert (costs[SOAK], costs[LAGOS]) == ([{"currency": "EUR", "amount": 900.0}], [])

    def test_unknown_ticks_are_ignored(self, viewer_pages, road_sites):
        assert "Tick a fix to see what it does." in words_of(viewer_pages.get(f"{ROAD}?fix=p1-nothing.none"))

    @pytest.mark.parametrize(
        "query", ["done_by=yesterday", "done_by=2026-11-23", "done_by=2036-01-01", "plan=x", "region=nowhere"]
    )
    def test_a_wrong_parameter_is_refused(self, viewer_pages, faro, query):
        assert viewer_pages.get(f"{ROAD}?{query}").status_code == 400


class TestTable:
    def test_no_date_comes_first_and_ready_last(self, viewer_pages, road_sites):
        rows = table_rows(viewer_pages)
        assert list(rows) == ["dallas", "lagos", "porto", "faro"]
        assert rows["porto"]["Ready on"] == "2026-12-12"
        assert rows["porto"]["Rests on"] == "Backup power, work item."
        assert rows["dallas"]["Rests on"] == "2 of 2 checks have no date: Backup power, 24-hour soak."
        assert rows["lagos"]["Rests on"] == "Link errors: no step is planned, and nobody owns it."

    def test_it_says_the_day_with_the_fixes(self, viewer_pages, road_sites):
        rows = table_rows(viewer_pages, f"&fix={LAGOS}")
        assert rows["lagos"]["With the fixes"] == "2026-11-30"

    @cases(
        ("query", "sites"),
        {
            "a check": ("check=p2-backup-power", {"dallas", "porto"}),
            "an owner": ("owner=none", {"lagos"}),
            "a month": ("month=2026-12", {"porto"}),
            "no date": ("month=none", {"dallas", "lagos"}),
            "a state": ("state=ready", {"faro"}),
            "a block of several": ("month=none&month=2026-12", {"dallas", "lagos", "porto"}),
            "two at once": ("check=p2-backup-power&state=dated", {"porto"}),
        },
    )
    def test_a_block_of_the_picture_narrows_it(self, viewer_pages, road_sites, query, sites):
        assert set(table_rows(viewer_pages, f"&{query}")) == sites
        offered = {fix["key"] for fix in picture_on(viewer_pages.get(f"{ROAD}?{query}"))["fixes"]}
        touched = {"dallas": {SOAK, DALLAS}, "lagos": {LAGOS}, "porto": {PORTO}, "faro": set()}
        assert offered == set().union(*(touched[slug] for slug in sites))

    def test_what_a_site_lacks_can_be_ticked(self, viewer_pages, road_sites):
        page = viewer_pages.get(ROAD).text
        [url] = re.findall(r'href="([^"]*)" aria-label="Tick what it lacks: Dallas"', page)
        assert set(re.findall(r"fix=([^&]*)", url.replace("&amp;", "&"))) == {SOAK, DALLAS}

    def test_a_planner_is_offered_the_first_step(self, planner_pages, viewer_pages, road_sites):
        offer = 'href="/readiness/worklist/add/?site=dallas&amp;check=p2-backup-power"'
        assert offer in planner_pages.get(ROAD).text
        assert offer not in viewer_pages.get(ROAD).text


def test_the_chart_says_what_is_ready_by_when(viewer_pages, road_sites):
    chart = viewer_pages.get(f"{ROAD}charts/months.json?fix={LAGOS}").json()
    assert chart["meta"]["finding"] == (
        "With 1 fix, 900 kW of 1.9 MW are ready by 12 Dec 2026, 300 kW more than planned."
    )
    assert chart["meta"]["table"]["rows"] == [["30 Nov 2026", 0.2, 0.5], ["12 Dec 2026", 0.6, 0.9]]


def test_as_a_pdf(viewer_pages, road_sites):
    answer = viewer_pages.get(f"{ROAD}road.pdf?fix={LAGOS}")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")


def test_the_endpoint_says_the_same(api_of, viewer_pages, road_sites):
    answer = api_of("viewer").get(f"/api/readiness/road/?fix={LAGOS}").json()
    assert answer["deployed"] == 1900
    assert answer["planned"] == {"ready": 200, "dated": 400, "undated": 1300, "last_on": "2026-12-12"}
    assert answer["with_fixes"] == {"ready": 200, "dated": 700, "undated": 1000, "last_on": "2026-12-12"}
    assert answer["gained"] == 300
    [lagos] = [site for site in answer["sites"] if site["site"] == "lagos"]
    assert (lagos["ready_on"], lagos["ready_on_with_fixes"]) == (None, "2026-11-30")
    assert {fix["key"] for fix in answer["fixes"] if fix["is_ticked"]} == {LAGOS}


class TestPlans:
    def test_ticks_become_work_items_with_a_day_and_an_owner(self, planner_pages, road_sites):
        address = f"{ROAD}plan/?fix={LAGOS}&fix={SOAK}&fix={DALLAS}&done_by=2026-12-20"
        assert "3 steps, due 20 Dec 2026" in words_of(planner_pages.get(address))
        planner_pages.post(address, {"name": "Before Christmas", "owner": "Night team"})
        items = WorkItem.objects.filter(note="Before Christmas").order_by("check_id")
        assert [(item.site.slug, item.check_id, item.owner_name) for item in items] == [
            ("dallas", "p1-soak-24h", "Platform AMER"),
            ("dallas", "p2-backup-power", "Platform AMER"),
            ("lagos", "p5-fabric-health", "Night team"),
        ]
        assert {item.due_on for item in items} == {date(2026, 12, 20)}
        figures = figures_on(planner_pages.get(ROAD))
        assert figures["undated"].startswith("Not dated 0 kW 0 sites")

    def test_removing_a_plan_takes_it_all_back(self, planner_pages, road_sites):
        before = figures_on(planner_pages.get(ROAD))
        planner_pages.post(
            f"{ROAD}plan/?fix={PORTO}&fix={SOAK}&fix={DALLAS}&done_by=2026-12-01", {"name": "Now"}
        )
        assert figures_on(planner_pages.get(ROAD)) != before
        [url] = re.findall(r'action="(/readiness/road/plans/\d+/remove/)"', planner_pages.get(ROAD).text)
        answer = planner_pages.post(url, follow=True)
        assert "The plan Now is removed: 2 items are off the worklist" in words_of(answer)
        assert figures_on(planner_pages.get(ROAD)) == before

    def test_a_viewer_may_not(self, viewer_pages, road_sites):
        assert viewer_pages.post(f"{ROAD}plan/?fix={LAGOS}", {"name": "Now"}).status_code == 403

    def test_nothing_is_ticked(self, planner_pages, road_sites):
        assert "No fix is ticked" in words_of(planner_pages.get(f"{ROAD}plan/"))
        assert "No fix is ticked" in words_of(planner_pages.post(f"{ROAD}plan/", {"name": "Nothing"}))


def test_saved_views_are_compared(planner_pages, planner, road_sites):
    for name, query in (
        ("One", f"fix={LAGOS}&done_by=2026-12-05"),
        ("All", f"fix={LAGOS}&fix={SOAK}&fix={DALLAS}"),
    ):
        planner.saved_views.create(table="road", name=name, query=query)
    ids = "&".join(f"plan={view.pk}" for view in planner.saved_views.order_by("pk"))
    words = words_of(planner_pages.get(f"{ROAD}?{ids}"))
    assert "As planned 0 – 600 kW 12 Dec 2026 1.3 MW" in words
    assert "One 1 5 Dec 2026 900 kW 12 Dec 2026 1.0 MW" in words
    assert "All 3 30 Nov 2026 1.9 MW 12 Dec 2026 0 kW" in words
    other = planner.saved_views.create(table="worklist", name="Of another list", query=f"fix={LAGOS}")
    chart = planner_pages.get(f"{ROAD}charts/months.json?{ids}&plan={other.pk}").json()
    assert [trace["name"] for trace in chart["data"]] == [
        *("As planned", "With the fixes", "One", "All"),
        "Deployed",
    ]


def test_an_empty_installation_says_what_to_do_first(viewer_pages):
    assert "No sites yet" in words_of(viewer_pages.get(ROAD))


def test_it_costs_the_same_with_many_sites(viewer_pages, road_sites):
    few = statements(viewer_pages, ROAD)
    for number in range(20):
        there = stored.site(name=f"S{number}", slug=f"s{number}", kw=10.0, first_blocker="p2-backup-power")
        stored.result(there, "p2-backup-power", "fail")
    assert statements(viewer_pages, ROAD) == few
    assert few <= 32
