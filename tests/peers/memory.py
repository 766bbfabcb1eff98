"""Measure the memory and disk space that a process holds."""

from contextlib import suppress
from pathlib import Path

import psutil

MIB = 1024 * 1024


def pss_mib(pid: int) -> float:
    """Proportional set size: pages shared with others count by the share."""
    process = psutil.Process(pid)
    total = 0
    for each in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            total += each.memory_full_info().pss
    return total / MIB


def nameless_mib(pid: int) -> float:
    """Files that it has open and nobody else can find: they lie in memory where the folder for them does."""
    total = 0
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed since
            if str(path.readlink()).endswith(" (deleted)"):
                total += path.stat().st_size
    return total / MIB


class Watched:
    """Looks at a process now and then, and keeps the most it saw."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.before_mib = self.most_mib = pss_mib(pid)
        self.most_nameless_mib = 0.0

    def look(self) -> None:
        self.most_mib = max(self.most_mib, pss_mib(self.pid))
        self.most_nameless_mib = max(self.most_nameless_mib, nameless_mib(self.pid))

    @property
    def grown_mib(self) -> float:
        return self.most_mib - self.before_mib
