"""The tests' database: migrated once for all workers, copied for each, and put back as it was by tests that commit."""

import fcntl
from contextlib import contextmanager

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection

TABLES = """SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    AND relname <> 'django_migrations' AND pg_relation_size(oid) > 0"""
# What `migrate` leaves in the tables (permissions, roles, the shipped framework and rules), kept in a schema beside.
KEEP = f"""
CREATE SCHEMA as_migrated;
DO $$ DECLARE it name; BEGIN
    FOR it IN {TABLES} LOOP
        EXECUTE format('CREATE TABLE as_migrated.%I AS TABLE public.%I', it, it);
    END LOOP;
END $$
"""
# As a replica, so that no trigger looks at what goes and comes: those of history would refuse it, or write it down.
PUT_BACK = f"""
DO $$ DECLARE it name; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR it IN {TABLES} LOOP
        EXECUTE format('DELETE FROM public.%I', it);
    END LOOP;
    FOR it IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'as_migrated'::regnamespace LOOP
        EXECUTE format('INSERT INTO public.%I SELECT * FROM as_migrated.%I', it, it);
    END LOOP;
END $$
"""


def put_back():
    """Empty each table that holds something, and fill in what stood there when the database was migrated.

    Django's `flush` truncates all the tables there are, and what follows it makes permissions, roles, framework and
    rules anew: that took longer than most of the tests it cleared up after.
    """
    with connection.cursor() as cursor:
        cursor.execute(PUT_BACK)
    ContentType.objects.clear_cache()


def create(worker, shared):
    """A database for this worker; whoever comes first migrates the one they all copy. `shared` is this run's folder."""
    base = f"test_{connection.settings_dict['NAME']}"
    name = "_".join(filter(None, [base, worker]))
    pattern = f"{base}_migrated"
    is_migrated = shared / "migrated"
    with _one_at_a_time(shared / "migrating"), connection._nodb_cursor() as cursor:
        if not is_migrated.exists():
            _make(cursor, pattern)
            _use(pattern)
            call_command("migrate", interactive=False, verbosity=0)
            with connection.cursor() as inside:
                inside.execute(KEEP)
            connection.close()
            is_migrated.touch()
        _make(cursor, name, pattern)
    _use(name)
    return name


@contextmanager
def _one_at_a_time(lock):
    with lock.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _make(cursor, name, pattern="template1"):
    cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
    cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{pattern}"')


def _use(name):
    connection.close()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name


def drop(name):
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
