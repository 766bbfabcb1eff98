"""From the gap to the work that closes it: a row of the plan onto the worklist, and the charts as tables."""

import re

import pytest
from playwright.sync_api import expect

from readiness.golive.models import WorkItem
from tests.conftest import NOW
from tests.readiness.assessment.scoring import stored

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def porto(frozen_now):
    frozen_now.at = NOW
    there = stored.site(name="Porto", slug="porto", first_blocker="p2-backup-power")
    stored.result(there, "p2-backup-power", "fail", reason="UPS battery is low.")
    return there


def test_a_row_of_the_plan_becomes_work_and_is_done(as_role, porto):
    one = as_role("planner")
    page = one.open("/readiness/gap/?target=conditional")
    page.get_by_label("Select Porto").check()
    page.get_by_role("button", name="Add to the worklist").click()
    page.wait_for_url(re.compile("/readiness/worklist/add/"))
    page.get_by_label("Owner").fill("Facilities")
    page.get_by_label("Due").fill("2026-12-01")
    page.get_by_role("button", name="Add").click()
    page.wait_for_url(re.compile("/readiness/worklist/$"))
    expect(page.locator("main")).to_contain_text("in 7 days")
    page.get_by_label("Select all rows of this page").check()
    page.get_by_role("button", name="Done", exact=True).click()
    page.get_by_text("1 item is done now.").wait_for()
    assert WorkItem.objects.get().owner_name == "Facilities"
    assert WorkItem.objects.get().status == "done"
    assert one.refusals == []


def test_each_chart_of_the_gap_has_its_figures_as_a_table(as_role, porto):
    one = as_role("viewer", width=390)
    page = one.open("/readiness/gap/?by=site")
    for chart, told in (
        ("gap-over-time", "Deployed, MW"),
        ("gap-by-group", "Porto"),
        ("gap-closing", "Checks resolved"),
    ):
        page.locator(f"#{chart}").scroll_into_view_if_needed()
        page.locator(f"#{chart}[data-drawn]").wait_for()
        page.locator(f"[data-chart-table='{chart}']").click()
        page.locator("main table").filter(has_text=told).first.wait_for()
    assert one.refusals == []
