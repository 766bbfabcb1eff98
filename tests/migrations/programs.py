"""A database of the first release, and PostgreSQL's own programs on a database of the tests: dump, restore."""

import gzip
import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from stack.postgres import installed

DUMP = Path(__file__).parent / "first.sql.gz"

# What tests keep beside Muster's tables.
KEPT_BY_TESTS = "as_made"


def run(program, database, *arguments, given=b""):
    """Return what it printed. The server is that of `DATABASE_URL`."""
    argv = [installed() / "bin" / program, f"--dbname={address_of(database)}", *arguments]
    done = subprocess.run(argv, input=given, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def dump(database, *arguments):
    return run(
        "pg_dump", database, "--no-owner", "--no-privileges", f"--exclude-schema={KEPT_BY_TESTS}", *arguments
    )


def restore(database, dumped):
    run("psql", database, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", given=dumped)


def address_of(database):
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()


@contextmanager
def restored(dumped, suffix):
    """A database of its own that holds what was dumped."""
    name = f"{settings.DATABASES['default']['NAME']}_{suffix}"
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}"')
        try:
            restore(name, dumped)
            yield name
        finally:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def first_release(suffix):
    return restored(gzip.decompress(DUMP.read_bytes()), suffix)
