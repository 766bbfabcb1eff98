"""A select of many options is searched by typing, by keyboard alone; the form gets its value as ever."""

import pytest
from playwright.sync_api import expect

from accounts.models import User
from tests.browser import fleet
from tests.conftest import NOW

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def time_zone(as_role):
    visit = as_role("viewer")
    page = visit.open("/settings/")
    return visit, page, page.get_by_role("combobox", name="Time zone")


def options(page):
    return page.locator(".choice-list:not([hidden]) [role=option]")


def test_a_word_finds_and_enter_chooses(time_zone):
    visit, page, combobox = time_zone
    combobox.click()
    page.keyboard.type("dubl")
    expect(options(page)).to_have_text(["Europe/Dublin"])
    assert combobox.get_attribute("aria-activedescendant") == options(page).first.get_attribute("id")
    page.keyboard.press("Enter")
    expect(options(page)).to_have_count(0)
    expect(combobox).to_have_value("Europe/Dublin")
    page.locator("form:has(.choice-box) button[type=submit]").first.click()
    page.wait_for_load_state()
    assert User.objects.get(username="viewer").time_zone == "Europe/Dublin"
    assert visit.refusals == []


def test_escape_keeps_what_was_chosen_and_arrows_step(time_zone):
    _visit, page, combobox = time_zone
    before = combobox.input_value()
    combobox.fill("europe")
    combobox.press("ArrowDown")
    assert page.locator(".choice-list [aria-selected=true]").inner_text() == options(page).nth(1).inner_text()
    combobox.press("Escape")
    expect(combobox).to_have_value(before)
    combobox.fill("nowhere at all")
    expect(options(page)).to_have_text(["No match"])
    combobox.press("Tab")
    expect(combobox).to_have_value(before)


def test_axe_finds_nothing_while_it_is_open(time_zone, axe_source):
    _visit, page, combobox = time_zone
    combobox.fill("europe")
    answer = page.evaluate(f"{axe_source}; axe.run(document, {{resultTypes: ['violations']}})")
    assert [(each["id"], each["nodes"][0]["target"]) for each in answer["violations"]] == []


def test_a_form_that_asks_for_one_of_many_sites_has_it(as_role, small_fleet):
    fleet.build(NOW, sites=16, first=6)
    page = as_role("ops").open("/waivers/request/")
    site = page.get_by_role("combobox", name="Site")
    site.fill("osaka 1")
    site.press("Enter")
    assert page.locator("select[name=site]").input_value() != ""
    expect(site).to_have_value("Osaka 1")


def test_many_boxes_to_tick_are_searched_by_keyboard_and_what_is_ticked_stays(as_role, small_fleet):
    fleet.build(NOW, sites=16, first=6)
    visit = as_role("ops")
    page = visit.open("/inventory/devices/")
    page.locator("summary", has_text="Filter").press("Enter")
    search = page.get_by_role("searchbox", name="Search Site")
    search.fill("osaka 1")
    search.press("Enter")
    search.press("Tab")
    page.keyboard.press("Space")
    search.fill("dublin 1")
    shown = page.locator(".options:has(input[name=site]) .choice:visible")
    expect(shown).to_have_count(2)
    search.fill("nowhere at all")
    expect(shown).to_have_count(1)
    expect(page.get_by_text("No match")).to_be_visible()
    page.get_by_role("button", name="Apply filters").press("Enter")
    page.wait_for_url("**/inventory/devices/?site=*")
    assert visit.refusals == []
