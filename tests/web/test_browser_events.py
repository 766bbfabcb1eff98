"""Events over a chart of time in a browser: marks and list have the same numbers, and nothing moves for them."""

import pytest
from playwright.sync_api import expect

from tests.web.test_browser_work import asked_for, drag_across, wait_for_draws

pytestmark = pytest.mark.browser
EVENTS = "[data-chart-events=health]"


def numbers_drawn(page):
    return page.evaluate(
        "() => document.querySelector('#health').layout.annotations"
        ".filter(({name}) => name === 'event boxed').map(({text}) => text)"
    )


def test_marks_and_list_have_the_same_numbers(visit):
    one = visit()
    page = one.open("/sites/dfw-1/")
    items = page.locator(f"{EVENTS} li")
    expect(items).to_have_count(2)
    expect(items.nth(0)).to_contain_text("Maintenance: Filters")
    expect(items.nth(1).get_by_role("link", name="fio run, one node")).to_have_attribute("href", "/fleet/")
    expect(page.locator(EVENTS)).to_contain_text("3 other events have no mark.")
    page.wait_for_function("() => document.querySelector('#health').layout.annotations.length >= 2")
    assert numbers_drawn(page) == items.locator(".number").all_text_contents() == ["1", "2"]
    shapes = page.evaluate("() => document.querySelector('#health').layout.shapes.map(({type}) => type)")
    assert shapes[-2:] == ["rect", "line"]
    assert one.refusals == []


def test_a_zoom_asks_for_the_events_of_that_time(visit, samples):
    page = visit().open("/sites/dfw-1/")
    wait_for_draws(page, "health", 1)
    expect(page.locator(f"{EVENTS} li")).to_have_count(2)
    with page.expect_response("**/charts/events.json*"):
        drag_across(page, "health", start=0.25, end=0.5)
    series, events = (asked_for(samples, f"/charts/{name}.json")[-1] for name in ("series", "events"))
    assert (events["start"], events["end"]) == (series["start"], series["end"])
    assert events["site"] == ["dfw-1"]


def test_the_card_keeps_its_height_when_the_events_come(visit):
    one, late = visit(), []
    one.page.route("**/charts/events.json*", lambda route: late.append(route))
    page = one.open("/sites/dfw-1/")
    wait_for_draws(page, "health", 1)
    card = page.locator("section", has=page.locator("#health"))
    height = card.bounding_box()["height"]
    while not late:
        page.wait_for_function("() => true")
    late[0].continue_()
    expect(page.locator(f"{EVENTS} li")).to_have_count(2)
    assert card.bounding_box()["height"] == height


def test_a_chart_stands_without_its_events(visit):
    one = visit()
    one.page.route("**/charts/events.json*", lambda route: route.fulfill(status=503, body="{}"))
    page = one.open("/sites/dfw-1/")
    wait_for_draws(page, "health", 1)
    expect(page.locator(EVENTS)).to_have_text("The events of this time could not be loaded.")
    assert page.locator("#health .scatterlayer path.js-line").count() >= 3
