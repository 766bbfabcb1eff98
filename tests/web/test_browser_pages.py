"""The page kit in a browser: nothing the policy refuses, nothing axe finds, nothing wider than the screen."""

import re

import pytest
from playwright.sync_api import expect

from tests.web.page_samples import PAGES

pytestmark = pytest.mark.browser
SCREENS = ((1440, "light"), (390, "dark"), (390, "light"), (1440, "dark"))


@pytest.mark.full
@pytest.mark.parametrize("path", PAGES)
def test_page_passes_axe_and_the_security_policy(visit, axe_source, path):
    one = visit()
    page = one.open(path)
    page.evaluate(axe_source)
    for width, theme in SCREENS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        one.scroll_through()
        found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        named = [
            (finding["id"], [node["target"] for node in finding["nodes"]]) for finding in found["violations"]
        ]
        assert named == [], (width, theme)
        assert page.evaluate("() => document.documentElement.scrollWidth") == width
    assert one.refusals == []


def test_system_theme_follows_the_system_before_any_script(visit):
    page = visit(theme="dark", java_script_enabled=False).open("/fleet/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "system")
    assert (
        page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor") == "rgb(10, 13, 19)"
    )


def test_chosen_theme_wins_over_the_system_and_is_kept_for_the_server(visit):
    page = visit(theme="dark").open("/fleet/")
    page.locator("summary.avatar-button").click()
    page.get_by_role("button", name="Light", exact=True).click()
    assert (
        page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
        == "rgb(245, 246, 248)"
    )
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")


def test_charts_take_the_new_colours_when_the_theme_changes(visit):
    one = visit(theme="light")
    page = one.open("/fleet/")
    one.scroll_through()
    line = page.locator("#gap .scatterlayer path.js-line").first
    assert line.evaluate("line => line.style.stroke") == "rgb(43, 89, 224)"
    page.locator("[data-theme-toggle]").click()
    page.wait_for_function("() => document.querySelector('#gap').dataset.drawn === '2'")
    line = page.locator("#gap .scatterlayer path.js-line").first
    assert line.evaluate("line => line.style.stroke") == "rgb(127, 162, 255)"


def test_phone_opens_the_navigation_without_scripts(visit):
    page = visit(width=390, java_script_enabled=False).open("/fleet/")
    home = page.get_by_role("navigation", name="Main").get_by_role("link", name="Home", exact=True)
    expect(home).to_be_hidden()
    page.get_by_role("button", name="Open menu").click()
    expect(home).to_be_visible()


def test_without_scripts_tables_forms_and_menus_remain(visit):
    page = visit(java_script_enabled=False).open("/fleet/")
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(8)
    page.get_by_text("Filter", exact=True).click()
    page.get_by_role("textbox", name="Owner").fill("Platform")
    page.get_by_role("button", name="Apply filters").click()
    expect(page).to_have_url(re.compile("owner=Platform"))
    expect(page.locator("noscript a", has_text="CSV")).to_be_visible()  # in place of the chart


def test_kiosk_shows_figures_without_navigation_or_controls(visit):
    page = visit().open("/fleet/?kiosk=1")
    assert page.get_by_role("navigation", name="Main").count() == 0
    expect(page.get_by_role("searchbox")).to_have_count(0)
    expect(page.get_by_role("heading", name="Fleet overview")).to_be_visible()


def test_skip_link_is_the_first_stop_and_leads_to_the_content(visit):
    page = visit().open("/fleet/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "main"


def test_paper_has_every_chart_and_the_colours_of_the_day(visit):
    page = visit(theme="dark").open("/fleet/")
    page.evaluate("""() => {
        const undrawn = () => document.querySelectorAll("[data-chart-url]:not([data-drawn])").length;
        window.print = () => { window.undrawn = undrawn(); };
    }""")
    page.keyboard.press("Control+p")
    page.wait_for_function("() => window.undrawn === 0")
    line = page.locator("#gap .scatterlayer path.js-line").first
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    assert line.evaluate("line => line.style.stroke") == "rgb(43, 89, 224)"
    assert page.locator("#gap .main-svg").first.get_attribute("viewBox")
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    assert line.evaluate("line => line.style.stroke") == "rgb(127, 162, 255)"


@pytest.mark.full
def test_a_text_that_is_cut_says_the_rest(visit):
    page = visit().open("/fleet/")
    name = page.locator(".find-text")
    name.evaluate("text => { text.style.maxWidth = '60px' }")
    name.hover()
    expect(name).to_have_attribute("title", re.compile("^Search or jump to"))
