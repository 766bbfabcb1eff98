"""What must hold whatever a site's evidence looks like, on the shipped framework."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.assessment.evidence.core.limits import Limit
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.framework.core.document import load
from readiness.assessment.framework.core.thresholds import Bound
from readiness.assessment.framework.core.vocabulary import (
    CheckState,
    Direction,
    Fabric,
    Profile,
    SiteKind,
    Stage,
)
from readiness.assessment.scoring.core.combine import combine
from readiness.assessment.scoring.core.evaluate import SiteInputs, evaluate, score_checks
from readiness.assessment.scoring.core.flips import find_flips
from readiness.assessment.scoring.core.judge import judge
from readiness.assessment.scoring.core.states import Provenance, Verdict
from tests.readiness.assessment.scoring.core.builders import (
    DAY,
    HOUR,
    LIMIT_VALUE,
    NOW,
    SHIPPED,
    can_warn,
    check,
    check_result,
    core_site,
    figure,
    grant,
    part_result,
    reading,
    sub_measure,
)

FRAMEWORK: Framework = load(SHIPPED)
PART_KEYS = [(one.id, part.id) for one in FRAMEWORK.checks for part in one.parts]
LIMITS = {limit.id: Limit(value=LIMIT_VALUE) for limit in FRAMEWORK.limits}
RANK = {None: -1, Verdict.NOT_READY: 0, Verdict.CONDITIONAL: 1, Verdict.READY: 2}


@st.composite
def any_site(draw) -> SiteInputs:
    """Any mix of evidence that is absent, good, middling, bad, old, void or declared, at any kind of site."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    present, bad, declared = (
        rng.choice([1, 0.99, 0.6]),
        rng.choice([0, 0.01, 0.3]),
        rng.choice([0, 0.01, 0.3]),
    )
    readings = {}
    for check_id, part_id in PART_KEYS:
        if rng.random() > present:
            continue
        part = FRAMEWORK.check(check_id).part(part_id)
        state = CheckState.PASS
        if rng.random() < bad:
            state = rng.choice([CheckState.WARN, CheckState.FAIL] if can_warn(part) else [CheckState.FAIL])
        value = float("nan") if rng.random() < bad / 9 else figure(part, state)
        voided = "Firmware changed." if rng.random() < bad / 9 else ""
        old = rng.random() < bad / 3
        declaration = "recorded fact 1" if rng.random() < declared else ""
        readings[check_id, part_id] = reading(
            value, age=40 * DAY if old else HOUR / 60, voided=voided, declaration=declaration
        )

    def some_grants():
        share = rng.choice([0, 0.1])
        return {one.id: grant() for one in FRAMEWORK.checks if rng.random() < share}

    context = core_site(
        kind=rng.choice(list(SiteKind)),
        stage=rng.choice([Stage.COMMISSIONING, Stage.PRODUCTION]),
        profiles=frozenset(profile for profile in Profile if rng.random() < 0.6),
        fabrics=frozenset(fabric for fabric in Fabric if rng.random() < 0.5),
        nodes=rng.choice([None, 1, 64]),
        vendors_in_path=rng.choice([None, 1, 3]),
        has_generator=rng.choice([None, True, False]),
        liquid_cooled=rng.choice([None, True, False]),
    )
    return SiteInputs(
        context=context,
        readings=readings,
        limits=LIMITS if rng.random() < 0.8 else {},
        waivers=some_grants(),
        exceptions=some_grants(),
        declared_na=some_grants(),
    )


def score(inputs):
    return evaluate(FRAMEWORK, inputs, now=NOW)


@given(site=any_site(), key=st.sampled_from(PART_KEYS))
def test_losing_evidence_never_raises_score_coverage_or_verdict(site, key):
    without = replace(site, readings={one: found for one, found in site.readings.items() if one != key})
    before, after = score(site), score(without)
    assert after.score.result.score <= before.score.result.score
    assert after.score.result.coverage <= before.score.result.coverage
    assert RANK[after.verdict.verdict] <= RANK[before.verdict.verdict]


@given(site=any_site(), days=st.integers(1, 400))
def test_silence_never_raises_score_or_verdict(site, days):
    """The same evidence, later. Grants are left out: one that ends or begins is a decision, not silence."""
    silent = replace(site, waivers={}, exceptions={}, declared_na={})
    before = evaluate(FRAMEWORK, silent, now=NOW)
    after = evaluate(FRAMEWORK, silent, now=NOW + days * DAY)
    assert after.score.result.score <= before.score.result.score
    assert RANK[after.verdict.verdict] <= RANK[before.verdict.verdict]


@given(site=any_site(), key=st.sampled_from(PART_KEYS), bad=st.booleans())
def test_improving_a_measure_never_lowers_score_or_verdict(site, key, bad):
    part = FRAMEWORK.check(key[0]).part(key[1])
    worse = figure(part, CheckState.FAIL if bad or part.warn_at is None else CheckState.WARN)
    low = replace(site, readings=dict(site.readings) | {key: reading(worse, age=HOUR / 60)})
    high = replace(
        site, readings=dict(site.readings) | {key: reading(figure(part, CheckState.PASS), age=HOUR / 60)}
    )
    before, after = score(low), score(high)
    assert after.score.result.score >= before.score.result.score
    assert RANK[after.verdict.verdict] >= RANK[before.verdict.verdict]


@given(site=any_site(), lost=st.sets(st.sampled_from(PART_KEYS), min_size=1))
def test_losing_any_of_the_evidence_at_once_never_raises_anything(site, lost):
    left = {key: found for key, found in site.readings.items() if key not in lost}
    assert_no_higher(score(replace(site, readings=left)), score(site))


@given(site=any_site(), hours=st.integers(1, 23))
def test_silence_under_grants_that_stay_in_force_never_raises_anything(site, hours):
    """Grants of these sites end a day from now: nothing but the evidence ages meanwhile."""
    assert_no_higher(evaluate(FRAMEWORK, site, now=NOW + hours * HOUR), score(site))


ONE_SIDED = [
    key
    for key in PART_KEYS
    if FRAMEWORK.check(key[0]).part(key[1]).direction in (Direction.HIGHER, Direction.LOWER)
]


AWAY = st.just(0.0) | st.floats(-2, 2) | st.floats(-1e6, 1e6)


@given(
    site=any_site(),
    key=st.sampled_from(ONE_SIDED),
    states=st.tuples(*[st.sampled_from([CheckState.PASS, CheckState.WARN, CheckState.FAIL])] * 2),
    away=st.tuples(AWAY, AWAY),
)
def test_a_better_figure_of_any_size_never_lowers_anything(site, key, states, away):
    """Any two figures, at, near and far from the limits; the better by the sub-measure's direction."""
    part = FRAMEWORK.check(key[0]).part(key[1])
    near = [
        figure(part, CheckState.FAIL if state is CheckState.WARN and not can_warn(part) else state)
        for state in states
    ]
    found = [base + by for base, by in zip(near, away, strict=True)]
    worse, better = sorted(found, reverse=part.direction is Direction.LOWER)
    low, high = (
        score(replace(site, readings=dict(site.readings) | {key: reading(value, age=HOUR / 60)}))
        for value in (worse, better)
    )
    assert_no_higher(low, high)


def assert_no_higher(lower, higher):
    """The score, the verdict and every pillar's score.

    Not coverage: a failure that is mended may lay bare that something else of the check is stale.
    """
    assert lower.score.result.score <= higher.score.result.score
    assert RANK[lower.verdict.verdict] <= RANK[higher.verdict.verdict]
    assert lower.score.pillars.keys() == higher.score.pillars.keys()
    for pillar, one in lower.score.pillars.items():
        other = higher.score.pillars[pillar]
        assert (one.score is None) is (other.score is None)
        assert one.score is None or one.score <= other.score


@given(site=any_site(), check_id=st.sampled_from([one.id for one in FRAMEWORK.checks]))
def test_a_waiver_never_raises_score_upper_score_or_verdict(site, check_id):
    without = replace(site, waivers={})
    waived = replace(site, waivers={check_id: grant()})
    before, after = score(without), score(waived)
    assert after.score.result.score <= before.score.result.score
    assert after.score.result.upper <= before.score.result.upper
    assert after.verdict == before.verdict


@given(site=any_site())
def test_bands_lie_between_nought_and_one_and_add_up(site):
    result = score(site)
    for found in (result.score.result, *result.score.pillars.values()):
        if found.score is None:
            continue
        assert 0 <= found.score <= found.upper <= found.upper + found.waived <= 1 + 1e-9
    for pillar, of_pillar in result.score.pillars.items():
        checks = [one for one in result.checks if one.pillar == pillar and one.state != "n-a"]
        weight = sum(one.weight for one in checks)
        assert of_pillar.weight == weight
        if weight:
            lost = sum(one.weight * {"fail": 1, "warn": 0.5}.get(one.state, 0) for one in checks) / weight
            assert of_pillar.upper + of_pillar.waived + lost == pytest.approx(1, abs=1e-9)


@given(site=any_site())
def test_verdict_follows_from_the_states_alone(site):
    """The rule written the other way round, over sub-measures."""
    result = score(site)
    fine = {"pass", "warn", "n-a"}
    held = {"BLOCK": set(), "COND": set()}
    for one in result.checks:
        if one.state != "n-a" and not one.parts:
            held[one.gate].add(one.check_id)
        if one.code == "nothing-left":
            held[one.gate].add(one.check_id)
        for part in one.parts:
            if part.gate in held and part.state not in fine:
                held[part.gate].add(one.check_id)
    lifted = held["BLOCK"] & site.exceptions.keys()
    if held["BLOCK"] - lifted:
        expected = "not-ready"
    elif held["COND"] or lifted or capped_of(result):
        expected = "conditional"
    else:
        expected = "ready"
    assert result.verdict.verdict == expected
    assert set(result.verdict.blocking) == held["BLOCK"] - lifted


def capped_of(result):
    """BLOCK checks that hold, one of whose deciding sub-measures is declared where a measurement is asked for."""
    return {
        one.check_id
        for one in result.checks
        if one.gate == "BLOCK" and one.state == "warn"
        for part in one.parts
        if part.gate != "INFO" and part.code == "capped"
    }


DECLARATIONS = st.builds(
    reading,
    st.floats(-1e6, 1e6) | st.integers(0, 100),
    age=st.sampled_from([HOUR / 60, DAY, 40 * DAY]),
    provenance=st.sampled_from(Provenance),
    declaration=st.sampled_from(["recorded fact 1", "attestation 2", "the table of run 3"]),
)
MEASURED_KEYS = [key for key in PART_KEYS if FRAMEWORK.parts_by_key[key].is_measured]


@given(site=any_site(), key=st.sampled_from(MEASURED_KEYS), declared=DECLARATIONS, good=st.booleans())
def test_a_declaration_never_lifts_a_measured_sub_measure_above_warn(site, key, declared, good):
    if good:
        declared = declared._replace(value=figure(FRAMEWORK.parts_by_key[key], CheckState.PASS))
    after = score(replace(site, readings=dict(site.readings) | {key: declared}))
    check = next(one for one in after.checks if one.check_id == key[0])
    states = {part.state for part in check.parts if part.part_id == key[1]}
    assert CheckState.PASS not in states


@given(site=any_site(), declared=st.dictionaries(st.sampled_from(MEASURED_KEYS), DECLARATIONS, min_size=1))
def test_declarations_of_what_is_measured_never_make_a_site_ready(site, declared):
    """Sub-measures that were measured stay so: evidence takes their reading first. COND checks may be declared."""
    added = {key: one for key, one in declared.items() if key not in site.readings}
    before, after = score(site), score(replace(site, readings=dict(site.readings) | added))
    gates = {one.check_id: one.gate for one in after.checks}
    if any(gates[check_id] == "BLOCK" for check_id, _part in added):
        assert after.verdict.verdict != Verdict.READY or before.verdict.verdict == Verdict.READY


@given(site=any_site(), key=st.sampled_from(MEASURED_KEYS))
def test_a_measurement_in_the_place_of_the_same_declaration_never_lowers_anything(site, key):
    declared = site.readings.get(key, reading(1.0, age=HOUR / 60))._replace(declaration="recorded fact 1")
    low, high = (
        score(replace(site, readings=dict(site.readings) | {key: one}))
        for one in (declared, declared._replace(declaration=""))
    )
    assert_no_higher(low, high)


@given(site=any_site(), later=any_site())
@settings(max_examples=50)
def test_flips_lead_from_the_one_state_to_the_other(site, later):
    """Applying the moves to the old states gives the new ones, and nothing is told twice."""
    first, second = score(site), evaluate(FRAMEWORK, later, now=NOW + HOUR)
    start = find_flips(None, first).after
    found = find_flips(start, second)
    states = {check_id: str(one.state) for check_id, one in start.checks.items()}
    for flip in found.flips:
        if flip.subject == "check":
            assert states[flip.key] == flip.from_state != flip.to_state
            states[flip.key] = str(flip.to_state)
    assert states == {one.check_id: str(one.state) for one in second.checks}
    assert find_flips(found.after, second).flips == ()


@given(site=any_site(), later=any_site())
@settings(max_examples=50)
def test_first_bad_is_kept_exactly_while_not_good(site, later):
    start = find_flips(None, score(site)).after
    end = find_flips(start, evaluate(FRAMEWORK, later, now=NOW + HOUR)).after
    for check_id, after in end.checks.items():
        before = start.checks[check_id].first_bad_at
        if after.measured_state in ("pass", "n-a"):
            assert after.first_bad_at is None
        elif before is not None:
            assert after.first_bad_at == before
        elif after.measured_state != "unknown":
            assert after.first_bad_at <= NOW + HOUR
        else:
            assert after.first_bad_at is None


@given(states=st.lists(st.sampled_from(CheckState), min_size=1, max_size=6), data=st.data())
def test_no_part_of_a_check_scores_below_the_check(states, data):
    parts = [part_result(state, part_id=str(place)) for place, state in enumerate(states)]
    result = combine(check(), parts, gate=check().gate, weight=3, now=NOW)
    alone = [combine(check(), [part], gate=check().gate, weight=3, now=NOW) for part in parts]
    points = [score_checks([one]).score for one in (result, *alone)]
    whole, *singles = points
    assert whole == min((one for one in singles if one is not None), default=None)


@given(
    direction=st.sampled_from([Direction.HIGHER, Direction.LOWER]),
    edge=st.floats(-1e6, 1e6),
    slack=st.floats(0.001, 1e6),
    values=st.tuples(st.floats(-1e7, 1e7), st.floats(-1e7, 1e7)),
)
def test_a_better_value_never_has_a_worse_state_or_margin(direction, edge, slack, values):
    if direction is Direction.HIGHER:
        passes, warns = Bound(low=edge), Bound(low=edge - slack)
        worse, better = sorted(values)
    else:
        passes, warns = Bound(high=edge), Bound(high=edge + slack)
        better, worse = sorted(values)
    part = sub_measure(direction=direction)
    part = replace(
        part, pass_at=replace(part.pass_at, bound=passes), warn_at=replace(part.warn_at, bound=warns)
    )
    low, high = judge(part, reading(worse), NOW), judge(part, reading(better), NOW)
    order = [CheckState.FAIL, CheckState.WARN, CheckState.PASS]
    assert order.index(high.state) >= order.index(low.state)
    assert high.margin >= low.margin
    assert (high.margin >= 0) is (high.state is CheckState.PASS)


def test_a_hidden_measure_cannot_be_bought_with_a_waiver():
    """Waiving a check that passes changes nothing; waiving one that fails only moves it to its own band."""
    passing, failing = check_result(CheckState.PASS), check_result(CheckState.FAIL, check_id="p1-other")
    waived = check_result(CheckState.WAIVED, check_id="p1-other", measured_state=CheckState.FAIL)
    before, after = score_checks([passing, failing]), score_checks([passing, waived])
    assert (before.score, before.waived) == (0.5, 0)
    assert (after.score, after.upper, after.waived) == (0.5, 0.5, 0.5)
