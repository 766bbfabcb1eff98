"""What is declared where a measurement is asked for, told from what was measured, on every page and in the API."""

import re
from html import unescape

import pytest

from tests.pages import rows_of, words_of
from tests.readiness.assessment.scoring import stored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("judged_now")]
SAID = (
    "Accelerators covered: 100 % meets the limit of 100 %. "
    "Declared only (recorded fact 3): Warn at best until a validation run is imported."
)
DIAGNOSTIC, SOAK, POWER, OWNER = (
    *("p1-accelerator-diag", "p1-soak-24h", "p2-power-headroom", "p4-orchestration-owner"),
)


def part(part_id, tier, state="pass", **given):
    kept = {"part": part_id, "gate": "BLOCK", "state": state, "value": 100.0, "unit": "%", "tier": tier}
    return (
        kept | {"code": "capped" if tier == "capped" else "inside", "reason": SAID, "taken_at": None} | given
    )


@pytest.fixture
def faro(db):
    """Conditional: of twelve checks to measure one is declared."""
    there = stored.site("conditional", name="Faro", slug="faro", kw=500.0)
    score = there.score
    score.capped, score.measurable, score.deciding = [DIAGNOSTIC], 12, [DIAGNOSTIC]
    score.save()
    more = {"code": "capped", "tier": "capped", "reason": SAID, "parts": [part("coverage", "capped", "warn")]}
    stored.result(there, DIAGNOSTIC, "warn", **more)
    stored.result(there, POWER, tier="measured", parts=[part("site-load", "measured")])
    stored.result(there, OWNER, tier="declared", parts=[part("items-owned", "declared")])
    return there


@pytest.fixture
def porto(db):
    """Ready, by measurements alone."""
    there = stored.site("ready", name="Porto", slug="porto", kw=500.0)
    there.score.measurable = 11
    there.score.save()
    stored.result(there, DIAGNOSTIC, tier="measured")
    return there


def sentence_of(answer):
    """What the page says of declarations, and where that leads."""
    assert answer.status_code == 200
    found = re.search(r'<p class="[^"]*" id="on-declarations">(.*?)</p>', answer.content.decode(), re.S)
    link = re.search(r'<a href="([^"]+)"', found[1])
    return re.sub(r"<[^>]+>", "", found[1]).strip(), unescape(link[1]) if link else ""


def test_the_fleet_page_says_how_much_rests_on_declarations(viewer_pages, faro, porto):
    said, leads_to = sentence_of(viewer_pages.get("/fleet/"))
    assert said == ("1 of 23 blocking checks that ask for a measurement rests on a declaration, at 1 site.")
    assert leads_to == "/readiness/?gate=BLOCK&tier=capped"


def test_a_site_page_says_it_of_the_site_and_what_holds_it_back(viewer_pages, faro, porto):
    answer = viewer_pages.get("/sites/faro/")
    said, leads_to = sentence_of(answer)
    assert said == "1 of 12 blocking checks that ask for a measurement rests on a declaration."
    assert leads_to == "/sites/faro/?tab=evidence&gate=BLOCK&tier=capped"
    assert "1 check holds it back, and it is declared, not measured." in words_of(answer)
    assert re.search(rf'id="failing-{DIAGNOSTIC}".*?data-tier="capped"', answer.content.decode(), re.S)
    said, leads_to = sentence_of(viewer_pages.get("/sites/porto/"))
    assert (said, leads_to) == (
        "None of the 11 blocking checks that ask for a measurement rests on a declaration.",
        "",
    )


def test_the_checks_of_a_site_are_told_apart_and_filtered(viewer_pages, faro):
    address = "/sites/faro/?tab=evidence&export=csv&cols=check,tier"
    tiers = {row["Check"]: row["Rests on"] for row in rows_of(viewer_pages.get(address))}
    assert sorted(tiers.values()) == ["capped", "declared", "measured"]
    assert len(rows_of(viewer_pages.get(f"{address}&tier=capped"))) == 1
    page = viewer_pages.get("/sites/faro/?tab=evidence&cols=check,tier").content.decode()
    assert re.findall(r'class="pill" data-tier="(\w+)"', page) == ["capped", "measured", "declared"]
    marked = marks_of(viewer_pages.get("/sites/faro/?tab=evidence"))
    assert marked == ["Declared, not measured", "Declared"]


def test_a_check_over_the_sites_is_told_apart_and_filtered(viewer_pages, faro, porto):
    address = f"/readiness/checks/{DIAGNOSTIC}/?export=csv&cols=site,tier"
    tiers = {row["Site"]: row["Rests on"] for row in rows_of(viewer_pages.get(address))}
    assert tiers == {"Faro": "capped", "Porto": "measured"}
    assert [row["Site"] for row in rows_of(viewer_pages.get(f"{address}&tier=capped"))] == ["Faro"]
    marked = marks_of(viewer_pages.get(f"/readiness/checks/{DIAGNOSTIC}/"))
    assert marked == ["Declared, not measured"]


def marks_of(answer):
    """What stands below the states of a table, in its order."""
    inside = r"(?:(?!</td>).)*?"
    cell = rf'class="pill" data-state="\w+">{inside}data-tier="\w+"{inside}<span aria-hidden="true">([^<]+)'
    return re.findall(cell, answer.content.decode(), re.S)


def test_a_check_at_a_site_says_what_it_rests_on(viewer_pages, faro):
    page = viewer_pages.get(f"/sites/faro/checks/{DIAGNOSTIC}/").content.decode()
    assert re.search(r'<dt>Rests on</dt>\s*<dd><span class="pill" data-tier="capped">', page)
    assert re.search(r'<tr id="part-coverage">.*?data-tier="capped".*?</tr>', page, re.S)
    assert SAID in unescape(page)


CELL = r'<td[^>]* data-state="([\w-]+)"( data-tier="\w+")?><button name="cell" value="([^"]+)" aria-label="([^"]+)"'


def test_cells_of_the_matrix_are_marked_and_say_it(viewer_pages, faro):
    page = viewer_pages.get("/readiness/").content.decode()
    cells = {
        key.partition(".")[2]: (state, tier.strip(), label)
        for state, tier, key, label in re.findall(CELL, page)
    }
    assert {key: cell[:2] for key, cell in cells.items()} == {
        DIAGNOSTIC: ("warn", 'data-tier="capped"'),
        POWER: ("pass", ""),
        OWNER: ("pass", 'data-tier="declared"'),
    }
    assert cells[DIAGNOSTIC][2] == "Faro, Accelerator tests: Warn since 23 Nov 2026, declared, not measured"
    assert cells[OWNER][2] == "Faro, Domain owners: Pass since 23 Nov 2026, declared"


@pytest.mark.parametrize(
    ("asked", "sites", "checks"),
    [
        ("tier=capped", ["faro"], {DIAGNOSTIC}),
        ("tier=measured", ["faro", "porto"], {POWER, DIAGNOSTIC}),
        ("tier=declared&state=pass", ["faro"], {OWNER}),
        ("tier=capped&state=fail", [], set()),
    ],
)
def test_the_matrix_is_filtered_by_what_checks_rest_on(
    viewer_pages, api_of, faro, porto, asked, sites, checks
):
    page = viewer_pages.get(f"/readiness/?{asked}").content.decode()
    assert sorted(re.findall(r'class="of-site site"><a href="/sites/([\w-]+)/"', page)) == sites
    assert set(re.findall(r'<a href="/readiness/checks/([\w-]+)/" title=', page)) == checks
    answer = api_of("viewer").get(f"/api/readiness/matrix/?{asked}").json()
    assert sorted(row["slug"] for row in answer["results"]) == sites


def test_the_matrix_has_a_button_for_what_is_declared(viewer_pages, faro):
    page = viewer_pages.get("/readiness/?tier=capped").content.decode()
    pressed = re.findall(r'<a class="chip applied" href="([^"]+)" aria-current="true">([^<]+)<', page)
    assert pressed == [("/readiness/", "Declared, not measured")]


def test_the_matrix_tells_it_in_files_and_on_paper(viewer_pages, faro):
    [row] = rows_of(viewer_pages.get("/readiness/?export=csv"))
    assert (row["Declared, not measured"], row["Blocking checks to measure"]) == (DIAGNOSTIC, "12")
    letters = re.findall(
        r'<td data-state="(\w+)">(.)</td>', viewer_pages.get("/readiness/report/").content.decode()
    )
    assert ("warn", "D") in letters
    assert ("warn", "W") not in letters


def test_the_api_tells_it_of_scores_results_and_the_matrix(api_of, faro):
    client = api_of("viewer")
    [score] = client.get("/api/readiness/scores/").json()["results"]
    assert (score["capped"], score["measurable"]) == ([DIAGNOSTIC], 12)
    [row] = client.get("/api/readiness/matrix/").json()["results"]
    assert row["tiers"] == {DIAGNOSTIC: "capped", POWER: "measured", OWNER: "declared"}
    assert (row["capped"], row["measurable"]) == ([DIAGNOSTIC], 12)
    [result] = client.get("/api/readiness/results/?tier=declared").json()["results"]
    assert (result["check"], result["tier"]["value"]) == (OWNER, "declared")


def test_a_pack_says_it(viewer_pages, faro):
    words = words_of(viewer_pages.get("/sites/faro/pack/"))
    assert (
        "Measured or declared 1 of 12 blocking checks that ask for a measurement rests on a declaration."
        in words
    )


def test_a_declared_blocking_check_is_among_what_would_make_a_site_ready(api_of, faro):
    client = api_of("viewer")
    ready = client.get("/api/readiness/gap/closing/?target=ready").json()
    assert [(each["site"], each["checks"]) for each in ready["plan"]] == [("faro", [DIAGNOSTIC])]
    assert ready["beyond_checks"] == []
    assert client.get("/api/readiness/gap/closing/?target=conditional").json()["plan"] == []
