"""A Muster as `make run` starts it (uvicorn, a Celery worker, beat) with a database of its own, and real senders."""

import os
import shutil
import sys
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from urllib.request import urlopen

import psycopg
import pytest
import redis
from django.core.management import call_command
from django.test import override_settings

from config.sign_in import PASSWORD_HASHERS
from telemetry import snippets
from tests.database import MIGRATED, Scene
from tests.peers.muster import EMAIL, LIVE_S, PASSWORD, USER, Muster
from tests.peers.running import Programs, eventually, free_port
from tests.peers.standing import standing as standing_muster

ROOT = Path(__file__).parents[2]
# Databases of Valkey from here on are for the Musters of tests, one for each worker of the test run.
FIRST_DB = 9
SITE, NODE = "porto", "node-1"
SCRAPE_S, GRACE_S = 2, 4
# The first two have workers of their own (tests/peers/scheduling.py); in this order the other four end with them.
# What measures how long pages take comes after those that begin together, each with the start of a Muster.
IN_ORDER = (
    *(
        "test_starved",
        "test_heartbeats",
        "test_alerts",
        "test_outages",
        "test_hosts",
        "test_demo_stores",
        "test_crawl",
        "test_faults",
    ),
    *(
        "test_replicas",
        "test_attacks",
        "test_clock",
        "test_in_time",
        "test_prometheus",
        "test_deliveries",
        "test_backup",
        "test_senders",
        "test_sdks",
        "test_write_v2",
    ),
)


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


def _with_administrator():
    """Make the administrator of a Muster by its commands, in this process; returns the token. Each command in a process
    of its own would import Muster again.
    """
    printed = StringIO()
    with override_settings(PASSWORD_HASHERS=PASSWORD_HASHERS), pytest.MonkeyPatch.context() as patched:
        patched.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
        call_command("createsuperuser", interactive=False, username=USER, email=EMAIL)
    call_command("create_token", user=USER, scope="write", stdout=printed)
    return printed.getvalue().split()[-1]


ADMINISTERED = Scene("administered", _with_administrator, MIGRATED)


@pytest.fixture
def own_database(django_db_setup, django_db_blocker):
    """A migrated database beside the tests' own: the processes of this Muster are no part of a test's transaction."""
    address, name = urlsplit(os.environ["DATABASE_URL"]), f"muster_peers_{os.getpid()}"
    with django_db_blocker.unblock():
        pattern = django_db_setup.pattern(ADMINISTERED)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{pattern}"')
    yield urlunsplit(address._replace(path=f"/{name}"))
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def token(own_database, django_db_setup):
    """The administrator's in `own_database`; a module whose database is empty has a fixture of this name for ""."""
    return django_db_setup.objects(ADMINISTERED)


@pytest.fixture
def more_environment():
    """Variables for the processes of `muster`; a module has a fixture of this name for others."""
    return {}


@pytest.fixture
def muster(programs, own_database, token, more_environment, tmp_path):
    """Started and answering; its workers listen on a database of Valkey that nothing else uses."""
    valkey = f"{os.environ['REDIS_URL'].partition('?')[0]}?db={FIRST_DB + number_of_worker()}"
    # The workers of an earlier test are not its own: it would take their end for an absence.
    redis.Redis.from_url(valkey).flushdb()
    environment = {
        **os.environ,
        "DATABASE_URL": own_database,
        "REDIS_URL": valkey,
        "MUSTER_DATA_DIR": str(tmp_path / "data"),
        "MUSTER_SECURITY_LOG_DIR": str(tmp_path / "security-log"),
        "MUSTER_TELEMETRY_LIVE_S": str(LIVE_S),
        "MUSTER_HASHED_STATIC": "0",
        "PYTHONUNBUFFERED": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        **more_environment,
    }
    started = Muster(ROOT, environment, programs, token=token)
    started.start()
    return started


@pytest.fixture
def site(muster):
    """A new site with one device, and a source for its Prometheus."""
    muster.add_site(SITE)
    maker = muster.post("/api/inventory/manufacturers/", {"name": "Maker", "slug": "maker"})
    kind = {"manufacturer": maker["id"], "model": "M1", "slug": "m1", "domain": "compute", "kind": "node"}
    kind = muster.post("/api/inventory/device-types/", kind)
    device = {"name": NODE, "site": {"slug": SITE}, "device_type": kind["id"], "role": "node"}
    return muster.post("/api/inventory/devices/", device)


@pytest.fixture
def source(muster, site):
    source = {"name": "porto prometheus", "site": {"slug": SITE}, "cadence_s": SCRAPE_S, "grace_s": GRACE_S}
    return muster.post("/api/telemetry/sources/", source)


@pytest.fixture
def exporter(peer, programs):
    port = free_port()
    argv = [peer("prometheus-node-exporter"), f"--web.listen-address=127.0.0.1:{port}"]
    program = programs.start("exporter", argv)
    program.port = port
    eventually(lambda: answers(f"http://127.0.0.1:{port}/metrics"), within_s=20, what="the exporter answers")
    return program


@pytest.fixture
def prometheus(peer, programs, muster, exporter, source, tmp_path):
    """Configured as the page that shows the token says."""
    from telemetry.models import Source

    config = tmp_path / "prometheus.yml"
    targets = f"""
scrape_configs:
  - job_name: node
    static_configs:
      - targets: ["127.0.0.1:{exporter.port}"]
        labels: {{instance: {NODE}}}
"""
    connection = snippets.prometheus(
        Source(cadence_s=SCRAPE_S), url=f"{muster.url}/api/v1/write", token=source["token"]
    )
    config.write_text(connection + targets)
    port = free_port()
    argv = [
        peer("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={tmp_path / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    program = programs.start("prometheus", argv, cwd=tmp_path)
    eventually(
        lambda: answers(f"http://127.0.0.1:{port}/-/ready"),
        within_s=30,
        what="Prometheus is ready",
        last=program.said,
    )
    return program


def answers(url):
    try:
        with urlopen(url, timeout=2) as response:
            return response.status == 200
    except OSError:
        return False


@pytest.fixture(scope="session")
def standing():
    """Start one server for all attacks and outages, since a start takes most of a minute."""
    with standing_muster() as running:
        yield running


def pytest_collection_modifyitems(items):
    def rank(item):
        name = item.path.stem
        return IN_ORDER.index(name) if name in IN_ORDER else len(IN_ORDER)

    peers = iter(sorted((item for item in items if item.get_closest_marker("peers")), key=rank))
    items[:] = [next(peers) if item.get_closest_marker("peers") else item for item in items]
