"""Keeps processes running until told to stop: starts them, restarts those that end, stops all in order.

Knows nothing of Muster; `stack.launch` says what runs. One thread: a signal only sets a flag, which is checked where
the supervisor waits, so nothing is interrupted half-way.
"""

import os
import select
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from stack import child
from stack.child import ChildProcess, Recipe, StartError
from stack.identity import identify
from stack.layout import Layout, free_space_mb
from stack.state import StackState

POLL_S = 0.05
WATCH_S = 0.2
BACKOFF_FIRST_S = 0.5
BACKOFF_MOST_S = 30.0
STEADY_S = 60.0
LOG_CHECK_S = 5.0
LOG_MOST_BYTES = 5_000_000
SPACE_LOW_MB = 64


class StopRequestedError(Exception):
    """SIGINT, SIGTERM or SIGHUP has come."""


class StepError(Exception):
    """A required command failed; the message holds its last lines."""


@dataclass
class Running:
    recipe: Recipe
    process: ChildProcess | None
    started_at: float
    backoff_s: float = BACKOFF_FIRST_S
    again_at: float | None = None


class Supervisor:
    def __init__(self, *, layout: Layout, state: StackState, say: Callable[[str], None]) -> None:
        self._layout = layout
        self._state = state
        self._say = say
        self._stages: list[list[Running]] = []
        self._stop_asked = False
        self._logs_checked_at = 0.0
        self._wake_out, self._wake_in = os.pipe()
        os.set_blocking(self._wake_out, False)
        os.set_blocking(self._wake_in, False)
        signal.set_wakeup_fd(self._wake_in, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # nohup ignores SIGHUP on purpose, so respect that. A shell's `&` also ignores SIGINT, but not on purpose.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._note_stop)

    def _note_stop(self, number: int, frame: object) -> None:
        self._stop_asked = True

    def pause(self, seconds: float) -> None:
        """Wait, at most `seconds`; raises StopRequestedError if told to stop."""
        if not self._stop_asked and select.select([self._wake_out], [], [], seconds)[0]:
            os.read(self._wake_out, 512)
        if self._stop_asked:
            raise StopRequestedError

    # Starting

    def start(self, *recipes: Recipe) -> None:
        """Start these together, as one stage, and wait until all are ready."""
        stage: list[Running] = []
        self._stages.append(stage)
        for recipe in recipes:
            stage.append(Running(recipe=recipe, process=self._launch(recipe), started_at=time.monotonic()))
        for running in stage:
            assert running.process is not None
            deadline = running.started_at + running.recipe.ready_s
            try:
                while not child.is_ready(running.process, running.recipe, deadline=deadline):
                    self.pause(POLL_S)
            except StartError as error:
                raise StepError(self._append_last_lines(str(error), running.recipe)) from None

    def run(self, *recipes: Recipe) -> None:
        """Run commands side by side to their end; raises StepError unless all succeed."""
        processes = [(recipe, self._launch(recipe)) for recipe in recipes]
        try:
            while not all(child.has_ended(process) for _, process in processes):
                self.pause(POLL_S)
        finally:
            statuses = [(recipe, child.reap(process)) for recipe, process in processes]
        for recipe, status in statuses:
            if status != 0:
                failed = f"{recipe.name} failed ({child.ending(status)})"
                raise StepError(self._append_last_lines(failed, recipe))

    def _launch(self, recipe: Recipe) -> ChildProcess:
        process = child.start(recipe)
        if identity := identify(process.pid):
            self._state.children[recipe.name] = identity
            self._state.stop_signals[recipe.name] = int(recipe.stop_signal)
            self.record()
        return process

    def record(self) -> None:
        """Write the running processes to the state file; a full disk must not end healthy processes."""
        try:
            self._state.write(self._layout.state)
        except OSError as error:
            self._say(f"{self._layout.state} cannot be written: {error.strerror}")

    def _append_last_lines(self, what: str, recipe: Recipe) -> str:
        lines = [what, *(f"  | {line}" for line in child.last_lines(recipe.log)), f"  ({recipe.log})"]
        return "\n".join([*lines, *self._space_warning()])

    def _space_warning(self) -> list[str]:
        free_mb = free_space_mb(self._layout.data)
        if free_mb >= SPACE_LOW_MB:
            return []
        return [f"The disk is full: {free_mb} MB are free under {self._layout.data}."]

    # Watching

    def watch(self) -> None:
        """Restart processes that end, for ever; left by StopRequestedError only."""
        while True:
            for running in self._all():
                self._look_after(running, now=time.monotonic())
            self._bound_logs(now=time.monotonic())
            self.pause(WATCH_S)

    def _all(self) -> list[Running]:
        return [running for stage in self._stages for running in stage]

    def _look_after(self, running: Running, *, now: float) -> None:
        if running.process is not None and child.has_ended(running.process):
            self._note_end(running, child.reap(running.process), now=now)
        elif running.again_at is not None and now >= running.again_at:
            running.started_at, running.again_at = now, None
            try:
                running.process = self._launch(running.recipe)
            except OSError as error:  # lack of memory or of space for its log may pass
                self._say(f"{running.recipe.name} cannot be started: {error.strerror}")
                self._try_later(running, now=now)

    def _note_end(self, running: Running, status: int, *, now: float) -> None:
        name = running.recipe.name
        running.process = None
        if status == 0 and running.recipe.may_finish:
            self._say(f"{name} has finished.")
            return
        if now - running.started_at > STEADY_S:
            running.backoff_s = BACKOFF_FIRST_S
        self._say(f"{name} ended ({child.ending(status)}); starting it again in {running.backoff_s:g} s.")
        if status > 0:
            for line in child.last_lines(running.recipe.log, count=5):
                self._say(f"  | {line}")
        for line in self._space_warning():
            self._say(line)
        self._try_later(running, now=now)

    def _try_later(self, running: Running, *, now: float) -> None:
        running.again_at = now + running.backoff_s
        running.backoff_s = min(running.backoff_s * 2, BACKOFF_MOST_S)

    def _bound_logs(self, *, now: float) -> None:
        if now - self._logs_checked_at < LOG_CHECK_S:
            return
        self._logs_checked_at = now
        for running in self._all():
            log = running.recipe.log
            if log.exists() and log.stat().st_size > LOG_MOST_BYTES:
                shutil.copy(log, log.with_suffix(".log.1"))
                os.truncate(log, 0)

    # Stopping

    def stop(self) -> None:
        """Stop all, the last stage first and each stage at once; the recipes limit the time."""
        while self._stages:
            stage = self._stages.pop()
            processes = [
                (running.recipe, running.process) for running in stage if running.process is not None
            ]
            for recipe, process in processes:
                child.ask_to_stop(process, recipe)
            for recipe, process in processes:
                child.await_end(process, recipe)
