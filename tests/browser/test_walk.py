"""The walk of docs/guides/tour.md over three sites of the demo, from what is deployed to a recorded decision."""

import re

import pytest
from playwright.sync_api import expect

from readiness.demo.operations import load_present
from readiness.demo.operations.people import password
from tests.scenes import scene

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
SITES = ("JNB-1", "PAR-1", "WAW-1")
"""One that is not ready and that nobody owns, and two that another workload may run at."""


@scene()
def demo_of_the_walk(clock):
    load_present(site_names=SITES, by=None, now=clock.at)


def test_seven_stops_lead_from_what_is_deployed_to_a_decision(frozen_now, on_scene, visit):
    on_scene(demo_of_the_walk)
    one = visit()
    page = one.open("/login/")
    page.get_by_label("Username").fill("planner")
    page.get_by_label("Password").fill(password())
    page.get_by_role("button", name="Sign in", exact=True).click()

    _tab(page, "Fleet")
    expect(page.get_by_role("region", name="Key figures")).to_contain_text("Deployed capacity")
    page.get_by_role("link", name="The road to ready").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("The road to ready")
    expect(page.locator(".road-flow")).to_be_visible()
    page.locator(".road-thread[href$='/sites/jnb-1/']").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_contain_text("Not ready")
    expect(page.get_by_role("region", name="What makes it ready")).to_be_visible()
    page.locator(".failing tbody a").first.click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Domain owners")
    for name in ("Result", "Proof", "What to do"):
        expect(page.get_by_role("region", name=name)).to_be_visible()
    who = page.get_by_role("region", name="Who")
    expect(who).to_contain_text("No owner")
    who.get_by_role("link", name="On the board").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Ownership")
    page.get_by_role("row", name=re.compile("^JNB-1")).get_by_role("button").first.click()
    expect(page.get_by_role("button", name="Propose", exact=True)).to_be_visible()

    page.get_by_role("link", name="Placement").first.click()
    page.get_by_label("Workload", exact=True).select_option(label="Assistant serving (EMEA)")
    expect(page.get_by_text("Where should Assistant serving (EMEA) run?")).to_be_visible()
    best = page.get_by_role("region", name="Best match")
    expect(best).to_contain_text(re.compile("PAR-1|WAW-1"))
    best.get_by_role("link", name="Record decision").click()

    page.get_by_label("Reason for this site").fill("It keeps every limit, and most of its users are near.")
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Waits for approval")
    expect(page.get_by_role("region", name="All sites that were compared")).to_contain_text("JNB-1")
    assert one.refusals == []


def _tab(page, name):
    page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
