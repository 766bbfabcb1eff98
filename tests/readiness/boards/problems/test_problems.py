"""`/problems/`: what is listed, how it folds, and that the capacity of a site counts once."""

import re
from datetime import timedelta

import pytest

from readiness.boards.problems.rows import problem_rows
from readiness.loop.problems import queries
from readiness.loop.problems.core.states import ProblemState
from telemetry.models import SourceStatus
from tests.inventory import made
from tests.pages import rows_of as file_rows
from tests.pages import text_of
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import NOW
from tests.readiness.boards.problems.scene import LOSSES, flapping_site, losing, silent_site
from tests.readiness.problems import write_problems

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _judged_now(frozen_now):
    frozen_now.at = NOW


@pytest.fixture
def flapping():
    return flapping_site()


@pytest.fixture
def silent():
    return silent_site()


def now_wrong():
    write_problems()
    return problem_rows(queries.open_problems(now=NOW), now=NOW)


def by_id():
    return {each.id: each for each in now_wrong()}


CAUSE = f"health-dsm-network-{LOSSES}"


def test_objects_that_one_rule_speaks_against_are_one_cause(flapping):
    cause = by_id()[CAUSE]
    assert (cause.state, cause.objects_affected) == ("critical", 2)
    assert (cause.value, cause.limit) == ("15, last at 12:00", "limit 4")
    assert cause.since == NOW - timedelta(minutes=9)
    under = [each for each in now_wrong() if each.cause == CAUSE and not each.is_cause]
    assert [(each.where, each.value) for each in under if each.kind == "health"] == [
        ("leaf03 swp1", "15, last at 12:00"),
        ("leaf03 swp2", "14, last at 12:00"),
    ]


def test_a_cause_of_several_exporters_names_none_of_them():
    there = stored.site(name="Des Moines", slug="dsm")
    nodes = [made.device(site=there, name=name) for name in ("n1", "n2")]
    reasons = [
        losing(node, minutes=7)
        | {"object_kind": "device", "metric": "up", "title": f"Exporter answers ({job})"}
        for node, job in zip(nodes, ("node", "dcgm"), strict=True)
    ]
    stored.health(there, "compute", "critical", reasons=reasons)
    titles = [each.title for each in now_wrong() if each.kind == "health"]
    assert titles == ["Exporter answers", "Exporter answers (dcgm)", "Exporter answers (node)"]


def test_a_check_that_is_computed_from_it_follows_and_others_do_not(flapping):
    listed = by_id()
    assert listed["check-dsm-p5-fabric-health"].cause == CAUSE
    assert listed["check-dsm-p2-power-headroom"].is_cause


def test_capacity_counts_once(flapping):
    write_problems()
    totals = queries.totals(queries.open_problems(now=NOW))
    assert totals.kw_in(*ProblemState) == 253.0
    assert [(each.state, each.causes, each.kw) for each in totals.by_state] == [
        (ProblemState.CRITICAL, 1, 253.0),
        (ProblemState.FAILING, 1, 253.0),
    ]


def test_all_that_is_silent_follows_from_the_silent_source(silent):
    listed = now_wrong()
    [head] = [each for each in listed if each.kind == "source"]
    assert (head.state, head.kw, head.follow) == ("silent", 0.0, 2)
    assert {each.id for each in listed if each.cause == head.id} == {
        head.id,
        "health-qro-compute",
        "check-qro-p5-telemetry-coverage",
    }


def test_a_source_whose_clock_is_ahead_is_silent_since_it_was_heard(silent):
    times = {"last_sample_at": NOW + timedelta(minutes=3), "last_received_at": NOW - timedelta(minutes=20)}
    SourceStatus.objects.update(**times)
    (late,) = (each for each in now_wrong() if each.kind == "source")
    assert late.value == "20 min silent"


def test_the_worst_comes_first_and_what_follows_stands_below_its_cause(flapping, silent):
    listed = now_wrong()
    heads = [each for each in listed if each.is_cause]
    order = list(ProblemState)
    assert heads == sorted(
        heads, key=lambda each: (order.index(each.state), -each.kw, each.site.name, each.title)
    )
    assert [each.cause for each in listed] == [head.id for head in heads for _ in range(1 + head.follow)]


def test_retired_sites_have_no_problems(flapping):
    flapping.stage = "retired"
    flapping.save()
    assert now_wrong() == []


def listed_in(answer):
    return re.findall(r'<tr id="row-problems-([^"]+)"', text_of(answer))


@pytest.fixture
def ask(client_of, flapping, silent):
    client = client_of("viewer")
    write_problems()
    return lambda query="": client.get(f"/problems/?{query}")


def test_the_list_folds_what_follows_and_opens_one_cause(ask):
    folded, opened = listed_in(ask()), listed_in(ask(f"problem={CAUSE}"))
    assert CAUSE in folded
    assert "check-dsm-p5-fabric-health" not in folded
    assert set(opened) - set(folded) == {
        "check-dsm-p5-fabric-health",
        *(each for each in opened if each.startswith("health-dsm-network-port-")),
    }


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("state=failing", lambda each: each.state == "failing"),
        ("state=critical,silent", lambda each: each.state in ("critical", "silent")),
        ("kind=check", lambda each: each.kind == "check"),
        ("kind=source", lambda each: each.kind == "source"),
        ("domain=network", lambda each: each.subject == "network"),
        ("site=qro", lambda each: each.site.slug == "qro"),
        ("owner=none", lambda each: not each.site.owner),
        ("owner=Fabric", lambda each: each.site.owner == "Fabric"),
        ("q=headroom", lambda each: "headroom" in each.title),
        ("group=site", lambda each: True),
        ("group=owner", lambda each: True),
        ("group=cause&sort=-since&state=failing", lambda each: each.state == "failing"),
    ],
)
def test_filters_and_groups(ask, query, kept):
    expected = {each.id for each in now_wrong() if kept(each)}
    assert expected
    assert set(listed_in(ask(query))) == expected


@pytest.mark.parametrize("query", ["state=failing", "kind=check", "domain=network", "site=qro", "owner=none"])
def test_the_endpoint_takes_the_filters_of_the_page(ask, api_of, query):
    listed = api_of("viewer").get(f"/api/readiness/problems/?{query}").json()
    assert {each["id"] for each in listed["results"]} == set(listed_in(ask(query)))


def test_groups_have_headings_with_their_capacity(ask):
    assert re.findall(r'<tr class="heading"><th[^>]*>([^<]+)<', text_of(ask("group=site"))) == [
        "Des Moines · 5 problems · 253 kW",
        "Queretaro · 4 problems · 0 kW",
    ]


def test_the_panel_says_value_limit_and_what_it_touches(ask):
    panel = re.search(r'<aside[^>]*id="problem".*?</aside>', text_of(ask(f"problem={CAUSE}")), re.DOTALL)[0]
    words = " ".join(re.sub(r"<[^>]+>", " ", panel).split())
    for said in (
        "Critical",
        "Link losses in 24 h",
        "Value 15, last at 12:00 limit 4",
        "253 kW",
        "Fabric",
        "leaf03 swp1",
    ):
        assert said in words
    assert 'href="/sites/dsm/checks/p5-fabric-health/"' in panel
    assert f'data-chart-url="/problems/charts/figure.json?problem={CAUSE}&amp;span=6h"' in panel


def test_the_file_counts_the_capacity_of_a_site_once_a_cause(ask):
    rows = file_rows(ask("export=csv&site=dsm&state=critical"))
    assert [row["At stake (kW)"] for row in rows] == ["253.0", "", ""]


def test_the_endpoint_pages_and_refuses_what_it_does_not_know(flapping, api_of):
    write_problems()
    client = api_of("viewer")
    whole = client.get("/api/readiness/problems/").json()
    second = client.get("/api/readiness/problems/?limit=1&offset=1").json()
    assert second["results"] == whole["results"][1:2]
    assert second["count"] == whole["count"] == 5
    assert sum(each["kw"] for each in whole["results"] if each["cause"] == CAUSE) == 253.0
    assert client.get("/api/readiness/problems/?state=dreadful").json()["count"] == 0
    assert client.get("/api/readiness/problems/?nothing=1").status_code == 400


def test_the_fleet_shows_the_first_causes_of_the_same_list(ask, client_of):
    shown = re.findall(r'<li id="attention-([^"]+)"', text_of(client_of("viewer").get("/")))
    assert shown == [each.id for each in now_wrong() if each.is_cause][:5]
