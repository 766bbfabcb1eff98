"""Processes of one Muster on hosts of their own, and a load balancer before those that serve.

A host has a name (a UTS namespace), a data folder and a port, and runs one process. All have one database and one
Valkey.
"""

import subprocess
import threading
from collections.abc import Mapping
from http.client import HTTPException
from urllib.error import URLError
from urllib.request import urlopen

from stack import processes
from tests.peers.asking import Answer, Caller
from tests.peers.muster import Muster
from tests.peers.running import Program, eventually, free_port

STARTED_WITHIN_S, LEFT_WITHIN_S = 120, 60
_NAME_HOST = 'hostname "$1" && shift && exec "$@"'


def can_name_hosts() -> bool:
    """Whether this machine lets a process have a host name of its own."""
    return subprocess.run(["unshare", "--uts", "true"], capture_output=True, check=False).returncode == 0


class Balancer:
    """Sends callers to the servers in rotation, in turn."""

    def __init__(self) -> None:
        self.ports: list[int] = []
        self._under_way: dict[int, int] = {}
        self._changed = threading.Condition()

    def add(self, port: int) -> None:
        with self._changed:
            self.ports.append(port)

    def remove(self, port: int) -> None:
        """Send nobody there any more, and wait until everybody who was sent there has an answer."""
        with self._changed:
            self.ports.remove(port)
            assert self._changed.wait_for(lambda: not self._under_way.get(port), LEFT_WITHIN_S), port

    def begin(self, number: int) -> int:
        """The port for a caller's call of this number."""
        with self._changed:
            port = self.ports[number % len(self.ports)]
            self._under_way[port] = self._under_way.get(port, 0) + 1
            return port

    def end(self, port: int) -> None:
        with self._changed:
            self._under_way[port] -= 1
            self._changed.notify_all()


class BalancedCaller(Caller):
    """Asks through a balancer, over a connection to each server that is kept."""

    def __init__(
        self, balancer: Balancer, *, headers: Mapping[str, str] | None = None, timeout_s: float = 30
    ) -> None:
        super().__init__(0, headers=headers, timeout_s=timeout_s)
        self._balancer = balancer
        self._callers: dict[int, Caller] = {}
        self._calls = 0

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        port = self._balancer.begin(self._calls)
        self._calls += 1
        try:
            if port not in self._callers:
                self._callers[port] = Caller(port, headers=self.headers, timeout_s=self.timeout_s)
            return self._callers[port].ask(path, method, body, headers)
        finally:
            self._balancer.end(port)

    def close(self) -> None:
        for caller in self._callers.values():
            caller.close()


class Hosts:
    """The hosts of a Muster. The first three, "web", "worker" and "beat", are those that it was started with."""

    def __init__(self, muster: Muster) -> None:
        self.muster, self.balancer = muster, Balancer()
        self.programs: dict[str, Program] = {
            each.name: each for each in muster.programs.started if each.name in ("web", "worker", "beat")
        }
        self.ports = {"web": muster.port}
        self.balancer.add(muster.port)

    def add(self, *names: str) -> None:
        """Start these hosts at once, and wait until each does its work. A name begins with what the host runs."""
        for name in names:
            self.programs[name] = self._start(name)
        for name in names:
            eventually(
                lambda name=name: self._works(name),  # type: ignore[misc]
                within_s=STARTED_WITHIN_S,
                what=f"{name} works",
                last=self.programs[name].said,
            )
            if name in self.ports:
                self.balancer.add(self.ports[name])

    def lose(self, name: str) -> None:
        """Have a host lose its power: callers find out by themselves, and then the balancer sends none there."""
        self.programs.pop(name).kill_group()
        self._leave_rotation(name)

    def retire(self, name: str) -> None:
        """Stop a host as a rolling update does: first the balancer sends nobody there."""
        self._leave_rotation(name)
        self.programs.pop(name).end()

    def says(self, name: str, words: str) -> bool:
        """Whether the log of a host has these words."""
        return words in self.programs[name].log.read_text(errors="replace")

    def _leave_rotation(self, name: str) -> None:
        if port := self.ports.pop(name, 0):
            self.balancer.remove(port)
            # The test itself goes to one that is left.
            self.muster.url = f"http://127.0.0.1:{self.balancer.ports[0]}"

    def _start(self, name: str) -> Program:
        kind = name.partition("-")[0]
        folder = self.muster.programs.folder / name
        folder.mkdir()
        if kind == "web":
            self.ports[name] = free_port()
        argv = {
            "web": lambda: processes.web(host="127.0.0.1", port=self.ports[name]),
            "worker": processes.worker,
            "beat": lambda: processes.beat(state=str(folder / "beat-state")),
        }[kind]()
        return self.muster.programs.start(
            name,
            ["unshare", "--uts", "sh", "-c", _NAME_HOST, "sh", name, *argv],
            cwd=self.muster.root,
            env=self.muster.environment | {"MUSTER_DATA_DIR": str(folder)},
        )

    def _works(self, name: str) -> bool:
        if name in self.ports:
            return _is_ready(self.ports[name])
        if name.startswith("worker"):
            workers = self.muster.get("/api/telemetry/status/")["workers"]
            return f"celery@{name}" in {worker["name"] for worker in workers}
        return self.says(name, "this beat")


def _is_ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as response:
            return bool(response.status == 200)
    except (URLError, HTTPException, OSError):
        return False
