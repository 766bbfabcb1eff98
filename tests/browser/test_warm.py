"""Pages that replace each other without a load are what a load gives, and keep the reader's place."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
PATHS = (
    "/fleet/",
    "/problems/",
    "/readiness/",
    "/sites/porto/?tab=network",
    "/tradeoffs/",
    "/readiness/road/",
    "/readiness/worklist/",
    "/inventory/devices/",
    "/fleet/?kiosk=1",
    "/tradeoffs/",
    "/readiness/road/",
    "/readiness/",
    "/",
)
# What scripts made of a page is in here too; ids that they count up are not.
SNAPSHOT = """() => ({
    address: location.pathname + location.search,
    title: document.title,
    styles: [...document.querySelectorAll("link[rel=stylesheet]")].map(link => link.href).sort(),
    attributes: document.body.getAttributeNames().sort(),
    ids: [...document.querySelectorAll("[id]")].map(element => element.id)
        .filter(id => !/^(choice-|count-|js-plotly-)/.test(id) && !document.getElementById(id).closest(".plot")),
    made: [".choice-box", ".day-native", ".table-scroll[data-head-way]", "[data-drawn]", "[data-chart-notice]",
        "[data-theme-toggle] use[href$='moon']", ".matrix td > button[tabindex='0']", "dialog[open]", "noscript > *"]
        .map(selector => [selector, document.querySelectorAll(selector).length]),
})"""
SETTLED = """() => !document.documentElement.hasAttribute("data-on-way")
    && Boolean(document.querySelector(".matrix")) === Boolean(document.querySelector(".matrix button[tabindex='0']"))
    && [...document.querySelectorAll(".table-scroll > .table > thead")]
        .every(head => !head.checkVisibility() || head.closest("[data-head-way]"))
    && [...document.querySelectorAll("[data-road-frame]")].every(frame => frame.firstElementChild)
    && [...document.querySelectorAll("[data-chart-url]")].every(chart => {
        const frame = chart.closest("[data-plot-frame]");
        return !frame.checkVisibility() || chart.dataset.drawn || frame.querySelector("[data-chart-notice]")
            || chart.getBoundingClientRect().top > innerHeight + 200;
    })"""


def snapshot(page, path):
    page.wait_for_url(f"**{path}")
    page.wait_for_load_state("networkidle")
    page.wait_for_function(SETTLED)
    return page.evaluate(SNAPSHOT)


@pytest.mark.usefixtures("whole")
def test_each_page_is_the_one_that_a_load_gives(as_role):
    visit = as_role("admin")
    page = visit.open("/inbox/")
    page.evaluate("() => { window.isSame = true }")
    warm = []
    for path in PATHS:
        page.evaluate("path => location.assign(path)", path)
        warm.append(snapshot(page, path))
    assert page.evaluate("() => window.isSame")
    for path, seen in zip(PATHS, warm, strict=True):
        visit.open(path)
        loaded = snapshot(page, path)
        assert {name: (seen[name], loaded[name]) for name in seen if seen[name] != loaded[name]} == {}, path
    assert visit.refusals == []


@pytest.mark.usefixtures("whole")
def test_back_leads_to_the_place_and_to_the_link_that_led_away(as_role):
    visit = as_role("admin")
    page = visit.open("/inventory/devices/")
    page.set_viewport_size({"width": 1440, "height": 300})
    page.evaluate("() => { window.isSame = true; scrollTo(0, document.body.scrollHeight); }")
    link = page.locator("[data-table] tbody a.row-link").last
    page.wait_for_function("() => scrollY > 0")
    name, y = link.text_content(), page.evaluate("() => scrollY")
    link.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    expect(page).to_have_title(re.compile(f"{name} · Muster"))
    assert page.evaluate("() => scrollY") == 0
    expect(page.locator("#main")).to_be_focused()
    page.go_back()
    expect(page.get_by_role("link", name=name, exact=True).first).to_be_focused()
    page.wait_for_function("y => Math.abs(scrollY - y) < 2", arg=y)
    page.go_forward()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    assert page.evaluate("() => window.isSame")
    assert visit.refusals == []


@pytest.mark.usefixtures("whole")
def test_what_is_no_page_is_left_to_the_browser(as_role):
    visit = as_role("admin")
    page = visit.open("/inventory/devices/")
    page.evaluate("() => { window.isSame = true }")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="CSV", exact=True).click()
    assert waiting.value.suggested_filename.endswith(".csv")
    assert page.evaluate("() => window.isSame")
    page.evaluate(
        "() => { document.head.append(Object.assign(document.createElement('script'), {src: '/x.js'})) }"
    )
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Work").click()
    page.wait_for_url("**/worklist/")
    assert page.evaluate("() => window.isSame === undefined")
