"""The list of problems by mouse and by keys alone: narrowed, one problem open beside it, and how it looks."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.looking import faults
from tests.conftest import NOW
from tests.readiness.boards.problems.scene import LOSSES, flapping_site, silent_site
from tests.readiness.problems import write_problems

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
CAUSE = f"health-dsm-network-{LOSSES}"


@pytest.fixture
def wrong(frozen_now):
    frozen_now.at = NOW
    flapping_site()
    silent_site()
    write_problems()


def test_a_problem_is_found_by_its_state_and_opened(as_role, wrong):
    visit = as_role("ops")
    page = visit.open("/problems/")
    expect(page.locator("#problems-finding")).to_have_text("1 critical problem affects 253 kW.")
    rows = page.locator("#table-problems tbody tr")
    page.get_by_role("navigation", name="Problems by state").get_by_role("link", name="Silent").click()
    page.wait_for_url(re.compile("state=silent"))
    expect(rows.filter(has_text="Queretaro")).to_have_count(2)
    page.get_by_label(re.compile("^Remove the filter State")).click()
    page.get_by_role("link", name="Link losses in 24 h").click()
    panel = page.get_by_role("complementary", name="Link losses in 24 h")
    expect(panel).to_contain_text("limit 4")
    expect(panel.get_by_role("link", name=re.compile("^Link errors: "))).to_be_visible()
    expect(rows.filter(has_text="in cause")).to_have_count(3)
    panel.get_by_role("link", name="Close the problem").click()
    expect(panel).to_have_count(0)
    assert visit.refusals == []


def test_keys_alone_lead_from_the_list_to_the_check(as_role, wrong):
    visit = as_role("ops", width=1200)
    page = visit.open("/problems/")
    page.get_by_role("link", name="Link losses in 24 h").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("problem="))
    expect(page.locator("#problem")).to_be_focused()
    expect(page.locator("#problem")).to_be_in_viewport()
    for _step in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.textContent").startswith("Link errors: "):
            break
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/sites/dsm/checks/p5-fabric-health/"))
    assert visit.refusals == []


def test_escape_closes_the_problem(as_role, wrong):
    page = as_role("ops").open(f"/problems/?state=critical&problem={CAUSE}")
    expect(page.locator("#problem")).to_be_visible()
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile(r"\?state=critical$"))
    expect(page.locator("#problem")).to_have_count(0)


@pytest.mark.parametrize("query", [f"?problem={CAUSE}", "", "?group=site"])
def test_the_list_and_the_panel_fit_and_are_accessible(as_role, axe_source, wrong, query):
    visit = as_role("ops")
    assert faults(visit, axe_source, f"/problems/{query}") == []
    assert visit.refusals == []
