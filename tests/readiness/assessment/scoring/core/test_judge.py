"""One sub-measure, one reading, one state."""

from dataclasses import replace

import pytest

from readiness.assessment.evidence.core.limits import Limit
from readiness.assessment.framework.core.thresholds import Bound
from readiness.assessment.framework.core.vocabulary import CheckState, Direction, EvidenceKind, Gate
from readiness.assessment.scoring.core.judge import excluded, judge, judge_without_gate, span_text
from readiness.assessment.scoring.core.states import Provenance, ReasonCode
from tests.readiness.assessment.scoring.core.builders import (
    DAY,
    HOUR,
    LIVE,
    MINUTE,
    NOW,
    at_least,
    reading,
    sub_measure,
    times,
)

PLAIN = sub_measure()
NO_WARN = sub_measure(warn_at=None)
LIMITED = sub_measure(pass_at=times(0.85), warn_at=times(0.95), limit_from="contracted-kw")
FLOOR = sub_measure(
    direction=Direction.HIGHER, pass_at=times(1.0), warn_at=times(0.95), limit_from="floor", unit="GB/s"
)
LIVE_PART = sub_measure(validity=LIVE)
TREND = sub_measure(pass_at=None, warn_at=None, gate=Gate.INFO)
THOUSAND_KW = Limit(value=1000.0, source="contract 7")

# (reason, sub-measure, reading, limit, state, code, margin)
JUDGED = [
    ("inside", PLAIN, reading(70), None, "pass", "inside", 10),
    ("on the pass edge", PLAIN, reading(80), None, "pass", "inside", 0),
    ("between pass and warn", PLAIN, reading(90), None, "warn", "warn-band", -10),
    ("on the warn edge", PLAIN, reading(95), None, "warn", "warn-band", -15),
    ("beyond warn", PLAIN, reading(96), None, "fail", "outside", -16),
    ("beyond pass where nothing warns", NO_WARN, reading(81), None, "fail", "outside", -1),
    ("evidence at its last moment", PLAIN, reading(70, age=DAY), None, "pass", "inside", 10),
    ("evidence too old", PLAIN, reading(70, age=DAY + MINUTE), None, "stale", "too-old", 10),
    ("bad evidence too old", PLAIN, reading(99, age=2 * DAY), None, "stale", "too-old", -19),
    ("live, five minutes", LIVE_PART, reading(70, age=5 * MINUTE), None, "pass", "inside", 10),
    ("live, older", LIVE_PART, reading(70, age=6 * MINUTE), None, "stale", "too-old", 10),
    ("live, slow source", LIVE_PART, reading(70, age=14 * MINUTE, cadence_s=300), None, "pass", "inside", 10),
    ("voided", PLAIN, reading(70, voided="New firmware."), None, "stale", "voided", 10),
    (
        "cannot be judged",
        PLAIN,
        reading(70, cannot_judge="On loopback."),
        None,
        "unknown",
        "cannot-judge",
        10,
    ),
    ("not a number", PLAIN, reading(float("nan")), None, "unknown", "not-a-number", None),
    ("infinite", PLAIN, reading(float("inf")), None, "unknown", "not-a-number", None),
    ("no value", PLAIN, reading(None), None, "unknown", "not-a-number", None),
    (
        "an old nan was never evidence",
        PLAIN,
        reading(float("nan"), age=9 * DAY),
        None,
        "unknown",
        "not-a-number",
        None,
    ),
    ("a little ahead of the clock", PLAIN, reading(70, age=-9 * MINUTE), None, "pass", "inside", 10),
    ("far ahead of the clock", PLAIN, reading(70, age=-11 * MINUTE), None, "unknown", "in-the-future", 10),
    ("no limit declared", LIMITED, reading(700), None, "unknown", "no-limit", None),
    ("inside its limit", LIMITED, reading(850), THOUSAND_KW, "pass", "inside", 0),
    ("on a share of its limit", LIMITED, reading(35.7), Limit(value=42.0), "pass", "inside", 0),
    ("warns against its limit", LIMITED, reading(900), THOUSAND_KW, "warn", "warn-band", -50),
    ("over its limit", LIMITED, reading(960), THOUSAND_KW, "fail", "outside", -110),
    ("the reading's own limit", FLOOR, reading(450, limit=Limit(value=460)), None, "warn", "warn-band", -10),
    ("a limit on what has none", PLAIN, reading(90), THOUSAND_KW, "warn", "warn-band", -10),
    ("a trend", TREND, reading(70), None, "n-a", "trend-only", None),
    ("a trend too old", TREND, reading(70, age=2 * DAY), None, "stale", "too-old", None),
]


@pytest.mark.parametrize(
    ("part", "evidence", "limit", "state", "code", "margin"),
    [case[1:] for case in JUDGED],
    ids=[case[0] for case in JUDGED],
)
def test_judged(part, evidence, limit, state, code, margin):
    result = judge(part, evidence, NOW, limit)
    assert (result.state, result.code) == (state, code)
    assert result.margin == (None if margin is None else pytest.approx(margin))


@pytest.mark.parametrize(
    ("part", "evidence", "limit"),
    [row[1:4] for row in JUDGED if row[2]],
    ids=[row[0] for row in JUDGED if row[2]],
)
def test_how_a_reading_stands_is_what_it_is_judged_as(part, evidence, limit):
    judged = judge(part, evidence, NOW, limit)
    assert judge_without_gate(part, evidence, NOW, limit) == (
        judged.state,
        judged.code is ReasonCode.CAPPED,
        judged.margin,
        judged.threshold,
    )


def test_without_a_reading_it_is_unknown_and_says_what_it_waits_for():
    result = judge(PLAIN, None, NOW)
    assert (result.state, result.code) == (CheckState.UNKNOWN, ReasonCode.NO_EVIDENCE)
    assert result.reason == "Waits for a meter."
    assert result.value is result.margin is result.taken_at is result.fresh_until is None


def test_the_limit_given_goes_before_the_readings_own():
    evidence = reading(450, limit=Limit(value=460))
    assert judge(FLOOR, evidence, NOW, Limit(value=440)).state is CheckState.PASS


def test_a_preset_replaces_both_regions_of_a_range():
    inlet = sub_measure(
        direction=Direction.RANGE,
        pass_at=replace(at_least(0), bound=Bound(low=18, high=27)),
        warn_at=replace(at_least(0), bound=Bound(low=15, high=32)),
        limit_from="cooling-class",
    )
    dense_hall = Limit(pass_at=Bound(low=18, high=22), warn_at=Bound(low=18, high=25), source="H1")
    assert judge(inlet, reading(24), NOW).state is CheckState.PASS
    result = judge(inlet, reading(24), NOW, dense_hall)
    assert (result.state, result.threshold, result.margin) == (CheckState.WARN, 22, -2)
    assert result.limit_source == "H1"
    assert judge(inlet, reading(26), NOW, dense_hall).state is CheckState.FAIL


@pytest.mark.parametrize(
    ("value", "told"),
    [
        pytest.param(231.528, "232 kW meets the limit of", id="whole from a hundred on"),
        pytest.param(34.8157, "34.8 kW meets the limit of", id="one decimal below"),
        pytest.param(849.96, "850 kW meets the limit of", id="up to a limit that may be reached"),
        pytest.param(850.04, "850.04 kW is above the limit of", id="never down to one it is above"),
        pytest.param(850.0000001, "850.0000001 kW is above the limit of", id="however near it is"),
    ],
)
def test_a_reason_rounds_its_figure_without_contradicting_itself(value, told):
    assert judge(LIMITED, reading(value), NOW, THOUSAND_KW).reason == f"Load: {told} 850 kW."


def test_the_result_carries_what_a_page_shows():
    evidence = reading(
        960, provenance=Provenance.SIMULATED, evidence="source:12", detail="feed B", bad_since=NOW - 3 * HOUR
    )
    result = judge(LIMITED, evidence, NOW, THOUSAND_KW)
    assert result.reason == "Load: 960 kW (feed B) is above the limit of 850 kW."
    assert (result.threshold, result.threshold_text, result.limit_source) == (850, "≤ 850 kW", "contract 7")
    assert (result.data_age_s, result.taken_at, result.fresh_until) == (3600, NOW - HOUR, NOW + DAY - HOUR)
    assert (result.provenance, result.evidence, result.detail) == ("simulated", "source:12", "feed B")
    assert result.bad_since == NOW - 3 * HOUR


@pytest.mark.parametrize(
    ("evidence", "bad_since"),
    [
        pytest.param(reading(70), None, id="good"),
        pytest.param(reading(99), NOW - HOUR, id="bad since it was measured"),
        pytest.param(reading(70, age=2 * DAY), NOW - DAY, id="bad since it went stale"),
        pytest.param(
            reading(70, voided="Firmware.", voided_at=NOW - MINUTE),
            NOW - MINUTE,
            id="bad since it was voided",
        ),
        pytest.param(reading(float("nan")), None, id="unknown is not yet bad"),
    ],
)
def test_since_when_it_is_bad(evidence, bad_since):
    assert judge(PLAIN, evidence, NOW).bad_since == bad_since


def test_stale_says_its_age_and_how_long_evidence_counts():
    result = judge(PLAIN, reading(70, age=3 * DAY), NOW)
    assert result.reason == "The evidence is 3 d old and counts for 24 h."


@pytest.mark.parametrize(
    ("part_gate", "given", "gate"),
    [(None, None, Gate.BLOCK), (Gate.COND, None, Gate.COND), (Gate.COND, Gate.INFO, Gate.INFO)],
    ids=["unstated is BLOCK", "its own", "the site's"],
)
def test_the_gate_in_force(part_gate, given, gate):
    assert judge(sub_measure(gate=part_gate), reading(70), NOW, gate=given).gate is gate


@pytest.mark.parametrize(("declared", "code"), [(False, ReasonCode.EXCLUDED), (True, ReasonCode.DECLARED)])
def test_excluded(declared, code):
    result = excluded(PLAIN, "One node.", gate=Gate.COND, declared=declared)
    assert (result.state, result.code, result.reason) == (CheckState.NOT_APPLICABLE, code, "One node.")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (119, "119 s"), (300, "5 min"), (7199, "119 min"), (86400, "24 h"), (31 * 86400, "31 d")],
)
def test_span(seconds, text):
    assert span_text(seconds) == text


RUN_ONLY = sub_measure(evidence=frozenset({EvidenceKind.VALIDATION_RUN}))
RUN_OR_TELEMETRY = sub_measure(evidence=frozenset({EvidenceKind.VALIDATION_RUN, EvidenceKind.TELEMETRY}))
RUN_OR_RECORD = sub_measure(evidence=frozenset({EvidenceKind.VALIDATION_RUN, EvidenceKind.INVENTORY_FACT}))
FACT = "recorded fact 3"


@pytest.mark.parametrize(
    ("part", "value", "state", "code", "tier"),
    [
        pytest.param(RUN_ONLY, 70, "warn", "capped", "capped", id="a run is asked for"),
        pytest.param(PLAIN, 70, "warn", "capped", "capped", id="telemetry alone is asked for"),
        pytest.param(
            RUN_OR_TELEMETRY, 70, "warn", "capped", "capped", id="a run and telemetry are asked for"
        ),
        pytest.param(RUN_ONLY, 90, "warn", "capped", "capped", id="what warns is capped too"),
        pytest.param(RUN_ONLY, 96, "fail", "outside", "declared", id="a failing declaration fails"),
        pytest.param(RUN_OR_RECORD, 70, "pass", "inside", "declared", id="a record may prove it"),
        pytest.param(
            RUN_OR_RECORD, 90, "warn", "warn-band", "declared", id="a record may prove that it warns"
        ),
    ],
)
@pytest.mark.parametrize("provenance", Provenance)
def test_a_declaration_counts_as_warn_at_most_where_a_measurement_is_asked_for(
    part, value, state, code, tier, provenance
):
    result = judge(part, reading(value, declaration=FACT, provenance=provenance), NOW)
    assert (result.state, result.code, result.tier) == (state, code, tier)


def test_a_declaration_of_a_trend_or_out_of_date_is_judged_as_ever():
    assert judge(TREND, reading(70, declaration=FACT), NOW).code == "trend-only"
    assert judge(RUN_ONLY, reading(70, age=2 * DAY, declaration=FACT), NOW).state == "stale"
    assert judge(RUN_ONLY, reading(None, declaration=FACT, failed="Wrong data."), NOW).state == "fail"


@pytest.mark.parametrize(
    ("part", "value", "reason"),
    [
        (RUN_ONLY, 70, "Load: 70 kW (report 7) meets the limit of 80 kW. "
         "Declared only (recorded fact 3): Warn at best until a validation run is imported."),
        (PLAIN, 90, "Load: 90 kW (report 7) is above the limit of 80 kW. "
         "Declared only (recorded fact 3): Warn at best until telemetry measures it."),
        (RUN_OR_TELEMETRY, 70, "Load: 70 kW (report 7) meets the limit of 80 kW. "
         "Declared only (recorded fact 3): Warn at best until a validation run is imported or telemetry measures it."),
    ],
)  # fmt: skip
def test_a_cap_names_the_declaration_and_what_is_asked_for(part, value, reason):
    assert judge(part, reading(value, declaration=FACT, detail="report 7"), NOW).reason == reason


@pytest.mark.parametrize(
    ("provenance", "tier"),
    [
        ("measured", "measured"),
        ("simulated", "measured"),
        ("estimated", "declared"),
        ("declared", "declared"),
    ],
)
def test_what_nobody_entered_is_measured_unless_it_was_declared_or_estimated(provenance, tier):
    assert judge(PLAIN, reading(70, provenance=Provenance(provenance)), NOW).tier == tier
