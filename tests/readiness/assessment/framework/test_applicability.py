"""Which checks apply where, and how much they decide there."""

import pytest

from readiness.assessment.framework.core.conditions import Condition, ConditionOperator, FactTest, SiteContext
from readiness.assessment.framework.core.definition import Framework, applicable, gate_for, part_gate
from readiness.assessment.framework.core.vocabulary import Fabric, Gate, Profile, SiteKind, Stage

ANY = {"kind": SiteKind.CORE, "stage": Stage.PRODUCTION}
TRAINING, INFERENCE, EDGE = (frozenset({profile}) for profile in Profile)
ROCE = frozenset({Fabric.ROCE})
INFINIBAND = frozenset({Fabric.INFINIBAND})
ETHERNET = frozenset({Fabric.ETHERNET})

# (check or check/part, facts, applies)
APPLIES = [
    ("p1-fabric-collective", {"nodes": 1}, False),
    ("p1-rdma-port", {"nodes": 1}, False),
    ("p1-congestion", {"nodes": 1}, False),
    ("p1-intra-node", {"nodes": 1}, True),
    ("p1-latency-under-load", {"nodes": 1}, True),
    ("p1-fabric-collective", {"nodes": 2}, True),
    ("p1-fabric-collective/scale-efficiency", {"nodes": 2}, False),
    ("p1-fabric-collective/scale-efficiency", {"nodes": 3}, True),
    ("p1-fabric-collective/scale-efficiency", {}, True),
    ("p1-fabric-collective", {"nodes": 0}, True),
    ("p1-fabric-collective", {}, True),
    ("p1-intra-node", {"accelerators": 1}, False),
    ("p1-intra-node", {"accelerators": 8}, True),
    ("p1-intra-node", {"accelerators": 0}, True),
    ("p1-multivendor-interop", {"vendors_in_path": 1}, False),
    ("p1-multivendor-interop", {"vendors_in_path": 2}, True),
    ("p1-multivendor-interop", {}, True),
    ("p1-congestion", {"fabrics": ROCE}, True),
    ("p1-congestion", {"fabrics": ROCE | INFINIBAND}, True),
    ("p1-congestion", {"fabrics": INFINIBAND}, False),
    ("p1-congestion", {"fabrics": frozenset()}, True),
    ("p1-rdma-port", {"fabrics": ETHERNET}, False),
    ("p1-rdma-port", {"fabrics": INFINIBAND}, True),
    ("p1-serving-latency", {"profiles": INFERENCE}, True),
    ("p1-serving-latency", {"profiles": TRAINING}, False),
    ("p1-serving-latency", {"profiles": TRAINING | INFERENCE}, True),
    ("p1-serving-latency", {"profiles": frozenset()}, True),
    ("p5-goodput", {"profiles": TRAINING}, True),
    ("p5-goodput", {"profiles": EDGE}, False),
    ("p5-slo-compliance", {"profiles": EDGE | INFERENCE}, True),
    ("p1-soak-24h/ttft-drift", {"profiles": TRAINING}, False),
    ("p1-soak-24h/ttft-drift", {"profiles": INFERENCE}, True),
    ("p2-power-headroom/leg-load", {"dual_fed_racks": 0}, False),
    ("p2-power-headroom/leg-load", {}, True),
    ("p2-cooling-headroom/supply-p99", {"liquid_cooled": False}, False),
    ("p2-cooling-headroom/supply-p99", {}, True),
    ("p2-backup-power/minutes-with-generator", {"has_generator": False}, False),
    ("p2-backup-power/minutes-without-generator", {"has_generator": True}, False),
    ("p2-backup-power/minutes-with-generator", {}, True),
    ("p2-backup-power/minutes-without-generator", {}, True),
    ("p3-oncall-staffing/rotation-size", {"on_call_sites": 2}, False),
    ("p3-oncall-staffing/rotation-size-shared", {"on_call_sites": 1}, False),
    ("p3-capability-gap/growth-gap", {"had_capacity": False}, False),
    ("p3-capability-gap/growth-gap", {}, True),
    ("p5-telemetry-coverage/network-coverage", {"network_objects": 0}, False),
    ("p5-telemetry-coverage/network-coverage", {"network_objects": 1}, True),
    ("p5-incident-learning/nis2-rehearsal", {"in_nis2_scope": False}, False),
    ("p5-incident-learning/nis2-rehearsal", {"in_nis2_scope": None}, True),
]


def described(case):
    facts = ", ".join(f"{name} {_plain(value)}" for name, value in case[1].items()) or "nothing known"
    return f"{case[0]} where {facts}"


def _plain(value):
    return "+".join(sorted(value)) or "none" if isinstance(value, frozenset) else value


@pytest.mark.parametrize(("item", "facts", "applies"), APPLIES, ids=[described(case) for case in APPLIES])
def test_applicability(shipped: Framework, item, facts, applies):
    check_id, _, part_id = item.partition("/")
    check = shipped.check(check_id)
    found, reason = applicable(check.part(part_id) if part_id else check, SiteContext(**ANY | facts))
    assert found is applies
    assert bool(reason) is not applies


@pytest.mark.parametrize(
    ("check_id", "facts", "gate"),
    [
        ("p2-placement-latency", {"kind": SiteKind.CORE}, Gate.COND),
        ("p2-placement-latency", {"kind": SiteKind.EDGE}, Gate.BLOCK),
        ("p2-placement-latency", {"profiles": EDGE | TRAINING}, Gate.BLOCK),
        ("p2-backup-power", {"kind": SiteKind.CORE}, Gate.BLOCK),
        ("p2-backup-power", {"kind": SiteKind.EDGE}, Gate.COND),
        ("p2-backup-power", {"profiles": EDGE | TRAINING}, Gate.BLOCK),
        ("p4-multivendor-standard", {"vendors_in_path": 2}, Gate.BLOCK),
        ("p4-multivendor-standard", {}, Gate.BLOCK),
        ("p4-multivendor-standard", {"vendors_in_path": 1}, Gate.COND),
        ("p3-shared-understanding", {"kind": SiteKind.EDGE}, Gate.INFO),
    ],
    ids=lambda value: described(("", value)) if isinstance(value, dict) else str(value),
)
def test_gate_at_a_site(shipped: Framework, check_id, facts, gate):
    assert gate_for(shipped.check(check_id), SiteContext(**ANY | facts)) is gate


@pytest.mark.parametrize(
    ("part_id", "check_gate", "gate"),
    [
        ("on-call", Gate.BLOCK, Gate.BLOCK),
        ("overall", Gate.BLOCK, Gate.COND),
        ("overall", Gate.COND, Gate.COND),
        ("overall", Gate.INFO, Gate.INFO),
    ],
    ids=str,
)
def test_a_sub_measures_gate_never_rises_above_its_checks(shipped: Framework, part_id, check_gate, gate):
    part = shipped.check("p3-training-currency").part(part_id)
    assert part_gate(part, check_gate) is gate


@pytest.mark.parametrize(
    ("operator", "holding"),
    [
        (ConditionOperator.EXACTLY, {2}),
        (ConditionOperator.AT_LEAST, {2, 3}),
        (ConditionOperator.AT_MOST, {0, 1, 2}),
    ],
    ids=str,
)
def test_counts_compare_as_named_and_never_where_not_known(operator, holding):
    condition = Condition((FactTest("nodes", operator, 2),))
    counts = [None, 0, 1, 2, 3]
    assert {count for count in counts if condition.holds(SiteContext(**ANY, nodes=count))} == holding
