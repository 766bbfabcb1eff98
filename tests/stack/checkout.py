"""A small checkout for the launcher to run: real uvicorn, Celery, PostgreSQL and Valkey around a toy.

The toy keeps rows in a table, so that a test sees whether anything acknowledged was lost.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from copy import copy
from pathlib import Path

import psycopg

ROOT = Path(__file__).parents[2]
START_S = 120

MANAGE = """
import os, sys, time
import psycopg

command = sys.argv[1]
if command == "first_admin_link":
    print("First admin: " + sys.argv[3] + "/first/token")
elif command == "collectstatic":
    pass
elif command == "announce_migrations":
    print("1 migration is pending:")
else:
    if os.path.exists("slow-" + command):
        print("waiting", flush=True)
        time.sleep(60)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        if command == "migrate":
            if os.path.exists("broken"):
                sys.exit("no such column: verdict")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS django_migrations (id serial, app text, name text, UNIQUE (app, name))"
            )
            connection.execute(
                "INSERT INTO django_migrations (app, name) VALUES ('config', '0001_initial') ON CONFLICT DO NOTHING"
            )
            connection.execute("CREATE TABLE IF NOT EXISTS kept (what text)")
        elif command == "load_demo":
            connection.execute("INSERT INTO kept VALUES ('demo')")
        elif command == "arrived":
            print(*(number for (number,) in connection.execute("SELECT number FROM arrived ORDER BY number")))
        elif command == "count":
            print(connection.execute("SELECT count(*) FROM kept").fetchone()[0])
"""

LOGINS = """
print("planner@example.com / correct-horse")
"""

SENDER = """
import time

while True:
    time.sleep(1)
"""

ASGI = """
import json, os
import psycopg

async def application(scope, receive, send):
    if scope["type"] != "http":
        raise RuntimeError("http only")
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        if scope["path"] == "/keep":
            connection.execute("INSERT INTO kept VALUES ('page')")
        rows = connection.execute("SELECT what, count(*) FROM kept GROUP BY what").fetchall()
    body = json.dumps(dict(rows)).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})
"""

CELERY = """
import os
from urllib.parse import urlsplit
from celery import Celery

app = Celery("toy", broker="redis+socket://" + urlsplit(os.environ["REDIS_URL"]).path)
app.conf.broker_connection_retry_on_startup = True
"""

BEAT = """
if __name__ == "__main__":
    import sys
    app.Beat(schedule=sys.argv[2], loglevel="INFO").run()
"""


class Checkout:
    def __init__(self, root: Path, data: Path) -> None:
        self.root, self.data, self.port = root, data, free_port()
        (root / "config").mkdir(parents=True)
        (root / "manage.py").write_text(MANAGE)
        (root / "config" / "__init__.py").write_text("")
        (root / "config" / "shared.py").write_text("import config.celery\n")
        (root / "config" / "asgi.py").write_text(ASGI)
        (root / "config" / "celery.py").write_text(CELERY)
        (root / "config" / "beat.py").write_text(CELERY + BEAT)
        shutil.copy(ROOT / "config" / "worker.py", root / "config" / "worker.py")
        (root / "config" / "migrations").mkdir()
        (root / "config" / "migrations" / "0001_initial.py").write_text("")
        (root / "readiness" / "demo").mkdir(parents=True)
        for name, text in (
            ("__init__", ""),
            ("demo/__init__", ""),
            ("demo/logins", LOGINS),
            ("demo/sending", SENDER),
        ):
            (root / "readiness" / f"{name}.py").write_text(text)
        (root / "web" / "serving").mkdir(parents=True)
        for name in ("__init__.py", "serving/__init__.py", "serving/protocol.py"):
            shutil.copy(ROOT / "web" / name, root / "web" / name)

    def share_code(self, data: Path) -> "Checkout":
        """The same code with other data."""
        other = copy(self)
        other.data, other.port = data, free_port()
        return other

    def environment(self, **more: str) -> dict[str, str]:
        dropped = ("DATABASE_URL", "REDIS_URL", "PYTEST_", "MUSTER_", "DJANGO_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        ours = {"MUSTER_DATA_DIR": str(self.data), "MUSTER_PORT": str(self.port)}
        return {name: value for name, value in (kept | ours | more).items() if value}

    def argv(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "stack", "--checkout", str(self.root), *arguments]

    def call(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.argv(*arguments),
            cwd=ROOT,
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            timeout=START_S,
            check=False,
        )

    def start(self, **environment: str) -> "Started":
        process = subprocess.Popen(
            self.argv("run"),
            cwd=ROOT,
            env=self.environment(**environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return Started(self, process)

    def execute(self, statement: str) -> None:
        """Run a statement in the database of a checkout that runs."""
        address = json.loads((self.data / "state.json").read_text())["environment"]["DATABASE_URL"]
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement)

    @property
    def children(self) -> dict[str, int]:
        """Process id by name, of the processes that are kept running."""
        recorded = json.loads((self.data / "state.json").read_text())["children"]
        names = {"web", "worker", "beat", "demo", "valkey", "postgres"}
        return {name: child["pid"] for name, child in recorded.items() if name in names}


class Started:
    """A launcher that is ready: what it said so far, and its processes."""

    def __init__(self, checkout: Checkout, process: subprocess.Popen[str]) -> None:
        self.checkout, self.process, self.said = checkout, process, ""
        self.read_until("Ctrl-C stops everything.")
        assert "Ctrl-C stops everything." in self.said, self.said
        self.url = f"http://127.0.0.1:{checkout.port}"

    def read_until(self, text: str) -> None:
        assert self.process.stdout is not None
        already = len(self.said)
        while text not in self.said[already:]:
            line = self.process.stdout.readline()
            if not line:
                break
            self.said += line

    def get(self, path: str = "/") -> dict[str, int]:
        with urllib.request.urlopen(self.url + path, timeout=5) as answer:
            counts: dict[str, int] = json.load(answer)
        return counts

    def has_another(self, name: str, *, than: int) -> bool:
        return self.checkout.children[name] != than

    def descendants(self) -> set[int]:
        """Process ids of the launcher and all below it."""
        return {self.process.pid, *below(self.process.pid)}

    def end(self, number: signal.Signals) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=START_S)
        self.said += rest
        return self.process.returncode


def read_parents() -> list[tuple[int, int]]:
    """(process, parent) of all processes that are not just an exit status."""
    pairs = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields[0] != "Z":
            pairs.append((int(stat.parent.name), int(fields[1])))
    return pairs


def below(pid: int) -> set[int]:
    parents = dict(read_parents())
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def living(pids: set[int]) -> set[int]:
    return pids & {pid for pid, _ in read_parents()}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def eventually(holds: Callable[[], object], *, within_s: float = 60) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            if holds():
                return True
        except OSError:
            pass
        time.sleep(0.05)
    return False
