"""One process: how it is described, started so that it does not outlive us, waited for, and stopped."""

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

from stack.account import Account

POLL_S = 0.02
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class StartError(Exception):
    """A process ended, or did not become ready in time."""


@dataclass(frozen=True)
class Recipe:
    """What to run. `ready` gets the process id and says whether the process does its job yet."""

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


def start(recipe: Recipe) -> subprocess.Popen[bytes]:
    """Start the process in a group of its own (a Ctrl-C reaches us alone, and a group can be ended whole)."""
    account = recipe.account
    who = {} if account is None else {"user": account.uid, "group": account.gid, "extra_groups": []}
    recipe.log.parent.mkdir(parents=True, exist_ok=True)
    with recipe.log.open("ab") as log:
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
            recipe.argv,
            cwd=recipe.cwd,
            env=dict(recipe.env),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=_die_with(os.getpid(), recipe.death_signal),
            **who,
        )


def _die_with(parent: int, death_signal: signal.Signals) -> Callable[[], None]:
    """Have the kernel signal the process when we end, also by kill -9.

    Runs after the change of user, which would clear it.
    """

    def prepare() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # we ended between fork and prctl
            os._exit(1)

    return prepare


def wait_ready(process: subprocess.Popen[bytes], recipe: Recipe) -> None:
    deadline = time.monotonic() + recipe.ready_s
    while not recipe.ready(process.pid):
        if process.poll() is not None:
            raise StartError(f"{recipe.name} ended with {ending(process.returncode)}")
        if time.monotonic() > deadline:
            raise StartError(f"{recipe.name} was not ready within {recipe.ready_s:.0f} s")
        time.sleep(POLL_S)


def ending(returncode: int) -> str:
    """How a process ended, for people: "exit status 3" or "SIGKILL"."""
    if returncode < 0:
        return signal.Signals(-returncode).name
    return f"exit status {returncode}"


def stop(process: subprocess.Popen[bytes], recipe: Recipe) -> None:
    """Ask it to stop, wait, then end it and whatever is left of its group."""
    if process.poll() is None:
        process.send_signal(recipe.stop_signal)
        try:
            process.wait(recipe.stop_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    end_group(process.pid)


def end_group(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def last_lines(log: Path, *, count: int = 15) -> list[str]:
    try:
        text = log.read_bytes()[-8192:].decode(errors="replace")
    except OSError:
        return []
    return text.splitlines()[-count:]
