"""A problem of an object is on the page soon after its minimum duration, through the door, the inbox and the workers of
a running Muster; and it ends with a sample, not with silence."""

import time

import pytest

from telemetry.core.registry import registry
from tests.peers.asking import Caller
from tests.peers.muster import LIVE_S
from tests.peers.running import eventually
from tests.peers.sender import headers
from tests.peers.starved import CADENCE_S, Fleet
from tests.telemetry.core.wire import request, sample, series, snappy

pytestmark = [pytest.mark.peers, pytest.mark.timeout(600)]

METRIC = "node_hwmon_temp_crit_alarm_celsius"
[RULE] = registry().get(METRIC, None).health
LABELS = {"__name__": METRIC, "instance": "node-0", "chip": "pci0000:00", "sensor": "temp1"}
ON_PAGE_S = 15


@pytest.fixture
def node(muster):
    """Send one value of the alarm of a node, and return when it was accepted, on the monotonic clock."""
    fleet = Fleet(muster, sites=1)
    fleet.build()
    with Caller(muster.port, timeout_s=10) as caller:

        def send(value):
            body = snappy(request(series(LABELS, sample(value, int(time.time() * 1000)))))
            answer = caller.ask("/api/v1/write", "POST", body, headers(fleet.tokens["node-0"]))
            assert answer.status == 204, answer.body
            return answer.ended_at

        yield send


def send_until(node, value, is_reached, *, within_s):
    """Send each few seconds; return when it was first seen that `is_reached`, on the monotonic clock."""
    began_s = time.monotonic()
    while time.monotonic() - began_s < within_s:
        node(value)
        if is_reached():
            return time.monotonic()
        time.sleep(CADENCE_S)
    pytest.fail(f"not within {within_s} s")


def test_a_problem_is_on_the_page_in_time_and_ends_with_a_sample(muster, node, figures):
    def is_on_page():
        return RULE.title in muster.page("/problems/")

    def is_well():
        domains = muster.get("/api/readiness/health/", domain="compute")["results"]
        return [domain["health"]["value"] for domain in domains] == ["ok"]

    send_until(node, 0, is_well, within_s=90)
    first_bad_s = node(1)
    seen_s = send_until(node, 1, is_on_page, within_s=RULE.min_duration_s + 60)
    late_s = seen_s - first_bad_s - RULE.min_duration_s
    figures.append(f"a problem was on the page {late_s:.1f} s after its minimum duration")
    assert -CADENCE_S <= late_s <= ON_PAGE_S
    # Twice the silence limit: the node is silent, and its problem stays.
    time.sleep(2 * LIVE_S + ON_PAGE_S)
    assert is_on_page()
    node(0)
    eventually(lambda: not is_on_page(), within_s=30, what="the problem has ended")
