"""Two web processes, two workers and two beats on one database, each on a host of its own: hosts are added, lose power
under load, and are replaced in turn. Nothing is lost, nothing happens twice, and a balancer has nobody refused.
"""

import json
import time
from collections import Counter
from datetime import UTC, datetime

import psycopg
import pytest

from tests.peers.asking import Neighbour
from tests.peers.conftest import GRACE_S, SCRAPE_S, SITE
from tests.peers.hosts import BalancedCaller, Hosts, can_name_hosts
from tests.peers.muster import USER
from tests.peers.running import eventually
from tests.peers.sender import ANSWER_S, Sender, headers
from tests.telemetry.core.wire import request, sample, series, snappy
from tests.web.delivery.receivers import Receiver

pytestmark = [pytest.mark.peers, pytest.mark.timeout(900)]

# Samples lie a second apart, so long ago that the fastest machine does not reach the present.
BEGIN_S, PAUSE_S = 40 * 3600, 0.05
RECOVERED_S, TOLD_S = 120, 240
AFTER_FAULT = 15
PAGES = ["/sites/", "/health/ready"]
OPEN = "SELECT count(*) FROM alerts_alert WHERE title LIKE %s AND ended_at IS NULL"
ALERTS = "SELECT title, count(*) FROM alerts_alert WHERE title LIKE %s GROUP BY title"


@pytest.fixture
def inbox():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def more_environment(inbox):
    if not can_name_hosts():
        pytest.skip(
            "This machine gives no process a host name of its own (unshare --uts): no hosts were tried."
        )
    return {
        "MUSTER_DELIVERY_KEY": "a key for tests that is long enough",
        "MUSTER_DELIVERY_HOSTS": inbox.netloc,
    }


@pytest.fixture
def hosts(muster, inbox):
    muster.add_site(SITE)
    channel = {"kind": "webhook", "name": "Inbox", "address": inbox.url}
    channel = muster.post("/api/loop/channels/", channel)
    assert muster.post(f"/api/loop/channels/{channel['id']}/probe/", {})["outcome"] == "taken"
    subscription = {"site": {"slug": SITE}, "channel": channel["id"], "severity": "info"}
    muster.post("/api/loop/subscriptions/", subscription)
    return Hosts(muster)


@pytest.fixture
def senders(hosts):
    begin_s = int(datetime.now(UTC).timestamp()) - BEGIN_S
    started = []
    for name, recuts in (("same bytes", False), ("other cut", True)):
        token = add_source(hosts, name)["token"]
        caller = BalancedCaller(hosts.balancer, headers=headers(token), timeout_s=ANSWER_S)
        started.append(Sender(name, 0, token, begin_s=begin_s, pause_s=PAUSE_S, recuts=recuts, caller=caller))
    for sender in started:
        sender.start()
    yield started
    for sender in started:
        sender.stop()


def add_source(hosts, name):
    source = {"name": name, "site": {"slug": SITE}, "cadence_s": SCRAPE_S, "grace_s": GRACE_S}
    return hosts.muster.post("/api/telemetry/sources/", source)


def select(hosts, statement, *values):
    with psycopg.connect(hosts.muster.environment["DATABASE_URL"]) as connection:
        return connection.execute(statement, values).fetchall()


def goes_on(hosts, senders, after):
    """Senders are answered again, and what they were answered is stored."""
    marks = [each.acknowledged + AFTER_FAULT for each in senders]
    eventually(
        lambda: all(
            each.acknowledged >= mark or each.failed for each, mark in zip(senders, marks, strict=True)
        ),
        within_s=RECOVERED_S,
        what=f"senders are acknowledged after {after}",
        last=hosts.muster._logs,
    )
    assert [each.failed for each in senders] == ["", ""], after
    newest = min(each.newest_s() for each in senders)
    stored = "SELECT coalesce(extract(epoch FROM max(last_at)), 0) FROM telemetry_samplebatch"
    eventually(
        lambda: select(hosts, stored)[0][0] >= newest,
        within_s=RECOVERED_S,
        what=f"samples are stored after {after}",
        last=hosts.muster._logs,
    )


def read_until_replaced(hosts, replacements):
    """A rolling update: the successors start, and then each old host is stopped. Return what a reader was answered."""
    caller = BalancedCaller(hosts.balancer, headers={"Cookie": hosts.muster.session(USER)})
    with Neighbour(0, PAGES, pause_s=0.05, caller=caller).visiting() as answers:
        hosts.add(*replacements.values())
        for old in replacements:
            hosts.retire(old)
            count = len(answers)
            eventually(
                lambda count=count: len(answers) >= count + len(PAGES),
                within_s=RECOVERED_S,
                what="pages are read",
            )
    return answers


def is_inbox_empty(hosts):
    return select(hosts, "SELECT NOT EXISTS (SELECT FROM telemetry_inboxbatch)")[0][0]


def test_nothing_is_lost_or_done_twice_whichever_host_loses_power(hosts, senders, inbox):
    hosts.add("web-2", "worker-2", "beat-2")
    assert hosts.says("beat-2", "this beat waits")
    assert not hosts.says("beat-2", "this beat sends")
    goes_on(hosts, senders, "hosts came")

    # The beat that sends, a worker and a web process at once; sources fall silent meanwhile.
    for source in [add_source(hosts, f"watched {number}") for number in range(3)]:
        send_once(hosts, source)
    for name in ("beat", "worker", "web"):
        hosts.lose(name)
    eventually(
        lambda: hosts.says("beat-2", "this beat sends"), within_s=RECOVERED_S, what="the other beat sends"
    )
    goes_on(hosts, senders, "three hosts lost their power")
    eventually(
        lambda: select(hosts, OPEN, "%watched%")[0][0] and told_of(inbox, "watched"),
        within_s=TOLD_S,
        what="an alert is raised and told",
        last=lambda: (select(hosts, "SELECT title, kind FROM alerts_alert"), inbox.requests[-1:]),
    )

    answers = read_until_replaced(hosts, {"web-2": "web-3", "worker-2": "worker-3", "beat-2": "beat-3"})
    assert [answer for answer in answers if answer.failed or answer.status != 200] == []
    eventually(
        lambda: hosts.says("beat-3", "this beat sends"), within_s=RECOVERED_S, what="the new beat sends"
    )
    goes_on(hosts, senders, "hosts were replaced")

    for each in senders:
        each.stop()
    eventually(
        lambda: is_inbox_empty(hosts), within_s=RECOVERED_S, what="all is stored", last=hosts.muster._logs
    )
    for each in senders:
        samples = each.sent()
        ones = {rack: dict.fromkeys(points, 1.0) for rack, points in samples.items()}
        assert each.stored(hosts.muster, SITE, "sum", "1s") == samples
        assert each.stored(hosts.muster, SITE, "count", "1s") == ones
    assert {count for _title, count in select(hosts, ALERTS, "%watched%")} == {1}
    assert set(told_of(inbox, "watched").values()) == {1}


def send_once(hosts, source):
    """One sample of this moment."""
    now_ms = int(time.time() * 1000)
    body = snappy(request(series({"__name__": "up", "instance": source["name"]}, sample(1.0, now_ms))))
    with BalancedCaller(hosts.balancer, headers=headers(source["token"])) as caller:
        assert caller.ask("/api/v1/write", "POST", body).status == 204


def told_of(inbox, words):
    """How many messages told of each event of each alert with these words in its title. An attempt that is made again
    has the same id, by which a receiver takes it once."""
    bodies = {each.headers["webhook-id"]: json.loads(each.body) for each in list(inbox.requests)}
    return Counter(
        (body["type"], alert["key"], alert["ended_at"] is None)
        for body in bodies.values()
        for alert in body["data"].get("alerts", ())
        if words in alert["title"]
    )
