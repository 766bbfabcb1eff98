"""The palette and the navigation by keyboard alone: what axe accepts, and where the keys lead."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def palette(as_role, small_fleet):
    """The palette of a planner, opened by its keys on a page without charts."""

    def opened(**look):
        visit = as_role("planner", **look)
        page = visit.open("/waivers/")
        page.wait_for_load_state("networkidle")
        page.keyboard.press("Control+k")
        expect(page.get_by_role("dialog", name="Search and actions")).to_be_visible()
        expect(page.get_by_role("combobox", name="Search or jump to")).to_be_focused()
        return visit, page

    return opened


def chosen(page):
    return page.locator("#palette [aria-selected=true]")


def test_the_palette_answers_while_somebody_types_and_enter_opens_what_is_chosen(palette):
    visit, page = palette()
    page.keyboard.type("porto")
    expect(chosen(page)).to_contain_text("Porto")
    name = page.get_by_role("combobox").get_attribute("aria-activedescendant")
    assert page.locator(f"#{name}").get_attribute("aria-selected") == "true"
    page.keyboard.press("ArrowDown")
    expect(chosen(page)).to_have_count(1)
    assert page.get_by_role("combobox").get_attribute("aria-activedescendant") != name
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sites/porto/")
    assert visit.refusals == []


def test_enter_waits_for_the_answer_to_what_was_typed(palette):
    _visit, page = palette()
    page.keyboard.type("request a waiver")
    page.keyboard.press("Enter")
    page.wait_for_url("**/waivers/request/")


def test_an_old_answer_is_dimmed_and_says_that_the_search_goes_on(palette):
    visit, page = palette()
    page.keyboard.type("porto")
    expect(chosen(page)).to_contain_text("Porto")
    page.route("**/search/palette/**", lambda route: None)
    page.keyboard.type("x")
    expect(page.locator("#palette-list")).to_have_attribute("aria-busy", "true")
    expect(page.locator(".palette-waiting")).to_have_text("Searching…")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Search and actions")).to_be_visible()
    assert visit.refusals == []


def test_escape_closes_the_palette_and_gives_the_focus_back(palette):
    _visit, page = palette()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Search and actions")).to_be_hidden()
    page.get_by_role("link", name=re.compile("^Search or jump to")).click()
    expect(page.get_by_role("combobox", name="Search or jump to")).to_be_focused()


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_axe_finds_nothing_in_the_palette(palette, axe_source, width, theme):
    visit, page = palette(width=width, theme=theme)
    page.keyboard.type("porto")
    expect(chosen(page)).to_contain_text("Porto")
    violations = page.evaluate(f"{axe_source}; axe.run(document, {{resultTypes: ['violations']}})")[
        "violations"
    ]
    assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in violations] == []
    assert page.evaluate("() => document.documentElement.scrollWidth") == width
    assert visit.refusals == []


def test_the_side_bar_collapses_stays_so_and_keeps_its_names(as_role, small_fleet):
    page = as_role("viewer").open("/waivers/")
    page.get_by_role("button", name="Collapse").click()
    side = page.get_by_role("navigation", name="Main")
    expect(side).to_have_css("width", "64px")
    page.reload()
    expect(side).to_have_css("width", "64px")
    expect(side.get_by_role("link", name=re.compile("^Work"))).to_have_attribute("aria-current", "true")
