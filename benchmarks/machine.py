"""The machine under a benchmark: servers of its own, started and stopped, and the processor time they
take."""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from stack import postgres, processes, valkey
from stack.account import Account, unprivileged_account
from stack.child import Recipe, run, start, stop, wait_ready
from stack.sockets import short_folder

ROOT = Path(__file__).resolve().parent.parent


def cpu_s(pid: int) -> float:
    """Processor seconds that a process and everything it ever started have used."""
    total = 0.0
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                times = each.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
    return total


class Servers:
    """PostgreSQL (fsync on) and Valkey in a folder of their own; `run` adds processes of Muster."""

    def __init__(self, until: ExitStack) -> None:
        self._until = until
        account = unprivileged_account(owning=Path(tempfile.gettempdir()) / "no-such-folder")
        self.folder = short_folder("muster-bench-", account=account)
        until.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.pids: dict[str, int] = {}
        self.env = os.environ | {
            "MUSTER_DATA_DIR": str(self.folder),
            "MUSTER_SECRET_KEY": "for benchmarks only",
            "MUSTER_HASHED_STATIC": "0",
            "MUSTER_LOG_LEVEL": "WARNING",
            "REDIS_URL": self._valkey(),
            "DATABASE_URL": self._postgres(account),
        }
        os.environ.update(self.env)

    def _valkey(self) -> str:
        log = self.folder / "valkey.log"
        self._start("valkey", valkey.recipe(folder=self.folder / "valkey", sockets=self.folder, log=log))
        return valkey.url(self.folder)

    def _postgres(self, account: Account | None) -> str:
        cluster = postgres.Cluster(
            folder=self.folder / "postgres",
            sockets=self.folder,
            programs=postgres.programs_for(account, copy_to=self.folder),
            account=account,
        )
        postgres.create(cluster, run=run, sync=False)
        self._start("postgres", postgres.recipe(cluster, log=self.folder / "postgres.log"))
        postgres.ensure_database(cluster)
        return postgres.url(cluster)

    def _start(self, name: str, recipe: Recipe) -> None:
        process = start(recipe)
        self._until.callback(stop, process, recipe)
        wait_ready(process, recipe)
        self.pids[name] = process.pid

    def run(self, name: str, argv: Sequence[str], *, env: dict[str, str] | None = None) -> None:
        log = (self.folder / f"{name}.log").open("ab")
        self._until.enter_context(log)
        process = subprocess.Popen(argv, cwd=ROOT, env=self.env | (env or {}), stdout=log, stderr=log)
        self._until.callback(_end, process)
        self.pids[name] = process.pid

    def set_up(self) -> None:
        """Migrate the empty database, and set Django up for this process too."""
        os.environ["DJANGO_SETTINGS_MODULE"] = self.env["DJANGO_SETTINGS_MODULE"] = "config.settings"
        manage = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"]
        subprocess.run(manage, cwd=ROOT, env=self.env, check=True)
        sys.path.insert(0, str(ROOT))
        import django

        django.setup()

    def serve(self, *, hashed: bool = False) -> int:
        """Start the web process, with the files of pages collected and compressed if asked; the port it listens on."""
        env = {"MUSTER_HASHED_STATIC": "1"} if hashed else {}
        if hashed:
            collect = [sys.executable, *processes.collectstatic()[1:]]
            subprocess.run(collect, cwd=ROOT, env=self.env | env, check=True)
        port = free_port()
        self.run("web", [sys.executable, *processes.web(host="127.0.0.1", port=port)[1:]], env=env)
        wait_until(lambda: answers(port, "/health/live"), seconds=60, what="Muster did not start")
        return port

    def cpu_s(self) -> dict[str, float]:
        return {name: cpu_s(pid) for name, pid in self.pids.items()}


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def vacuum(command: str = "ANALYZE") -> None:
    """The optimizer's figures, which autovacuum brings about a minute after such a load."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(command)


def session(username: str = "viewer") -> str:
    """The Cookie header of somebody who may look."""
    from django.contrib.auth.models import Group
    from django.test import Client

    from accounts.models import User

    viewer, _ = User.objects.get_or_create(username=username)
    viewer.groups.add(Group.objects.get(name="viewer"))
    client = Client()
    client.force_login(viewer)
    return f"sessionid={client.cookies['sessionid'].value}"


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def verdict(holds: bool) -> str:
    return "met" if holds else "MISSED"


def get(connection: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> bytes:
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        raise RuntimeError(f"{path}: {response.status} {body[:300]!r}")
    return body


@contextmanager
def browser_page(address: str, cookie: str) -> Iterator[Any]:
    """A page of Debian's chromium, signed in and not opened yet; None where it is not installed."""
    chromium = shutil.which("chromium")
    if chromium is None:
        yield None
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context()
        key, value = cookie.split("=", 1)
        context.add_cookies([{"name": key, "value": value, "url": address}])
        yield context.new_page()
        browser.close()


@contextmanager
def servers() -> Iterator[Servers]:
    with ExitStack() as until:
        yield Servers(until)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(ready: Callable[[], bool], *, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.05)


def answers(port: int, path: str) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except OSError:
        return False


def post_all(port: int, path: str, queues: Sequence[Iterable[tuple[bytes, dict[str, str]]]]) -> None:
    """Post each queue in order over a connection of its own, all at once. Raises on any answer but 2xx."""
    failed: list[str] = []

    def work(queue: Iterable[tuple[bytes, dict[str, str]]]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for body, headers in queue:
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            answer = response.read()
            if response.status >= 300:
                failed.append(f"{response.status} {answer[:300]!r}")
                return

    threads = [threading.Thread(target=work, args=(queue,)) for queue in queues]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise RuntimeError(failed[0])
