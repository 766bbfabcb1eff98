"""Every check says what it asks, where its thresholds come from, how each site stands, and what it waits for."""

import re

import pytest

from readiness.assessment.framework import queries as framework_queries
from tests.pages import words_of
from tests.readiness.assessment.scoring import stored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("judged_now")]


def listed(response):
    return re.findall(r'<tr id="check-(p\d-[\w-]+)"', response.content.decode())


def test_list_holds_every_check_of_the_framework(viewer_pages, dallas):
    _, framework = framework_queries.current()
    assert listed(viewer_pages.get("/readiness/checks/")) == [check.id for check in framework.checks]


def test_list_is_narrowed_by_pillar_and_state(viewer_pages, dallas, porto):
    assert listed(viewer_pages.get("/readiness/checks/?pillar=p2&state=fail")) == ["p2-power-headroom"]
    assert set(listed(viewer_pages.get("/readiness/checks/?state=fail"))) == {
        "p2-power-headroom",
        "p5-fabric-health",
    }
    assert listed(viewer_pages.get("/readiness/checks/?pillar=p1&state=fail")) == []


def test_list_counts_the_capacity_at_stake(viewer_pages, dallas, porto):
    body = viewer_pages.get("/readiness/checks/?pillar=p5&state=fail").content.decode()
    assert "400 kW" in body


def test_check_marks_its_defaults_and_links_its_sources(viewer_pages, dallas):
    power = viewer_pages.get("/readiness/checks/p2-power-headroom/").content.decode()
    assert "default" in power
    fabric = viewer_pages.get("/readiness/checks/p5-fabric-health/").content.decode()
    assert re.search(r'<a class="badge" href="https://[^"]+"', fabric) or "default" in fabric


def test_each_source_that_a_sentence_names_is_listed(viewer_pages, dallas):
    _, framework = framework_queries.current()
    [source] = [each for each in framework.sources if each.id == "S6"]
    page = words_of(viewer_pages.get("/readiness/checks/p1-accelerator-diag/"))
    assert "[S6]" in page
    assert f"S6 {source.title}" in page


def test_every_check_has_a_page_over_the_fleet_and_at_a_site(viewer_pages, dallas):
    _, framework = framework_queries.current()
    for check in framework.checks:
        assert viewer_pages.get(f"/readiness/checks/{check.id}/").status_code == 200
        assert viewer_pages.get(f"/sites/dallas/checks/{check.id}/").status_code == 200


def test_check_lists_sites_worst_first(viewer_pages, dallas):
    fine = stored.site(name="Fine", slug="fine")
    stored.result(fine, "p2-power-headroom", "pass")
    body = viewer_pages.get("/readiness/checks/p2-power-headroom/").content.decode()
    rows = re.findall(r'href="/sites/(\w+)/checks/p2-power-headroom/"', body)
    assert list(dict.fromkeys(rows)) == ["dallas", "fine"]


def test_site_check_shows_value_limit_margin_age_and_provenance(viewer_pages, dallas):
    words = words_of(viewer_pages.get("/sites/dallas/checks/p2-power-headroom/"))
    for said in ("940", "at most 850 kW", "90 kW over", "simulated", "2 min", "feed A", "Not passing since"):
        assert said in words
    assert "blocks readiness" in words


def test_unknown_check_says_which_evidence_it_waits_for(viewer_pages, dallas):
    _, framework = framework_queries.current()
    words = words_of(viewer_pages.get("/sites/dallas/checks/p3-role-coverage/"))
    assert framework.check("p3-role-coverage").waits_for in words.replace("&#x27;", "'").replace("&#39;", "'")


@pytest.mark.parametrize("path", ["/readiness/checks/p9-nothing/", "/sites/dallas/checks/p9-nothing/"])
def test_check_that_does_not_exist_is_not_found(viewer_pages, dallas, path):
    assert viewer_pages.get(path).status_code == 404
