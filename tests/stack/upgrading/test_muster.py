"""Muster itself after an upgrade: verdicts are computed as they were stored, and samples are read as before."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from stack import schema
from stack.postgres import installed
from tests.stack.checkout import ROOT, Checkout
from tests.stack.upgrading.older import forget_options_of_columns, make_older, older_server, require_older

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]
PASSPHRASE = {"MUSTER_BACKUP_PASSPHRASE": "correct horse battery"}
# Samples of all series, decoded by Muster from blocks and batches.
READ = """
import hashlib
from datetime import UTC, datetime
from telemetry.models import Series
from telemetry.store import samples
ids = sorted(Series.objects.values_list("pk", flat=True))
read = samples(ids, after=datetime(2000, 1, 1, tzinfo=UTC), until=datetime(2100, 1, 1, tzinfo=UTC))
rows = sorted(zip(read.series.tolist(), read.ts_ms.tolist(), map(repr, read.value.tolist())))
print("read", len(rows), hashlib.sha256(repr(rows).encode()).hexdigest())
"""


class MusterCheckout(Checkout):
    """This checkout, with data of its own."""

    def __init__(self, data: Path) -> None:
        self.root, self.data, self.port = ROOT, data, 0


@pytest.fixture
def demo() -> Iterator[str]:
    """The address of a database with the demo fleet, in the server of the tests."""
    require_older()
    address = urlsplit(os.environ["DATABASE_URL"])
    with psycopg.connect(address.geturl(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE to_upgrade")
        url = address._replace(path="/to_upgrade").geturl()
        schema.begin(url)
        for command in (("migrate", "--no-input"), ("load_demo",)):
            subprocess.run(
                [sys.executable, "manage.py", *command],
                cwd=ROOT,
                env=os.environ | {"DATABASE_URL": url},
                check=True,
                capture_output=True,
            )
        yield url
        connection.execute("DROP DATABASE to_upgrade WITH (FORCE)")


def move_to_older(url: str, data: Path) -> None:
    """Have an older PostgreSQL hold the database; what only newer ones set is left out of the dump."""
    dumped = subprocess.run(
        [installed() / "bin" / "pg_dump", "--no-owner", f"--dbname={url}"], check=True, capture_output=True
    ).stdout
    statements = b"".join(
        line for line in dumped.splitlines(keepends=True) if not line.startswith(b"SET transaction_timeout")
    )
    folder = make_older(data, "CREATE ROLE muster_scoped")
    with older_server(folder) as older_url:
        arguments = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={older_url}")
        subprocess.run(
            [installed() / "bin" / "psql", *arguments], input=statements, check=True, capture_output=True
        )
        forget_options_of_columns(older_url)


def read_samples(environment: dict[str, str], argv: list[str]) -> list[str]:
    done = subprocess.run(
        [*argv, "shell", "--no-imports", "--command", READ],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("read "))
    return line.split()


def test_verdicts_and_samples_are_those_of_before(demo: str, folder: Path) -> None:
    before = read_samples(os.environ | {"DATABASE_URL": demo}, [sys.executable, "manage.py"])
    assert int(before[1]) > 100_000
    checkout = MusterCheckout(folder / "data")
    move_to_older(demo, checkout.data)

    done = checkout.call("upgrade", **PASSPHRASE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "are the same in both" in done.stdout
    assert read_samples(checkout.environment(), checkout.argv("manage")) == before
    at = datetime.now(UTC).isoformat()
    verdicts = checkout.call("manage", "verify_verdicts", "--at", at)
    assert verdicts.returncode == 0, verdicts.stdout
    assert "no verdicts and checks differ" in verdicts.stdout
