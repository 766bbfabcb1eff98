"""Boxes measured on a phone: targets that a thumb hits, what stands in the first screen, how long a page is."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.browser import fleet
from tests.conftest import NOW
from tests.readiness.organisation.people import made as people

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
LEAST_TARGET = 24
# WCAG 2.5.8 leaves out links within a sentence; a marker of the map has an equal in the table below it, and the head of
# a table whose rows are cards is not shown.
SMALL_TARGETS = """least => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary")]
    .filter(each => each.checkVisibility({visibilityProperty: true}))
    .filter(each => !each.closest(".visually-hidden, .map, .skip, .js-plotly-plot, .cards thead"))
    .filter(each => {
        const parts = [each, each.closest("label")].filter(Boolean).map(part => part.getBoundingClientRect());
        return !parts.some(box => box.width >= least - .5 && box.height >= least - .5);
    })
    .filter(each => getComputedStyle(each).display !== "inline"
        || ![...each.parentNode.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim()))
    .map(each => `${each.outerHTML.slice(0, 120)} in ${each.parentNode.className}`)"""
# The lowest thing that is drawn in a card, and what is left empty below it.
VOIDS = """least => [...document.querySelectorAll("main .card")].map(card => {
        const all = [...card.querySelectorAll("*")];
        const drawn = all.filter(each => !each.children.length || each.matches("svg, table"));
        const lowest = Math.max(...drawn.map(each => each.getBoundingClientRect().bottom));
        return [card.querySelector("h2")?.textContent, Math.round(card.getBoundingClientRect().bottom - lowest)];
    }).filter(([, empty]) => empty > least)"""
# Values of cards that are wider than their cell, and cells that end before the card does though nothing stands beside.
LOOSE_CELLS = """() => [...document.querySelectorAll(".cards tbody td")].filter(cell => cell.checkVisibility())
    .filter(cell => {
        const {right, top} = cell.getBoundingClientRect();
        const beside = [...cell.parentNode.children].some(other => {
            const box = other.getBoundingClientRect();
            return box.left > right && Math.abs(box.top - top) < 8;
        });
        const room = cell.parentNode.getBoundingClientRect().right - 12 - right;
        return cell.scrollWidth > cell.clientWidth + 1 || !beside && room > 2;
    }).map(cell => cell.textContent.trim())"""
SITE_PAGES = (
    "/sites/porto/",
    "/sites/porto/?tab=people",
    "/sites/porto/?tab=evidence",
    "/sites/porto/?tab=changes",
)
FIRST_SCREEN = ("Verdict", "Held back", "do not pass", "Compute", "Network", "Energy", "Owner")


def opened(as_role, path, screen, role="ops"):
    page = as_role(role).open(path)
    page.set_viewport_size(screen)
    return page


def top_of(page, text):
    return page.locator("#live").get_by_text(text, exact=False).first.bounding_box()["y"]


@pytest.mark.parametrize("path", ["/sites/", "/readiness/", *SITE_PAGES])
def test_targets_are_large_enough_on_a_phone(as_role, small_fleet, path):
    page = opened(as_role, path, PHONE)
    assert page.evaluate(SMALL_TARGETS, LEAST_TARGET) == []


@pytest.mark.parametrize("screen", [PHONE, DESK], ids=["phone", "desk"])
def test_the_first_screen_of_a_site_says_what_counts(as_role, small_fleet, screen):
    page = opened(as_role, "/sites/porto/", screen)
    assert {
        text: top_of(page, text) for text in FIRST_SCREEN if top_of(page, text) > screen["height"] - 20
    } == {}


def test_the_matrix_shows_rows_in_its_first_screen(as_role, small_fleet):
    page = opened(as_role, "/readiness/", PHONE)
    rows = page.locator(".matrix tbody tr")
    assert rows.nth(3).bounding_box()["y"] < PHONE["height"] * 4 / 5


def test_the_fleet_is_short_on_a_phone(as_role, small_fleet):
    fleet.build(NOW, sites=18, first=6)
    page = opened(as_role, reverse("fleet"), PHONE)
    page.wait_for_function("() => document.querySelector('#gap .main-svg')")
    assert page.locator("#table-sites tbody tr").count() >= 24
    assert page.evaluate("() => document.documentElement.scrollHeight") <= 4000
    assert page.evaluate(SMALL_TARGETS, LEAST_TARGET) == []


@pytest.mark.parametrize(("page_name", "slugs"), [("fleet", []), ("site", ["porto"]), ("site", ["site-1"])])
def test_no_card_is_left_empty_for_more_than_a_quarter_of_a_screen(as_role, small_fleet, page_name, slugs):
    page = opened(as_role, reverse(page_name, args=slugs), DESK)
    assert page.evaluate(VOIDS, DESK["height"] / 4) == []


def test_what_is_not_well_comes_first_on_a_phone(as_role, small_fleet):
    page = opened(as_role, "/sites/porto/", PHONE)
    boxes = [
        (section.get_attribute("data-well") is None, section.bounding_box())
        for section in page.locator(".domains > .domain").all()
    ]
    in_order = [unwell for unwell, _box in sorted(boxes, key=lambda each: each[1]["y"])]
    assert in_order == sorted(in_order, reverse=True)
    assert all(box["height"] < 70 for unwell, box in boxes if not unwell)


def test_the_present_tab_is_in_view_on_a_phone(as_role):
    page = opened(as_role, "/tradeoffs/rules/", PHONE, role="planner")
    tab = page.get_by_role("link", name="Rules", exact=True).first
    expect(tab).to_have_attribute("aria-current", "page")
    expect(tab).to_be_in_viewport(ratio=0.95)


def test_a_value_wider_than_half_a_card_has_a_row_of_its_own(as_role):
    people.person(name="Astrid Wennerholm", email="astrid.wennerholm@corvale.example")
    page = opened(as_role, "/people/", PHONE, role="manager")
    expect(page.locator(".cards tbody")).to_contain_text("astrid.wennerholm@corvale.example")
    assert page.evaluate(LOOSE_CELLS) == []


def test_a_phone_shows_all_rows_once_it_is_asked_by_keyboard(as_role, small_fleet):
    fleet.build(NOW, sites=18, first=6)
    page = opened(as_role, "/sites/", PHONE)
    rows = page.locator("tbody tr:visible")
    expect(rows).to_have_count(12)
    page.get_by_role("checkbox", name="Show all").press("Space")
    expect(page.get_by_text("Show fewer rows")).to_be_visible()
    assert rows.count() > 12
