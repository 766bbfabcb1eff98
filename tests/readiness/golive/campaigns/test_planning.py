"""What a campaign is made of: from the framework, for the site, on what the inventory has."""

import pytest

from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.conditions import SiteContext
from readiness.assessment.framework.core.vocabulary import Fabric, Gate, Profile, SiteKind, Stage
from readiness.golive.campaigns.planning import parts_by_runs, plan, setups
from readiness.golive.campaigns.queries import pairs, targets_of
from readiness.golive.models import RunTarget

pytestmark = pytest.mark.django_db


def at(**given):
    return SiteContext(kind=SiteKind.CORE, stage=Stage.COMMISSIONING, **given)


@pytest.fixture
def framework():
    return framework_queries.current()[1]


def test_every_sub_measure_that_runs_prove_and_that_decides_is_in_an_item(framework):
    planned = plan(framework, at())
    got = {(one.check.id, part) for one in planned for part in one.setup.parts}
    wanted = {
        (check.id, part.id)
        for check in framework.checks
        for part in check.parts
        if part.id in parts_by_runs(check) and part.gate is not Gate.INFO
    }
    assert got == wanted
    assert len(planned) > 10


def test_the_setups_name_sub_measures_that_there_are(framework):
    for check_id, ways in setups().items():
        there = {part.id for part in framework.check(check_id).parts}
        assert {part for setup in ways for part in setup.parts} <= there


def test_what_has_no_tool_of_its_own_is_proved_by_a_table(framework):
    [soak] = [one.setup for one in plan(framework, at()) if one.check.id == "p1-soak-24h"]
    assert (soak.tool, soak.targets) == ("csv", RunTarget.SITE)
    assert "p1-soak-24h/duration" in soak.how


@pytest.mark.parametrize(
    ("context", "gone"),
    [
        ({"nodes": 1}, {"p1-fabric-collective", "p1-rdma-port", "p1-congestion"}),
        ({"accelerators": 1}, {"p1-intra-node"}),
        ({"fabrics": frozenset({Fabric.INFINIBAND})}, {"p1-congestion"}),
        ({"profiles": frozenset({Profile.TRAINING})}, {"p1-serving-latency"}),
    ],
)
def test_what_does_not_apply_at_the_site_is_left_out(framework, context, gone):
    planned = {one.check.id for one in plan(framework, at(**context))}
    assert not planned & gone
    assert gone <= {one.check.id for one in plan(framework, at())}


@pytest.mark.parametrize(
    ("nodes", "found"),
    [
        ([], []),
        (["a"], []),
        (["a", "b"], [("a", "b")]),
        (["a", "b", "c"], [("a", "b"), ("c", "a")]),
        (["a", "b", "c", "d"], [("a", "b"), ("c", "d")]),
    ],
)
def test_pairs_touch_every_node(nodes, found):
    assert pairs(nodes) == found


def test_what_to_run_on_is_what_is_in_service(porto):
    porto.devices.filter(name="n3").update(status="drained")
    found = targets_of(porto)
    assert found[RunTarget.NODE] == ["n1", "n2"]
    assert found[RunTarget.PAIR] == ["n1 – n2"]
    assert found[RunTarget.PORT] == ["n1 mlx0", "n2 mlx0"]
    assert found[RunTarget.FABRIC] == ["n1, n2"]
