"""What a process and its children hold of the machine's memory."""

from contextlib import suppress

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


class Watched:
    """Looks at the memory of a process now and then, and keeps the most it saw."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.before_mib = self.most_mib = pss_mib(pid)

    def look(self) -> None:
        self.most_mib = max(self.most_mib, pss_mib(self.pid))

    @property
    def grown_mib(self) -> float:
        return self.most_mib - self.before_mib
