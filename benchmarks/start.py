"""Measure a start of everything, cold and warm, with the demo and without: seconds to each line that the launcher says,
processor seconds of all its processes up to then, and their memory when idle. Bars: ready 60 s cold, 5 s warm; 600 MiB.

Other work on the machine lengthens the seconds and not the processor seconds, so both are said.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from benchmarks import machine
from stack.state import StackState
from tests.peers.memory import pss_mib
from tests.stack.checkout import below, free_port

ROOT = Path(__file__).parents[1]
COLD_S, WARM_S, IDLE_MIB, HISTORY_S = 60.0, 5.0, 600.0, 300.0
SETTLED_S = 60.0
TICKS = os.sysconf("SC_CLK_TCK")
_HISTORY = "SELECT history FROM demo_demofleet"


def main() -> None:
    for demo in ("1", "0"):
        with tempfile.TemporaryDirectory(prefix="muster-start-", dir="/tmp") as folder:
            Path(folder).chmod(0o755)
            print(f"-- {'with' if demo == '1' else 'without'} the demo")
            with _started(Path(folder), demo, bar_s=COLD_S) as launcher:
                if demo == "1":
                    _await_history(Path(folder), launcher)
                time.sleep(SETTLED_S)
                _report_memory(launcher.pid)
            with _started(Path(folder), demo, bar_s=WARM_S):
                pass


@contextmanager
def _started(folder: Path, demo: str, *, bar_s: float) -> Iterator["subprocess.Popen[str]"]:
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "REDIS_"))},
        "MUSTER_DATA_DIR": str(folder),
        "MUSTER_DEMO": demo,
        "MUSTER_PORT": str(free_port()),
    }
    began = time.monotonic()
    launcher = subprocess.Popen(
        [sys.executable, "-m", "stack", "run"], cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True
    )
    try:
        assert launcher.stdout is not None
        for line in launcher.stdout:
            took_s = time.monotonic() - began
            print(f"{took_s:6.1f} s {_processor_s(launcher.pid):6.1f} CPU-s  {line.strip()}", flush=True)
            if "is ready after" in line:
                print(f"ready: {took_s:.1f} s; bar {bar_s:g} s: {machine.verdict(took_s <= bar_s)}")
            if line.startswith("Logs:"):
                break
        yield launcher
    finally:
        launcher.send_signal(signal.SIGTERM)
        launcher.communicate(timeout=60)


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


def _await_history(folder: Path, launcher: "subprocess.Popen[str]") -> None:
    began, before_s = time.monotonic(), _processor_s(launcher.pid)
    url = StackState.read(folder / "state.json").environment["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        while (connection.execute(_HISTORY).fetchone() or ("",))[0] == "running":
            time.sleep(1)
    took_s = time.monotonic() - began
    spent_s = _processor_s(launcher.pid) - before_s
    print(
        f"history: {took_s:.0f} s, {spent_s:.0f} CPU-s with all that goes on beside; bar {HISTORY_S:g} s:"
        f" {machine.verdict(took_s <= HISTORY_S)}"
    )


def _report_memory(pid: int) -> None:
    total_mib = pss_mib(pid)
    print(f"idle: {total_mib:.0f} MiB; bar {IDLE_MIB:g}: {machine.verdict(total_mib <= IDLE_MIB)}")
