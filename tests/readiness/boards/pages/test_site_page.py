"""The site page says the verdict, since when, what decides it, and leads from there to the samples."""

import json
import math
import re
from datetime import timedelta
from types import SimpleNamespace

import pytest

from inventory.models import Site
from readiness.boards import charts, findings
from readiness.boards.queries import samples
from readiness.boards.queries.samples import PanelLimit, PanelLine, SeriesPanel
from readiness.scoring.models import CheckResult, SiteScore
from telemetry import drain, operations, partitions, rollups
from tests.browser import sent
from tests.inventory import made
from tests.pages import words_of
from tests.readiness.scoring import stored
from tests.readiness.scoring.stored import DAY, NOW
from tests.telemetry.sending import Sender

pytestmark = pytest.mark.django_db
TABS = ("overview", "compute", "network", "energy", "evidence", "changes", "sources")


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_is_there_for_every_kind_of_site(viewer_pages, dallas, porto, yard, tab):
    for slug in ("dallas", "porto", "yard"):
        answer = viewer_pages.get(f"/sites/{slug}/?tab={tab}")
        assert answer.status_code == 200
        assert 'aria-current="page"' in answer.content.decode()


def test_overview_names_the_check_that_decides(viewer_pages, dallas):
    words = words_of(viewer_pages.get("/sites/dallas/"))
    assert "Why it is not ready" in words
    assert "940 kW · limit ≤ 850 kW" in words
    assert "1.0 MW deployed, 0 kW ready" in words
    assert "owner Platform AMER" in words


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


def test_pillars_are_drawn_beside_those_of_ninety_days_ago(viewer_pages, dallas):
    def names():
        return [
            trace["name"] for trace in viewer_pages.get("/sites/dallas/charts/pillars.json").json()["data"]
        ]

    assert "90 days ago" not in names()
    point = stored.point(dallas, (NOW - 91 * DAY).date(), 0.3)
    point.pillars = {"p1": {"score": 0.2}, "p2": {"score": 0.3}}
    point.save()
    assert names()[0] == "90 days ago"


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
    rows = [SimpleNamespace(state=state, tier="capped" if state == "warn" else "") for state in states]
    assert findings.held_by(rows) == said


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
        ("start=1795500000000&end=1795503600000", "Live series, 24 Nov 2026 06:00 – 24 Nov 2026 07:00"),
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
    partitions.keep(now=frozen_now.at)
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
    line = samples._line("power", instants, [1.0] * len(instants))
    assert [at for at, value in zip(line.instants_ms, line.values, strict=True) if value is None] == [
        dense[-1] + 1
    ]


def test_steps_without_a_sample_leave_the_line_whole():
    line = samples._line("power", [0, 60_000, 120_000, 180_000, 240_000], [1.0, math.nan, 2.0, math.nan, 3.0])
    assert line.values == (1.0, 2.0, 3.0)
