"""Faults of Muster itself as problems of no site: it is behind, no worker lives, jobs are late or fail."""

from collections.abc import Iterator
from datetime import datetime

from readiness.loop.problems.core.problem import PresentProblem
from readiness.loop.problems.core.states import ProblemState
from readiness.loop.problems.own import muster_problem
from web.faults import faults


def problems_of_muster(now: datetime) -> Iterator[PresentProblem]:
    for fault in faults(now=now):
        state = ProblemState.CRITICAL if fault.is_bad else ProblemState.WARN
        yield muster_problem(fault.key, state, fault.title, detail=fault.detail, since=fault.since)
