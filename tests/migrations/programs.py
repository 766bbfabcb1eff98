"""PostgreSQL's own programs on a database of the tests: dump, restore."""

import os
import subprocess
from urllib.parse import urlsplit

from stack.postgres import installed

# What tests keep beside Muster's tables.
KEPT_BY_TESTS = "as_made"


def run(program, database, *arguments, given=b""):
    """Return what it printed. The server is that of `DATABASE_URL`."""
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()
    argv = [installed() / "bin" / program, f"--dbname={address}", *arguments]
    done = subprocess.run(argv, input=given, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def dump(database, *arguments):
    return run(
        "pg_dump", database, "--no-owner", "--no-privileges", f"--exclude-schema={KEPT_BY_TESTS}", *arguments
    )


def restore(database, dumped):
    run("psql", database, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", given=dumped)
