"""The shipped framework says what its sources and the product's rules say."""

import re

import pytest

from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.framework.core.document import dump
from readiness.assessment.framework.core.vocabulary import CheckState, Gate

GATES = {
    "p1-commissioning-l5": "BLOCK",
    "p1-accelerator-diag": "BLOCK",
    "p1-intra-node": "BLOCK",
    "p1-fabric-collective": "BLOCK",
    "p1-rdma-port": "BLOCK",
    "p1-latency-under-load": "BLOCK",
    "p1-serving-latency": "BLOCK",
    "p1-multivendor-interop": "BLOCK",
    "p1-congestion": "BLOCK",
    "p1-soak-24h": "BLOCK",
    "p2-envelope-declared": "BLOCK",
    "p2-orchestration-coverage": "COND",
    "p2-placement-latency": "COND",
    "p2-placement-jurisdiction": "BLOCK",
    "p2-unit-cost": "COND",
    "p2-energy-kpis": "COND",
    "p2-power-headroom": "BLOCK",
    "p2-cooling-headroom": "BLOCK",
    "p2-backup-power": "BLOCK",
    "p2-failover-drill": "BLOCK",
    "p3-role-coverage": "BLOCK",
    "p3-training-currency": "BLOCK",
    "p3-competency-verified": "COND",
    "p3-cross-domain-literacy": "COND",
    "p3-oncall-staffing": "BLOCK",
    "p3-drill-participation": "COND",
    "p3-shared-understanding": "INFO",
    "p3-capability-gap": "COND",
    "p4-orchestration-owner": "BLOCK",
    "p4-asset-ownership": "COND",
    "p4-runbook-coverage": "BLOCK",
    "p4-documentation-currency": "BLOCK",
    "p4-standard-interfaces": "COND",
    "p4-multivendor-standard": "BLOCK",
    "p4-flexibility-preserved": "COND",
    "p4-change-and-drift": "COND",
    "p4-golive-review": "BLOCK",
    "p4-regulatory-register": "BLOCK",
    "p5-telemetry-coverage": "BLOCK",
    "p5-accelerator-health": "BLOCK",
    "p5-fabric-health": "COND",
    "p5-revalidation": "COND",
    "p5-baseline-regression": "COND",
    "p5-goodput": "COND",
    "p5-slo-compliance": "COND",
    "p5-incident-learning": "COND",
    "p5-ops-planner-loop": "COND",
    "p5-forecast-accuracy": "INFO",
}

# (check, sub-measure, pass, warn, source of pass); texts as a page shows them, limits as their factor.
THRESHOLDS = [
    ("p1-commissioning-l5", "level", "≥ 5", None, "S2"),
    ("p1-accelerator-diag", "coverage", "≥ 100 %", None, "OD"),
    ("p1-accelerator-diag", "worst-severity", "0", "1 or 5", "S4"),
    ("p1-intra-node", "busbw", "x1 intra-node-floor", "x0.95 intra-node-floor", "S5"),
    ("p1-fabric-collective", "pair-busbw", "x1 fabric-floor", "x0.95 fabric-floor", "S6"),
    ("p1-fabric-collective", "scale-efficiency", "≥ 0.9", "≥ 0.8", "OD"),
    ("p1-rdma-port", "bandwidth", "x1 rdma-port-floor", "x0.95 rdma-port-floor", "S5"),
    ("p1-latency-under-load", "load-factor", "≤ 3", "≤ 5", "OD"),
    ("p1-latency-under-load", "tail-ratio", "≤ 5", None, "OD"),
    ("p1-latency-under-load", "p99-cv", "< 5 %", None, "S9"),
    ("p1-serving-latency", "ttft-p99", "x1 ttft-slo", "x1.1 ttft-slo", "S11"),
    ("p1-multivendor-interop", "pairs-proven", "≥ 100 %", "≥ 90 %", "OD"),
    ("p1-soak-24h", "duration", "≥ 24 h", None, "S9"),
    ("p1-soak-24h", "ttft-drift", "< 1 %", None, "S9"),
    ("p2-placement-latency", "path-p99", "x1 class-latency", "x1.1 class-latency", "OD"),
    ("p2-placement-jurisdiction", "transfers-without-basis", "≤ 0", None, "S13"),
    ("p2-power-headroom", "site-load", "x0.85 contracted-kw", "x0.95 contracted-kw", "OD"),
    ("p2-power-headroom", "circuit-load", "≤ 80 %", None, "S18"),
    ("p2-power-headroom", "leg-load", "≤ 40 %", None, "S18"),
    ("p2-cooling-headroom", "inlet-p99", "18 to 27 °C", "15 to 32 °C", "S20"),
    ("p2-backup-power", "battery-status", "2", None, "S21"),
    ("p2-backup-power", "output-source", "3", None, "S21"),
    ("p2-backup-power", "battery-test", "1", "2", "S21"),
    ("p2-backup-power", "minutes-with-generator", "x2 generator-transfer", None, "OD"),
    ("p2-backup-power", "minutes-without-generator", "≥ 10 min", None, "OD"),
    ("p2-failover-drill", "misses-with-date", "≤ 0", "any", "OD"),
    ("p3-role-coverage", "people-per-role", "≥ 2 people", "≥ 1 people", "OD"),
    ("p3-oncall-staffing", "time-on-call", "≤ 25 %", None, "S27"),
    ("p3-oncall-staffing", "rotation-size", "≥ 8 people", None, "S27"),
    ("p3-oncall-staffing", "rotation-size-shared", "≥ 6 people", None, "S27"),
    ("p3-oncall-staffing", "incidents-per-shift", "≤ 2", None, "S27"),
    ("p3-capability-gap", "growth-gap", "≤ 10 points", "≤ 25 points", "OD"),
    ("p4-asset-ownership", "assets-owned", "≥ 98 %", "≥ 90 %", "OD"),
    ("p4-change-and-drift", "drift", "≤ 2 %", "≤ 5 %", "OD"),
    ("p5-telemetry-coverage", "compute-coverage", "≥ 99 %", "≥ 95 %", "OD"),
    ("p5-accelerator-health", "still-scheduling", "≤ 0", None, "OD"),
    ("p5-fabric-health", "flaps", "≤ 0", "≤ 4", "OD"),
    ("p5-baseline-regression", "nodes-beyond", "≤ 0 %", "≤ 1 %", "S8"),
    ("p5-goodput", "ettr", "≥ 0.9", "≥ 0.8", "OD"),
    ("p5-incident-learning", "nis2-rehearsal", "≤ 24 h", None, "S34"),
    ("p5-forecast-accuracy", "power-error", "≤ 15 %", "≤ 30 %", "OD"),
]

FRESHNESS_DAYS = {
    "p1-commissioning-l5": 1826,
    "p1-intra-node": 30,
    "p1-multivendor-interop": 180,
    "p1-congestion": 90,
    "p1-soak-24h": 365,
    "p2-placement-latency": 1,
    "p2-unit-cost": 35,
    "p2-energy-kpis": 45,
    "p2-power-headroom": 1,
    "p2-failover-drill": 365,
    "p3-oncall-staffing": 30,
    "p4-golive-review": 365,
    "p5-revalidation": 1,
    "p5-goodput": 7,
    "p5-ops-planner-loop": 100,
}


def threshold_text(part, threshold):
    if threshold is None:
        return None
    if threshold.bound is None:
        return f"x{threshold.factor:g} {part.limit_from}"
    return threshold.bound.text(part.unit)


def test_it_has_these_checks_with_their_gates(shipped: Framework):
    assert {check.id: str(check.gate) for check in shipped.checks} == GATES


def test_every_check_is_in_the_pillar_that_its_id_begins_with(shipped: Framework):
    assert {check.id for check in shipped.checks if not check.id.startswith(f"{check.pillar}-")} == set()


def test_it_says_which_pillars_are_its_own(shipped: Framework):
    assert [pillar.origin for pillar in shipped.pillars] == [
        "Named in the article.",
        *["Defined by this product."] * 4,
    ]


def test_weights_are_3_2_and_0(shipped: Framework):
    assert dict(shipped.weights) == {Gate.BLOCK: 3, Gate.COND: 2, Gate.INFO: 0}


@pytest.mark.parametrize(
    ("check_id", "part_id", "passes", "warns", "source"),
    THRESHOLDS,
    ids=[f"{check}/{part}" for check, part, *_ in THRESHOLDS],
)
def test_threshold(shipped: Framework, check_id, part_id, passes, warns, source):
    part = shipped.check(check_id).part(part_id)
    found = (threshold_text(part, part.pass_at), threshold_text(part, part.warn_at), part.pass_at.source)
    assert found == (passes, warns, source)


@pytest.mark.parametrize(("check_id", "days"), FRESHNESS_DAYS.items(), ids=FRESHNESS_DAYS)
def test_freshness(shipped: Framework, check_id, days):
    assert shipped.check(check_id).validity.max_age_s == days * 86400


@pytest.mark.parametrize("check_id", ["p5-telemetry-coverage", "p5-accelerator-health", "p5-fabric-health"])
def test_live_checks(shipped: Framework, check_id):
    assert shipped.check(check_id).validity.is_live


@pytest.mark.parametrize("check_id", GATES)
def test_each_check_explains_itself_in_sentences(shipped: Framework, check_id):
    check = shipped.check(check_id)
    for sentence in (check.why, check.how_to, check.waits_for, *(part.waits_for for part in check.parts)):
        assert sentence.endswith((".", "]."))
        assert len(sentence) > 30
    assert all(part.waits_for.startswith("Waits for ") for part in check.parts)


@pytest.mark.parametrize(
    ("check_id", "missing"),
    [
        ("p2-placement-jurisdiction", CheckState.WARN),
        ("p4-orchestration-owner", CheckState.WARN),
        ("p3-shared-understanding", CheckState.WAIVED),
        ("p1-commissioning-l5", CheckState.NOT_APPLICABLE),
        ("p4-golive-review", CheckState.NOT_APPLICABLE),
        ("p5-telemetry-coverage", CheckState.NOT_APPLICABLE),
    ],
    ids=lambda value: str(value),
)
def test_states_a_check_cannot_have(shipped: Framework, check_id, missing):
    assert missing not in shipped.check(check_id).states


def test_sources_run_from_s1_to_s42_and_each_is_used(shipped: Framework):
    text = dump(shipped)
    ids = [source.id for source in shipped.sources]
    assert ids == [f"S{number}" for number in range(1, 43)]
    unused = [one for one in ids if not re.search(rf"(source: |\[){one}\b(?!\d)", text)]
    assert unused == []


def test_no_draft_target_is_used_as_a_normative_limit(shipped: Framework):
    """The drafts forbid it for bandwidth and loss; what is taken from them is procedure and validity."""
    taken = {
        f"{check.id}/{part.id}"
        for check in shipped.checks
        for part in check.parts
        if part.pass_at and part.pass_at.source == "S9"
    }
    assert taken == {
        "p1-latency-under-load/p99-cv",
        "p1-latency-under-load/repeats",
        "p1-soak-24h/duration",
        "p1-soak-24h/unexplained-anomalies",
        "p1-soak-24h/explained-anomalies",
        "p1-soak-24h/ttft-drift",
        "p1-soak-24h/memory-slope",
    }


def test_floors_of_known_platforms(shipped: Framework):
    def floors(check_id, part_id):
        presets = shipped.check(check_id).part(part_id).presets
        return {preset.id: preset.value for preset in presets}

    assert floors("p1-intra-node", "busbw") == {
        "nd-a100-v4": 228,
        "nd-h100-v5": 460,
        "nd-h200-v5": 431,
        "nd-mi300x-v5": 314,
    }
    assert floors("p1-fabric-collective", "pair-busbw") == {
        "gcp-a3-high": 60,
        "gcp-a3-mega": 150,
        "gcp-a3-ultra": 250,
        "gcp-a4": 250,
        "gcp-a4x": 160,
    }
    assert floors("p1-rdma-port", "bandwidth") == {
        "ndr400-gpudirect-h100": 380,
        "ndr400-gpudirect-h200": 360,
        "rate-400g": 390,
        "hdr200-a100": 180,
    }


def test_short_texts_fit_where_results_are_stored(shipped: Framework):
    for check in shipped.checks:
        assert len(check.id) <= 64
        for part in check.parts:
            assert len(part.id) <= 64
            assert len(part.unit) <= 16, part.unit


def test_what_is_not_there_is_a_key_error(shipped: Framework):
    for ask in (shipped.check, shipped.check("p5-goodput").part):
        with pytest.raises(KeyError):
            ask("nothing")
