"""The tests' database: migrated once for all workers, copied for each, and put back as it was by tests that commit.

What was migrated is kept for later runs (`tests/migrated.py`). A scene is a database that holds more: built once in a
run, by the worker that needs it first, and copied as well.
"""

import fcntl
import os
import pickle
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from zlib import crc32

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, connections, transaction

from telemetry import store
from tests import migrated
from tests.conftest import NOW

TABLES = """SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    AND relname <> 'django_migrations' AND pg_relation_size(oid) > 0"""
# What is in the tables before a test (permissions, roles, framework, rules, a scene), kept in a schema beside.
KEEP = f"""
DROP SCHEMA IF EXISTS as_made CASCADE;
CREATE SCHEMA as_made;
DO $$ DECLARE it name; BEGIN
    FOR it IN {TABLES} LOOP
        EXECUTE format('CREATE TABLE as_made.%I AS TABLE public.%I', it, it);
    END LOOP;
END $$
"""
# As a replica, so that no trigger looks at what goes and comes: those of history would refuse it, or write it down.
PUT_BACK = f"""
DO $$ DECLARE it name; held text; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR it IN {TABLES} LOOP
        EXECUTE format('DELETE FROM public.%I', it);
    END LOOP;
    FOR it IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'as_made'::regnamespace LOOP
        SELECT string_agg(quote_ident(attname), ', ') INTO held FROM pg_attribute
            WHERE attrelid = format('public.%I', it)::regclass AND attnum > 0
                AND NOT attisdropped AND attgenerated = '';
        EXECUTE format('INSERT INTO public.%I (%s) SELECT %s FROM as_made.%I', it, held, held, it);
    END LOOP;
END $$
"""
# But for places: what a reader may see of them is an array as long as their largest key (`web/scopes.py`).
COUNT_FROM = """SELECT setval(format('public.%%I', sequencename)::regclass, %s) FROM pg_sequences
    WHERE schemaname = 'public' AND max_value > %s AND coalesce(last_value, 1) < %s
    AND sequencename NOT IN ('inventory_site_id_seq', 'inventory_region_id_seq')"""


def put_back():
    """Empty each table that holds something, and fill in what stood there when the database was made.

    Django's `flush` truncates all the tables there are, and what follows it makes permissions, roles, framework and
    rules anew: that took longer than most of the tests it cleared up after.
    """
    with connection.cursor() as cursor:
        cursor.execute(PUT_BACK)
    ContentType.objects.clear_cache()


@dataclass(frozen=True)
class Scene:
    """The content of a database. `build` fills it and returns what tests use, `on` is the scene that it extends."""

    name: str
    build: Callable[[], Any]
    on: "Scene | None"

    @property
    def first_key(self):
        """Keys of each scene begin elsewhere, since processes remember some rows by their key."""
        return 100_000 * (1 + crc32(self.name.encode()) % 90)


def _migrate():
    name = connection.settings_dict["NAME"]
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    if not migrated.restore(url):
        call_command("migrate", interactive=False, verbosity=0)
        migrated.keep(url)
    # Or each test with samples makes them anew, which takes longer than the test.
    store.keep_partitions(now=NOW)


MIGRATED = Scene("migrated", _migrate, None)


class Databases:
    """Those of a worker; `shared` is the folder of this run, where workers see which scenes are built."""

    def __init__(self, worker, shared):
        self.worker, self.shared = worker, shared
        self.base = f"test_{connection.settings_dict['NAME']}"
        self.connections = {}

    def create(self):
        """Use a copy of the migrated database for all tests without a scene."""
        connection.close()
        settings.DATABASES["default"]["NAME"] = self._copied(MIGRATED)

    def drop(self):
        for each in self.connections.values():
            each.close()
        connection.close()
        with connection._nodb_cursor() as cursor:
            for name in ("migrated", *self.connections):
                cursor.execute(f'DROP DATABASE "{self._name(name, self.worker)}" WITH (FORCE)')

    @contextmanager
    def on(self, scene, *, commits):
        """Be connected to this worker's copy of a scene, and leave it as it was; yield what `build` returned."""
        if scene.name not in self.connections:
            self.connections[scene.name] = _connection_to(self._copied(scene))
        with _connected(self.connections[scene.name]), _put_back() if commits else _rolled_back():
            yield self.objects(scene)

    def objects(self, scene):
        """What `build` returned when the scene was built."""
        return pickle.loads(self._built(scene).read_bytes())

    @contextmanager
    def apart(self):
        """Be connected to a copy of the migrated database that is dropped afterwards, whatever is written there."""
        name = self._name("apart", self.worker)
        _make(name, self.pattern(MIGRATED))
        try:
            with connected_to(name):
                yield
        finally:
            with connection._nodb_cursor() as cursor:
                cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _copied(self, scene):
        name = self._name(scene.name, self.worker)
        _make(name, self.pattern(scene))
        return name

    def pattern(self, scene):
        """The database that workers copy: built, if no other worker has done so."""
        name, built = self._name(scene.name, "built"), self._built(scene)
        with _one_at_a_time(built.with_suffix(".lock")):
            if not built.exists():
                _make(name, self.pattern(scene.on) if scene.on else "template1")
                there = _connection_to(name)
                with _connected(there), there.cursor() as cursor:
                    cursor.execute(COUNT_FROM, [scene.first_key] * 3)
                    objects = scene.build()
                    cache.clear()
                    cursor.execute(KEEP)
                there.close()
                built.write_bytes(pickle.dumps(objects))
        return name

    def _built(self, scene):
        return self.shared / f"{scene.name}.pickle"

    def _name(self, name, worker):
        return "_".join(filter(None, [self.base, name, worker]))


@contextmanager
def _one_at_a_time(lock):
    with lock.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make(name, pattern):
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{pattern}"')


def _connection_to(name):
    return type(connections["default"])({**settings.DATABASES["default"], "NAME": name}, "default")


@contextmanager
def connected_to(name):
    """Be connected to the database of this name."""
    there = _connection_to(name)
    try:
        with _connected(there):
            yield
    finally:
        there.close()


@contextmanager
def _connected(there):
    """This thread and those that connect anew are at another database, whatever the first one is in the midst of."""
    here, name = connections["default"], settings.DATABASES["default"]["NAME"]
    connections["default"], settings.DATABASES["default"]["NAME"] = there, there.settings_dict["NAME"]
    try:
        yield
    finally:
        connections["default"], settings.DATABASES["default"]["NAME"] = here, name


@contextmanager
def _rolled_back():
    """Undo what a test writes, as Django's TestCase does."""
    test = transaction.atomic()
    test._from_testcase = True
    with test:
        yield
        if not connection.needs_rollback:
            connection.check_constraints()
        transaction.set_rollback(True)


@contextmanager
def _put_back():
    try:
        yield
    finally:
        put_back()
