"""A migrated database as a file, for later runs: migrating takes half a minute, restoring a few seconds.

It is restored only on the day when it was migrated, by the same code: partitions, and the times of what comes with
Muster, follow the day.
"""

import gzip
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from stack import postgres, schema
from web.database_roles import SCOPED_ROLE

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "var" / "tests"
# Roles belong to the whole cluster: another database may create it at this moment.
MAKE_ROLE = f"""
DO $$ BEGIN
    CREATE ROLE {SCOPED_ROLE} NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""


def keep(url: str) -> None:
    """Write the file whole or not at all, since other runs may read it, and remove those of earlier days."""
    KEPT.mkdir(parents=True, exist_ok=True)
    path = _path()
    for older in KEPT.glob("*.sql.gz"):
        if older.name[:10] < path.name[:10]:
            older.unlink(missing_ok=True)
    part = path.with_suffix(f".{os.getpid()}")
    part.write_bytes(gzip.compress(_run("pg_dump", url, "--no-owner"), compresslevel=3))
    part.replace(path)


def restore(url: str) -> bool:
    """Fill an empty database; False if nothing is kept."""
    path = _path()
    if not path.exists():
        return False
    with psycopg.connect(url) as connection:
        connection.execute(MAKE_ROLE)
    _run(
        "psql",
        url,
        "--no-psqlrc",
        "--quiet",
        "--set=ON_ERROR_STOP=1",
        given=gzip.decompress(path.read_bytes()),
    )
    return True


def _path() -> Path:
    return KEPT / f"{datetime.now(UTC).date()}-{schema.stamp_of(ROOT)[:16]}.sql.gz"


def _run(program: str, url: str, *arguments: str, given: bytes = b"") -> bytes:
    argv = [postgres.installed() / "bin" / program, f"--dbname={url}", *arguments]
    done = subprocess.run(argv, input=given, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout
