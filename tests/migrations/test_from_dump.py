"""A database of the first release is migrated to the newest: every row is there still, the schema is that of a new one."""

import json
import os
import re
import subprocess
import sys

import pytest
from django.conf import settings

from readiness.assessment.framework.core.document import load
from tests.migrations.programs import address_of, dump, first_release, restored, run

pytestmark = pytest.mark.full
COUNTS = """SELECT format('SELECT %L, count(*) FROM %I', relname, relname) FROM pg_class
    WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND NOT relispartition ORDER BY relname"""
# Rows that `migrate` itself adds and takes away, and partitions of other months and hot tables.
ITS_OWN = {"django_migrations", "django_content_type", "auth_permission", "auth_group_permissions"}
A_MONTH = re.compile(r"_20\d{4}(\d\d)?(?![0-9])|telemetry_samplebatch_\d+")


@pytest.fixture(scope="module")
def migrated(django_db_setup, django_db_blocker):
    """The database of the dump, migrated, and how many rows each table had before: (name, {table: rows})."""
    with django_db_blocker.unblock(), first_release("dumped") as name:
        before = rows(name)
        migrate(name)
        yield name, before


def migrate(name):
    argv = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity=0"]
    done = subprocess.run(
        argv,
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": address_of(name)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def rows(name):
    asked = b";".join(run("psql", name, "-XAtq", "-c", COUNTS).strip().splitlines())
    counted = run("psql", name, "-XAtq", given=asked + b";").decode().split()
    return {table: int(count) for table, count in (line.split("|") for line in counted)}


def schema(name):
    """Statements that make the schema, but for partitions, which follow the calendar.

    Restored once more, since PostgreSQL writes some expressions otherwise after that.
    """
    with restored(dump(name, "--schema-only"), "again") as again:
        written = dump(again, "--schema-only").decode()
    statements = [
        statement for statement in written.split("\n\n") if not statement.lstrip().startswith(("--", "\\"))
    ]
    return sorted(" ".join(statement.split()) for statement in statements if not A_MONTH.search(statement))


def test_no_row_is_lost(migrated):
    name, before = migrated
    after = rows(name)
    assert {table for table, count in before.items() if not count} == {"django_session"}
    # The history tells of the permissions that `migrate` gives to roles.
    assert after["audit_entry"] >= before["audit_entry"]
    # Samples are in batches now; the next test counts them.
    kept = before.keys() - ITS_OWN - {"audit_entry", "telemetry_sample"}
    assert {table: after.get(table) for table in kept} == {table: before[table] for table in kept}


def test_samples_of_days_wait_to_be_packed(migrated):
    name, before = migrated
    samples = run("psql", name, "-XAtq", "-c", "SELECT sum(samples) FROM telemetry_samplebatch")
    assert int(samples) == before["telemetry_sample"]
    waiting = "SELECT id FROM telemetry_hottable WHERE sealed_at IS NOT NULL AND packed_at IS NULL"
    inheriting = (
        "SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'telemetry_samplebatch'::regclass"
    )
    assert run("psql", name, "-XAtq", "-c", waiting).split() == [b"20261124"]
    assert run("psql", name, "-XAtq", "-c", inheriting).split() == [b"telemetry_samplebatch_20261124"]


def test_the_framework_in_force_stays_and_keeps_its_digest(migrated):
    name, _before = migrated
    in_force = "SELECT version, digest, definition FROM framework_frameworkversion WHERE status = 'published'"
    row = run("psql", name, "-XAtq", given=f"SELECT row_to_json(each) FROM ({in_force}) AS each;".encode())
    stored = json.loads(row)
    assert stored["version"] == "muster-1"
    assert load(stored["definition"]).content_digest == stored["digest"]


def test_the_schema_is_that_of_a_new_database(migrated, django_db_blocker):
    name, _before = migrated
    with django_db_blocker.unblock():
        from_dump, new = schema(name), schema(settings.DATABASES["default"]["NAME"])
    assert from_dump == new
    assert len(new) > 1_000
