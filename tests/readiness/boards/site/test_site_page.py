"""The site page says the verdict, since when, what decides it, and leads from there to the samples."""

import json
import math
import re
from datetime import timedelta
from html import unescape
from types import SimpleNamespace

import pytest

from inventory.models import Site
from readiness.assessment.scoring.models import CheckResult, SiteScore
from readiness.boards.site import charts
from readiness.boards.site import sentences as site_sentences
from readiness.boards.site import series as site_series
from readiness.boards.site.series import PanelLimit, PanelLine, SeriesPanel
from readiness.golive.models import WorkItem
from telemetry import drain, operations, rollups, store
from tests.browser import sent
from tests.inventory import made
from tests.pages import rows_of, words_in, words_of
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import DAY, NOW
from tests.telemetry.sending import Sender

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("judged_now")]
TABS = ("overview", "compute", "network", "energy", "evidence", "people", "inventory", "changes")


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_is_there_for_every_kind_of_site(viewer_pages, dallas, porto, yard, tab):
    for slug in ("dallas", "porto", "yard"):
        answer = viewer_pages.get(f"/sites/{slug}/?tab={tab}")
        assert answer.status_code == 200
        assert 'aria-current="page"' in answer.content.decode()


def test_overview_says_what_is_held_and_names_the_check_that_decides(viewer_pages, dallas):
    words = words_of(viewer_pages.get("/sites/dallas/"))
    assert "None of the 1.0 MW is ready" in words
    assert "Held back 1.0 MW of 1.0 MW" in words
    assert "2 of 3 do not pass" in words
    assert "940 kW limit ≤ 850 kW" in words
    assert "1.0 MW deployed, 0 kW ready" in words
    assert "Owner Platform AMER" in words


def test_verdict_and_live_health_stand_apart_beside_the_name(viewer_pages, dallas):
    page = viewer_pages.get("/sites/dallas/").content.decode()
    heading = re.search(r"<h1>(.*?)</h1>", page, re.S)[1]
    pills = re.findall(r'class="pill[^"]*" data-(verdict|health)="([\w-]+)"', heading)
    assert pills == [("verdict", "not-ready"), ("health", "unknown"), ("health", "critical")]
    assert "Energy critical" in words_in(heading)


OTHERS = ("/sites/dallas/determinism/", "/sites/dallas/interop/", "/tradeoffs/factors/sites/dallas/")


def tabs_of(answer):
    """The address of each tab, and of the one that is open."""
    bar = re.search(r'<nav class="tabs" aria-label="Dallas">(.*?)</nav>', answer.content.decode(), re.S)[1]
    links = re.findall(r'<a href="([^"]+)"( aria-current="page")?>', bar)
    return [href for href, _current in links], [href for href, current in links if current]


def test_every_page_of_a_site_has_the_same_tabs_and_opens_its_own(viewer_pages, dallas):
    addresses, current = tabs_of(viewer_pages.get("/sites/dallas/"))
    assert current == ["/sites/dallas/"]
    assert set(OTHERS) < set(addresses)
    assert len(addresses) == len(TABS) + len(OTHERS)
    for address in addresses:
        assert tabs_of(viewer_pages.get(address)) == (addresses, [address])


def test_a_tab_that_is_not_there_is_the_overview(viewer_pages, dallas):
    assert tabs_of(viewer_pages.get("/sites/dallas/?tab=cellar"))[1] == ["/sites/dallas/"]


def blocker_of(answer, check_id):
    """Return the words of a row of "What makes it ready", and where its button leads."""
    row = re.search(rf'<tr id="blocker-{check_id}">(.*?)</tr>', answer.content.decode(), re.S)[1]
    return words_in(row), unescape(re.findall(r'<a class="button small" href="([^"]+)"', row)[-1])


def test_a_blocker_has_owner_due_date_and_a_way_to_plan_it(viewer_pages, planner_pages, dallas, user_of):
    def blocker(client):
        return blocker_of(client.get("/sites/dallas/"), "p2-power-headroom")

    words, button = blocker(planner_pages)
    assert words.endswith("no no date Platform AMER Plan")
    assert button == "/readiness/worklist/add/?site=dallas&check=p2-power-headroom"
    assert blocker(viewer_pages)[1] == "/sites/dallas/checks/p2-power-headroom/"
    item = WorkItem.objects.create(
        site=dallas,
        check_id="p2-power-headroom",
        owner_name="Power crew",
        due_on=NOW.date() + 3 * DAY,
        created_by=user_of("admin"),
        created_at=NOW,
    )
    words, button = blocker(planner_pages)
    assert words.endswith("Open 27 Nov 2026 in 3 days Power crew Open item")
    assert button == f"/readiness/worklist/{item.pk}/"


def test_a_site_is_ready_at_the_earliest_when_the_last_step_is_due(planner_pages, porto, user_of):
    assert "Ready at the earliest No date: 0 of 1 step planned" in words_of(
        planner_pages.get("/sites/porto/")
    )
    item = WorkItem.objects.create(
        site=porto,
        check_id="p5-fabric-health",
        due_on=NOW.date() + 3 * DAY,
        created_by=user_of("admin"),
        created_at=NOW,
    )
    nobody_does_it = words_of(planner_pages.get("/sites/porto/"))
    assert "Ready at the earliest No date: 0 of 1 step planned" in nobody_does_it
    item.owner_name = "Facilities"
    item.save()
    assert "Ready at the earliest 27 Nov 2026" in words_of(planner_pages.get("/sites/porto/"))


def test_the_evidence_that_expires_next_is_named(viewer_pages, dallas):
    assert "Next evidence to expire" not in words_of(viewer_pages.get("/sites/dallas/"))
    for check_id, days in (("p5-telemetry-coverage", 9), ("p3-role-coverage", 4), ("p2-power-headroom", -1)):
        CheckResult.objects.filter(check_id=check_id).update(expires_at=NOW + days * DAY)
    page = viewer_pages.get("/sites/dallas/").content.decode()
    named = re.search(r'Next evidence to expire</dt><dd><a href="([^"]+)"', page)[1]
    assert named == "/sites/dallas/checks/p3-role-coverage/"


def test_checks_say_whose_they_are(planner_pages, dallas, porto):
    exported = rows_of(planner_pages.get("/sites/dallas/?tab=evidence&export=csv&cols=check,owner"))
    assert [row["Owner"] for row in exported] == ["Platform AMER"] * 3
    page = planner_pages.get("/sites/dallas/checks/p2-power-headroom/").content.decode()
    who = words_in(re.search(r'id="h-who"(.*?)</section>', page, re.S)[1])
    assert "Owner, orchestration overall Platform AMER" in who
    page = planner_pages.get("/sites/porto/checks/p5-fabric-health/").content.decode()
    assert "Owner No owner" in words_in(re.search(r'id="h-who"(.*?)</section>', page, re.S)[1])


def test_site_without_owner_says_so(viewer_pages, porto):
    assert "No owner" in words_of(viewer_pages.get("/sites/porto/"))


def test_site_under_construction_says_why_it_has_no_verdict(viewer_pages, yard):
    words = words_of(viewer_pages.get("/sites/yard/"))
    assert "Sites under construction have no verdict and no capacity until commissioning begins." in words


def test_worst_object_of_a_domain_leads_to_its_samples(viewer_pages, dallas):
    body = viewer_pages.get("/sites/dallas/?tab=energy").content.decode()
    assert "UPS-1" in body
    assert "limit 90 %" in body
    assert "metric=upsOutputPercentLoad" in body


def test_silent_network_shows_its_clock(viewer_pages, dallas):
    assert 'data-clock="silent"' in viewer_pages.get("/sites/dallas/?tab=network").content.decode()


def test_checks_are_filtered_by_state(viewer_pages, dallas):
    body = viewer_pages.get("/sites/dallas/?tab=evidence&state=fail").content.decode()
    assert "p2-power-headroom" in body
    assert "p3-role-coverage" not in body


def test_changes_show_flips_and_who_changed_the_site(viewer_pages, dallas):
    words = words_of(viewer_pages.get("/sites/dallas/?tab=changes"))
    assert "Energy health OK → Critical" in words
    assert "created" in words


def pillar_bars(answer):
    """Tone, tick of ninety days ago and change of each pillar."""
    bars = re.search(r'<ul class="bars tight pillar-bars">(.*?)</ul>', answer.content.decode(), re.S)[1]
    return [
        (
            re.search(r'data-tone="(\w+)"', bar)[1],
            (re.findall(r'class="before" x="([\d.]+)%"', bar) or [""])[0],
            words_in(re.search(r'<span class="sub num">(.*?)</span>', bar, re.S)[1]),
        )
        for bar in bars.split("<li ")[1:]
    ]


def test_pillars_have_a_tick_of_ninety_days_ago(viewer_pages, dallas):
    kept = {"score": 0.6, "upper": 0.6, "waived": None, "coverage": 1.0, "waived_checks": 0}
    states = {"p1": "pass", "p2": "fail", "p3": "warn"}
    SiteScore.objects.filter(site=dallas).update(
        pillars={pillar: kept | {"state": state} for pillar, state in states.items()}
    )
    assert [bar[1:] for bar in pillar_bars(viewer_pages.get("/sites/dallas/"))] == [("", "")] * 5
    point = stored.point(dallas, (NOW - 91 * DAY).date(), 0.3)
    point.pillars = {"p1": {"score": 0.2}, "p2": {"score": 0.6}}
    point.save()
    assert pillar_bars(viewer_pages.get("/sites/dallas/"))[:3] == [
        ("ok", "20.0", "+40 in 90 days"),
        ("warn", "60.0", "unchanged in 90 days"),
        ("warn", "", ""),
    ]


def test_evaluating_now_judges_the_site_and_says_so(planner_pages, dallas, frozen_now):
    at = frozen_now.move(minutes=5)
    answer = planner_pages.post("/sites/dallas/evaluate/", follow=True)
    assert answer.redirect_chain == [("/sites/dallas/", 302)]
    assert "All checks of Dallas were evaluated" in words_of(answer)
    assert SiteScore.objects.get(site=dallas).evaluated_at == at
    # Nothing was ever sent, so what was stored as overloaded is not known now.
    assert CheckResult.objects.get(site=dallas, check_id="p2-power-headroom").state == "unknown"


def test_a_site_that_cannot_be_evaluated_now_says_why(planner_pages, dallas, frozen_now):
    at = frozen_now.move(minutes=5)
    Site.objects.filter(pk=dallas.pk).update(time_zone="Mars/Olympus")
    answer = planner_pages.post("/sites/dallas/evaluate/")
    assert (answer.status_code, answer["Location"]) == (302, "/sites/dallas/")
    Site.objects.filter(pk=dallas.pk).update(time_zone=dallas.time_zone)
    words = words_of(planner_pages.get("/sites/dallas/"))
    assert "Dallas could not be evaluated: " in words
    assert "were evaluated from the evidence" not in words
    assert "Could not be evaluated since" in words
    assert SiteScore.objects.get(site=dallas).failed_at == at


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ([], "Every check that decides is met, within its warning band, or not applicable."),
        (["fail"], "1 check holds it back, and it is failing."),
        (["unknown"] * 18, "18 checks hold it back, all of them unknown."),
        (["warn"], "1 check holds it back, and it is declared, not measured."),
        (["fail", "warn", "warn"], "3 checks hold it back: 2 declared, not measured and 1 failing."),
        (["unknown", "fail", "unknown"], "3 checks hold it back: 2 unknown and 1 failing."),
        (
            ["unknown", "unknown", "fail", "stale"],
            "4 checks hold it back: 2 unknown, 1 failing and 1 stale.",
        ),
    ],
)
def test_what_holds_a_verdict_reads_as_a_sentence(states, said):
    rows = [
        SimpleNamespace(state=state, code="", tier="capped" if state == "warn" else "") for state in states
    ]
    assert site_sentences.held_by(rows) == said


@pytest.mark.parametrize(
    "path", ["/sites/atlantis/", "/sites/atlantis/charts/series.json", "/sites/dallas/charts/series.xml"]
)
def test_unknown_address_is_not_found(viewer_pages, dallas, path):
    assert viewer_pages.get(path).status_code == 404


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        ("", "Live series, last 24 hours"),
        ("start=now-7d", "Live series, last 7 days"),
        (
            "start=1795500000000&end=1795503600000",
            "Live series, 24 Nov 2026 06:00 UTC – 24 Nov 2026 07:00 UTC",
        ),
    ],
)
def test_the_chart_says_the_range_that_it_shows(viewer_pages, dallas, asked, title):
    figure = viewer_pages.get(f"/sites/dallas/charts/series.json?{asked}").json()
    assert figure["meta"]["title"] == title
    page = viewer_pages.get(f"/sites/dallas/?{asked}").content.decode()
    assert f'<h2 id="h-series">{title}</h2>' in page


def test_site_without_series_says_so_in_the_chart(viewer_pages, dallas):
    answer = viewer_pages.get("/sites/dallas/charts/series.json?points=700")
    assert answer.json()["meta"]["empty"] == "No live series of this site arrived in this time."


def test_series_kept_sparsely_are_drawn_as_lines(viewer_pages, frozen_now):
    sent.porto(frozen_now, made.region(), every_minutes=15)
    figure = viewer_pages.get("/sites/porto/charts/series.json?points=700").json()
    utilisation, power = figure["data"]
    assert utilisation["name"] == "GPU utilisation, mean of 2 series"
    assert len(utilisation["y"]) == len(power["y"]) == 7
    assert None not in utilisation["y"] + power["y"]
    assert figure["layout"]["shapes"][0]["y0"] == 60
    assert "no samples: Network" in figure["meta"]["footer"]


@pytest.mark.parametrize("start", ["now-24h", "now-6h", "now-30m"])
def test_traffic_is_a_rate_that_says_of_how_many_interfaces_it_is_the_sum(viewer_pages, frozen_now, start):
    """The same at every zoom; the loopback is left out, and that is said."""
    site = made.site(name="Porto", slug="porto")
    store.keep_partitions(now=frozen_now.at)
    source, plain = operations.create_source(site=site, name="porto prometheus", by=None, now=frozen_now.at)
    source.plain_token = plain
    for name in ("eth0", "eth1", "lo"):
        traffic = {"__name__": "node_network_receive_bytes_total", "instance": "node-1:9100", "device": name}
        Sender(source, frozen_now).send(
            *[(traffic, 60 * 1024.0 * minute, 60 * (minute - 90)) for minute in range(91)]
        )
    while drain.drain(now=frozen_now.at):
        pass
    while rollups.roll_up(now=frozen_now.at):
        pass
    figure = viewer_pages.get(f"/sites/porto/charts/series.json?points=700&start={start}").json()
    [line] = figure["data"]
    assert line["name"] == "Received, rate, sum of 2 series"
    assert {round(value, 3) for value in line["y"] if value is not None} == {2.0}
    assert line["meta"]["unit"] == "KiB/s"
    assert figure["meta"]["finding"] == "Received, rate, sum of 2 series: 2 KiB/s"
    assert "without 1 series of a loopback or virtual interface" in figure["meta"]["footer"]


def panel(domain, values, **given):
    instants = tuple(1_795_000_000_000 + 60_000 * place for place in range(len(values)))
    defaults = {"title": domain, "unit": "kW", "limits": (), "provenance": "simulated", "step_s": 60}
    return SeriesPanel(domain=domain, lines=(PanelLine(domain, instants, tuple(values)),), **defaults | given)


def test_series_are_what_plotly_knows():
    from plotly import graph_objects as go

    drawn = [
        panel("compute", [1.0, None, 2.0]),
        panel("energy", [5.0, 6.0, 7.0], limits=(PanelLimit("warn 6 kW", 6.0),)),
    ]
    figure = charts.series(drawn, start=NOW - timedelta(hours=1), end=NOW)
    go.Figure({"data": figure["data"], "layout": figure["layout"]})
    assert (
        figure["layout"]["shapes"][0] | {"y0": 6.0, "yref": "y2", "name": "limit"}
        == figure["layout"]["shapes"][0]
    )
    assert figure["data"][0]["y"] == [1.0, None, 2.0]
    assert "simulated" in figure["meta"]["footer"]
    assert json.loads(json.dumps(figure)) == figure


def test_a_panel_without_samples_is_named_below_the_others():
    figure = charts.series([panel("compute", [1.0]), panel("network", [])], start=NOW - DAY, end=NOW)
    assert len(figure["data"]) == 1
    assert re.search("no samples: network", figure["meta"]["footer"])


def test_line_breaks_where_samples_paused_and_not_where_they_are_fewer():
    minute = 60_000
    sparse = [place * 15 * minute for place in range(8)]
    dense = [sparse[-1] + place * minute for place in range(1, 8)]
    resumed = [dense[-1] + 60 * minute + place * minute for place in range(8)]
    instants = [*sparse, *dense, *resumed]
    line = site_series._line("power", instants, [1.0] * len(instants))
    assert [at for at, value in zip(line.instants_ms, line.values, strict=True) if value is None] == [
        dense[-1] + 1
    ]


def test_steps_without_a_sample_leave_the_line_whole():
    line = site_series._line(
        "power", [0, 60_000, 120_000, 180_000, 240_000], [1.0, math.nan, 2.0, math.nan, 3.0]
    )
    assert line.values == (1.0, 2.0, 3.0)
