"""Data of an older PostgreSQL, written by its own programs where this machine has them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from stack import postgres
from stack.account import Account, give, unprivileged_account
from stack.child import Recipe, run, start, stop, wait_ready
from stack.sockets import short_folder
from stack.upgrading.programs import PLACES, read_major

OLDEST = 13


def find_older() -> tuple[str, Path] | None:
    """The newest older major release that is installed, and the folder above its programs."""
    for major in range(int(postgres.MAJOR) - 1, OLDEST - 1, -1):
        for place in PLACES:
            folder = Path(place.format(major=major))
            if read_major(folder, account=_account()) == str(major):
                return str(major), folder.parent
    return None


def _account() -> Account | None:
    return unprivileged_account(owning=Path("/no-such-folder"))


def require_older() -> tuple[str, Path]:
    if (older := find_older()) is None:
        pytest.skip("This machine has no programs of an older PostgreSQL, such as Debian's postgresql-17.")
    return older


def make_older(data: Path, statements: str) -> Path:
    """Make a cluster of an older PostgreSQL in a data folder, have it run these statements, and stop it; returns its
    folder."""
    major, programs = require_older()
    data.mkdir(exist_ok=True)
    data.chmod(0o755)
    folder, account = data / f"postgres-{major}", _account()
    folder.mkdir(mode=0o700)
    give(folder, account)
    argv = (str(programs / "bin" / "initdb"), f"--pgdata={folder / 'data'}", f"--username={postgres.USER}")
    options = ("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")
    environment = postgres.clean_environment()
    run(Recipe("initdb", (*argv, *options), Path("/"), folder / "initdb.log", environment, account))
    with older_server(folder) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statements)  # type: ignore[call-overload]
        forget_options_of_columns(url)
    (folder / "complete").write_text(f"{major}\n")
    return folder


@contextmanager
def older_server(folder: Path) -> Iterator[str]:
    """Run the older PostgreSQL on a cluster; gives the address of Muster's database."""
    _major, programs = require_older()
    account = _account()
    sockets = short_folder("muster-older-", account=account)
    cluster = postgres.Cluster(folder, sockets, programs, account)
    recipe = postgres.recipe(cluster, log=folder.parent / "older.log", settings={"fsync": "off"})
    process = start(recipe)
    try:
        wait_ready(process, recipe)
        postgres.ensure_database(cluster)
        yield postgres.url(cluster)
    finally:
        stop(process, recipe)
        sockets.rmdir()


def forget_options_of_columns(url: str) -> None:
    """Some builds of PostgreSQL give each column an option of their own, which no other build takes. Data in a folder
    of Muster were written by the programs that come with it, which have none."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("UPDATE pg_attribute SET attoptions = NULL WHERE attoptions IS NOT NULL")
