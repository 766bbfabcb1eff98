"""The throw-away servers of a test run, seen from a test inside one, and from runs that end badly."""

import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from tests.stack.checkout import ROOT, eventually, living


def run_pytest(
    folder: Path, source: str, *options: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _pytest(folder, source, *options),
        cwd=ROOT,
        env=_environment(**environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _pytest(folder: Path, source: str, *options: str) -> list[str]:
    test = folder / "test_inside.py"
    test.write_text(textwrap.dedent(source))
    return [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "-p", "stack.testing", "-p", "no:django",
            "-p", "no:cacheprovider", *options, str(test)]  # fmt: skip


def _environment(**more: str) -> dict[str, str]:
    ours = {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "PYTEST_ADDOPTS"}
    kept = {k: v for k, v in os.environ.items() if k not in ours and not k.startswith("PYTEST_XDIST")}
    return kept | {"PYTHONPATH": str(ROOT)} | more


SEES_BOTH = """
    import os, psycopg, redis

    def test_servers():
        with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
            assert connection.execute("SHOW fsync").fetchone() == ("off",)
        broker = redis.Redis.from_url(os.environ["REDIS_URL"])
        assert broker.ping()
        broker.close()
"""


@pytest.mark.full
def test_a_run_has_servers_of_its_own(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, SEES_BOTH)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.full
def test_a_run_in_workers_has_servers_of_its_own_and_says_how_much_memory_it_took(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, SEES_BOTH, "-v", "-n", "2")
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    workers = r", \d\d+ MiB \(worker\)" * 2
    assert re.search(
        rf"Peak memory: \d\d+ MiB{workers}; the largest program started: \d\d+ MiB", done.stdout
    ), done.stdout + done.stderr


@pytest.mark.full
def test_addresses_that_are_set_are_left_alone(tmp_path: Path) -> None:
    source = """
        import os

        def test_addresses():
            assert os.environ["DATABASE_URL"] == "postgres://mine/x"
            assert os.environ["REDIS_URL"] == "redis://mine/0"
    """
    given = {"DATABASE_URL": "postgres://mine/x", "REDIS_URL": "redis://mine/0"}
    done = run_pytest(tmp_path, source, **given)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_this_run_has_both_servers() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    broker = redis.Redis.from_url(os.environ["REDIS_URL"])
    assert broker.ping()
    broker.close()


@pytest.mark.full
def test_a_killed_run_leaves_no_server_and_the_next_run_removes_its_folder(tmp_path: Path) -> None:
    source = """
        import os, sys, time

        def test_forever():
            print(os.environ["DATABASE_URL"], file=sys.stderr, flush=True)
            while True:
                time.sleep(1)
    """
    killed = subprocess.Popen(
        _pytest(tmp_path, source, "-s"),
        cwd=ROOT,
        env=_environment(),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    assert killed.stderr is not None
    address = killed.stderr.readline().decode().strip()
    folder = Path(urlsplit(address).query.removeprefix("host="))
    postmaster = int((folder / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    killed.stderr.close()

    assert eventually(lambda: not living({postmaster})), "PostgreSQL outlived the run"
    assert folder.exists()
    assert "1 passed" in run_pytest(tmp_path, SEES_BOTH).stdout
    assert not folder.exists()
