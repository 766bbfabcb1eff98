"""The road to ready on its page: what the browser says of ticked fixes is what the server says for the same address."""

import re
from datetime import timedelta
from random import Random

import pytest
from playwright.sync_api import expect

from readiness.golive.worklist import operations as worklist
from tests.browser.looking import faults
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import NOW

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
ROAD = "/readiness/road/"
CHECKS = (
    "p2-backup-power",
    "p1-soak-24h",
    "p5-fabric-health",
    "p5-accelerator-health",
    "p4-runbook-coverage",
)
OWNERS = ("Platform EMEA", "Platform AMER", "")
SAME = """async ([keys, days]) => {
    const read = page => ({
        values: Object.fromEntries(
            [...page.querySelectorAll('[data-road-value]')].map(each => [each.dataset.roadValue, each.textContent])),
        hidden: [...page.querySelectorAll('[data-road-if]')].map(each => [each.dataset.roadIf, each.hidden]),
        days: [...page.querySelectorAll('[data-road-site]')].map(each => [each.dataset.roadSite, each.textContent]),
        boxes: [...page.querySelectorAll('[name=fix]:checked')].map(each => each.value).sort(),
    });
    const line = data => data.find(trace => trace.meta?.line === 'fixes');
    const boxes = document.querySelectorAll('[type=checkbox][name=fix]');
    for (const box of boxes) if (box.checked !== keys.includes(box.value)) box.click();
    const slider = document.querySelector('[data-road-by]');
    slider.value = days;
    slider.dispatchEvent(new Event('input', {bubbles: true}));
    const chart = document.getElementById('road-months');
    const ours = {...read(document), x: line(chart.data).x, y: line(chart.data).y};
    const server = read(new DOMParser().parseFromString(await (await fetch(location.href)).text(), 'text/html'));
    const figure = await (await fetch(chart.dataset.chartUrl.split('?')[0] + location.search)).json();
    const theirs = line(figure.data);
    return [ours, {...server, x: theirs.x.map(at => new Date(at).toISOString().slice(0, 23)), y: theirs.y}];
}"""


@pytest.fixture
def fleet(frozen_now, user_of):
    """Sites that lack one to three checks each, some of them planned; the first is ready."""
    frozen_now.at = NOW
    random, planner = Random(7), user_of("planner")
    stored.site("ready", name="Faro", slug="faro", kw=1250.0, owner=OWNERS[0])
    for place in range(14):
        lacks = random.sample(CHECKS, random.choice((1, 1, 2, 3)))
        site = stored.site(
            name=f"SITE-{place}",
            slug=f"site-{place}",
            kw=random.choice((25.0, 350.0, 1250.0, 4450.0)),
            owner=random.choice(OWNERS),
            first_blocker=lacks[0],
        )
        for check_id in lacks:
            stored.result(site, check_id, "fail", gate="BLOCK")
            if random.random() < 0.6:
                day = NOW.date() + timedelta(days=random.randint(-5, 200))
                cost = random.choice(
                    ({}, {"cost": 1250.0, "currency": "EUR"}, {"cost": 900.0, "currency": "USD"})
                )
                worklist.add(
                    site=site, check_id=check_id, owner_name="Ana", due_on=day, by=planner, now=NOW, **cost
                )


def test_random_ticks_and_days_say_what_the_server_says(as_role, fleet):
    one = as_role("planner")
    page = one.open(f"{ROAD}?state=dated&state=undated&more=1")
    one.scroll_through()
    keys = page.locator("[type=checkbox][name=fix]").evaluate_all("boxes => boxes.map(box => box.value)")
    assert len(keys) > 4
    random = Random(3)
    month_end = int(page.locator("[data-road-by]").input_value())
    for count, day in (
        (1, month_end),
        (2, 0),
        (3, 40),
        (len(keys), 120),
        (0, 365),
        (4, month_end),
        (len(keys), 3),
    ):
        ticked = random.sample(keys, count)
        ours, theirs = page.evaluate(SAME, [ticked, day])
        assert ours == theirs
        assert day > month_end or ours["boxes"] == sorted(ticked)
    assert page.locator("#road-by").input_value() == (NOW.date() + timedelta(days=3)).isoformat()
    assert re.search(r"EUR and [\d,]+ USD", page.locator("[data-road-value=cost]").inner_text())
    assert one.refusals == []


def test_a_tick_stays_while_the_server_confirms_it(as_role, fleet):
    one = as_role("planner")
    page = one.open(ROAD)
    boxes = page.locator("[type=checkbox][name=fix]")
    boxes.nth(1).focus()
    with page.expect_response(lambda response: "fix=" in response.url and "/charts/" not in response.url):
        page.keyboard.press("Space")
    expect(boxes.nth(1)).to_be_focused()
    expect(boxes.nth(1)).to_be_checked()
    expect(page.locator(".road-flow")).to_be_visible()
    expect(page.locator("[data-road-view='fixes']")).to_have_text("With 1 fix")
    expect(page.get_by_role("link", name="Clear")).to_be_visible()


def test_a_block_narrows_fixes_and_table_and_leaves_the_drawing_whole(as_role, fleet, axe_source):
    one = as_role("viewer")
    page = one.open(ROAD)
    threads = page.locator(".road-thread").count()
    assert threads == 14
    block = page.locator("[data-key^='check ']").first
    value = block.get_attribute("data-key").split(" ")[1]
    sites = int(re.search(r"at (\d+) site", block.get_attribute("aria-label"))[1])
    block.click()
    page.wait_for_url(re.compile(f"check={value}"))
    expect(page.locator("#table-road tbody tr")).to_have_count(sites)
    assert page.locator(".road-thread").count() == threads
    expect(block).to_have_attribute("aria-current", "true")
    assert one.refusals == []
    assert faults(one, axe_source, f"{ROAD}?check={value}") == []


def test_without_scripts_the_table_is_the_road(as_role, fleet):
    page = as_role("viewer", java_script_enabled=False).open(ROAD)
    expect(page.locator("[data-road]")).to_be_hidden()
    expect(page.locator("#table-road tbody tr")).to_have_count(15)


def test_the_drawing_comes_with_a_page_that_is_not_loaded(as_role, fleet):
    one = as_role("viewer")
    page = one.open("/readiness/worklist/")
    page.evaluate("() => { window.isSame = true; location.assign('/readiness/road/') }")
    expect(page.locator(".road-flow")).to_be_visible()
    page.locator(".road-thread").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/sites/site-\d+/$"))
    page.go_back()
    expect(page.locator(".road-flow")).to_be_visible()
    page.locator("[data-key^='owner ']").first.hover()
    expect(page.locator(".road-tip")).to_be_visible()
    assert page.evaluate("() => window.isSame")
    assert one.refusals == []
