"""The drawing of the road to ready, from what a page serves: threads, ticks, filters, keys, and a list on a phone."""

import re

import pytest
from playwright.sync_api import expect

from tests.web import road_samples

pytestmark = pytest.mark.browser
GONE_ON = re.compile(r"check=p3-night$")
BOX = "main input[name='fix'][value='{}']"
KEY = "[data-key='{}']"
TICK = """key => {
    const sums = () => [...document.querySelectorAll('.road-total .road-end')].map(text => text.textContent).join();
    const before = sums();
    document.querySelector(`main input[name='fix'][value='${key}']`).click();
    return [before, sums()];
}"""


def test_each_site_that_waits_is_a_thread_and_each_stage_adds_up(visit):
    page = visit().open("/road/")
    road = road_samples.small()
    waiting = [site for site in road["sites"] if site["state"] != "ready"]
    assert page.locator(".road-thread").count() == len(waiting)
    thread = page.locator(KEY.format("site gvx-1"))
    expect(thread).to_have_attribute("href", "/sites/gvx-1/")
    expect(thread).to_have_attribute(
        "aria-label", "GVX-1 Site GVX-1, 5.2 MW: Fabric bandwidth, Network EMEA, ready 12 Dec 2026"
    )
    for kind in ("check", "owner", "month"):
        shown = page.locator(f".road-box:has([data-key^='{kind} ']) .road-end").all_text_contents()
        assert sum(float(text.removesuffix(" MW")) for text in shown) == pytest.approx(28.4)
    assert page.locator(".road-box:has([data-key^='ready ']) .road-end").all_text_contents()[-2:] == [
        "34.2 MW",
        "5.8 MW",
    ]
    expect(page.locator(".road-silent")).to_have_count(1)


def test_ticks_are_in_the_address_and_count_a_site_once(visit):
    one = visit()
    page = one.open("/road/")
    page.locator(BOX.format("p3-night.americas")).check()
    page.locator(BOX.format("p3-night.emea")).check()
    expect(page.locator("form output")).to_have_text("+3.8 MW by 31 Dec 2026 at 2 sites")
    expect(page.locator("[data-road-if='ticked']")).to_have_text("36.3 MW, 3.7 MW with 2 fixes")
    expect(page.locator("[data-road-site='dub-1']")).to_have_text("31 Dec 2026")
    assert page.url.endswith("?fix=p3-night.americas&fix=p3-night.emea")
    expect(page.locator(".road-thread.road-ticked")).to_have_count(2)
    expect(page.locator(KEY.format("site dsm-1"))).to_have_attribute("aria-label", re.compile("ready 31 Dec"))
    page.get_by_role("button", name="As planned").click()
    expect(page.locator(KEY.format("site dsm-1"))).to_have_attribute("aria-label", re.compile("no date"))
    # A check that QUE-1 lacks besides has its own day.
    page.locator(BOX.format("p2-drill.none")).check()
    expect(page.locator("[data-road-site='que-1']")).to_have_text("15 Jan 2027")
    page.reload()
    expect(page.locator(BOX.format("p2-drill.none"))).to_be_checked()
    expect(page.locator("form output")).to_contain_text("+6.4 MW by 15 Jan 2027")
    assert one.refusals == []


def test_a_block_filters_by_the_address_and_a_site_is_a_link(visit):
    page = visit().open("/road/?fix=p2-drill.none")
    block = page.locator(KEY.format("check p3-night"))
    block.click()
    page.wait_for_url(GONE_ON)
    assert "fix=p2-drill.none" in page.url
    expect(block).to_have_attribute("aria-current", "true")
    assert page.locator(".road-lit path").count() == 3 * 4
    block.click()
    page.wait_for_url(lambda url: "check=" not in url)
    page.locator(KEY.format("site gvx-1")).locator("path").nth(1).click()
    page.wait_for_url(re.compile("/sites/gvx-1/$"))


def test_keys_go_along_the_road_and_light_it(visit):
    page = visit().open("/road/")
    assert page.locator(".road-flow a[tabindex='0']").count() == 1
    page.locator(KEY.format("check p1-fabric")).focus()
    for key, at in (
        ("ArrowDown", "check p1-diagnostic"),
        ("ArrowRight", "site sat-1"),
        ("ArrowRight", "owner americas"),
        ("End", "owner none"),
        ("ArrowRight", "month none"),
        ("Home", "month 2026-12"),
    ):
        page.keyboard.press(key)
        assert page.evaluate("() => document.activeElement.dataset.key") == at, key
    assert page.locator(".road-lit path").count() == 7 * 4
    expect(page.locator(".road-tip")).to_contain_text("December: 9.7 MW at 7 sites")


def test_a_thousand_sites_are_ribbons_and_a_tick_asks_nobody(visit, samples):
    page = visit().open("/road/many/")
    assert page.locator(".road-thread").count() == 0
    assert 50 < page.locator(".road-threads .road-ribbon").count() < 600
    expect(page.locator(".road-mark")).to_have_count(0)
    key = road_samples.thousand()["fixes"][1]["key"]
    before, sums = samples.asked.total(), page.evaluate(TICK, key)
    assert samples.asked.total() == before
    assert len(set(sums)) == 2, sums
    expect(page.locator(".road-mark")).not_to_have_count(0)
    page.locator("[data-key^='owner ']").first.hover()
    assert page.locator(".road-lit path").count() > 3


def test_a_phone_has_numbered_stages_and_the_road_is_a_table_too(visit):
    one = visit(width=390)
    page = one.open("/road/")
    expect(page.locator(".road-flow")).to_have_count(0)
    assert page.locator(".road-stage h3").all_text_contents() == [
        "Deployed", "First blocker", "Owner", "Dated step", "Ready in total",
    ]  # fmt: skip
    page.get_by_role("link", name=re.compile("Night cover")).click()
    page.wait_for_url(GONE_ON)
    page.get_by_role("button", name="Show the road as a table").click()
    rows = page.locator("[data-road-frame] tbody tr")
    expect(rows).to_have_count(24)
    assert rows.first.locator("th, td").all_text_contents() == [
        "QUE-1 Site QUE-1", "2.6 MW", "Escalation drill", "No owner", "No date",
    ]  # fmt: skip
    assert one.refusals == []


def test_where_nothing_waits_all_is_one_road(visit):
    page = visit().open("/road/ready/")
    expect(page.locator(".road-ready").first).to_have_text("11.6 MWready now, no blocker")
    assert page.locator(".road-thread, [data-key]").count() == 0
