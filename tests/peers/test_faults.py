"""Every process killed while blocks are merged under load, the broker emptied: what a sender was told is stored once.

Two senders post without pause and, like Prometheus, offer a body again until it is acknowledged. One sends the same
bytes again; the other was itself restarted, as it were, and cuts the same samples into other bodies.
"""

import shutil
import tempfile
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from tests.peers.launched import Launched
from tests.peers.running import eventually
from tests.peers.sender import Sender

pytestmark = pytest.mark.peers

ROOT = Path(__file__).parents[2]
SITE = "porto"
# Samples lie a second apart and long enough ago that every window and most hours they fall into are over.
BEGIN_S, PAUSE_S = 5 * 3600, 0.03
AFTER_FAULT, RECOVERED_S = 15, 90
ROLLED_UP_S = 90
# Beat has samples packed every minute.
PACKED_S = 150
KILLED = ("web", "worker", "beat", "valkey", "postgres")
# As if tables had been opened and sealed a day earlier.
OLDER = (
    "UPDATE telemetry_hottable SET {0} = {0} - interval '1 day' WHERE {0} IS NOT NULL AND packed_at IS NULL"
)
IS_OLD_OPEN = (
    "SELECT min(opened_at) < now() - interval '1 hour' FROM telemetry_hottable WHERE sealed_at IS NULL"
)
MERGING = "SELECT count(*) > 0 FROM pg_locks WHERE relation = 'telemetry_block'::regclass AND NOT granted"
UNPACKED = "SELECT count(*) > 0 FROM telemetry_hottable WHERE sealed_at IS NOT NULL AND packed_at IS NULL"


@pytest.fixture
def muster(programs):
    # Not pytest's tmp_path: that is closed to the account PostgreSQL runs as when the tests are root.
    folder = Path(tempfile.mkdtemp(prefix="muster-faults-"))
    folder.chmod(0o755)
    started = Launched(ROOT, folder / "data", programs)
    try:
        started.start()
        yield started
    finally:
        started.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def senders(muster):
    muster.add_site(SITE)
    begin_s = int(datetime.now(UTC).timestamp()) - BEGIN_S
    made = []
    for name, recuts in (("same bytes", False), ("other cut", True)):
        source = muster.post("/api/telemetry/sources/", {"name": name, "site": {"slug": SITE}})
        made.append(
            Sender(name, muster.port, source["token"], begin_s=begin_s, pause_s=PAUSE_S, recuts=recuts)
        )
    for one in made:
        one.start()
    yield made
    for one in made:
        one.stop()


def goes_on(muster, senders, after):
    """Senders are answered again, and what they were answered is stored."""
    marks = [one.acknowledged + AFTER_FAULT for one in senders]
    eventually(
        lambda: all(one.acknowledged >= mark or one.failed for one, mark in zip(senders, marks, strict=True)),
        within_s=RECOVERED_S,
        what=f"senders are acknowledged after {after}",
        last=muster._logs,
    )
    assert [one.failed for one in senders] == ["", ""], after
    newest = min(one.newest_s() for one in senders)
    eventually(
        lambda: (
            (
                muster.asked_of_database("SELECT extract(epoch FROM max(last_at)) FROM telemetry_samplebatch")
                or 0
            )
            >= newest
        ),
        within_s=RECOVERED_S,
        what=f"samples are stored after {after}",
        last=muster._logs,
    )


@contextmanager
def merging(muster):
    """Seal the open hot table, and hold up whoever merges its samples into blocks until the end of this."""
    muster.change_database(OLDER.format("opened_at"))
    muster.pack()
    eventually(
        lambda: muster.asked_of_database(IS_OLD_OPEN) is False,
        within_s=PACKED_S,
        what="the hot table is sealed",
        last=muster._logs,
    )
    holder = psycopg.connect(muster.database)
    try:
        holder.execute("LOCK TABLE telemetry_block IN SHARE MODE")
        muster.change_database(OLDER.format("sealed_at"))
        muster.pack()
        eventually(
            lambda: muster.asked_of_database(MERGING),
            within_s=PACKED_S,
            what="samples are merged",
            last=muster._logs,
        )
        yield
    finally:
        # It is gone already where PostgreSQL was killed.
        with suppress(psycopg.OperationalError):
            holder.close()


@pytest.mark.timeout(1200)
def test_what_was_acknowledged_is_counted_once_whatever_was_killed(muster, senders):
    goes_on(muster, senders, "the start")
    for name in KILLED:
        with merging(muster):
            muster.kill(name)
        goes_on(muster, senders, f"{name} was killed")
        eventually(
            lambda: muster.asked_of_database(UNPACKED) is False,
            within_s=PACKED_S,
            what=f"samples are packed after {name} was killed",
            last=muster._logs,
        )
    muster.flush_valkey()
    goes_on(muster, senders, "FLUSHALL")
    for one in senders:
        one.stop()
    eventually(
        lambda: muster.asked_of_database(
            "SELECT NOT EXISTS (SELECT FROM telemetry_inboxbatch) AND NOT EXISTS (SELECT FROM telemetry_dirtywindow)"
        ),
        within_s=ROLLED_UP_S,
        what="all is drained and rolled up",
        last=muster._logs,
    )

    assert all(one.offered_again for one in senders), "nothing was killed under load"
    for one in senders:
        wanted = one.sent()
        ones = {rack: dict.fromkeys(points, 1.0) for rack, points in wanted.items()}
        assert one.stored(muster, SITE, "sum", "1s") == wanted
        assert one.stored(muster, SITE, "count", "1s") == ones
        for step in ("5m", "1h"):
            for aggregation, whole in (("count", ones), ("sum", wanted)):
                added = {
                    rack: sum(points.values())
                    for rack, points in one.stored(muster, SITE, aggregation, step).items()
                }
                assert added == {rack: sum(points.values()) for rack, points in whole.items()}, (
                    step,
                    aggregation,
                )
