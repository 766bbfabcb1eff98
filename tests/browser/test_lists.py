"""Lists in a browser: what is hidden has a cue, what stays in view stays, and rows are reached by keyboard."""

import json
import re

import pytest
from playwright.sync_api import expect

from inventory.models import Rack
from tests.inventory import made
from web.tables import LISTS

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]

HEAD_IS_BELOW_THE_BAR = """() => Math.abs(document.querySelector("thead").getBoundingClientRect().top
    - document.querySelector(".top").getBoundingClientRect().bottom) <= 1"""


@pytest.fixture
def racks():
    """More than a screen holds, with a name that is longer than most."""
    site = made.site(name="Porto", slug="porto-1")
    return [made.rack(site=site, name=f"porto-1-row-{number:02}") for number in range(40)]


@pytest.fixture
def wide(racks, as_role):
    visit = as_role("planner", width=1000)
    visit.open("/inventory/devices/")  # now every list is declared
    keys = [column.key for column in LISTS["device-list"].columns]
    for rack in racks[:30]:
        made.device(rack=rack, site=rack.site, name=f"{rack.name}-n001")
    visit.open(f"/inventory/devices/?cols={','.join(keys)}")
    return visit


def test_head_and_first_column_stay_while_the_rest_scrolls(wide):
    frame = wide.page.locator(".table-scroll")
    name = wide.page.locator("tbody tr").nth(20).locator("td:nth-child(2)")
    head = wide.page.locator("thead th:nth-child(2)")
    frame.evaluate("frame => { frame.scrollTo(400, 0); scrollTo(0, 600); }")
    assert frame.evaluate("frame => [frame.scrollLeft > 100, scrollY]") == [True, 600]
    # The page scrolls and the list does not: the head follows, right below the bar at the top.
    assert frame.evaluate("frame => frame.scrollHeight === frame.clientHeight")
    wide.page.wait_for_function(HEAD_IS_BELOW_THE_BAR)
    outer, top, left = frame.bounding_box(), head.bounding_box(), name.bounding_box()
    assert 40 <= left["x"] - outer["x"] <= 44
    assert top["x"] == left["x"]
    # What is scrolled by keyboard is scrolled without a mouse: the frame is a stop of its own, with a name.
    expect(wide.page.get_by_role("region", name="Devices")).to_have_attribute("tabindex", "0")


def test_rows_are_reached_and_opened_by_keyboard(racks, as_role):
    visit = as_role("planner")
    page = visit.open("/inventory/racks/")
    focused = "() => document.activeElement.textContent.trim()"
    for key, number in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
        page.keyboard.press(key)
        assert page.evaluate(focused) == racks[number].name
    page.keyboard.press("x")
    expect(page.locator("[data-selected-count]")).to_have_text("1")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"/inventory/racks/{racks[1].pk}/"))


def test_rows_leave_keys_alone_where_shortcuts_are_off_and_where_somebody_types(racks, as_role):
    page = as_role("planner").open("/inventory/racks/")
    page.get_by_role("searchbox", name="Search racks").press_sequentially("j")
    assert page.evaluate("() => document.activeElement.value") == "j"
    page.evaluate("() => { document.body.dataset.shortcuts = 'off'; document.activeElement.blur(); }")
    page.keyboard.press("j")
    assert page.evaluate("() => document.activeElement === document.body")


def test_a_row_s_menu_opens_beside_it_and_closes_on_escape(racks, as_role, axe_source):
    visit = as_role("planner")
    page = visit.open("/inventory/racks/")
    button = page.get_by_role("button", name="Actions for porto-1-row-03")
    button.press("Enter")
    change = page.get_by_role("link", name="Change", exact=True)
    expect(change).to_be_visible()
    assert abs(change.bounding_box()["y"] - button.bounding_box()["y"]) < 200
    page.evaluate(axe_source)
    report = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    assert [each["id"] for each in report["violations"]] == []
    page.keyboard.press("Escape")
    expect(change).to_be_hidden()
    assert visit.refusals == []


def test_a_view_is_saved_opened_from_the_side_bar_and_deleted(racks, as_role):
    visit = as_role("planner")
    page = visit.open("/inventory/racks/?q=row-1")
    page.locator("summary", has_text="Views").click()
    page.get_by_label("Save this list as").fill("Tens")
    page.get_by_label("Open the list with it").check()
    page.get_by_role("button", name="Save view").click()
    side = page.get_by_role("navigation", name="Main").get_by_role("link", name="Tens")
    expect(side).to_have_attribute("aria-current", "page")
    visit.open("/inventory/racks/")
    expect(page.locator("tbody tr")).to_have_count(10)
    page.locator("summary", has_text="Tens").click()
    page.get_by_role("link", name="Rename, share or delete Tens").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    expect(side).to_have_count(0)
    visit.open("/inventory/racks/")
    expect(page.locator("tbody tr")).to_have_count(40)


def test_chosen_columns_and_density_are_there_on_the_next_visit(racks, as_role):
    page = as_role("planner").open("/inventory/racks/")
    height = page.locator("tbody tr").first.bounding_box()["height"]
    page.locator("summary", has_text="Columns").click()
    page.get_by_label("Compact").check()
    page.get_by_label("Site", exact=True).uncheck()
    page.get_by_role("button", name="Apply", exact=True).click()
    page.wait_for_url(re.compile("cols="))
    page.goto(page.url.partition("?")[0])
    expect(page.get_by_role("columnheader", name="Site")).to_have_count(0)
    assert page.locator("tbody tr").first.bounding_box()["height"] < height - 6


def test_marked_rows_are_changed_together_once_seen(racks, as_role):
    page = as_role("planner").open("/inventory/racks/")
    for key in "jxjx":
        page.keyboard.press(key)
    page.get_by_role("button", name="Edit").press("Enter")
    page.get_by_role("textbox", name="Rated power").fill("17.5")
    page.get_by_role("button", name="Preview").press("Enter")
    changes = page.get_by_role("region", name="Changes by row").locator("tbody tr")
    expect(changes).to_have_count(2)
    assert [row.split()[0] for row in changes.all_inner_texts()] == [rack.name for rack in racks[:2]]
    page.get_by_role("button", name="Change 2 rows").press("Enter")
    page.wait_for_url(re.compile("/inventory/racks/$"))
    expect(page.get_by_role("status").first).to_be_visible()
    assert {*Rack.objects.filter(rated_kw=17.5)} == {*racks[:2]}


# What is added to a page: a box at its end, in which charts measure text, and after it, in which htmx keeps what moves.
ADDED = """() => {
    document.body.append(document.createElement("div"));
    document.body.after(document.createElement("div"));
    return document.body.getBoundingClientRect().width;
}"""
MOST_STYLED = 40


@pytest.mark.parametrize("path", ["/inventory/racks/", "/fleet/"])
def test_what_is_added_leaves_the_style_of_the_rest_alone(chromium, racks, as_role, path):
    """A selector such as `:has(…) > *` or `legend + *` has a browser style the whole page anew."""
    page = as_role("planner").open(path)
    page.evaluate(ADDED)
    # What observes the sizes of the page acts with the next frame.
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    chromium.start_tracing(page=page, categories=["devtools.timeline"])
    page.evaluate(ADDED)
    events = json.loads(chromium.stop_tracing())["traceEvents"]
    styled = [each["args"]["elementCount"] for each in events if "elementCount" in each.get("args", {})]
    assert styled
    assert max(styled) <= MOST_STYLED
