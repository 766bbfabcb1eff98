"""pytest plugin (`-p tests.peers.scheduling`): each of the files that take longest has a worker of its own.

xdist gives a worker that has one or two tests left the next file, which then waits there until these have ended; a
file with one test of six minutes made another one wait for so long beside idle workers.
"""

from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

LONGEST = {"tests/peers/test_starved.py", "tests/peers/test_heartbeats.py"}


class LongestAlone(LoadFileScheduling):
    def _reschedule(self, node: WorkerController) -> None:
        if LONGEST.isdisjoint(self.assigned_work.get(node, {})):
            super()._reschedule(node)
        elif not node.shutting_down:
            # The worker ends what it has.
            node.shutdown()


@pytest.hookimpl
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LongestAlone:
    return LongestAlone(config, log)
