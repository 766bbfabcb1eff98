"""Programs that a test starts and ends by their process ids, and waiting for what must come true."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

LOOK_EVERY_S = 0.25
END_S = 15


class NeverHappened(AssertionError):
    """What was waited for did not come true in time; says what was there instead."""


def eventually[T](
    look: Callable[[], T], *, within_s: float, what: str, last: Callable[[], object] | None = None
) -> T:
    """The first true answer of `look`; raises when there is none within the time."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(LOOK_EVERY_S)
    raise NeverHappened(f"not within {within_s:.0f} s: {what}{f'; there is {last()}' if last else ''}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Program:
    """One process in a group of its own, so that a worker's children end with it."""

    def __init__(self, name: str, argv: list[str], log: Path, **options: object) -> None:
        self.name, self.argv, self.log, self.options = name, argv, log, options
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self.options,
            )

    def kill(self) -> None:
        """As the machine would: no chance to say goodbye."""
        self._signal(signal.SIGKILL)

    def kill_group(self) -> None:
        """Kill it with all its children, as when its host loses power."""
        if self.process is not None:
            # Not yet waited for, so the id is still its own.
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(END_S)
            self.process = None

    def end(self) -> None:
        self._signal(signal.SIGTERM)

    def _signal(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        # Not yet waited for, so the id is still its own.
        with suppress(ProcessLookupError):
            self.process.send_signal(how)
        try:
            self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                self.process.kill()
            self.process.wait(END_S)
        self.process = None

    @property
    def lives(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def said(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-25:])


class Programs:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[Program] = []

    def start(self, name: str, argv: list[str], **options: object) -> Program:
        program = Program(name, argv, self.folder / f"{name}.log", **options)
        self.started.append(program)
        return program

    def end_all(self) -> None:
        for program in reversed(self.started):
            program.end()
