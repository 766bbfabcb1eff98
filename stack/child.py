"""One process: its description, its start bound to the launcher's life, and its end."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

from stack.account import Account, run_as

POLL_S = 0.02
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class ChildProcess(Protocol):
    """A process that was started by its command, or forked (stack/forked.py)."""

    pid: int
    returncode: int | None

    def send_signal(self, number: int, /) -> None: ...

    def wait(self) -> int: ...


class StartError(Exception):
    """A process ended, or did not become ready in time."""


@dataclass(frozen=True)
class Recipe:
    """A program to run. `ready` gets the process id and says whether the process is ready."""

    name: str
    argv: tuple[str, ...]
    cwd: Path
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None
    ready: Callable[[int], bool] = lambda pid: True
    ready_s: float = 30
    stop_signal: signal.Signals = signal.SIGTERM
    stop_s: float = 20
    death_signal: signal.Signals = signal.SIGKILL
    # A process that ends with status 0 is finished and not started again.
    may_finish: bool = False
    # Starts it in another way than by its command.
    starter: Callable[["Recipe"], ChildProcess] | None = None


def start(recipe: Recipe) -> ChildProcess:
    """Start the process in its own group, so that a Ctrl-C reaches only us and a group can be ended as a whole."""
    return (recipe.starter or start_by_command)(recipe)


def start_by_command(recipe: Recipe) -> subprocess.Popen[bytes]:
    recipe.log.parent.mkdir(parents=True, exist_ok=True)
    with open_log(recipe.log) as log:
        return subprocess.Popen(
            recipe.argv,
            cwd=recipe.cwd,
            env=dict(recipe.env),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=_die_with(os.getpid(), recipe.death_signal),
            **run_as(recipe.account),
        )


def open_log(path: Path) -> IO[bytes]:
    """Open for appending, so that the log can be truncated while a process writes; readable only by its owner."""
    return open(path, "ab", opener=lambda name, flags: os.open(name, flags, 0o600))


def _die_with(parent: int, death_signal: signal.Signals) -> Callable[[], None]:
    """Make the kernel signal the process when we end, even by kill -9.

    Runs after the change of user, which would clear it.
    """

    def prepare() -> None:
        end_with_parent(parent, death_signal)

    return prepare


def end_with_parent(parent: int, death_signal: signal.Signals) -> None:
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # the parent ended before the call
            os._exit(1)


def wait_ready(process: ChildProcess, recipe: Recipe) -> None:
    deadline = time.monotonic() + recipe.ready_s
    while not is_ready(process, recipe, deadline=deadline):
        time.sleep(POLL_S)


def is_ready(process: ChildProcess, recipe: Recipe, *, deadline: float) -> bool:
    """Raises StartError when the process has ended, or when `deadline` (monotonic) has passed."""
    if has_ended(process):
        raise StartError(f"{recipe.name} ended with {ending(process.wait())}")
    if recipe.ready(process.pid):
        return True
    if time.monotonic() > deadline:
        raise StartError(f"{recipe.name} was not ready within {recipe.ready_s:.0f} s")
    return False


def has_ended(process: ChildProcess) -> bool:
    """Check without collecting the exit status: until it is collected, the id cannot be reused."""
    if process.returncode is not None:
        return True
    try:
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def run(recipe: Recipe) -> None:
    """Run it to its end; raises StartError unless it succeeds."""
    process = start(recipe)
    while not has_ended(process):
        time.sleep(POLL_S)
    if (status := reap(process)) != 0:
        raise StartError("\n".join([f"{recipe.name} failed ({ending(status)})", *last_lines(recipe.log)]))


def ending(returncode: int) -> str:
    """How a process ended, for people: "exit status 3" or "SIGKILL"."""
    if returncode < 0:
        return signal.Signals(-returncode).name
    return f"exit status {returncode}"


def stop(process: ChildProcess, recipe: Recipe) -> None:
    """Ask it to stop, wait, then end it and the rest of its group."""
    ask_to_stop(process, recipe)
    await_end(process, recipe)


def await_end(process: ChildProcess, recipe: Recipe) -> None:
    deadline = time.monotonic() + recipe.stop_s
    while not has_ended(process) and time.monotonic() < deadline:
        time.sleep(POLL_S)
    reap(process)


def ask_to_stop(process: ChildProcess, recipe: Recipe) -> None:
    if not has_ended(process):
        process.send_signal(recipe.stop_signal)


def reap(process: ChildProcess) -> int:
    """End the rest of its group, then collect the exit status: in this order the id is still its own."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def last_lines(log: Path, *, count: int = 15) -> list[str]:
    try:
        text = log.read_bytes()[-8192:].decode(errors="replace")
    except OSError:
        return []
    return text.splitlines()[-count:]
