"""Two web processes, four workers and two beats on one database, each on a host of its own: hosts are added, lose power
under load, and are replaced in turn, while samples arrive, sites are judged, alerts are told, portfolios are solved and
files are exported. Nothing is lost, nothing happens twice, and a balancer has nobody refused.
"""

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psycopg
import pytest

from tests.peers.asking import Neighbour
from tests.peers.conftest import GRACE_S, SCRAPE_S, SITE
from tests.peers.crew import add_stake
from tests.peers.hosts import BalancedCaller, Hosts, can_name_hosts
from tests.peers.muster import USER
from tests.peers.planner import ENDED, PORTFOLIOS, Planner
from tests.peers.running import eventually
from tests.peers.sender import ANSWER_S, Sender, headers
from tests.telemetry.core.wire import request, sample, series, snappy
from tests.web.delivery.receivers import Receiver

pytestmark = [pytest.mark.peers, pytest.mark.timeout(900)]

# Samples lie a second apart, so long ago that the fastest machine does not reach the present.
BEGIN_S, PAUSE_S = 40 * 3600, 0.05
RECOVERED_S, TOLD_S = 120, 240
AFTER_FAULT = 15
FILE = "/sites/?export=csv"
PAGES = ["/sites/", "/health/ready", FILE]
WORKERS = ("worker-2", "worker-3", "worker-4")
READERS, READING_S, ASKED_EVERY_S = 4, 6, 0.5
OPEN = "SELECT count(*) FROM alerts_alert WHERE title LIKE %s AND ended_at IS NULL"
ALERTS = "SELECT title, count(*) FROM alerts_alert WHERE title LIKE %s GROUP BY title"
# A judgement that two workers had written would flip to what stood already.
FLIPS = """SELECT count(*), count(*) FILTER (WHERE to_state = state_before) FROM (
    SELECT to_state, lag(to_state) OVER (PARTITION BY site_id, subject, key, part ORDER BY at, id) AS state_before
    FROM scoring_flip) AS flip"""
SOLVED = """SELECT object_id, count(*) FROM audit_entry
    WHERE "table" = 'tradeoffs_portfoliorun' AND after->>'state' = 'done' GROUP BY object_id"""


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
    add_stake(muster, SITE, now=datetime.now(UTC))
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


@pytest.fixture
def planner(hosts):
    token = {"Authorization": f"Bearer {hosts.muster.token}"}
    planner = Planner(BalancedCaller(hosts.balancer, headers=token), pause_s=ASKED_EVERY_S)
    planner.start()
    yield planner
    planner.stop()


def pages_per_s(hosts):
    """How many pages readers are answered at once, as fast as they can ask."""
    cookies = {"Cookie": hosts.muster.session(USER)}
    readers = [
        Neighbour(0, PAGES[:1], caller=BalancedCaller(hosts.balancer, headers=cookies))
        for _ in range(READERS)
    ]
    with ThreadPoolExecutor(READERS) as pool:
        answers = [
            each
            for some in pool.map(lambda reader: reader.visit(seconds=READING_S), readers)
            for each in some
        ]
    assert {each.status for each in answers} == {200}
    began_at, ended_at = min(each.began_at for each in answers), max(each.ended_at for each in answers)
    return len(answers) / (ended_at - began_at)


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


def test_nothing_is_lost_or_done_twice_whichever_host_loses_power(hosts, senders, planner, inbox, figures):
    figures.append(f"hosts: {pages_per_s(hosts):.0f} pages a second by one web process and one worker")
    hosts.add("web-2", *WORKERS, "beat-2")
    figures.append(f"hosts: {pages_per_s(hosts):.0f} pages a second by two web processes and four workers")
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

    # The host that is left of each kind is replaced, and another worker loses its power meanwhile.
    hosts.lose("worker-3")
    answers = read_until_replaced(hosts, {"web-2": "web-3", "worker-2": "worker-5", "beat-2": "beat-3"})
    assert [answer for answer in answers if answer.failed or answer.status != 200] == []
    eventually(
        lambda: hosts.says("beat-3", "this beat sends"), within_s=RECOVERED_S, what="the new beat sends"
    )
    goes_on(hosts, senders, "hosts were replaced")

    for each in (planner, *senders):
        each.stop()
    eventually(
        lambda: is_inbox_empty(hosts), within_s=RECOVERED_S, what="all is stored", last=hosts.muster._logs
    )
    for each in senders:
        samples = each.sent()
        ones = {rack: dict.fromkeys(points, 1.0) for rack, points in samples.items()}
        assert each.stored(hosts.muster, SITE, "sum", "1s") == samples
        assert each.stored(hosts.muster, SITE, "count", "1s") == ones
    assert_portfolios_ended(hosts, planner)
    assert_work_is_done(hosts)
    assert {count for _title, count in select(hosts, ALERTS, "%watched%")} == {1}
    assert set(told_of(inbox, "watched").values()) == {1}


def assert_portfolios_ended(hosts, planner):
    """Each was solved once. One that a worker held as it lost its power is told as failed, minutes later."""
    assert planner.refused == []
    states = lambda: Counter(  # noqa: E731
        hosts.muster.get(f"{PORTFOLIOS}{number}/")["state"]["value"] for number in planner.asked
    )
    eventually(
        lambda: sum(count for state, count in states().items() if state in ENDED) >= len(planner.asked) - 3,
        within_s=RECOVERED_S,
        what="portfolios are solved",
        last=states,
    )
    assert states()["done"] > len(planner.asked) / 2
    assert {count for _key, count in select(hosts, SOLVED)} == {1}


def assert_work_is_done(hosts):
    """Muster is not behind, no job fails, and no judgement was written twice."""
    status = lambda: hosts.muster.get("/api/telemetry/status/")  # noqa: E731
    eventually(
        lambda: not status()["lag"]["is_behind"], within_s=RECOVERED_S, what="Muster keeps up", last=status
    )
    assert [job["failure"] for job in status()["jobs"] if job["failure"]] == []
    flips, repeated = select(hosts, FLIPS)[0]
    assert (flips > 0, repeated) == (True, 0)


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
