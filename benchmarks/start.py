"""Measure `make run` in a new clone, with the demo and without, cold and warm: seconds to each line that it says,
processor seconds of all its processes up to then, pages while the demo's past is written, and the memory when idle.

Bars: ready 60 s cold (after the set-up), 5 s warm; the past complete after 300 s; 600 MiB, three minutes after that and
after ten pages. Other work on the machine lengthens the seconds and not the processor seconds, so both are said.
"""

import os
import re
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import psutil
import psycopg

from benchmarks import machine
from stack.state import StackState
from tests.peers.memory import MIB, pss_mib
from tests.stack.checkout import below, free_port

ROOT = Path(__file__).parents[1]
COLD_S, WARM_S, IDLE_MIB, HISTORY_S = 60.0, 5.0, 600.0, 300.0
SETTLED_S = 180.0
LOOKS, BETWEEN_LOOKS_S = 7, 10.0
PARTS = ("muster: web", "muster: worker", "muster: beat", "muster: demo", "postgres", "valkey")
VISIT_S = 5.0
TICKS = os.sysconf("SC_CLK_TCK")
PAGES = (
    "/",
    "/fleet/",
    "/sites/",
    "/readiness/",
    "/readiness/checks/",
    "/readiness/gap/",
    "/tradeoffs/workloads/",
    "/inventory/devices/",
    "/people/coverage/",
    "/ownership/",
)
_HISTORY = "SELECT history FROM demo_demofleet"
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="muster-start-", dir="/tmp") as folder:
        checkout = Path(folder) / "muster"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(checkout)], check=True)
        for place in (Path(folder), checkout):
            place.chmod(0o755)
        _measure(checkout, demo=True)
        _measure(checkout, demo=False)


def _measure(checkout: Path, *, demo: bool) -> None:
    data = checkout / "var" / ("demo" if demo else "empty")
    print(f"-- {'with' if demo else 'without'} the demo")
    with _started(checkout, data, demo=demo, bar_s=COLD_S) as started:
        if demo:
            visitor = _PageVisitor(started)
            _await_history(started, visitor)
            visitor.visit(PAGES)
            visitor.report("pages after that")
        time.sleep(SETTLED_S)
        _report_memory(started.launcher)
    with _started(checkout, data, demo=demo, bar_s=WARM_S):
        pass


class _Started:
    """A start that is through: its lines, and where it runs."""

    def __init__(self, data: Path, lines: list[str]) -> None:
        state = StackState.read(data / "state.json")
        assert state.launcher is not None
        self.launcher = state.launcher.pid
        self.address = state.address
        self.database_url = state.environment["DATABASE_URL"]
        self.lines = lines


@contextmanager
def _started(checkout: Path, data: Path, *, demo: bool, bar_s: float) -> Iterator[_Started]:
    ours = ("DATABASE_", "REDIS_", "MUSTER_", "PYTHONDONTWRITEBYTECODE")
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith(ours)},
        "MUSTER_DATA_DIR": str(data),
        "MUSTER_DEMO": "1" if demo else "0",
        "MUSTER_PORT": str(free_port()),
    }
    began, lines = time.monotonic(), []
    make = subprocess.Popen(["make", "run"], cwd=checkout, env=environ, stdout=subprocess.PIPE, text=True)
    try:
        assert make.stdout is not None
        for line in make.stdout:
            lines.append(line.strip())
            print(
                f"{time.monotonic() - began:6.1f} s {_processor_s(make.pid):6.1f} CPU-s  {lines[-1]}",
                flush=True,
            )
            if ready := re.search(r"is ready after ([\d.]+) s", line):
                ready_s = float(ready[1])
                print(
                    f"ready: {ready_s:.1f} s; bar {bar_s:g} s: {machine.verdict(ready_s <= bar_s)}",
                    flush=True,
                )
            if line.startswith("Logs:"):
                break
        yield _Started(data, lines)
    finally:
        if launcher := StackState.read(data / "state.json").launcher:
            os.kill(launcher.pid, signal.SIGTERM)
        make.communicate(timeout=90)


def _processor_s(pid: int) -> float:
    """The processor time of a process and all below it, those that ended included."""
    ticks = 0
    for each in {pid, *below(pid)}:
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        except FileNotFoundError:
            continue
        ticks += sum(map(int, fields[11:15]))
    return ticks / TICKS


class _PageVisitor:
    """The demo's viewer, signed in as a browser would."""

    def __init__(self, started: _Started) -> None:
        self._address = started.address
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))
        self._times_ms: list[float] = []
        (password,) = (line.split()[-1] for line in started.lines if line.startswith("Password"))
        form = self._get("/login/")
        token = _TOKEN.search(form)
        assert token is not None
        self._get("/login/", {"csrfmiddlewaretoken": token[1], "username": "viewer", "password": password})

    def _get(self, path: str, form: dict[str, str] | None = None) -> str:
        data = urlencode(form).encode() if form else None
        request = Request(self._address + path, data, {"Referer": self._address + path})
        with self._opener.open(request, timeout=60) as answer:
            assert form is not None or answer.url == request.full_url, f"{path} led to {answer.url}"
            return str(answer.read(), "utf-8")

    def visit(self, paths: tuple[str, ...]) -> None:
        for path in paths:
            self._times_ms.append(1000 * machine.timed(lambda path=path: self._get(path)))

    def report(self, when: str) -> None:
        times = self._times_ms
        if times:
            print(
                f"{when}: {len(times)}, median {statistics.median(times):.0f} ms, worst {max(times):.0f} ms",
                flush=True,
            )
        self._times_ms = []


def _await_history(started: _Started, visitor: _PageVisitor) -> None:
    began, before_s, visits = time.monotonic(), _processor_s(started.launcher), 0
    with psycopg.connect(started.database_url, autocommit=True) as connection:
        while (connection.execute(_HISTORY).fetchone() or ("",))[0] == "running":
            visitor.visit((PAGES[visits % len(PAGES)],))
            visits += 1
            time.sleep(VISIT_S)
    took_s = time.monotonic() - began
    spent_s = _processor_s(started.launcher) - before_s
    visitor.report("pages meanwhile")
    print(
        f"history: {took_s:.0f} s, {spent_s:.0f} CPU-s with all that goes on beside; bar {HISTORY_S:g} s:"
        f" {machine.verdict(took_s <= HISTORY_S)}",
        flush=True,
    )


def _report_memory(pid: int) -> None:
    """The median of some looks, since a worker's processes grow until they are replaced, and that of each part."""
    looks = []
    for _ in range(LOOKS):
        looks.append(_mib_by_part(pid))
        time.sleep(BETWEEN_LOOKS_S)
    total_mib = statistics.median(sum(look.values()) for look in looks)
    print(
        f"idle: {total_mib:.0f} MiB; bar {IDLE_MIB:g}: {machine.verdict(total_mib <= IDLE_MIB)}", flush=True
    )
    parts = {name: statistics.median(look.get(name, 0.0) for look in looks) for name in looks[-1]}
    print("    " + ", ".join(f"{name} {mib:.0f}" for name, mib in parts.items()), flush=True)


def _mib_by_part(pid: int) -> dict[str, float]:
    """The launcher's own process, and each process that it started, with all below that."""
    launcher = psutil.Process(pid)
    mib = {_part_of(process.cmdline()): pss_mib(process.pid) for process in launcher.children()}
    return {"launcher": launcher.memory_full_info().pss / MIB} | mib


def _part_of(command: list[str]) -> str:
    words = " ".join(command)
    return next((part for part in PARTS if part in words), words[:30])
