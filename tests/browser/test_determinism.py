"""Two paths of one median, of which one passes: the page says why, as a reader sees it and on every screen."""

from datetime import date

import pytest
from playwright.sync_api import expect

from readiness.assessment.evidence.operations import declare_limit
from readiness.assessment.scoring.operations import evaluate
from tests.browser.looking import faults
from tests.conftest import NOW
from tests.inventory import made
from tests.readiness.assessment.evidence.repeated import measure, pair

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
FLEET, SITE = "/readiness/determinism/", "/sites/porto/determinism/"


@pytest.fixture
def porto(frozen_now):
    frozen_now.at = NOW
    there = made.site(name="Porto", slug="porto")
    made.site(name="Faro", slug="faro")
    given = {"source": "design", "declared_on": date(2026, 1, 1), "by": None, "now": NOW}
    declare_limit(limit="fabric-latency", site=there, value=10, **given)
    for ago in (80.0, 2.0):
        measure(there, pair(there, f"node-1{ago:g}", f"node-2{ago:g}"), now=NOW, ago=ago, p99=3.0 + ago / 100)
    measure(there, pair(there, "node-3", "node-4"), now=NOW, p99=30.0, p999=50.0)
    evaluate(site_ids=[there.pk], now=NOW)
    return there


def test_equal_medians_are_told_apart_on_every_screen(as_role, porto, axe_source):
    one = as_role("ops")
    page = one.open(FLEET)
    page.get_by_role("link", name="Porto").first.click()
    page.wait_for_url(lambda url: "/sites/porto/determinism/" in url)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Porto")
    told = page.locator("main").inner_text()
    assert "have the same median under load, 2 µs" in told
    assert "limit ≤ 10 µs" in told
    one.scroll_through()
    page.get_by_role("button", name="Show Percentiles, idle and under load as a table").click()
    table = page.get_by_role("region", name="Percentiles, idle and under load as a table")
    expect(table).to_contain_text("p99.9")
    assert {path: faults(one, axe_source, path) for path in (FLEET, SITE, "/sites/faro/determinism/")} == {
        path: [] for path in (FLEET, SITE, "/sites/faro/determinism/")
    }
    assert one.refusals == []
