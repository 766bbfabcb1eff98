"""Nodes about which a scheduler and something else disagree."""

from datetime import timedelta

import pytest

from readiness.loop.problems.models import Problem
from telemetry.models import SchedulerContradiction, SchedulerState
from tests.inventory import made
from tests.pages import words_of
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import NOW
from tests.readiness.assessment.scoring.test_page_queries import source
from tests.readiness.problems import write_problems

pytestmark = pytest.mark.django_db
SINCE = NOW - timedelta(hours=1)


@pytest.fixture
def contradictions():
    """Slurm gives work to two nodes of Porto whose GPUs idle."""
    site = stored.site(name="Porto", slug="porto", owner="Ops")
    slurm = source(site, "on-time", name="slurm")
    rows = []
    for number in (1, 2):
        state = SchedulerState.objects.create(
            site=site, device=made.device(site=site, name=f"gpu-{number}"), source=slurm, scheduler="slurm",
            standing="open", since=SINCE,
        )  # fmt: skip
        rows.append(
            SchedulerContradiction.objects.create(
                state=state,
                site=site,
                kind="idle-gpus",
                since=SINCE,
                scheduler_says="8 GPUs allocated",
                other_says="8 GPUs at 0 % for an hour",
            )
        )
    return rows


def test_contradictions_of_one_kind_are_one_problem_with_both_sides(contradictions, client_of, frozen_now):
    frozen_now.at = NOW
    problem = write_problems()["measurement", "scheduler-idle-gpus"]
    assert (problem.title, problem.state, problem.since) == ("Allocated GPUs idle", "warn", SINCE)
    assert (problem.value, problem.objects_affected) == ("2 nodes", 2)
    assert problem.detail.startswith(
        "Slurm says of gpu-1: 8 GPUs allocated (by slurm); samples say: 8 GPUs at 0 % for an hour."
    )
    page = words_of(client_of("viewer").get(f"/problems/?problem={problem.pk}"))
    assert "Allocated GPUs idle" in page

    contradictions[0].delete()
    problem = write_problems()["measurement", "scheduler-idle-gpus"]
    assert (problem.value, problem.limit, problem.object) == (
        "8 GPUs allocated",
        "8 GPUs at 0 % for an hour",
        "gpu-2",
    )
    SchedulerState.objects.update(silent_since=NOW)
    assert write_problems()["measurement", "scheduler-idle-gpus"].is_last_known
    contradictions[1].delete()
    write_problems()
    assert Problem.objects.get(kind="measurement").ended_by == "sample"
