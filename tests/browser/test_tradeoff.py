"""Trade-offs by hand: an envelope set, a weight dragged, an axis brushed, a reason opened, a decision recorded."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.looking import faults
from tests.conftest import PASSWORD
from tests.readiness.conftest import iberia
from tests.readiness.tradeoffs.placing.conftest import chat, fleet

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
__all__ = ["chat", "fleet", "iberia"]
ANSWER = re.compile(r"/tradeoffs/\?")
DRAWING = re.compile(r"parallel\.json")
LATENCY_RANGE = "document.getElementById('placement-parallel').data[0].dimensions[1].constraintrange"
SITES = "rows => rows.map(row => row.dataset.site)"


def test_weights_and_ranges_act_at_once_and_reasons_open(as_role, chat, axe_source):
    one = as_role("planner")
    page = one.open("/tradeoffs/?workload=chat&latency=100")
    rows = page.locator("[data-options] tr")
    assert rows.evaluate_all(SITES) == ["lulea", "porto"]
    page.locator("#placement-scatter[data-drawn]").wait_for()

    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/tradeoffs/" in request.url else None)
    for label in ("Cost", "Carbon"):
        # Limits have a slider of that name too.
        page.locator(
            f"#lever-w_{label.lower()} ~ input, input[data-slides='lever-w_{label.lower()}']"
        ).first.evaluate(
            "slider => { slider.value = 0; slider.dispatchEvent(new Event('input', {bubbles: true})) }"
        )
    page.wait_for_function("() => document.querySelector('[data-options] tr').dataset.site === 'porto'")
    assert asked == []
    page.locator("input[data-slides='lever-w_latency']").focus()
    page.keyboard.press("End")
    page.wait_for_function("() => document.querySelector('#h-best ~ * .num').textContent !== ''")
    page.wait_for_url(re.compile("w_latency=100"))
    page.locator("#placement-best .pick", has_text="Porto").wait_for()

    page.get_by_text("Type ranges").click()
    page.get_by_label("Latency to").fill("20")
    page.get_by_label("Latency to").press("Tab")
    page.wait_for_function("() => document.querySelectorAll('[data-options] tr').length === 1")
    assert rows.evaluate_all(SITES) == ["porto"]
    expect(page).to_have_url(re.compile("to_latency=20"))

    _open_lagos(page)
    again = page.url
    one.open(again.removeprefix(one.base))
    assert rows.evaluate_all(SITES) == ["porto"]
    assert one.refusals == []
    assert faults(one, axe_source, "/tradeoffs/?workload=chat&latency=100&compare=porto,lulea") == []


def test_what_is_done_while_an_answer_is_on_its_way_is_kept_and_asked_after_it(as_role, chat):
    one = as_role("planner")
    page = one.open("/tradeoffs/?workload=chat&to_latency=90")
    _draw_lines(page)
    page.get_by_text("Type ranges").click()
    held, asked = _first_waits(page, ANSWER)
    with page.expect_request(ANSWER):
        page.locator("#lever-demand").fill("120")
        page.keyboard.press("Tab")
    page.locator("#lever-price").fill("90")
    page.locator("input[data-slides='lever-w_latency']").focus()
    page.keyboard.press("End")
    page.locator("select[name='y']").select_option("carbon")
    page.get_by_label("Compare Porto").check()
    page.get_by_label("Latency to").fill("20")
    page.get_by_label("Carbon from").fill("1")
    with page.expect_response(re.compile("to_latency=20")):
        held.pop().continue_()
    page.wait_for_function(f"() => {LATENCY_RANGE}?.[1] === 20")
    assert page.locator("[data-options] tr").evaluate_all(SITES) == ["porto"]
    expect(page.get_by_label("Latency to")).to_have_value("20")
    expect(page.locator("select[name='y']")).to_have_value("carbon")
    expect(page.get_by_label("Compare Porto")).to_be_checked()
    # What is half typed is kept; nobody has asked for it.
    expect(page.get_by_label("Carbon from")).to_be_focused()
    expect(page.get_by_label("Carbon from")).to_have_value("1")
    assert len(asked) == 2, asked
    assert "to_latency=90" in asked[0]
    for part in ("demand=120", "price=90", "w_latency=100", "y=carbon", "compare=porto"):
        assert part in asked[1]
    page.keyboard.press("Tab")
    expect(page).to_have_url(re.compile("from_carbon=1"))
    assert len(asked) == 2, asked
    assert one.refusals == []


def test_an_answer_that_does_not_come_is_told_and_may_be_asked_for_again(as_role, chat):
    one = as_role("planner")
    page = one.open("/tradeoffs/?workload=chat")
    one.scroll_through()
    page.route(ANSWER, lambda route: route.abort())
    page.locator("#lever-demand").fill("120")
    page.keyboard.press("Tab")
    told = page.get_by_role("alert").locator("p", has_text="Muster did not answer")
    expect(told).to_be_visible()
    expect(page.locator("[data-options] tr")).to_have_count(3)
    expect(page.locator("#lever-demand")).to_have_value("120")
    page.unroute(ANSWER)
    page.route(
        ANSWER, lambda route: route.fulfill(status=500, content_type="text/html", body="<h1>Fault</h1>")
    )
    with page.expect_response(ANSWER):
        told.get_by_role("button", name="Retry").click()
    expect(told).to_be_visible()
    page.unroute(ANSWER)
    # A menu that opens under the pointer swallows that its button is let go; nothing is dragged.
    page.locator("#placement-parallel").dispatch_event("pointerdown", {"button": 2})
    with page.expect_response(re.compile(r"parallel\.json.*demand=120")):
        told.get_by_role("button", name="Retry").press("Enter")
    expect(told).to_be_hidden()
    expect(page.get_by_role("button", name="Apply")).to_be_focused()
    expect(page.locator("#placement-parallel:not([aria-busy])")).to_be_visible()


def test_who_is_signed_out_is_told_and_comes_back_to_what_was_set(as_role, chat):
    one = as_role("planner")
    page = one.open("/tradeoffs/?workload=chat&latency=100")
    one.scroll_through()
    page.context.clear_cookies()
    page.locator("#lever-demand").fill("120")
    page.keyboard.press("Tab")
    told = page.get_by_role("alert").locator("p", has_text="You are signed out")
    expect(told).to_be_visible()
    expect(page).to_have_url(re.compile("demand=120"))
    page.get_by_text("Type ranges").click()
    page.get_by_label("Latency to").fill("20")
    page.get_by_label("Latency to").press("Tab")
    expect(page).to_have_url(re.compile("to_latency=20"))
    asked = page.url
    told.get_by_role("link").click()
    page.get_by_label("Username").fill("planner")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda address: address == asked)
    expect(page.locator("#lever-demand")).to_have_value("120")
    assert one.refusals == []


def test_a_brush_outlives_the_drawing_that_comes_under_it(as_role, chat):
    one = as_role("planner")
    page = one.open("/tradeoffs/?workload=chat")
    _draw_lines(page)
    held, _asked = _first_waits(page, DRAWING)
    with page.expect_request(DRAWING):
        page.locator("#lever-w_latency").fill("100")
        page.keyboard.press("Tab")
    # The first axis is that of cost, which has Porto alone in its upper half.
    _press(page, page.locator("#placement-parallel .axis-brush .background").first, 0.99, 0.6)
    with page.expect_response(DRAWING):
        held.pop().continue_()
    page.mouse.move(*_at(page.locator("#placement-parallel .axis-brush .background").first, 0.55))
    with page.expect_response(re.compile(r"parallel\.json.*(from|to)_cost=")):
        page.mouse.up()
    expect(page).to_have_url(re.compile("(from|to)_cost="))
    expect(page.locator("[data-options] tr")).to_have_count(2)
    page.wait_for_function(
        "() => document.getElementById('placement-parallel').data[0].dimensions[0].constraintrange"
    )


def test_from_an_envelope_to_a_decision_that_its_address_opens_again(as_role, fleet, iberia, axe_source):
    one = as_role("planner")
    page = one.open("/tradeoffs/workloads/add/")
    page.get_by_label("Name", exact=True).fill("Voice")
    page.get_by_label("Slug", exact=True).fill("voice")
    page.get_by_label("Type", exact=True).select_option("any")
    page.get_by_label("Count").first.fill("4")
    page.get_by_role("button", name="Add a type").press("Enter")
    expect(page.get_by_label("Type", exact=True)).to_have_count(2)
    expect(page.get_by_label("Type", exact=True).last).to_be_focused()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Voice")
    page.get_by_label("IT power").fill("10")
    page.get_by_label("Region", exact=True).select_option("iberia")
    page.get_by_label("Minimum verdict").select_option("")
    page.get_by_label("Latency limit").fill("100")
    # Enter saves, and presses none of the buttons of the rows.
    page.get_by_label("Latency limit").press("Enter")
    page.wait_for_url(re.compile("/tradeoffs/workloads/voice/$"))
    assert faults(one, axe_source, "/tradeoffs/workloads/voice/change/") == []

    page.set_viewport_size({"width": 1440, "height": 900})
    one.open("/tradeoffs/?workload=voice")
    rows = page.locator("[data-options] tr")
    expect(rows).to_have_count(2)
    slider = page.locator("input[data-slides='lever-w_latency']")
    _drag(page, slider, 0.5, 0.9, across=True)
    page.wait_for_url(re.compile(r"w_latency=(8|9|10)\d"))

    page.get_by_text("Type ranges").click()
    page.get_by_label("Latency to").fill("20")
    page.keyboard.press("Tab")
    expect(rows).to_have_count(1)

    _open_lagos(page)
    page.get_by_role("link", name="Record decision").click()
    page.wait_for_url(re.compile("/decisions/new/"))
    page.get_by_label("Reason for this site").fill("Cheapest site that keeps the limit.")
    page.get_by_role("button", name="Record").click()
    page.wait_for_url(re.compile(r"/decisions/\d+/$"))
    address = page.url.removeprefix(one.base)
    one.open(address)
    expect(page.locator(".lead", has_text="Cheapest site that keeps the limit.")).to_be_visible()
    expect(page.get_by_text("Waits for approval").first).to_be_visible()
    expect(page.get_by_text("Lagos").first).to_be_visible()
    assert one.refusals == []
    assert faults(one, axe_source, address) == []


SHIFTED = """new PerformanceObserver(list => list.getEntries().forEach(entry => {
    if (!entry.hadRecentInput) window.shifted = (window.shifted ?? 0) + entry.value;
})).observe({type: "layout-shift", buffered: true})"""


def test_weights_stay_in_sight_and_tabs_are_in_the_address(as_role, chat):
    one = as_role("planner")
    page = one.open("/tradeoffs/?workload=chat")
    weights = page.locator("[data-weight]")
    for position in ("0", "document.body.scrollHeight"):
        page.evaluate(f"() => scrollTo(0, {position})")
        for box in (each.bounding_box() for each in weights.all()):
            assert 0 <= box["y"] <= 900 - box["height"], (position, box)
    sure = page.locator("#placement-why")
    expect(sure).to_be_hidden()
    page.get_by_text("How sure is it").click()
    expect(sure).to_be_visible()
    expect(page.locator("#placement-parallel")).to_be_hidden()
    expect(page).to_have_url(re.compile("tab=sure"))
    one.open(page.url.removeprefix(one.base))
    expect(sure).to_be_visible()
    page.get_by_role("radio", name="How sure is it").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#placement-parallel[data-drawn]")).to_be_visible()
    assert one.refusals == []


def test_a_phone_has_the_weights_in_a_drawer_and_nothing_jumps(as_role, chat):
    one = as_role("planner", width=390)
    one.page.add_init_script(SHIFTED)
    page = one.open("/tradeoffs/?workload=chat&latency=100")
    page.locator("#placement-scatter[data-drawn]").wait_for()
    drawer = page.locator(".drawer-button")
    for position in ("0", "document.body.scrollHeight"):
        page.evaluate(f"() => scrollTo(0, {position})")
        box = drawer.bounding_box()
        assert 700 < box["y"] <= 900 - box["height"]
    assert (page.evaluate("() => window.shifted") or 0) <= 0.02
    drawer.click()
    page.locator("input[data-slides='lever-w_latency']").focus()
    page.keyboard.press("End")
    for name in ("cost", "carbon", "readiness"):
        page.locator(f"#lever-w_{name}").fill("0")
    page.wait_for_function("() => document.querySelector('[data-options] tr').dataset.site === 'porto'")


def test_lines_over_all_objectives_are_read_by_night(as_role, chat):
    page = as_role("planner", theme="dark").open("/tradeoffs/?workload=chat")
    _draw_lines(page)
    for selector, property, least in (
        (".axis .domain", "stroke", 3),
        (".axis .tick text", "fill", 4.5),
        (".axis-title", "fill", 4.5),
    ):
        ink = page.locator(f"#placement-parallel {selector}").first.evaluate(
            "(element, property) => getComputedStyle(element)[property]", property
        )
        ground = page.locator("#placement-panes").evaluate("card => getComputedStyle(card).backgroundColor")
        assert _contrast(ink, ground) >= least, (selector, ink, ground)


def _contrast(*colours):
    """The ratio of two `rgb()` colours (WCAG 2.2, relative luminance)."""

    def luminance(colour):
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted(luminance(colour) for colour in colours)
    return (light + 0.05) / (dark + 0.05)


def _draw_lines(page):
    page.locator("#placement-panes").scroll_into_view_if_needed()
    page.locator("#placement-parallel[data-drawn]").wait_for()


def _open_lagos(page):
    page.locator("#kept-out-rejected-latency > summary").click()
    page.locator("#kept-out-lagos summary").click()
    page.get_by_text("Latency iberia p99: 110 ms, limit 100 ms, 10 ms over").last.wait_for()


def _first_waits(page, pattern):
    """The first request of that address is in `held` until the test lets it go on; all are in `asked`."""
    held, asked = [], []

    def handle(route):
        asked.append(route.request.url)
        if len(asked) == 1:
            held.append(route)
        else:
            route.continue_()

    page.route(pattern, handle)
    return held, asked


def _drag(page, thing, first, last, *, across=False):
    """With the pointer from one share of its length to another."""
    _press(page, thing, first, last, across=across)
    page.mouse.up()


def _press(page, thing, first, last, *, across=False):
    """As a drag that has not let go yet."""
    thing.scroll_into_view_if_needed()
    start, end = (_at(thing, share, across=across) for share in (first, last))
    # The brush of an axis looks at where the pointer is before it takes hold.
    page.mouse.move(start[0], start[1] - 3)
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=8)


def _at(thing, share, *, across=False):
    box = thing.bounding_box()
    return (
        box["x"] + box["width"] * (share if across else 0.5),
        box["y"] + box["height"] * (0.5 if across else share),
    )
