"""From home through the inbox to the answer, by mouse and by keyboard; first steps tick while they are open."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from readiness.assessment.grants.models import Grant
from telemetry.models import Source, SourceStatus
from tests.browser.looking import faults
from tests.conftest import NOW
from tests.inventory import made
from tests.readiness.assessment.scoring import stored

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def asked(frozen_now, user_of):
    """A waiver that ops asked for, at a site that sends samples."""
    frozen_now.at = NOW
    porto = stored.site(name="Porto", slug="porto", owner="Ops South", first_blocker="p2-backup-power")
    heard(Source.objects.create(name="porto prometheus", site=porto))
    return Grant.objects.create(
        site=porto, kind="waiver", check_id="p2-backup-power", reason="UPS B", requested_by=user_of("ops"),
        requested_at=NOW, starts_at=NOW, ends_at=NOW + timedelta(days=9),
    )  # fmt: skip


def heard(source):
    status = {"state": "on-time", "state_since": NOW, "last_sample_at": NOW}
    SourceStatus.objects.update_or_create(source=source, defaults=status)


def test_what_waits_is_opened_answered_and_gone(as_role, asked):
    manager = as_role("manager")
    page = manager.open("/")
    waiting = page.get_by_role("region", name="Waiting for me")
    expect(waiting.get_by_role("listitem")).to_have_count(1)
    waiting.get_by_role("link", name="Inbox").click()
    page.wait_for_url("**/inbox/")
    page.get_by_role("link", name="Decide: Decide on a waiver").click()
    page.wait_for_url(f"**/waivers/{asked.pk}/")
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("dialog", name="Approve this request?").get_by_role("button", name="Approve").click()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    expect(manager.open("/inbox/").get_by_text("Nothing waits for you")).to_be_visible()
    expect(manager.open("/").get_by_text("Nothing waits for you")).to_be_visible()
    # Whoever asked is not asked to answer.
    expect(as_role("ops").open("/inbox/").get_by_text("Nothing waits for you")).to_be_visible()
    assert manager.refusals == []


def test_the_keyboard_alone_leads_from_home_to_the_answer(as_role, asked):
    page = as_role("manager").open("/")
    page.get_by_role("link", name="Decide: Porto").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/waivers/{asked.pk}/")
    expect(page.get_by_role("button", name="Approve")).to_be_visible()


def test_the_first_steps_tick_while_they_are_looked_at(as_role, frozen_now):
    frozen_now.at = NOW
    admin = as_role("admin")
    page = admin.open("/")
    expect(page.get_by_role("heading", name="Set Muster up")).to_be_visible()
    expect(page.locator("#setup-site").get_by_role("link", name="Add a site")).to_be_visible()
    made.site()
    page.keyboard.press("r")
    expect(page.locator("#setup-site[data-done]")).to_be_visible()
    assert admin.refusals == []


# What a planner and a manager see, an admin or a viewer sees too (tests/readiness/boards/home/test_home.py).
@pytest.mark.parametrize("role", ["admin", "viewer", "ops"])
def test_home_looks_right_to_each_role(as_role, asked, axe_source, role):
    assert faults(as_role(role), axe_source, "/") == []
