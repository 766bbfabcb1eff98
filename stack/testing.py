"""pytest plugin (`-p stack.testing`): each test run gets its own PostgreSQL cluster and Valkey.

It starts before pytest-django reads the settings, in the controller or the only process; xdist's workers inherit the
addresses. `DATABASE_URL` and `REDIS_URL` that are already set stay. Everything is in one temporary folder, so a test
run disturbs no running Muster and no other test run.
"""

import atexit
import fcntl
import os
import resource
import shutil
import signal
import tempfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import pytest

from stack import postgres, valkey
from stack.account import Account, unprivileged_account
from stack.child import Recipe, run, start, stop, wait_ready
from stack.sockets import short_folder

PREFIX = "muster-test-"
SETTINGS = {
    "MUSTER_SECRET_KEY": "for tests only, and so not secret",
    "MUSTER_DELIVERY_KEY": "for tests only and so no more secret than the other",
    "MUSTER_HASHED_STATIC": "0",
    # A file of heads outlives the databases of tests, and would contradict the next one.
    "MUSTER_SECURITY_LOG_DIR": "none",
}
_running = ExitStack()
_peaks: list[tuple[int, int]] = []


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None]:
    """A wrapper, because pytest-django's own `tryfirst` would otherwise read the settings first."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    _own_database_number()
    if not {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
        atexit.register(_running.close)
        start_throw_away(_running)
    return (yield)


def _own_database_number() -> None:
    """Give each xdist worker its own Valkey database, because clearing a cache clears the whole database."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker.startswith("gw") and os.environ.get("REDIS_URL", "").endswith("db=0"):
        os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].removesuffix('0')}{1 + int(worker[2:]) % 15}"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker tells the controller its peak; what tests started counts for itself."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["peak_mib"] = peak_mib(resource.RUSAGE_SELF), peak_mib(resource.RUSAGE_CHILDREN)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    _peaks.append(node.workeroutput.get("peak_mib", (0, 0)) if error is None else (0, 0))


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    _running.close()
    if not hasattr(config, "workeroutput") and config.option.verbose >= 0:
        print(memory_report(_peaks))


def peak_mib(whose: int) -> int:
    return resource.getrusage(whose).ru_maxrss // 1024


def memory_report(peaks: Iterable[tuple[int, int]]) -> str:
    """Peaks of the processes of a run, each at its own time: this one, the workers, the largest that they started."""
    ours, started = peak_mib(resource.RUSAGE_SELF), peak_mib(resource.RUSAGE_CHILDREN)
    workers = [own for own, _started in peaks]
    largest = max([started, *(started for _own, started in peaks)])
    names = [f"{ours} MiB", *(f"{each} MiB (worker)" for each in workers)]
    return f"Peak memory: {', '.join(names)}; the largest program started: {largest} MiB."


@contextmanager
def throw_away_servers() -> Iterator[None]:
    """The same for a command that is not a test run."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    with ExitStack() as until:
        start_throw_away(until)
        yield


def start_throw_away(until: ExitStack) -> None:
    """Start the servers that the environment does not name, and add their addresses; `until` ends them."""
    remove_leftovers()
    account = unprivileged_account(owning=Path(tempfile.gettempdir()) / "no-such-folder")
    folder = short_folder(PREFIX, account=account)
    until.callback(shutil.rmtree, folder, ignore_errors=True)
    until.enter_context(_locked(folder))
    _set("MUSTER_DATA_DIR", str(folder), until)
    for variable, begin in (("REDIS_URL", _start_valkey), ("DATABASE_URL", _start_postgres)):
        if variable not in os.environ:
            _set(variable, begin(folder, account, until), until)


def _set(variable: str, value: str, until: ExitStack) -> None:
    os.environ[variable] = value
    until.callback(os.environ.pop, variable, None)


def _start_valkey(folder: Path, account: Account | None, until: ExitStack) -> str:
    recipe = valkey.recipe(folder=folder / "valkey", sockets=folder, log=folder / "valkey.log", durable=False)
    _run(replace(recipe, death_signal=signal.SIGKILL), until)
    return valkey.url(folder)


def _start_postgres(folder: Path, account: Account | None, until: ExitStack) -> str:
    cluster = postgres.Cluster(
        folder=folder / "postgres",
        sockets=folder,
        programs=postgres.programs_for(account, copy_to=folder),
        account=account,
    )
    postgres.create(cluster, run=run, sync=False)
    recipe = postgres.recipe(cluster, log=folder / "postgres.log", settings=postgres.THROW_AWAY)
    # "Immediate": no checkpoint of data that is about to be deleted.
    _run(replace(recipe, stop_signal=signal.SIGQUIT, death_signal=signal.SIGQUIT), until)
    postgres.ensure_database(cluster)
    return postgres.url(cluster)


def _run(recipe: Recipe, until: ExitStack) -> None:
    process = start(recipe)
    until.callback(stop, process, recipe)
    wait_ready(process, recipe)


def _locked(folder: Path) -> IO[bytes]:
    """Held while this process lives, however it ends: distinguishes a folder in use from a leftover.

    The file gets its name once it is locked, so that nobody takes a new folder for a leftover.
    """
    lock = (folder / "lock.new").open("wb")
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.rename(lock.name, folder / "lock")
    return lock


def remove_leftovers() -> None:
    """Remove the folders of killed test runs."""
    for base in {tempfile.gettempdir(), "/tmp"}:
        for lock in Path(base).glob(f"{PREFIX}*/lock"):
            try:
                with lock.open("rb") as lock_file:
                    fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(lock.parent, ignore_errors=True)
            except OSError:
                continue  # in use, or another user's
