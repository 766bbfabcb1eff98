"""Forks processes from the launcher: they share the memory of what it has loaded for all of them.

Only programs in Python can be forked, and only on Linux; each runs as if it had been started by its command.
"""

import atexit
import ctypes
import gc
import os
import runpy
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from stack.child import ChildProcess, Recipe, end_with_parent, open_log, start_by_command

PR_SET_NAME = 15
# Numbers of glibc's mallopt, for what stands in the environment of a process that is started by its command.
_MALLOPT = {
    "MALLOC_ARENA_MAX": -8,
    "MALLOC_MMAP_THRESHOLD_": -3,
    "MALLOC_TRIM_THRESHOLD_": -1,
}


class ForkedProcess:
    """A fork of this process, with the interface that `subprocess.Popen` has for a command."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def wait(self) -> int:
        if self.returncode is None:
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.returncode


def load(
    module: str, *, root: Path, environment: Mapping[str, str]
) -> Callable[[Recipe], ChildProcess] | None:
    """Import a module for the processes to come, in their environment; return what starts these, None if it cannot be
    imported.

    The processes that are then started by their commands say why. Nothing that is loaded is collected as garbage, since
    the collector would write to each object, and so give each process a copy of its own.
    """
    if sys.platform != "linux":
        return None
    code_at = _newest_code(root)
    os.environ.update(environment)
    _set_malloc(environment)
    sys.path.insert(0, str(root))
    gc.disable()
    try:
        import_module(module)
    except Exception:
        return None
    finally:
        gc.enable()
        gc.freeze()
    # A fork of old code that loads the rest of it anew would be a mixture.
    return lambda recipe: fork(recipe) if _newest_code(root) == code_at else start_by_command(recipe)


def _newest_code(root: Path) -> float:
    """When a file of the code was last changed, in seconds since the epoch."""
    packages = [path.parent for path in root.glob("*/__init__.py")]
    return max((path.stat().st_mtime for package in packages for path in package.rglob("*.py")), default=0.0)


def _set_malloc(environment: Mapping[str, str]) -> None:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    for name, number in _MALLOPT.items():
        if mallopt is not None and (value := environment.get(name, "")).isdigit():
            mallopt(number, int(value))


def fork(recipe: Recipe) -> ForkedProcess:
    """Run the program of a recipe in a fork of this process, which must have a single thread."""
    recipe.log.parent.mkdir(parents=True, exist_ok=True)
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _run(recipe, parent)
    return ForkedProcess(pid)


def _run(recipe: Recipe, parent: int) -> None:
    """Never returns: what the launcher does when it ends is not for its forks to do."""
    status = 1
    try:
        _leave_launcher(recipe, parent)
        status = _status_of(recipe)
    except BaseException:  # told in the log, as by an interpreter of its own
        traceback.print_exc()
    finally:
        with suppress(BaseException):
            threading._shutdown()  # type: ignore[attr-defined]
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _leave_launcher(recipe: Recipe, parent: int) -> None:
    """Become what a process is that was started by its command: own session, log, environment, signals and files."""
    signal.set_wakeup_fd(-1)
    for stop_signal in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(
            stop_signal, signal.default_int_handler if stop_signal == signal.SIGINT else signal.SIG_DFL
        )
    os.setsid()
    end_with_parent(parent, recipe.death_signal)
    with open_log(recipe.log) as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    for number in map(int, os.listdir("/proc/self/fd")):
        if number > 2:
            with suppress(OSError):  # the one that listed them
                os.close(number)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    os.environ.clear()
    os.environ.update(recipe.env)
    os.chdir(recipe.cwd)
    _take_name(recipe)


def _status_of(recipe: Recipe) -> int:
    _python, program, *arguments = recipe.argv
    try:
        if program == "-m":
            module, *arguments = arguments
            sys.argv = [module, *arguments]
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        else:
            sys.argv = [program, *arguments]
            runpy.run_path(program, run_name="__main__")
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    return 0


def _take_name(recipe: Recipe) -> None:
    """Show the process under its own name, where `ps` and `top` would show the launcher's."""
    title = f"muster: {recipe.name}".encode()
    ctypes.CDLL(None).prctl(PR_SET_NAME, title[:15], 0, 0, 0)
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    start, end = int(fields[45]), int(fields[46])  # of the memory that holds the command line
    if 0 < start < end:
        ctypes.memset(start, 0, end - start)
        ctypes.memmove(start, title, min(len(title), end - start - 1))
