"""The targets of the moment: those of the agent's file, and those of the lists that it names."""

import logging
from collections.abc import Callable, Iterator
from functools import partial
from glob import glob
from pathlib import Path

from agent.documents import UnreadableFile, read_document
from agent.muster_list import MusterList
from agent.settings import AgentSettings, ScrapeJob
from agent.targets import AgentTarget, BadTarget, targets_of_groups, targets_of_job

log = logging.getLogger(__name__)


class TargetLists:
    """Reads all lists again and again. A list that cannot be read any more counts as it last was."""

    def __init__(self, settings: AgentSettings) -> None:
        self._settings = settings
        self._last_good: dict[str, list[AgentTarget]] = {}
        file = settings.buffer.folder / "muster-targets.json"
        self.muster_list = next((MusterList(job, file) for job in settings.jobs if job.from_muster), None)
        self.faults: dict[str, str] = {}

    def read(self) -> list[AgentTarget]:
        """All targets, each once, up to the limit."""
        before, self.faults = self.faults, {}
        if self.muster_list is not None and self.muster_list.fault:
            self.faults["Muster's list of targets"] = self.muster_list.fault
        lists = dict(self._read_lists())
        self._last_good = lists
        targets = list(dict.fromkeys(target for each in lists.values() for target in each))
        most = self._settings.limits.targets
        if len(targets) > most:
            self.faults["limits.targets"] = f"{len(targets)} targets, more than {most}: the rest is left out"
        for name, fault in self.faults.items():
            if before.get(name) != fault:
                log.error("%s: %s", name, fault)
        return targets[:most]

    def _read_lists(self) -> Iterator[tuple[str, list[AgentTarget]]]:
        for job in self._settings.jobs:
            name = f"job {job.name}"
            yield name, self._read_list(name, partial(targets_of_job, job))
            for path in sorted({path for pattern in job.files for path in glob(pattern)}):
                name = f"job {job.name}, {path}"
                yield name, self._read_list(name, partial(_read_groups, Path(path), job))
        if self.muster_list is not None:
            name = f"job {self.muster_list.job.name}, Muster's list"
            yield name, self._read_list(name, self.muster_list.read)

    def _read_list(self, name: str, read: Callable[[], list[AgentTarget]]) -> list[AgentTarget]:
        try:
            return read()
        except (UnreadableFile, BadTarget) as error:
            self.faults[name] = str(error)
            return self._last_good.get(name, [])


def _read_groups(path: Path, job: ScrapeJob) -> list[AgentTarget]:
    return targets_of_groups(read_document(path), job)
