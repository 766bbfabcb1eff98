"""Packing that is killed or meets a full disk loses and doubles nothing: the same is read before and after it."""

import os
import random
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import Error, connection

from telemetry import drain, store
from telemetry.models import InboxBatch
from telemetry.store import checking, hot
from tests.telemetry.packed import SERIES, a_day, append, damage_block, pack, pack_all, read, stored_rows
from tests.telemetry.sending import stored

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied_samples")]

SEALED, PACKED = timedelta(hours=2), timedelta(hours=3)


def read_all(now):
    return read(after=now - timedelta(days=2), until=now)


def samples_in_blocks():
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(samples) FROM telemetry_block WHERE series_id = ANY(%s)", [list(SERIES)])
        return cursor.fetchone()[0]


def append_late(now):
    """Append to blocks of two days: late samples between theirs, samples that they have, and the next ones."""
    begin = now - timedelta(hours=27)
    append(a_day(11, begin, until=now - timedelta(hours=3)), now=now)
    append(a_day(12, begin, until=now - timedelta(hours=3), value=float), now=now)
    pack_all(now)
    later = now + timedelta(hours=4)
    append(a_day(11, begin, until=begin + timedelta(hours=12), step_s=30), now=later)
    append(a_day(12, now - timedelta(hours=5), until=now, value=lambda number: -float(number)), now=later)
    append(a_day(13, begin, until=now), now=later)
    return later


@pytest.mark.full
@pytest.mark.parametrize(
    ("point", "age"),
    [
        ("hot._open", SEALED),
        ("blocks.delete", PACKED),
        ("blocks.write", PACKED),
        ("hot.drop", PACKED),
    ],
    ids=["sealing", "taking blocks out", "writing merged blocks", "dropping the table"],
)
def test_merging_that_is_killed_is_done_again(now, point, age):
    later = append_late(now)
    if age == PACKED:
        pack(later + SEALED)
    before = read_all(now)
    with killed_at(point, later + age):
        assert read_all(now) == before
    assert read_all(now) == before
    pack(later + SEALED)
    pack(later + PACKED + timedelta(minutes=1))
    assert stored_rows("telemetry_samplebatch") == 0
    assert read_all(now) == before
    assert samples_in_blocks() == len(before)


@pytest.mark.full
def test_a_check_of_blocks_that_is_killed_is_done_again(now):
    append_late(now)
    pack_all(now + timedelta(hours=4))
    damage_block(12)
    before = read_all(now)
    assert {series for series, *_ in before} == {11, 13}
    next_day = now.replace(hour=6, minute=1) + timedelta(days=1)
    with killed_at("blocks.set_aside", next_day):
        assert read_all(now) == before
    assert store.lost_blocks(most=9) == []
    damaged = stored_rows("telemetry_block WHERE series_id = 12")
    while checking.look_after(now=next_day):
        pass
    assert [block.series_id for block in store.lost_blocks(most=9)] == [12] * damaged
    assert read_all(now) == before
    assert samples_in_blocks() == len(before)


def test_packing_on_a_full_disk_fails_and_goes_on_when_there_is_space(now):
    dice = random.Random(1)
    begin = now - timedelta(hours=6)
    for series in SERIES:
        append(a_day(series, begin, until=now, step_s=15, value=lambda _: dice.random()), now=now)
    pack(now + SEALED)
    before = read_all(now)
    with connection.cursor() as cursor:
        store.keep_partitions(now=now)
        # Far from the tested series, and of a size that no other file of a server at rest grows beyond.
        cursor.execute(
            "INSERT INTO telemetry_block SELECT 1000 + n, %s, %s, 1, 1, 1, 1, 1, 1, 1, 1, 0, '', %s"
            " FROM generate_series(1, 12000) n",
            [begin, begin, bytes(1400)],
        )
    with full_disk("telemetry_block_" + f"{now:%Y%m%d}"), pytest.raises(Error, match="could not extend file"):
        pack(now + PACKED)
    assert read_all(now) == before
    assert samples_in_blocks() is None
    assert pack(now + PACKED) == len(before)
    assert stored_rows("telemetry_samplebatch") == 0
    assert read_all(now) == before
    assert samples_in_blocks() == len(before)


def test_bodies_of_a_full_disk_wait_and_are_stored_once(sender):
    sender.deliver(("up", 1.0, 0))
    (table,) = hot.hot_tables()
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table.name} SELECT source_id, first_at, last_at, 1, %s FROM {table.name}",
            [bytes(18_000_000)],
        )
        cursor.execute("SELECT reltoastrelid::regclass::text FROM pg_class WHERE relname = %s", [table.name])
        (values_apart,) = cursor.fetchone()
    sender.send(*((f"m{number}", number / 7, 1) for number in range(2_000)))
    with full_disk(values_apart), pytest.raises(Error, match="could not extend file"):
        drain.drain(now=sender.clock.at)
    assert InboxBatch.objects.filter(failed_at=None).count() == 1
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table.name} WHERE octet_length(packed) = 18000000")
    assert len(stored()) == 1
    assert drain.drain(now=sender.clock.at) == 1
    assert len(stored()) == len(set(stored())) == 2_001


STOPPING = """
import os, sys, datetime
os.environ["DATABASE_URL"] = sys.argv[1]
import django
django.setup()
from telemetry import store
from telemetry.store import blocks, hot
module, name = sys.argv[3].split(".")
module = {"blocks": blocks, "hot": hot}[module]
whole = getattr(module, name)
def stop(*args, **options):
    # A table that is dropped lets nobody read.
    if name != "drop":
        whole(*args, **options)
    print("stopped", flush=True)
    sys.stdin.read()
setattr(module, name, stop)
store.pack_samples(now=datetime.datetime.fromisoformat(sys.argv[2]))
"""


@contextmanager
def killed_at(point, now):
    """Have a process pack until it is there, and kill it at the end; its transaction is over then."""
    base, _, query = os.environ["DATABASE_URL"].partition("?")
    mine = f"{base.rpartition('/')[0]}/{connection.settings_dict['NAME']}" + (f"?{query}" if query else "")
    process = subprocess.Popen(
        [sys.executable, "-c", STOPPING, mine, now.isoformat(), point],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"},
    )
    try:
        assert process.stdout.readline() == "stopped\n"
        yield
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=20)
        process.stdout.close()
        process.stdin.close()
    with connection.cursor() as cursor:
        # Those of the writer of blocks, and of whoever opens a hot table.
        cursor.execute("SELECT pg_advisory_xact_lock(7301004, 'public'::regnamespace::oid::int)")
        cursor.execute("SELECT pg_advisory_xact_lock(7301003)")


@contextmanager
def full_disk(relation):
    """Let this connection's server process write no file beyond the size of this one. PostgreSQL takes that as it takes
    a full disk, and the log still has room: its files are smaller."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_relation_size(%s::regclass), setting::bigint FROM pg_settings WHERE name = 'wal_segment_size'",
            [relation],
        )
        size, segment_size = cursor.fetchone()
        assert size >= segment_size
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    status = Path(f"/proc/{pid}/status")
    if not status.exists() or shutil.which("prlimit") is None:
        pytest.skip("The server runs elsewhere, or this machine has no prlimit.")
    _limit_files(pid, str(size))
    try:
        yield
    finally:
        _limit_files(pid, "unlimited")


def _limit_files(pid, most):
    # The limits of a process are changed by its own account.
    argv = ["prlimit", "--pid", str(pid), f"--fsize={most}:"]
    account = Path(f"/proc/{pid}").stat()
    subprocess.run(argv, check=True, user=account.st_uid, group=account.st_gid)
