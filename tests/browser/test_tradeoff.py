"""The trade-off explorer by hand: a weight is moved, an axis brushed by typed numbers, a reason opened."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.looking import faults
from tests.readiness.tradeoffs.placing.conftest import chat, fleet, iberia

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["chat", "fleet", "iberia"]
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

    page.locator("#kept-out-lagos summary").click()
    page.get_by_text("Latency iberia p99: 110 ms, limit 100 ms, 10 ms over").last.wait_for()
    again = page.url
    one.open(again.removeprefix(one.base))
    assert rows.evaluate_all(SITES) == ["porto"]
    assert one.refusals == []
    assert faults(one, axe_source, "/tradeoffs/?workload=chat&latency=100&compare=porto,lulea") == []
