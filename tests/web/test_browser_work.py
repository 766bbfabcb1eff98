"""What the modules of static/js do for someone at work: zoom, refresh, search, select, copy."""

import re
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import expect

from tests.web.chart_samples import DAY_MS, NOW_MS

pytestmark = pytest.mark.browser


def asked_for(server, path):
    return [parse_qs(query) for asked, query, _ in server.queries if asked == path]


def drag_across(page, chart, *, start, end):
    """Drag over a chart from one fraction of its plotting area to another."""
    area = page.locator(f"#{chart} .nsewdrag").first.bounding_box()
    height = area["y"] + area["height"] / 2
    page.mouse.move(area["x"] + area["width"] * start, height)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * (start + end) / 2, height)
    page.mouse.move(area["x"] + area["width"] * end, height)
    page.mouse.up()


def refresh_now(page):
    """The status of the answer, once the page has taken it in."""
    is_refresh = lambda response: response.request.headers.get("hx-target") == "div#live"  # noqa: E731
    page.evaluate("() => (document.querySelector('[data-refresh-status]').textContent = '')")
    with page.expect_response(is_refresh) as refreshed:
        page.evaluate("() => document.querySelector('[data-refresh-now]').click()")
    page.locator("[data-refresh-status]", has_text="Updated").wait_for(state="attached")
    return refreshed.value.status


def wait_for_draws(page, chart, count):
    page.wait_for_function(f"() => Number(document.querySelector('#{chart}').dataset.drawn) >= {count}")


def test_drag_asks_for_that_range_with_as_many_points_as_pixels(visit, samples):
    # The page says in which zone it tells times; that of the browser is another one.
    page = visit(timezone_id="Pacific/Auckland").open("/sites/dfw-1/")
    wait_for_draws(page, "health", 1)
    drag_across(page, "health", start=0.25, end=0.5)
    wait_for_draws(page, "health", 2)
    first, zoomed = asked_for(samples, "/charts/series.json")
    assert "start" not in first
    start, end = int(zoomed["start"][0]), int(zoomed["end"][0])
    week_start = NOW_MS - 7 * DAY_MS
    assert start == pytest.approx(week_start + 7 * DAY_MS * 0.25, abs=DAY_MS * 0.1)
    assert end == pytest.approx(week_start + 7 * DAY_MS * 0.5, abs=DAY_MS * 0.1)
    assert int(zoomed["points"][0]) == page.locator("#health").evaluate("plot => plot.clientWidth")
    expect(page).to_have_url(re.compile(f"start={start}&end={end}"))
    expect(page.locator("[data-chart-foot=health]")).to_contain_text("points of")


def test_double_click_and_the_back_button_return_to_the_whole_range(visit, samples):
    page = visit().open("/sites/dfw-1/")
    wait_for_draws(page, "health", 1)
    drag_across(page, "health", start=0.25, end=0.5)
    wait_for_draws(page, "health", 2)
    page.go_back()
    wait_for_draws(page, "health", 3)
    assert "start" not in asked_for(samples, "/charts/series.json")[-1]
    page.go_forward()
    wait_for_draws(page, "health", 4)
    assert "start" in asked_for(samples, "/charts/series.json")[-1]
    page.locator("#health .nsewdrag").first.dblclick()
    wait_for_draws(page, "health", 5)
    assert "start" not in asked_for(samples, "/charts/series.json")[-1]
    expect(page).not_to_have_url(re.compile("start="))


def test_old_line_stays_until_the_new_one_is_there(visit):
    page = visit().open("/sites/dfw-1/")
    wait_for_draws(page, "health", 1)
    held = []
    page.route("**/charts/series.json*", lambda route: held.append(route))
    drag_across(page, "health", start=0.25, end=0.5)
    page.wait_for_function("() => document.querySelector('#health').getAttribute('aria-busy') === 'true'")
    assert page.locator("#health .scatterlayer path.js-line").count() >= 3
    while not held:  # the page says that it is busy a moment before the request is seen here
        page.wait_for_function("() => true")
    held[0].continue_()
    wait_for_draws(page, "health", 2)


def test_what_pulses_until_a_chart_comes_is_gone_once_it_is_drawn(visit):
    """For whoever did not ask for less motion, too."""
    page = visit(reduced_motion="no-preference").open("/sites/dfw-1/")
    wait_for_draws(page, "health", 1)
    coming = page.locator("[data-plot-frame]", has=page.locator("#health")).locator(".skeleton")
    expect(coming).to_have_css("animation-name", "none")
    expect(coming).to_have_css("opacity", "0")


def test_chart_as_table_names_the_series_and_keeps_gaps_apart_from_zero(visit):
    page = visit().open("/sites/dfw-1/")
    wait_for_draws(page, "health", 1)
    page.get_by_role("button", name="Show Health, 7 days as a table").click()
    table = page.get_by_role("region", name="Health, 7 days as a table").get_by_role("table")
    headings = table.get_by_role("columnheader").all_inner_texts()
    assert headings == ["Time", "GPU utilisation", "p99.9 latency", "Power"]
    expect(table).to_contain_text("–")


def test_failed_chart_says_why_and_tries_again(visit, samples):
    page = visit().open("/sites/dfw-1/")
    page.locator("#broken").scroll_into_view_if_needed()
    alert = page.get_by_role("alert").filter(has_text="Couldn’t load the carbon chart")
    expect(alert).to_contain_text("The carbon signal did not answer.")
    before = samples.asked["/charts/broken.json"]
    alert.get_by_role("button", name="Retry").click()
    page.wait_for_function("() => !document.querySelector('#broken').hasAttribute('aria-busy')")
    assert samples.asked["/charts/broken.json"] == before + 1


def test_plotly_comes_once_and_only_where_there_is_a_chart(visit, samples):
    page = visit().open("/states/")
    page.wait_for_load_state("networkidle")
    assert samples.asked["/static/vendor/plotly.js"] == 0
    page = visit().open("/sites/dfw-1/")
    wait_for_draws(page, "health", 1)
    assert samples.asked["/static/vendor/plotly.js"] == 1


def test_refresh_keeps_focus_menus_and_charts_and_costs_nothing_when_nothing_changed(visit, samples):
    one = visit()
    page = one.open("/fleet/")
    wait_for_draws(page, "gap", 1)
    search = page.get_by_role("searchbox", name="Quick search")
    search.focus()
    page.locator(".segments").get_by_role("link", name="By site").click()
    wait_for_draws(page, "gap", 2)
    search.focus()
    assert refresh_now(page) == 200
    assert refresh_now(page) == 304
    assert search.evaluate("box => box === document.activeElement")
    expect(page.locator("#gap .barlayer")).to_have_count(1)
    expect(page.locator("[data-chart-switch][aria-current]")).to_have_text("By site")
    assert one.refusals == []


def test_refresh_interval_is_kept_for_the_next_page(visit):
    page = visit().open("/fleet/")
    page.locator("summary", has_text="30 s").click()
    page.get_by_role("button", name="Every minute").click()
    assert {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}["refresh_s"] == "60"
    expect(page.locator("[data-refresh-label]")).to_have_text("1 min")


def test_unreachable_server_is_said_and_the_figures_stay(visit):
    page = visit().open("/fleet/")
    page.route("**/fleet/*", lambda route: route.abort())
    page.locator("summary", has_text="30 s").click()
    page.get_by_role("button", name="Refresh now").click()
    page.locator("[data-refresh-status]", has_text="Not updated").wait_for(state="attached")
    expect(page.get_by_text("153.8").first).to_be_visible()


def test_quick_search_asks_for_the_table_alone_and_puts_it_in_the_address(visit, samples):
    page = visit().open("/fleet/")
    page.get_by_role("searchbox", name="Quick search").press_sequentially("DFW")
    page.wait_for_url("**/fleet/?*q=DFW*")
    path, query, target = next(asked for asked in samples.queries if "q=DFW" in asked[1])
    assert (path, target) == ("/fleet/", "div#table-sites")
    assert parse_qs(query) == {"sort": ["mw"], "verdict": ["not-ready"], "q": ["DFW"]}
    assert page.get_by_role("searchbox", name="Quick search").evaluate(
        "box => box === document.activeElement"
    )


def test_ticked_rows_show_what_can_be_done_with_them(visit):
    page = visit().open("/fleet/")
    expect(page.locator("[data-selection]")).to_be_hidden()
    page.get_by_role("checkbox", name="Select DFW-1").check()
    expect(page.locator("[data-selected-count]")).to_have_text("1")
    page.get_by_role("checkbox", name="Select all rows of this page").check()
    expect(page.locator("[data-selected-count]")).to_have_text("7")
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.locator("[data-selection]")).to_be_hidden()


def test_rows_are_selected_and_acted_on_by_keys_alone(visit):
    page = visit().open("/fleet/")
    for key in ("j", "x", "j", "j", "Shift+X"):
        page.keyboard.press(key)
    expect(page.locator("[data-selected-count]")).to_have_text("3")
    page.keyboard.press("b")
    assert page.evaluate("() => document.activeElement.closest('[data-selection]') !== null")
    page.keyboard.press("Escape")
    expect(page.locator("[data-selection]")).to_be_hidden()
    assert page.evaluate("() => document.activeElement.closest('tr') !== null")


def test_copied_link_names_absolute_times(visit):
    page = visit(permissions=["clipboard-read", "clipboard-write"]).open("/sites/dfw-1/?start=now-7d&end=now")
    page.get_by_role("button", name="Copy link").click()
    page.get_by_role("button", name="Copied").wait_for()
    copied = parse_qs(page.evaluate("() => navigator.clipboard.readText()").split("?")[1])
    assert copied == {"start": [str(NOW_MS - 7 * DAY_MS)], "end": [str(NOW_MS)]}


def test_shortcuts_work_stay_out_of_fields_and_can_be_switched_off(visit):
    page = visit().open("/states/")
    page.keyboard.press("/")
    assert page.evaluate("() => document.activeElement.name") == "q"
    page.keyboard.type("?t")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()
    page.keyboard.press("Escape")
    page.locator("main").focus()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    dialog.get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape")
    page.locator("main").focus()
    page.keyboard.press("?")
    expect(dialog).to_be_hidden()


def test_two_keys_lead_to_a_page(visit):
    page = visit().open("/states/")
    page.keyboard.press("g")
    page.keyboard.press("f")
    page.wait_for_url("**/fleet/")


def test_menu_closes_on_escape_and_gives_the_focus_back(visit):
    page = visit().open("/fleet/")
    page.keyboard.press("t")
    expect(page.get_by_role("link", name="Last 24 hours")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Last 24 hours")).to_be_hidden()
    assert page.evaluate("() => document.activeElement.tagName") == "SUMMARY"


def test_marker_is_reached_by_keyboard_and_says_its_state(visit):
    page = visit().open("/fleet/")
    marker = page.locator(".map").get_by_role("link", name="DFW-1, Not ready, 36.0 MW")
    marker.focus()
    assert page.locator("[data-map-tip]").inner_text().split("\n") == ["DFW-1", "Not ready", "36.0 MW"]


def test_confirmation_asks_first(visit):
    page = visit().open("/sites/dfw-1/")
    dialog = page.get_by_role("dialog", name="Evaluate DFW-1 now?")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Evaluate now").click()
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()


def test_instants_are_shown_in_the_zone_of_the_page_across_the_clock_change(visit):
    page = visit().open("/states/")
    hours = page.evaluate(
        """async () => {
          const { toWall, fromWall } = await import('/static/js/zone.js');
          const zone = 'Europe/Dublin';
          const instants = ['2026-07-01T12:00Z', '2026-10-25T00:30Z', '2026-10-25T01:30Z', '2026-12-01T12:00Z'
          ]
            .map(Date.parse);
          return instants.map(at => [
            new Date(toWall(at, zone)).toISOString().slice(11, 16), fromWall(toWall(at, zone), zone) - at]);
        }"""
    )
    assert [wall for wall, _ in hours] == ["13:00", "01:30", "01:30", "12:00"]
    assert [back for _, back in (hours[0], hours[2], hours[3])] == [0, 0, 0]
