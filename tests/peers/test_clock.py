"""The clock of a running Muster is moved 45 days ahead while its senders go on, and then back."""

import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import Request, urlopen

import psycopg
import pytest

from tests.peers.muster import USER
from tests.peers.running import eventually
from tests.peers.sender import Sender
from tests.peers.standing import SITE

pytestmark = [pytest.mark.peers, pytest.mark.timeout(600)]

AHEAD_S, WATCHED_S, SENDERS = 45 * 86_400, 75, 3
KEEP = "from telemetry.tasks import keep_partitions; keep_partitions()"


@pytest.fixture
def moved(tmp_path):
    file = tmp_path / "moved-clock"
    file.write_text("0")
    return file


@pytest.fixture
def more_environment(moved):
    return {"PYTHONPATH": str(Path(__file__).parent / "moved_clock"), "MOVED_CLOCK_FILE": str(moved)}


@pytest.fixture
def senders(muster):
    muster.add_site(SITE)
    begin_s, started = int(datetime.now(UTC).timestamp()), []
    for number in range(SENDERS):
        given = {"name": f"sender {number}", "site": {"slug": SITE}, "cadence_s": 2, "grace_s": 8}
        token = muster.post("/api/telemetry/sources/", given)["token"]
        started.append(Sender(f"sender {number}", muster.port, token, begin_s=begin_s, pause_s=1))
        started[-1].start()
    yield started
    for each in started:
        each.stop()


def partitions(address):
    with psycopg.connect(address) as connection:
        rows = connection.execute(
            "SELECT relname FROM pg_class WHERE relname ~ '^(telemetry|audit)_.*_2\\d+$'"
        )
        return {name for (name,) in rows}


def states(muster):
    return {source["state"] for source in muster.get("/api/telemetry/status/")["sources"]}


def told(muster):
    """Whether the page says so to a new session. Older sessions end when the clock moves ahead by weeks."""
    request = Request(f"{muster.url}/sites/", headers={"Cookie": muster.session(USER)})
    with urlopen(request, timeout=30) as response:
        return "clock is 45 d ahead of" in " ".join(response.read().decode().split())


def test_a_clock_45_days_ahead_costs_nothing(muster, moved, senders, own_database):
    eventually(lambda: states(muster) == {"on-time"}, within_s=60, what="all are on time")
    muster.manage("shell", "-c", KEEP)
    before = partitions(own_database)

    moved.write_text(str(AHEAD_S))
    ends_at = time.monotonic() + WATCHED_S
    eventually(lambda: told(muster), within_s=40, what="the page says that the clock is wrong")
    while time.monotonic() < ends_at:
        assert states(muster) == {"on-time"}
        time.sleep(1)
    muster.manage("shell", "-c", KEEP)
    assert told(muster)
    assert before <= partitions(own_database)

    moved.write_text("0")
    eventually(lambda: not told(muster), within_s=40, what="the page says nothing any more")
    muster.manage("shell", "-c", KEEP)
    assert before <= partitions(own_database)
    assert states(muster) == {"on-time"}
    assert all(each.acknowledged > WATCHED_S / 2 and not each.failed for each in senders)
    sources = muster.get("/api/telemetry/status/")["sources"]
    assert {source["rejected_24h"] for source in sources} == {0}
    flips = muster.get("/api/telemetry/flips/", limit=100)["results"]
    assert not [flip for flip in flips if "silent" in str(flip)]
