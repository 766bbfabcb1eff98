"""The matrix: which sites and checks it shows, in which order, what each cell says, and the evidence of one of them."""

import re
from datetime import timedelta
from html import unescape

import pytest

from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring.models import CheckResult, SiteScore
from readiness.boards.matrix.queries import CheckCount
from tests.browser import fleet
from tests.pages import words_of
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import DAY, NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("judged_now")]


def body_of(response):
    assert response.status_code == 200
    return response.content.decode()


def sites_of(response):
    return re.findall(r'<th scope="row" class="of-site site"><a href="/sites/([\w-]+)/"', body_of(response))


def checks_of(response):
    # The numbers below the columns lead to the check over the fleet.
    return re.findall(r'<a href="/readiness/checks/([\w-]+)/" title=', body_of(response))


def cells_of(response):
    """State and spoken label by the cell's key."""
    found = re.findall(
        r'<td[^>]* data-state="([\w-]+)"[^>]*><button name="cell" value="([^"]+)"[^>]* aria-label="([^"]+)"',
        body_of(response),
    )
    return {key: (state, unescape(label)) for state, key, label in found}


@pytest.fixture
def ready(db):
    there = stored.site("ready", name="Faro", slug="faro", kw=5000.0)
    stored.result(there, "p2-power-headroom", "pass")
    return there


def test_the_largest_gap_comes_first(viewer_pages, dallas, porto, ready, yard):
    assert sites_of(viewer_pages.get("/readiness/")) == ["dallas", "porto", "faro", "yard"]


def test_every_check_has_a_column(viewer_pages, dallas):
    _, framework = framework_queries.current()
    assert checks_of(viewer_pages.get("/readiness/")) == [check.id for check in framework.checks]


def test_a_cell_says_site_check_state_since_and_value_against_threshold(viewer_pages, dallas):
    cells = cells_of(viewer_pages.get("/readiness/"))
    assert cells["dallas.p2-power-headroom"] == (
        "fail",
        "Dallas, Power headroom: Fail since 23 Nov 2026, 940 kW · limit ≤ 850 kW",
    )
    assert cells["dallas.p3-role-coverage"] == ("unknown", "Dallas, Role cover: Unknown since 23 Nov 2026")
    assert set(cells) == {
        "dallas.p2-power-headroom",
        "dallas.p3-role-coverage",
        "dallas.p5-telemetry-coverage",
    }


@pytest.mark.parametrize("state", ["pass", "warn", "fail", "unknown", "stale", "waived", "n-a"])
def test_every_state_has_a_look_and_a_word_of_its_own(viewer_pages, state):
    there = stored.site(name="Porto", slug="porto")
    stored.result(there, "p1-accelerator-diag", state)
    word = {"n-a": "Not applicable"}.get(state, state.capitalize())
    assert cells_of(viewer_pages.get("/readiness/")) == {
        "porto.p1-accelerator-diag": (state, f"Porto, Accelerator tests: {word} since 23 Nov 2026")
    }


def test_evidence_that_goes_stale_soon_is_marked(viewer_pages, dallas):
    CheckResult.objects.filter(check_id="p5-telemetry-coverage").update(expires_at=NOW + 9 * DAY)
    response = viewer_pages.get("/readiness/")
    _state, label = cells_of(response)["dallas.p5-telemetry-coverage"]
    assert label == "Dallas, Telemetry coverage: Pass since 23 Nov 2026, goes stale 3 Dec 2026"
    assert body_of(response).count('<td class="first" data-state="pass" data-expires>') == 1


@pytest.mark.parametrize(
    ("query", "sites"),
    [
        ("verdict=conditional", ["porto"]),
        ("verdict=none", ["yard"]),
        ("state=unknown", ["dallas"]),
        ("state=fail", ["dallas", "porto"]),
        ("state=fail&gate=COND", ["porto"]),
        ("state=fail&pillar=p2", ["dallas"]),
        ("state=fail&pillar=p1", []),
        ("stage=building", ["yard"]),
        ("region=north", ["dallas"]),
        ("kind=edge", ["porto"]),
        ("profile=training", ["dallas"]),
        ("site=porto,yard", ["porto", "yard"]),
        ("q=dal", ["dallas"]),
        ("expiring=true", ["porto"]),
        ("state=odd", []),
    ],
)
def test_filters_leave_sites(viewer_pages, dallas, porto, yard, query, sites):
    dallas.region.slug, dallas.profiles = "north", ["training", "inference"]
    dallas.region.save()
    dallas.save()
    porto.kind = "edge"
    porto.save()
    CheckResult.objects.filter(site=porto).update(expires_at=NOW + 13 * DAY)
    CheckResult.objects.filter(site=dallas).update(expires_at=NOW + 15 * DAY)
    assert sites_of(viewer_pages.get(f"/readiness/?{query}")) == sites


def test_filters_leave_the_checks_that_have_such_a_cell(viewer_pages, dallas, porto):
    assert checks_of(viewer_pages.get("/readiness/?state=fail")) == ["p2-power-headroom", "p5-fabric-health"]
    assert checks_of(viewer_pages.get("/readiness/?state=fail&verdict=conditional")) == ["p5-fabric-health"]
    of_pillar = checks_of(viewer_pages.get("/readiness/?pillar=p3"))
    assert {check[:2] for check in of_pillar} == {"p3"}
    assert len(of_pillar) == 8


def test_nothing_found_leads_back_to_all(viewer_pages, dallas):
    body = body_of(viewer_pages.get("/readiness/?q=nothing&pillar=p2"))
    assert "No site matches" in body
    assert 'href="/readiness/"' in body


@pytest.mark.parametrize(
    ("sort", "sites"),
    [
        ("p2-power-headroom", ["dallas", "faro", "porto"]),
        ("-p2-power-headroom", ["faro", "dallas", "porto"]),
        ("site", ["dallas", "faro", "porto"]),
        ("-site", ["porto", "faro", "dallas"]),
        ("score", ["dallas", "porto", "faro"]),
        ("gap", ["faro", "porto", "dallas"]),
        ("verdict", ["dallas", "porto", "faro"]),
        ("nothing", ["dallas", "porto", "faro"]),
    ],
)
def test_sites_are_sorted_by_any_column(viewer_pages, dallas, porto, ready, sort, sites):
    for place, there in enumerate((dallas, porto, ready)):
        there.score.score = 0.2 + place / 10
        there.score.save()
    assert sites_of(viewer_pages.get(f"/readiness/?sort={sort}")) == sites


def test_a_heading_sorts_worst_first_and_then_the_other_way(viewer_pages, dallas):
    assert '"/readiness/?sort=p2-power-headroom"' in body_of(viewer_pages.get("/readiness/"))
    body = body_of(viewer_pages.get("/readiness/?sort=p2-power-headroom"))
    assert '"/readiness/?sort=-p2-power-headroom"' in body
    assert body.count('aria-sort="ascending"') == 1


def test_regions_are_groups_with_their_gap(viewer_pages):
    fleet.build(NOW, sites=6)
    body = body_of(viewer_pages.get("/readiness/?group=region"))
    groups = re.findall(r'<th scope="rowgroup"[^>]*>([^<]+)</th>', body)
    assert groups == ["Americas", "Asia", "Europe"]
    assert "2 sites · gap" in body


def test_the_foot_counts_every_site_and_not_only_the_page(viewer_pages):
    for number in range(30):
        there = stored.site(name=f"Site {number:02}", slug=f"site-{number:02}")
        stored.result(there, "p2-power-headroom", "pass" if number < 12 else "fail" if number < 24 else "n-a")
    _, framework = framework_queries.current()
    first = viewer_pages.get("/readiness/?per=25&sort=site&pillar=p2")
    second = viewer_pages.get("/readiness/?per=25&sort=site&pillar=p2&page=2")
    assert (len(sites_of(first)), sites_of(second)) == (25, [f"site-{number}" for number in range(25, 30)])
    for response in (first, second):
        assert "Power headroom: 12 of 24 sites pass" in body_of(response)
        assert f"30 sites × {len(framework.checks_of('p2'))} checks" in body_of(response)


def test_what_is_shown_of_all_is_said(viewer_pages, dallas, porto):
    _, framework = framework_queries.current()
    said = f"1 of 2 sites × {len(framework.checks)} checks"
    assert said in body_of(viewer_pages.get("/readiness/?verdict=conditional"))


def test_a_quick_filter_goes_on_and_off_and_keeps_the_rest(viewer_pages, dallas):
    body = body_of(viewer_pages.get("/readiness/?sort=site"))
    assert 'href="/readiness/?sort=site&amp;state=fail">Only failing' in body
    assert 'href="/readiness/?sort=site&amp;expiring=true">Expiring in 14 days' in body
    pressed = body_of(viewer_pages.get("/readiness/?sort=site&state=fail"))
    assert 'href="/readiness/?sort=site" aria-current="true">Only failing' in pressed


def test_a_chip_takes_its_filter_away(viewer_pages, dallas):
    body = body_of(viewer_pages.get("/readiness/?pillar=p2&verdict=not-ready"))
    assert 'href="/readiness/?verdict=not-ready" aria-label="Remove the filter Pillar: p2"' in body


def test_evidence_of_a_cell_stands_in_the_address(planner_pages, dallas):
    CheckResult.objects.filter(check_id="p2-power-headroom").update(expires_at=NOW + 9 * DAY)
    response = planner_pages.get("/readiness/?pillar=p2&cell=dallas.p2-power-headroom")
    words = words_of(response)
    for said in ("Dallas · Power headroom", "940", "≤ 850 kW", "−90 kW", "2 min", "feed A", "Goes stale"):
        assert said in words
    body = body_of(response)
    assert 'value="dallas.p2-power-headroom" aria-current="true"' in body
    assert 'href="/sites/dallas/checks/p2-power-headroom/"' in body
    assert 'href="/evidence/facts/add/?site=dallas&amp;check=p2-power-headroom"' in body
    assert 'href="/waivers/request/?site=dallas&amp;check=p2-power-headroom"' in body
    assert 'href="/readiness/?pillar=p2" data-evidence-close' in body


def test_evidence_of_a_reader_offers_no_forms(viewer_pages, dallas):
    body = body_of(viewer_pages.get("/readiness/?cell=dallas.p2-power-headroom"))
    assert "/evidence/facts/add/" not in body
    assert "/waivers/request/" not in body


def test_capacity_that_the_check_holds_back_is_said(viewer_pages, dallas):
    dallas.score.deciding = ["p2-power-headroom"]
    dallas.score.save()
    assert "holds back 1.0 MW" in words_of(viewer_pages.get("/readiness/?cell=dallas.p2-power-headroom"))


@pytest.mark.parametrize("cell", ["dallas", "dallas.p9-nothing", "nowhere.p2-power-headroom", "."])
def test_a_cell_that_is_none_is_not_found(viewer_pages, dallas, cell):
    assert viewer_pages.get(f"/readiness/?cell={cell}").status_code == 404


def test_panel_and_table_can_be_asked_for_alone(viewer_pages, dallas):
    path = "/readiness/?cell=dallas.p2-power-headroom"
    panel = body_of(viewer_pages.get(path, headers={"hx-target": "dialog#evidence"}))
    assert panel.strip().startswith('<dialog id="evidence"')
    assert "data-matrix" not in panel
    table = body_of(viewer_pages.get(path, headers={"hx-target": "div#table-readiness-matrix"}))
    assert "data-matrix" in table
    assert "<dialog" not in table
    closed = body_of(viewer_pages.get("/readiness/", headers={"hx-target": "dialog#evidence"}))
    assert closed.strip() == '<dialog id="evidence" class="card evidence" data-evidence></dialog>'


def test_a_waiver_shows_in_the_panel(planner_pages, dallas, user_of):
    from readiness.boards.waivers.requests import ask_for_grant

    asked = ask_for_grant(
        site=dallas,
        kind="waiver",
        check_id="p2-power-headroom",
        reason="A second feed comes in May",
        ends_at=NOW + timedelta(days=9),
        by=user_of("ops"),
        now=NOW,
    )
    words = words_of(planner_pages.get("/readiness/?cell=dallas.p2-power-headroom"))
    assert "A second feed comes in May" in words
    assert "Requested" in words
    assert asked.pk


def test_a_site_that_cannot_be_evaluated_says_so_and_is_part_of_the_gap(viewer_pages, api_of, ready):
    SiteScore.objects.filter(site=ready).update(failed_at=NOW - DAY, failure="KeyError: 'Mars/Olympus'")
    for address in ("/readiness/", "/readiness/report/", "/sites/faro/", "/sites/faro/pack/"):
        body = body_of(viewer_pages.get(address))
        assert "Could not be evaluated" in body
        assert "KeyError: &#x27;Mars/Olympus&#x27;" in body
    assert f"{NOW - DAY:%b %Y %H:%M}" in body_of(viewer_pages.get("/readiness/report/"))
    assert sites_of(viewer_pages.get("/readiness/?verdict=ready")) == []
    assert sites_of(viewer_pages.get("/readiness/?verdict=none")) == ["faro"]
    [row] = api_of("viewer").get("/api/readiness/matrix/").json()["results"]
    assert (row["gap_kw"], row["failure"]) == (5000.0, "KeyError: 'Mars/Olympus'")
    assert row["failed_at"]
    assert not row["verdict"]


def test_a_check_that_no_site_is_judged_by_has_no_pass_rate():
    assert CheckCount({"unknown": 1, "n-a": 23}).pass_rate is None
    assert CheckCount({"unknown": 1, "fail": 1}).pass_rate == 0
