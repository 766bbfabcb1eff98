"""Identifies a process by its id and start time, because ids are reused, especially in small containers; and a folder
by its device and inode, because a copy has the same content, and may have the same path elsewhere."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

POLL_S = 0.02


@dataclass(frozen=True)
class ProcessIdentity:
    pid: int
    started: str


@dataclass(frozen=True)
class FolderIdentity:
    """`path` is for people: a folder that was moved on its device is still the same one."""

    path: str
    device: int
    inode: int

    def is_same(self, other: "FolderIdentity") -> bool:
        return (self.device, self.inode) == (other.device, other.inode)


def identify_folder(path: Path) -> FolderIdentity:
    stat = path.stat()
    return FolderIdentity(path=str(path.resolve()), device=stat.st_dev, inode=stat.st_ino)


def identify(pid: int) -> ProcessIdentity | None:
    """None if there is no such process, or only its exit status is left."""
    started = _started_linux(pid) if Path("/proc/self/stat").exists() else _started_elsewhere(pid)
    return None if started is None else ProcessIdentity(pid=pid, started=started)


def _started_linux(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()  # the name before it may contain spaces and brackets
    state, started = fields[0], fields[19]
    return None if state in "ZX" else f"{boot}/{started}"


def _started_elsewhere(pid: int) -> str | None:
    done = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or None


def is_alive(identity: ProcessIdentity) -> bool:
    return identify(identity.pid) == identity


def end(identity: ProcessIdentity, *, ask: signal.Signals, patience_s: float) -> bool:
    """End exactly this process, and its group if it leads one; False if it had already ended.

    Asks first, and uses SIGKILL if that has not helped within `patience_s`.
    """
    if not is_alive(identity):
        return False
    os.kill(identity.pid, ask)
    if not _gone_within(identity, patience_s):
        if os.getpgid(identity.pid) == identity.pid:
            os.killpg(identity.pid, signal.SIGKILL)
        else:
            os.kill(identity.pid, signal.SIGKILL)
        _gone_within(identity, patience_s)
    return True


def _gone_within(identity: ProcessIdentity, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while is_alive(identity):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True
