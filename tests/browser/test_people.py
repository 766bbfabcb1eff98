"""Who is on call tonight, whether they can do what is installed there, and a swap: by the keyboard alone."""

import re

import pytest
from playwright.sync_api import expect

from inventory.models import Site
from readiness.organisation.people.models import Shift, Swap
from readiness.organisation.people.operations import rotations, swaps
from tests.browser.test_ten_tasks import by_keyboard
from tests.conftest import NOW
from tests.readiness.organisation.people import made

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
LOOKS = ((1440, "light"), (390, "dark"))
PAGES = (
    *("/people/oncall/", "/people/oncall/ahead/?days=60", "/people/coverage/", "/people/coverage/porto/"),
    *("/people/gap/", "/people/swaps/"),
)


@pytest.fixture
def called(small_fleet, user_of):
    """Ona, who is ops, is on call at Porto with Bo, who lacks the skill and asks for a swap of next week, in which Cai
    is secondary."""
    porto, team = Site.objects.get(slug="porto"), made.team(name="Fabric")
    made.staffing(porto, team)
    ona, bo = (
        made.person(team, name=name, user=user_of("ops", username=login))
        for name, login in (("Ona Reis", "ops"), ("Bo Lind", "bo"))
    )
    optics = made.skill(name="Optics")
    made.rule(optics, subject="site")
    made.qualification(ona, optics, level=2)
    rotation = made.rotation(porto, name="Fabric rotation")
    made.layer(rotation, ona, bo)
    made.layer(rotation, bo, made.person(team, name="Cai Vaz"), level=2)
    rotations.write_claimed_shifts(now=NOW)
    asked = Shift.objects.filter(person=bo, level=1, starts_at__gt=NOW).earliest("starts_at")
    return swaps.request_swap(asked, by=bo.user, now=NOW)


def test_from_home_to_who_is_on_call_whether_they_are_qualified_and_a_swap(as_role, called):
    visit = as_role("ops")
    page = visit.open("/")
    for step in (("link", "Owners"), ("link", "On call")):
        by_keyboard(page, *step)
        page.wait_for_load_state("networkidle")
    row = page.get_by_role("row", name=re.compile("^Porto Network"))
    expect(row.get_by_text("Lacks a skill")).to_be_visible()
    expect(row.get_by_text("Ona Reis").first).to_be_visible()
    expect(row.get_by_text("network, secondary: Optics, level 1")).to_be_visible()

    page.get_by_role("navigation", name="Sections").locator("summary").press("Enter")
    by_keyboard(page, "link", "Swaps")
    page.wait_for_load_state("networkidle")
    by_keyboard(page, "link", "30 Nov 2026")
    page.wait_for_load_state("networkidle")
    by_keyboard(page, "button", "Take the shift")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    submit = dialog.get_by_role("button", name="Take the shift")
    while not submit.evaluate("element => element === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The shift is yours.")).to_be_visible()
    assert Swap.objects.get(pk=called.pk).taker.name == "Ona Reis"
    assert visit.refusals == []


def test_pages_of_people_fit_the_screen_in_both_themes(as_role, called):
    wide = {}
    for width, theme in LOOKS:
        visit = as_role("ops", width=width, theme=theme)
        for path in PAGES:
            needed = visit.open(path).evaluate("document.documentElement.scrollWidth")
            if needed > width:
                wide[path, width, theme] = needed
        visit.page.context.close()
    assert wide == {}
