"""Stored problems for tests of pages that list them: what the worker writes some seconds after a change."""

from readiness.loop.problems.models import Problem
from readiness.loop.problems.operations import write_claimed
from tests.readiness.assessment.scoring.stored import NOW


def write_problems(*, now=NOW):
    """Write all that is claimed; returns the open problems by kind and key."""
    write_claimed(now=now)
    return {(problem.kind, problem.key): problem for problem in Problem.objects.open()}
