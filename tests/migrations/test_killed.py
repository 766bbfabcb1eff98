"""Samples of the first release become blocks, whatever is killed on the way: each time the rest is done, and once."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from telemetry import store
from telemetry.store import packing
from tests.database import connected_to
from tests.migrations.programs import address_of, first_release
from tests.telemetry.packed import tuples_of

pytestmark = pytest.mark.full

# Before the samples of the dump, and after them.
BEGIN, END = (datetime(2026, 11, day, tzinfo=UTC) for day in (23, 26))
STOPPING_MIGRATION = """
import sys
from importlib import import_module
import django
django.setup()
from django.db.migrations import RunSQL
from tests.migrations.test_killed import migrate_telemetry
statements = getattr(import_module("telemetry.migrations." + sys.argv[1]), sys.argv[2])
whole = RunSQL.database_forwards
def stop(operation, *args):
    whole(operation, *args)
    if operation.sql == statements:
        print("stopped", flush=True)
        sys.stdin.read()
RunSQL.database_forwards = stop
migrate_telemetry()
"""
STOPPING_PACKING = """
import datetime, sys
import django
django.setup()
from telemetry.store import packing
whole, packing.SAMPLES, parts = packing._pack_series, int(sys.argv[1]), []
def stop(*args):
    packed = whole(*args)
    parts.append(packed)
    if len(parts) == 3:
        print("stopped", flush=True)
        sys.stdin.read()
    return packed
packing._pack_series = stop
now, oldest = map(datetime.datetime.fromisoformat, sys.argv[2:])
packing.pack_due(now=now, oldest=oldest)
"""


def test_samples_of_rows_become_blocks_whatever_is_killed(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), first_release("killed") as name:
        with connected_to(name):
            samples = rows()
        for migration, statements in (
            ("0005_blocks_of_samples", "HOT"),
            ("0006_batches_of_hot_samples", "ROWS_TO_BATCHES"),
        ):
            kill(name, STOPPING_MIGRATION, migration, statements)
            with connected_to(name):
                assert rows() == samples
        with connected_to(name):
            migrate_telemetry()
        # Their tables were sealed when they were migrated.
        now = datetime.now(UTC) + timedelta(days=1)
        with connected_to(name):
            assert read_all() == samples
        kill(name, STOPPING_PACKING, str(len(samples) // 4), now.isoformat(), BEGIN.isoformat())
        with connected_to(name):
            first_parts = samples_in_blocks()
            assert 0 < first_parts < len(samples)
            assert read_all() == samples
            assert packing.pack_due(now=now, oldest=BEGIN) == len(samples) - first_parts
            assert [read_all(), samples_in_blocks()] == [samples, len(samples)]


def migrate_telemetry():
    """Migrate it and what it needs. All would take minutes."""
    executor = MigrationExecutor(connection)
    executor.migrate([node for node in executor.loader.graph.leaf_nodes() if node[0] == "telemetry"])


def rows():
    """The samples of an earlier schema, with a row for each."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT series_id, (extract(epoch FROM ts) * 1000)::bigint, value FROM telemetry_sample"
        )
        return tuples_of(*(np.array(column) for column in zip(*cursor.fetchall(), strict=True)))


def read_all():
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(id) FROM telemetry_series")
        (ids,) = cursor.fetchone()
    return tuples_of(*store.samples(np.array(ids), after=BEGIN, until=END))


def samples_in_blocks():
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(samples), 0) FROM telemetry_block")
        return cursor.fetchone()[0]


def kill(name, script, *arguments):
    """Run a script on this database until it says that it stopped, and kill it."""
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"DATABASE_URL": address_of(name), "DJANGO_SETTINGS_MODULE": "config.settings"},
    )
    try:
        assert process.stdout.readline() == "stopped\n"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=20)
        process.stdout.close()
        process.stdin.close()
