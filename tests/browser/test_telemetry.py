"""Telemetry's pages in the browser: nothing axe finds, nothing the policy refuses, and the ways through them."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from telemetry import operations, sources, store
from telemetry.models import Source
from tests.browser.looking import faults
from tests.conftest import NOW
from tests.inventory import made
from tests.telemetry.sending import Sender, body_of
from web import workers

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
PAGES = (
    "/telemetry/",
    "/telemetry/?state=paused",
    "/telemetry/unmatched/",
    "/telemetry/status/",
    "/telemetry/series/",
    "/telemetry/sources/add/",
    "/telemetry/sources/{porto}/",
    "/telemetry/sources/{waiting}/",
    "/telemetry/explore/",
    "/telemetry/explore/?site=porto&metric=DCGM_FI_DEV_GPU_TEMP",
    "/telemetry/explore/?site=porto&metric=DCGM_FI_DEV_GPU_TEMP&step=soon",
    "/inventory/devices/{device}/",
)


@pytest.fixture
def senders(frozen_now, emptied_samples):
    """Porto's source has sent for 100 minutes, another went silent, one is paused, one never sent."""
    frozen_now.at = NOW - timedelta(minutes=100)
    store.keep_partitions(now=NOW)
    porto = made.site(name="Porto", slug="porto")
    lisbon = made.site(name="Lisbon", slug="lisbon")
    node = made.device(site=porto, name="gpu-01", device_type=made.device_type(kind="node"))
    for index in range(3):
        made.accelerator(device=node, index=index)
    found = {
        "porto": _source(
            "porto prometheus", frozen_now, site=porto, description="Two replicas behind one address"
        ),
        "silent": _source("lisbon prometheus", frozen_now, site=lisbon),
        "paused": _source("bench rig", frozen_now, site=lisbon, provenance="estimated"),
        "waiting": _source("central", frozen_now, site_label="site"),
    }
    for turn in range(11):
        times = range(-540, 1, 60) if turn else (0,)
        readings = [
            (_temperature(gpu), 55 + 9 * gpu + turn + at / -60, at) for gpu in range(3) for at in times
        ]
        Sender(found["porto"], frozen_now).deliver(*readings, ("http_requests_total", turn, 0))
        if turn < 3:
            Sender(found["silent"], frozen_now).deliver(("up", 1.0, 0))
        sources.update_states(now=frozen_now.at)
        frozen_now.move(minutes=10)
    frozen_now.at = NOW
    Sender(found["porto"], frozen_now).post(body_of(({"job": "nameless"}, 1.0, NOW)))
    operations.pause_source(found["paused"], by=None, now=NOW)
    workers.note("celery@porto", now=NOW)
    return {name: source.pk for name, source in found.items()} | {"device": node.pk}


def _source(name, clock, **given):
    source, plain = operations.create_source(name=name, by=None, now=clock.at, **given)
    source.plain_token = plain
    return source


def _temperature(gpu):
    return {
        "__name__": "DCGM_FI_DEV_GPU_TEMP",
        "Hostname": "gpu-01",
        "gpu": str(gpu),
        "UUID": f"GPU-{gpu:08d}",
    }


def test_pages_pass_axe_and_the_security_policy(as_role, senders, axe_source):
    one = as_role("ops")
    paths = [path.format(**senders) for path in PAGES]
    assert {path: found for path in paths if (found := faults(one, axe_source, path))} == {}
    assert one.refusals == []


def test_a_source_is_added_connected_and_seen(as_role, senders, frozen_now):
    page = as_role("ops").open("/telemetry/")
    page.get_by_role("link", name="Add a source").click()
    page.get_by_label("Name", exact=True).fill("rack 7 prometheus")
    page.locator("#id_site").select_option(label="Porto")
    page.get_by_role("button", name="Add a source").click()
    token = page.locator("#token").inner_text()
    expect(page.locator("#snippet")).to_contain_text(f"credentials: {token}")
    expect(page.locator("#first-sample")).to_contain_text("checks every two seconds")
    source = Source.objects.get(name="rack 7 prometheus")
    source.plain_token = token
    Sender(source, frozen_now).deliver(("up", 1.0, 0))
    page.get_by_text("Samples arrive.").wait_for()
    page.get_by_role("link", name="See its series").click()
    page.wait_for_url(re.compile(f"/telemetry/sources/{source.pk}/"))
    assert token not in page.content()


def test_pausing_asks_first(as_role, senders):
    page = as_role("ops").open(f"/telemetry/sources/{senders['porto']}/")
    page.get_by_role("button", name="Pause").first.click()
    page.locator("#pause").get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Pause").first.click()
    page.locator("#pause").get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Resume").first.wait_for()
    assert Source.objects.get(pk=senders["porto"]).paused


def test_a_question_is_asked_zoomed_and_followed_to_one_series(as_role, senders):
    page = as_role("viewer").open("/telemetry/explore/")
    page.locator(".metric-tree summary").filter(has_text="Porto").click()
    page.get_by_role("link", name="GPU temperature").click()
    page.locator("select[name=group_by]").select_option("")
    chart = page.locator("#explore")
    page.wait_for_function("() => document.querySelector('#explore')?.dataset.drawn === '1'")
    box = chart.locator(".nsewdrag").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.98, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    page.wait_for_function("() => document.querySelector('#explore').dataset.drawn === '2'")
    asked = parse_qs(urlsplit(page.url).query)
    assert 0 < int(asked["end"][0]) - int(asked["start"][0]) < 3600 * 1000
    page.locator("#table-lines").get_by_role("link", name="gpu=2").click()
    page.wait_for_url(re.compile("labels="))
    expect(page.locator("#table-lines tbody tr")).to_have_count(1)
