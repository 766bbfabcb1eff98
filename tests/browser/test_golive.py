"""From the plan of a campaign to the decision on a site, by those who do it; then how the dialogs look."""

import re

import pytest

from readiness.assessment.evidence.models import Review
from readiness.golive.models import Campaign
from readiness.golive.reviews import operations
from tests.conftest import NOW
from tests.readiness.assessment.scoring import stored

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def porto(frozen_now):
    frozen_now.at = NOW
    return stored.site(name="Porto", slug="porto", owner="Ops South", stage="commissioning")


def test_a_campaign_is_planned_from_the_sites_page_and_cancelled_with_a_reason(as_role, porto, axe_source):
    one = as_role("planner")
    page = one.open("/sites/porto/")
    page.locator("summary[aria-label^=More]").click()
    page.locator("main").get_by_role("link", name="Campaigns").click()
    page.get_by_role("link", name="New campaign").first.click()
    page.get_by_label("Name").fill("Before go-live")
    page.get_by_role("button", name="Plan a validation campaign").click()
    page.wait_for_url(re.compile(r"/readiness/campaigns/\d+/"))
    page.locator("main").get_by_role("button", name="Cancel").first.click()
    dialog = page.get_by_role("dialog", name="Cancel this campaign?")
    dialog.get_by_role("button", name="Cancel").last.click()
    assert dialog.get_by_label("Note").evaluate("field => field.validity.valueMissing")
    page.evaluate(axe_source)
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    assert [each["id"] for each in found["violations"]] == []
    dialog.get_by_label("Note").fill("Postponed")
    dialog.get_by_role("button", name="Cancel").last.click()
    page.get_by_text("Postponed").first.wait_for()
    assert Campaign.objects.get().state == "cancelled"
    assert one.refusals == []


def test_the_one_who_is_named_signs_by_keyboard(as_role, porto, user_of, manager, axe_source):
    named = user_of("viewer")
    operations.add_approver(domain="energy", user=named, by=manager, now=NOW)
    review = operations.open_review(site=porto, by=manager, now=NOW)
    one = as_role("viewer")
    page = one.open(f"/readiness/reviews/{review.pk}/")
    page.get_by_role("button", name="Sign for Energy").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Sign for Energy?")
    dialog.wait_for()
    page.evaluate(axe_source)
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    assert [each["id"] for each in found["violations"]] == []
    dialog.get_by_label("Note").fill("Seen on site")
    dialog.get_by_role("button", name="Sign").press("Enter")
    page.get_by_text("Seen on site").first.wait_for()
    assert Review.objects.get().sign_offs.get(domain="energy").signed_by == named
    assert one.refusals == []
