"""Several workers at once, and workers that die: every acknowledged sample is stored, and counted once."""

import os
import signal
import subprocess
import sys
import threading

import pytest
import redis
from django.db import connection, connections

from telemetry import drain, rollups, tasks
from telemetry.models import InboxBatch, Series, SourceStatus
from telemetry.wakeup import _client
from tests.inventory import made
from tests.telemetry.sending import body_of, rolled_up, stored

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied_samples")]


def in_threads(count, work):
    """Run `work(number)` in as many threads, each with a connection and a memory of its own; failures are raised."""
    failed = []

    def run(number):
        try:
            work(number)
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failed == []
    assert not any(thread.is_alive() for thread in threads)


def test_four_drains_at_once_store_everything_once(sender, sender_of, porto):
    """They all meet the same new series, rejections and counts, in batches of every source."""
    senders = [sender, *(sender_of(porto) for _ in range(3))]
    for second in range(20):
        for number, one in enumerate(senders):
            series = [(f"m{n}", float(n), second + 1) for n in range(40, 0, -1)]
            one.send(
                *(series if (second + number) % 2 else reversed(series)), ("nan", float("nan"), second + 1)
            )
    # As in four processes: one memory for each thread.
    in_threads(4, lambda _: drain.drain(now=sender.clock.at, limit=3, memory=drain.Memory()))
    assert not InboxBatch.objects.exists()
    assert len(stored()) == len(set(stored())) * 4 == 4 * 20 * 40
    assert Series.objects.count() == 4 * 41


def test_the_same_body_sent_at_once_is_stored_once(sender):
    body = body_of(("up", 1.0, sender.clock.at))
    answers = []
    in_threads(4, lambda _: answers.append(sender.post(body).status_code))
    assert answers == [204] * 4
    assert InboxBatch.objects.count() == 1


def test_roll_ups_at_once_count_each_sample_once(sender):
    for second in range(30):
        sender.deliver(("errors_total", float(second), -900 + 30 * second))
    now = sender.clock.move(minutes=6)
    in_threads(4, lambda _: rollups.roll_up(now=now))
    rollups.roll_up(now=now)
    assert sum(row["count"] for row in rolled_up()) == 30
    assert sum(row["increase"] or 0 for row in rolled_up()) == 29.0


@pytest.mark.full
def test_a_drain_that_is_killed_half_way_leaves_everything_to_the_next(sender):
    for second in range(5):
        sender.send(("up", 1.0, second))
    killed = start_drain_that_stops_before_commit(sender.clock.at)
    try:
        # It holds its batches and has written their samples, but not committed.
        assert drain.drain(now=sender.clock.at) == 0
        assert stored() == []
    finally:
        killed.send_signal(signal.SIGKILL)
        killed.wait(timeout=20)
        killed.stdout.close()
        killed.stdin.close()
    wait_for_the_server_to_notice()
    assert drain.drain(now=sender.clock.at) == 5
    assert len(stored()) == 5


STOPPING = """
import os, sys, datetime
os.environ["DATABASE_URL"] = sys.argv[1]
import django
django.setup()
from telemetry import drain
def stop(*args):
    print("stored", flush=True)
    sys.stdin.read()
drain._count = stop
drain.drain_once(now=datetime.datetime.fromisoformat(sys.argv[2]))
"""


def start_drain_that_stops_before_commit(now):
    name = connection.settings_dict["NAME"]
    url = os.environ["DATABASE_URL"]
    base, _, query = url.partition("?")
    mine = f"{base.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")
    process = subprocess.Popen(
        [sys.executable, "-c", STOPPING, mine, now.isoformat()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"},
    )
    assert process.stdout.readline() == "stored\n"
    return process


def wait_for_the_server_to_notice():
    """A killed client's transaction is rolled back as soon as its server process reads the closed socket."""
    with connection.cursor() as cursor:
        for _ in range(2000):
            cursor.execute(
                "SELECT count(*), pg_sleep(0.005) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%%'"
                " AND datname = current_database()"
            )
            if cursor.fetchone()[0] == 0:
                return
            cursor.execute("SELECT pg_stat_clear_snapshot()")
    raise AssertionError("the killed drain's transaction is still open")


def test_an_absent_database_is_answered_503_and_nothing_is_lost(sender, settings):
    sender.send(("up", 1.0, 0))
    body = body_of(("up", 1.0, sender.at(60)))
    connection.close()
    right = connection.settings_dict["HOST"]
    connection.settings_dict["HOST"] = "/nowhere"
    try:
        response = sender.post(body)
    finally:
        connection.settings_dict["HOST"] = right
        connection.close()
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0
    assert sender.post(body).status_code == 204
    drain.drain(now=sender.clock.at)
    assert len(stored()) == 2


def test_an_absent_redis_fails_no_request(sender, monkeypatch):
    absent = redis.Redis(unix_socket_path="/nowhere/valkey.sock", retry=_client.get_retry())
    monkeypatch.setattr("telemetry.wakeup._client", absent)
    sender.send(("up", 1.0, 0))
    assert drain.drain(now=sender.clock.at) == 1


def test_many_bodies_ask_for_one_drain(sender):
    _client.delete("ingest", "muster:drain-asked")
    for second in range(5):
        sender.send(("up", 1.0, second))
    assert _client.llen("ingest") == 1
    tasks.drain_inbox()
    assert not InboxBatch.objects.exists()
    sender.send(("up", 1.0, 10))
    assert _client.llen("ingest") == 2
    _client.delete("ingest", "muster:drain-asked")


def test_tasks_run_with_the_clock_of_the_edge(sender, frozen_now):
    made.device(site=sender.source.site, name="node-1")
    sender.send(("up", 1.0, 0))
    assert tasks.drain_inbox() == 1
    assert tasks.update_source_states() == 1
    frozen_now.move(minutes=6)
    assert tasks.roll_up() > 0
    assert tasks.match_series() == 0
    assert tasks.keep_partitions() >= 0
    assert SourceStatus.objects.get().state == "on-time"
