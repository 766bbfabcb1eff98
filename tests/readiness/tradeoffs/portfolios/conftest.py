"""The fleet of the placements, and workloads that have to share it."""

import pytest

from readiness.demand.workloads import operations as workloads
from readiness.tradeoffs.portfolios import operations, solving
from tests.readiness.tradeoffs.placing.conftest import chat, fleet

__all__ = ["chat", "fleet"]


@pytest.fixture
def declare(fleet, iberia, planner, frozen_now):
    """`declare("batch", accelerators=[(None, 4)], at="porto")`: a class that any site may run, unless limits say."""

    def make(slug, *, at="", **given):
        given = {"accelerators": [(None, 8)], "it_kw": 10.0, "bandwidth_gbps": 1.0, "min_verdict": ""} | given
        found = workloads.declare(
            name=slug.capitalize(), slug=slug, kind="batch", by=planner, now=frozen_now.at, **given
        )
        if at:
            workloads.place(found, site=fleet[at], on=None, by=planner, now=frozen_now.at)
        return found

    return make


@pytest.fixture
def ask(chat, planner, frozen_now):
    def make(*, by=planner, **given):
        return operations.ask({"points": 4} | given, by=by, now=frozen_now.at)

    return make


@pytest.fixture
def solve(ask, frozen_now):
    """`solve(weights={...})` is the run as it is once the worker is through with it."""

    def make(**given):
        found = ask(**given)
        assert solving.run(found.pk, now=frozen_now.at)
        found.refresh_from_db()
        return found

    return make
