"""The checks that Muster computes from telemetry, envelopes, rules, ownership, people, standards, reviews and registers
of duties: they turn facts of a site into readings of sub-measures. `readiness.assessment.evidence.core.bearing` lists
those whose source is Muster itself. Every other check has no reading and is unknown until somebody enters evidence.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from readiness.assessment.evidence.core.bearing import OWN_RECORDS
from readiness.assessment.framework.core.definition import Check, Framework
from readiness.assessment.scoring.checks import (
    energy,
    governance,
    hardware,
    people,
    placements,
    standards,
)
from readiness.assessment.scoring.core.judge import Reading
from readiness.assessment.scoring.facts import EvaluationFacts

type Computed = Callable[[EvaluationFacts, Check, datetime], Mapping[str, Reading | None]]

COMPUTED: Mapping[str, Computed] = {
    "p2-envelope-declared": placements.envelope_readings,
    "p2-power-headroom": energy.power_readings,
    "p2-cooling-headroom": energy.cooling_readings,
    "p2-backup-power": energy.backup_readings,
    "p2-placement-latency": placements.latency_readings,
    "p2-placement-jurisdiction": placements.jurisdiction_readings,
    "p5-telemetry-coverage": hardware.coverage_readings,
    "p5-accelerator-health": hardware.accelerator_readings,
    "p5-fabric-health": hardware.fabric_readings,
    "p5-slo-compliance": placements.serving_readings,
}
FROM_OWNERSHIP: Mapping[str, Computed] = {
    "p4-orchestration-owner": governance.orchestration,
    "p4-asset-ownership": governance.assets,
}
"""Also computed, but read from assignments at each evaluation, so that no earlier reading is kept."""
FROM_REVIEWS: Mapping[str, Computed] = {
    "p4-golive-review": governance.review_readings,
    "p4-regulatory-register": governance.register_readings,
}
"""Read from reviews and registers at each evaluation, so that no earlier reading is kept."""
FROM_PEOPLE: Mapping[str, Computed] = {
    "p3-role-coverage": people.role_coverage,
    "p3-training-currency": people.training,
    "p3-competency-verified": people.competency,
    "p3-cross-domain-literacy": people.literacy,
    "p3-oncall-staffing": people.staffing,
    "p3-drill-participation": people.drills,
    "p3-shared-understanding": people.understanding,
    "p3-capability-gap": people.capability_gap_readings,
    "p4-runbook-coverage": people.runbooks,
    "p4-documentation-currency": people.documents,
}
"""Read from records of people at each evaluation, so that no earlier reading is kept."""
FROM_STANDARDS: Mapping[str, Computed] = {
    "p4-standard-interfaces": standards.interfaces,
    "p4-multivendor-standard": standards.multivendor,
    "p4-flexibility-preserved": standards.alternatives,
}
"""Read from standards, waivers and alternatives at each evaluation, so that no earlier reading is kept."""
SUBJECT: Mapping[str, Callable[[EvaluationFacts, str], bool]] = {
    "p2-backup-power": lambda facts, name: any(
        unit.name == name for unit in facts.things_in_service(kind="device", role="ups")
    ),
    "p5-accelerator-health": lambda facts, _: any(key[0] == "accelerator" for key in facts.things),
    "p5-fabric-health": lambda facts, _: any(facts.things_in_service(kind="port")),
    # Without a reading no class that is placed here has users, whatever was measured for other classes.
    "p2-placement-latency": lambda facts, _: False,
    # Measured at each evaluation; since it measures silence, no earlier reading is kept.
    "p5-telemetry-coverage": lambda facts, _: False,
}
"""Whether the subject of a check's earlier evidence still exists, given the name in its detail; other checks always
have a subject."""
LATEST_OF = ("p5-fabric-health",)
"""Checks whose metrics count only while live."""
HELD_OF = ("p5-accelerator-health", "p2-backup-power")
"""Checks whose metrics count for 24 hours."""
RISES_OF = ("p5-accelerator-health", "p5-fabric-health")
"""Checks that use the rises of counters in 24 hours."""


NEEDED: Mapping[str, tuple[str, ...]] = {
    "p2-envelope-declared": placements.ENVELOPE_PARTS,
    "p2-power-headroom": ("circuit-load", "leg-load"),
    "p2-cooling-headroom": ("inlet-p99", "supply-p99"),
    "p2-backup-power": energy.BACKUP_PARTS,
    "p2-placement-latency": ("path-p99",),
    "p4-orchestration-owner": ("items-owned",),
    "p4-golive-review": (governance.SIGNATURES,),
    "p5-accelerator-health": ("still-scheduling",),
    "p5-fabric-health": hardware.FABRIC_PARTS,
}
"""Sub-measures whose definition the arithmetic needs; an edited framework may have dropped some."""


ON_RECORD: Mapping[str, Computed] = {**FROM_REVIEWS, **FROM_PEOPLE, **FROM_STANDARDS}
"""Checks that are computed from records alone, so that they stay as they are while these do."""
ANEW: Mapping[str, Computed] = {**COMPUTED, **FROM_OWNERSHIP}
"""Checks that each evaluation computes, because they depend on what was sent, or are as new as the question."""


def computed(
    framework: Framework, facts: EvaluationFacts, now: datetime, checks: Mapping[str, Computed]
) -> dict[tuple[str, str], Reading]:
    site_readings = {}
    for check_id, readings in checks.items():
        check = framework.checks_by_id.get(check_id)
        if check is None:
            continue
        part_ids = {part.id for part in check.parts}
        whole = check.add_stand_ins(NEEDED.get(check_id, ()))
        for part_id, reading in readings(facts, whole, now).items():
            if part_id in part_ids and reading is not None:
                site_readings[check_id, part_id] = reading
    return site_readings


def has_subject(check_id: str, facts: EvaluationFacts, name: str) -> bool:
    """Say whether earlier evidence may stand. Muster's own records are read anew at each evaluation."""
    is_sent = check_id in COMPUTED and check_id not in OWN_RECORDS
    return is_sent and (check_id not in SUBJECT or SUBJECT[check_id](facts, name))


def metrics_of(framework: Framework, check_ids: tuple[str, ...]) -> set[str]:
    return {
        metric
        for check_id in check_ids
        if check_id in framework.checks_by_id
        for part in framework.check(check_id).parts
        for metric in part.metrics
    }
