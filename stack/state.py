"""State of a data folder's processes: a lock that dies with its holder, and a file with what was started.

After a kill -9 the lock is free and the file still names the processes, so the next start can end them. A copy of the
folder has the file as well, and the processes that it names are another Muster's: the file says of which folder it is,
and everywhere else it counts for nothing.
"""

import fcntl
import json
import os
import shutil
import signal
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from stack.identity import FolderIdentity, ProcessIdentity, end, identify, identify_folder, is_alive

PATIENCE_S = 15


class AlreadyRunningError(Exception):
    """Another launcher holds the lock of this data folder."""


@dataclass
class StackState:
    """`environment` is what a command needs to reach the running parts; `stop_signals` is by child name. `copied_from`
    names the folder for which a state was written that was then copied; that state has nothing else."""

    folder: FolderIdentity | None = None
    launcher: ProcessIdentity | None = None
    address: str = ""
    sockets: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    children: dict[str, ProcessIdentity] = field(default_factory=dict)
    stop_signals: dict[str, int] = field(default_factory=dict)
    copied_from: str = ""

    @classmethod
    def read(cls, path: Path) -> "StackState":
        """An empty state if there is none, none that can be read, or one of another folder."""
        try:
            raw: dict[str, Any] = json.loads(path.read_text())
            folder = FolderIdentity(**raw.pop("folder"))
            if not folder.is_same(identify_folder(path.parent)):
                return cls(copied_from=folder.path)
            launcher, children = raw.pop("launcher"), raw.pop("children")
            return cls(
                folder=folder,
                launcher=ProcessIdentity(**launcher) if launcher else None,
                children={name: ProcessIdentity(**identity) for name, identity in children.items()},
                **raw,
            )
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return cls()

    def write(self, path: Path) -> None:
        """Atomic; readable only by us, because it holds the secret key."""
        self.folder = identify_folder(path.parent)
        part = path.with_suffix(".part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            json.dump(asdict(self), out, indent=1)
        part.rename(path)

    @property
    def is_running(self) -> bool:
        return self.launcher is not None and is_alive(self.launcher)


class Lock:
    """Held while this process lives. The kernel releases it, so it can never be stale."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise AlreadyRunningError(str(path)) from None

    def release(self) -> None:
        self._file.close()


def end_orphans(state: StackState) -> list[str]:
    """End the processes of an earlier launcher, each identified by id and start time; returns their names.

    The databases come last, as in an orderly stop.
    """
    ended = []
    for name in sorted(state.children, key=lambda name: name in {"valkey", "postgres"}):
        ask = signal.Signals(state.stop_signals.get(name, signal.SIGTERM))
        if end(state.children[name], ask=ask, patience_s=PATIENCE_S):
            ended.append(name)
    if state.sockets:
        shutil.rmtree(state.sockets, ignore_errors=True)
    return ended


def ourselves() -> ProcessIdentity:
    identity = identify(os.getpid())
    assert identity is not None
    return identity
