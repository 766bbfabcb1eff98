"""A Muster that its launcher keeps running, as `make run` does: every process of it can be killed."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from stack.valkey import SOCKET
from tests.peers.muster import PASSWORD, Muster
from tests.peers.running import END_S, Program, Programs, eventually

NOT_OURS = ("DATABASE_URL", "REDIS_URL", "PYTEST_", "MUSTER_", "DJANGO_")
START_S = 300


class Launched(Muster):
    """Its databases are embedded in `data`, unless `settings` names others, and keep what they promised (fsync on)."""

    def __init__(self, root: Path, data: Path, programs: Programs, **settings: str) -> None:
        super().__init__(root, {}, programs)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_OURS)}
        self.data = data
        self.environment = kept | {
            "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
            "MUSTER_DATA_DIR": str(data),
            "MUSTER_PORT": str(self.port),
            "MUSTER_DEMO": "0",
            "MUSTER_HASHED_STATIC": "0",
            **settings,
        }
        self.launcher: Program | None = None

    def start(self) -> None:
        self.launch()
        self.add_administrator()

    def launch(self) -> None:
        """Start it on the data that it has."""
        argv = [sys.executable, "-m", "stack", "--end-with-parent", "run"]
        self.launcher = self.programs.start("launcher", argv, cwd=self.root, env=self.environment)
        eventually(
            self._answers, within_s=START_S, what="Muster answers and sees its worker", last=self._logs
        )

    def manage(self, *arguments: str) -> str:
        argv = [sys.executable, "-m", "stack", "manage", *arguments]
        done = subprocess.run(
            argv, cwd=self.root, env=self.environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def stop(self) -> None:
        if self.launcher is not None and self.launcher.process is not None:
            self.launcher.process.send_signal(signal.SIGTERM)
            self.launcher.process.wait(4 * END_S)

    def pid(self, name: str) -> int:
        pid: int = self._state()["children"][name]["pid"]
        return pid

    def kill(self, name: str) -> None:
        """kill -9, and wait until the launcher has started another."""
        killed = self.pid(name)
        os.kill(killed, signal.SIGKILL)
        eventually(
            lambda: self.pid(name) != killed, within_s=20, what=f"another {name} is started", last=self._logs
        )

    @contextmanager
    def suspended(self, name: str) -> Iterator[None]:
        """Stop the process and its children where they are: the launcher sees that they live, and starts no other."""
        pids = _tree(self.pid(name))
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def flush_valkey(self) -> None:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(str(Path(self._state()["sockets"]) / SOCKET))
            connection.sendall(b"FLUSHALL\r\n")
            assert connection.recv(64) == b"+OK\r\n"

    def pack(self) -> None:
        """Ask the worker to pack samples now."""
        self.manage("shell", "-c", "from telemetry.tasks import pack_samples; pack_samples.delay()")

    @property
    def database(self) -> str:
        address: str = self._state()["environment"]["DATABASE_URL"]
        return address

    def change_database(self, statement: str) -> None:
        with psycopg.connect(self.database, connect_timeout=5) as connection:
            connection.execute(statement)

    def asked_of_database(self, statement: str) -> object | None:
        """The one value that it selects; None while the database is away."""
        with (
            suppress(psycopg.OperationalError),
            psycopg.connect(self.database, connect_timeout=5) as connection,
        ):
            row = connection.execute(statement).fetchone()
            return row[0] if row else None
        return None

    def _answers(self) -> bool:
        assert self.launcher is not None
        assert self.launcher.lives, self._logs()
        return super()._answers()

    def _state(self) -> dict:
        return json.loads((self.data / "state.json").read_text())

    def _logs(self) -> str:
        logs = (self.data / "log").glob("*.log")
        last = "\n".join("\n".join([path.name, *path.read_text().splitlines()[-15:]]) for path in logs)
        return f"{super()._logs()}\n{last}"


def _tree(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in _tree(int(child)))]
