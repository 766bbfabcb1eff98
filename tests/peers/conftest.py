"""A Muster as `make run` starts it (uvicorn, a Celery worker, beat) with a database of its own, and real senders."""

import os
import shutil
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import redis

from tests.peers.muster import LIVE_S, Muster
from tests.peers.running import Programs
from tests.peers.standing import standing as standing_muster

ROOT = Path(__file__).parents[2]
# Databases of Valkey from here on are for the Musters of tests, one for each worker of the test run.
FIRST_DB = 9
# What takes longest begins first, so that the others fill the time beside it.
LONGEST_FIRST = ("test_crawl", "test_starved", "test_prometheus", "test_attacks", "test_outages")


def number_of_worker():
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


@pytest.fixture(scope="session")
def peer():
    """`peer("prometheus")` is the path of a Debian program; without it a loud skip, and a failure in CI."""

    def find(name):
        path = shutil.which(name)
        if path is None:
            missing = f"Debian's {name} is not installed: apt-get install {name}"
            (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
        return path

    return find


@pytest.fixture
def programs(tmp_path):
    """Starts programs that end with the test, each by its own process id."""
    started = Programs(tmp_path)
    yield started
    started.end_all()


@pytest.fixture
def own_database():
    """An empty database beside the tests' own: the processes of this Muster are no part of a test's transaction."""
    address = urlsplit(os.environ["DATABASE_URL"])
    name = f"muster_peers_{os.getpid()}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    yield urlunsplit(address._replace(path=f"/{name}"))
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def more_environment():
    """Variables for the processes of `muster`; a module has a fixture of this name for others."""
    return {}


@pytest.fixture
def muster(programs, own_database, more_environment, tmp_path):
    """Migrated, started, and answering; its workers listen on a database of Valkey that nothing else uses."""
    valkey = f"{os.environ['REDIS_URL'].partition('?')[0]}?db={FIRST_DB + number_of_worker()}"
    # The workers of an earlier test are not its own: it would take their end for an absence.
    redis.Redis.from_url(valkey).flushdb()
    environment = {
        **os.environ,
        "DATABASE_URL": own_database,
        "REDIS_URL": valkey,
        "MUSTER_DATA_DIR": str(tmp_path / "data"),
        "MUSTER_TELEMETRY_LIVE_S": str(LIVE_S),
        "MUSTER_HASHED_STATIC": "0",
        "PYTHONUNBUFFERED": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        **more_environment,
    }
    started = Muster(ROOT, environment, programs)
    started.start()
    return started


@pytest.fixture(scope="session")
def standing():
    """Start one server for all attacks and outages, since a start takes most of a minute."""
    with standing_muster() as running:
        yield running


def pytest_collection_modifyitems(items):
    def rank(item):
        name = item.path.stem
        return LONGEST_FIRST.index(name) if name in LONGEST_FIRST else len(LONGEST_FIRST)

    peers = iter(sorted((item for item in items if item.get_closest_marker("peers")), key=rank))
    items[:] = [next(peers) if item.get_closest_marker("peers") else item for item in items]
