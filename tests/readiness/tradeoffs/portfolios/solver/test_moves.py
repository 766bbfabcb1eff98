"""What a plan changes against today: moves with their changes, and how full sites get."""

import numpy as np

from readiness.tradeoffs.portfolios.solver.portfolio import Portfolio, against
from tests.cases import cases

FLEET = Portfolio(
    ("search", "training", "chat"),
    ("helsinki", "oslo"),
    ("cost", "carbon"),
    ("H100", "kW"),
    np.ones((3, 2), bool),
    np.array([[8.0, 10.0], [64.0, 80.0], [4.0, 5.0]]),
    np.array([[100.0, 200.0], [100.0, np.nan]]),
    np.array([[[10.0, 5.0], [8.0, 9.0]], [[70.0, 40.0], [60.0, np.nan]], [[4.0, 3.0], [5.0, 1.0]]]),
    np.ones(3),
)


@cases(
    ("today", "plan", "changes"),
    {
        "from site to site": ({"search": "helsinki"}, {"search": "oslo"}, {"cost": -2.0, "carbon": 4.0}),
        "an unknown figure": ({"training": "helsinki"}, {"training": "oslo"},
            {"cost": -10.0, "carbon": None}),
        "runs nowhere today": ({}, {"search": "oslo"}, {"cost": None, "carbon": None}),
        "left out of the plan": ({"search": "oslo"}, {}, {"cost": None, "carbon": None}),
        "another site": ({"search": "elsewhere"}, {"search": "oslo"}, {"cost": None, "carbon": None}),
    },
)  # fmt: skip
def test_one_move(today, plan, changes):
    (move,) = against(FLEET, today, plan).moves
    name = move.workload
    assert (move.before, move.after) == (today.get(name), plan.get(name))
    assert move.changes == changes


def test_a_plan_against_today():
    today = {"search": "helsinki", "training": "helsinki", "chat": "oslo"}
    found = against(FLEET, today, {"search": "oslo", "training": "oslo", "chat": "oslo"})
    assert [one.workload for one in found.moves] == ["search", "training"]
    assert found.unknown == {"cost": 0, "carbon": 1}
    assert [(one.site, one.resource, one.before, one.after, one.capacity) for one in found.filling] == [
        ("helsinki", "H100", 72.0, 0.0, 100.0),
        ("helsinki", "kW", 90.0, 0.0, 200.0),
        ("oslo", "H100", 4.0, 76.0, 100.0),
        ("oslo", "kW", 5.0, 95.0, None),
    ]


def test_today_kept_changes_nothing():
    found = against(FLEET, {"chat": "oslo"}, {"chat": "oslo"})
    assert (found.moves, found.filling) == ((), ())
