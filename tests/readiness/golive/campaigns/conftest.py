"""A site of three nodes, campaigns of it, and results as an evaluation leaves them."""

from datetime import date

import pytest

from inventory.models import Port
from readiness.golive.campaigns import operations
from tests.inventory import made
from tests.readiness.assessment.scoring import stored

DUE = date(2026, 12, 31)


@pytest.fixture
def porto(db):
    there = made.site(name="Porto", slug="porto", owner="Ops South", profiles=["training"])
    for name in ("n1", "n2", "n3"):
        node = made.device(site=there, name=name)
        made.port(device=node, name="mlx0", kind=Port.Kind.ROCE, back_end=True)
        for index in range(2):
            made.accelerator(device=node, index=index)
    return there


@pytest.fixture
def plan(planner, frozen_now):
    """`plan(site, name="Q4")` is a campaign of the planner's."""

    def make(site, *, by=planner, **given):
        given = {"name": "Go-live", "due_on": DUE} | given
        return operations.create(site=site, by=by, now=frozen_now.at, **given)

    return make


def judged(site, check_id, part_id, state, *, evidence="run:1", now=None, **given):
    """A result of which one sub-measure is in that state; the others of its check are there and unknown."""
    _, framework = stored.framework_queries.current()
    check = framework.check(check_id)
    parts = [
        {
            "part": part.id,
            "gate": str(part.gate or check.gate),
            "state": "unknown",
            "code": "no-evidence",
            "reason": "No run yet.",
            "evidence": "",
            "taken_at": None,
        }
        for part in check.parts
    ]
    wanted = [part_id] if isinstance(part_id, str) else part_id
    for part in parts:
        if part["part"] in wanted:
            at = (now or stored.NOW).isoformat()
            part |= {
                "state": state,
                "code": "",
                "reason": f"It is {state}.",
                "evidence": evidence,
                "taken_at": at,
            }
            part |= given
    return stored.result(site, check_id, state, parts=parts)
