"""Runs `deploy/postgres/roles.sql` on the tests' server."""

import subprocess
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from stack import postgres
from tests import database

FILE = Path(__file__).parents[2] / "deploy" / "postgres" / "roles.sql"
OWNER, WEB, WORKER = "muster_owner", "muster_web", "muster_worker"
_VALUES = {"owner": OWNER, "owner_password": "1", "web_password": "2", "worker_password": "3"}


@contextmanager
def database_with_roles(databases):
    """The roles, and the name of an empty database for them. Roles are the server's, so workers make them in turn."""
    name = f"{databases.base}_roles_{databases.worker}"
    database._make(name, "template1")
    try:
        with database._one_at_a_time(databases.shared / "roles.lock"):
            for _ in range(2):
                _run_file(name)
        yield name
    finally:
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _run_file(name):
    server = connection.settings_dict
    argv = [
        *(postgres.installed() / "bin" / "psql", "--no-psqlrc", "--quiet", "--file", FILE),
        *("--username", server["USER"], "--host", server["HOST"], "--dbname", name),
        *(f"--set={key}={value}" for key, value in {**_VALUES, "database": name}.items()),
    ]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
