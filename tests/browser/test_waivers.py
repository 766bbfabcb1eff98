"""From a check that fails to its waiver, by the one who asks and the one who decides; then how the pages look."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from readiness.assessment.grants.models import Grant
from readiness.boards.waivers.requests import ask_for_grant
from tests.browser.looking import faults
from tests.conftest import NOW
from tests.readiness.assessment.scoring import stored

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
CHECK = "/sites/porto/checks/p2-backup-power/"


@pytest.fixture
def porto(frozen_now):
    frozen_now.at = NOW
    there = stored.site(name="Porto", slug="porto", owner="Ops South", first_blocker="p2-backup-power")
    stored.result(there, "p2-backup-power", "fail", reason="UPS battery is low.")
    return there


def test_one_asks_and_another_approves(as_role, porto):
    asking = as_role("ops")
    page = asking.open(CHECK)
    page.get_by_role("link", name="Request waiver").click()
    page.wait_for_url(re.compile("/waivers/request/"))
    page.get_by_label("Reason").fill("UPS B is being replaced")
    page.get_by_role("button", name="Request waiver").click()
    page.wait_for_url(re.compile(r"/waivers/\d+/"))
    asked = Grant.objects.get()
    expect(page.locator("main")).to_contain_text("Only the role manager or admin may approve")

    deciding = as_role("manager")
    page = deciding.open(f"/waivers/{asked.pk}/")
    page.get_by_role("button", name="Approve").click()
    dialog = page.get_by_role("dialog", name="Approve this request?")
    dialog.get_by_label("Note").fill("Until the new UPS")
    dialog.get_by_role("button", name="Approve").click()
    page.get_by_text("Until the new UPS").first.wait_for()
    asked.refresh_from_db()
    assert (asked.state, asked.approver.username) == ("approved", "manager")
    expect(deciding.open(CHECK).locator("main")).to_contain_text("decided by manager")
    assert asking.refusals == deciding.refusals == []


def test_a_denial_needs_a_word(as_role, porto, user_of):
    asked = ask_for_grant(
        site=porto,
        kind="exception",
        check_id="p2-backup-power",
        reason="Go-live on Monday",
        ends_at=NOW + timedelta(days=7),
        by=user_of("planner"),
        now=NOW,
    )
    page = as_role("manager").open(f"/waivers/{asked.pk}/")
    page.get_by_role("button", name="Deny").click()
    dialog = page.get_by_role("dialog", name="Deny this request?")
    dialog.get_by_role("button", name="Deny").click()
    assert dialog.get_by_label("Note").evaluate("field => field.validity.valueMissing")
    asked.refresh_from_db()
    assert asked.state == "requested"


def test_the_dialogs_pass_axe(as_role, porto, user_of, axe_source):
    asked = ask_for_grant(
        site=porto,
        kind="waiver",
        check_id="p2-backup-power",
        reason="UPS B is being replaced",
        ends_at=NOW + timedelta(days=7),
        by=user_of("planner"),
        now=NOW,
    )
    one = as_role("manager")
    assert faults(one, axe_source, f"/waivers/{asked.pk}/") == []
    for name in ("Approve", "Deny"):
        one.page.get_by_role("button", name=name).first.click()
        found = one.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        assert [each["id"] for each in found["violations"]] == []
        one.page.keyboard.press("Escape")
