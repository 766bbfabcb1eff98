"""The way of an operations engineer: log in, filter, zoom a chart, open a check, follow it to the samples."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_from_the_login_to_the_samples_behind_a_verdict(signed_in, small_fleet):
    one = signed_in("ops")
    page = one.open("/fleet/")

    table = page.locator("#table-sites")
    table.get_by_text("Filter", exact=True).click()
    table.get_by_label("Not ready").check()
    table.get_by_role("button", name="Apply filters").click()
    page.wait_for_url(re.compile("verdict=not-ready"))
    table.locator("tbody").get_by_text("Conditional", exact=True).wait_for(state="detached")
    assert set(table.locator("tbody .pill").all_inner_texts()) == {"Not ready"}

    table.get_by_role("link", name="Porto").click()
    page.wait_for_url(re.compile("/sites/porto/"))
    chart = page.locator("#series")
    chart.scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('#series').dataset.drawn === '1'")
    box = chart.locator(".nsewdrag").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.95, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.99, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    page.wait_for_function("() => document.querySelector('#series').dataset.drawn === '2'")
    asked = parse_qs(urlsplit(page.url).query)
    assert 0 < int(asked["end"][0]) - int(asked["start"][0]) < 2 * 3600 * 1000
    # The card says what it shows now, and its file holds that.
    card = page.locator("section[aria-labelledby=h-series]")
    expect(card.get_by_role("heading")).to_have_text(re.compile(r"^Live series, \d+ \w+ 2026 .* – "))
    expect(
        card.get_by_role("button", name=re.compile("^Show Live series, \\d+ .* as a table$"))
    ).to_be_visible()
    expect(card.locator(".segments [aria-current]")).to_have_count(0)
    file = parse_qs(urlsplit(card.locator("a[download]").get_attribute("href")).query)
    assert (file["start"], file["end"]) == (asked["start"], asked["end"])
    page.mouse.dblclick(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(card.get_by_role("heading")).to_have_text("Live series, last 24 hours")
    expect(card.locator(".segments [aria-current]")).to_have_count(1)
    assert "start=now-24h" in card.locator("a[download]").get_attribute("href")

    page.get_by_role("link", name=re.compile("^Accelerator faults")).first.click()
    page.wait_for_url(re.compile("/checks/p5-accelerator-health/"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Fail")
    page.get_by_role("link", name="Show the samples").click()
    page.wait_for_url(re.compile("/telemetry/explore/"))
    assert parse_qs(urlsplit(page.url).query)["metric"] == ["DCGM_FI_DEV_XID_ERRORS"]
    page.wait_for_function("() => document.querySelector('[data-chart-url][data-drawn]')")
    assert one.refusals == []


def test_table_of_the_chart_holds_the_same_figures(signed_in, small_fleet):
    page = signed_in("viewer").open("/fleet/")
    page.locator("#gap").scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('#gap').dataset.drawn === '1'")
    page.get_by_role("button", name="Show Readiness gap as a table").click()
    table = page.get_by_role("region", name="Readiness gap as a table")
    expect(table).to_contain_text("Deployed, kW")
    page.get_by_role("link", name="By site").click()
    page.wait_for_function("() => location.search.includes('view=site')")


def test_live_region_takes_what_changed_without_losing_its_place(signed_in, small_fleet, frozen_now):
    page = signed_in("viewer").open("/fleet/")
    # The shortcut works once the page's modules have been read.
    page.wait_for_load_state("networkidle")
    page.evaluate("() => window.scrollTo(0, 400)")
    small_fleet[0].owner = "New owner"
    small_fleet[0].save()
    page.keyboard.press("r")
    page.get_by_text("New owner").first.wait_for(state="attached")
    assert page.evaluate("() => window.scrollY") == 400


def test_what_is_shown_is_exported_and_the_back_button_brings_it_back(signed_in, small_fleet):
    one = signed_in("viewer")
    page = one.open("/fleet/")
    table = page.locator("#table-sites")
    table.get_by_text("Filter", exact=True).click()
    table.get_by_label("Not ready").check()
    table.get_by_label("Conditional").check()
    table.get_by_role("button", name="Apply filters").click()
    page.wait_for_url(re.compile("verdict=conditional"))
    table.get_by_text("Columns", exact=True).click()
    table.get_by_role("checkbox", name="Region").check()
    table.get_by_role("button", name="Apply", exact=True).click()
    table.get_by_role("columnheader", name="Region").wait_for()

    table.get_by_role("link", name="Remove the filter Readiness: Conditional").click()
    page.wait_for_url(lambda address: "verdict=conditional" not in address)
    table.locator("tbody").get_by_text("Conditional", exact=True).first.wait_for(state="detached")
    with page.expect_download() as exporting:
        table.get_by_role("link", name="CSV").click()
    head, *rows = exporting.value.path().read_text().splitlines()
    assert "Region" in head
    assert len(rows) == table.locator("tbody tr").count()
    assert {"not-ready"} == {row.split(",")[head.split(",").index("Readiness")] for row in rows}

    page.go_back()
    page.wait_for_url(re.compile("verdict=conditional"))
    table.locator("tbody").get_by_text("Conditional", exact=True).first.wait_for()
    expect(table.get_by_role("columnheader", name="Region")).to_be_visible()
    assert one.refusals == []


def test_the_keyboard_goes_past_the_navigation_and_through_the_tabs(signed_in, small_fleet):
    page = signed_in("viewer").open("/sites/porto/")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent.trim()") == "Skip to content"
    page.keyboard.press("Enter")
    stops = []
    while not (stops and stops[-1].startswith("Compute")) and len(stops) < 18:
        page.keyboard.press("Tab")
        stops.append(page.evaluate("() => document.activeElement.textContent.trim()"))
    assert stops[0] == "Sites"
    assert "Americas" in stops
    assert stops[-2] == "Overview"
    assert re.match(r"Compute\b", stops[-1])
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("tab=compute"))
