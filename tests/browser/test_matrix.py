"""The matrix by keyboard and by pointer: one tab stop, arrow keys, the evidence beside it or over it, and Back."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import fleet
from tests.conftest import NOW

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
FOCUSED = "() => document.activeElement.value ?? document.activeElement.id"


@pytest.fixture
def six(frozen_now):
    frozen_now.at = NOW
    return fleet.build(NOW, sites=6)


def test_cells_by_keyboard_and_their_evidence(as_role, six):
    one = as_role("planner")
    page = one.open("/readiness/?sort=site&pillar=p2")
    cells = page.locator("[data-matrix] td > button")
    assert cells.evaluate_all("cells => cells.filter(cell => cell.tabIndex === 0).length") == 1
    slugs = page.locator("tbody th a").evaluate_all("links => links.map(link => link.pathname.split('/')[2])")

    cells.first.focus()
    steps = {
        "ArrowRight": f"{slugs[0]}.p2-orchestration-coverage",
        "ArrowDown": f"{slugs[1]}.p2-orchestration-coverage",
        "End": f"{slugs[1]}.p2-failover-drill",
        "PageDown": f"{slugs[-1]}.p2-failover-drill",
        "Home": f"{slugs[-1]}.p2-envelope-declared",
        "Control+Home": f"{slugs[0]}.p2-envelope-declared",
        "ArrowLeft": f"{slugs[0]}.p2-envelope-declared",
    }
    for key, cell in steps.items():
        page.keyboard.press(key)
        assert page.evaluate(FOCUSED) == cell, key

    page.keyboard.press("Enter")
    panel = page.get_by_role("dialog")
    panel.get_by_role("heading", level=2).wait_for()
    expect(page).to_have_url(re.compile(f"cell={slugs[0]}.p2-envelope-declared"))
    assert page.evaluate(FOCUSED) == "h-evidence"
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile(r"\?sort=site&pillar=p2$"))
    assert page.evaluate(FOCUSED) == f"{slugs[0]}.p2-envelope-declared"
    expect(panel).to_be_hidden()

    cells.nth(3).click()
    panel.get_by_role("heading", level=2).wait_for()
    page.go_back()
    page.wait_for_url(re.compile(r"\?sort=site&pillar=p2$"))
    panel.wait_for(state="hidden")
    assert one.refusals == []


def test_a_phone_shows_the_evidence_over_the_page(as_role, six):
    one = as_role("viewer", width=390)
    page = one.open("/readiness/?pillar=p2&sort=site")
    page.locator("[data-matrix] td > button").first.click()
    panel = page.get_by_role("dialog")
    panel.get_by_role("heading", level=2).wait_for()
    assert panel.evaluate("panel => panel.matches(':modal')")
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile("sort=site$"))
    expect(panel).to_be_hidden()
    assert one.refusals == []


def test_site_and_head_stay_in_view_and_the_report_prints(as_role, six):
    one = as_role("viewer")
    page = one.open("/readiness/")
    scroller = page.locator(".matrix-scroll")
    before = page.locator("tbody th.site").first.bounding_box()["x"]
    scroller.evaluate("element => element.scrollTo(400, 40)")
    assert page.locator("tbody th.site").first.bounding_box()["x"] == before
    top = scroller.bounding_box()["y"]
    assert page.locator("thead th.site").bounding_box()["y"] - top < 4

    one.open("/readiness/report/")
    printed = page.pdf(prefer_css_page_size=True)
    assert printed.startswith(b"%PDF")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 4
    assert one.refusals == []
