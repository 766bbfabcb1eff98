"""Why a score moved: what each of the five causes comes to, and what must hold between any two evaluations."""

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.assessment.evidence.core.limits import Limit
from readiness.assessment.evidence.core.rules import RULES
from readiness.assessment.framework.core.document import load
from readiness.assessment.framework.core.thresholds import Bound
from readiness.assessment.framework.core.vocabulary import Stage
from readiness.assessment.scoring.core.coalitions import ALL, CAUSES, Between, Snapshot
from readiness.assessment.scoring.core.evaluate import evaluate
from readiness.assessment.scoring.core.explain import explain
from readiness.assessment.scoring.core.states import CheckState
from tests.readiness.assessment.scoring.core.builders import (
    DAY,
    HOUR,
    NOW,
    core_site,
    figure,
    grant,
    reading,
    site_inputs,
)
from tests.readiness.assessment.scoring.core.test_properties import FRAMEWORK, any_site
from web.versioned.core.documents import written

LATER = NOW + 30 * DAY
BACKUP = "p2-backup-power"
INLET = ("p2-cooling-headroom", "inlet-p99")


def changed(**changes):
    """The shipped framework with a few things otherwise."""
    mapping = written(FRAMEWORK) | {"version": "-".join(["muster-2", *changes])}
    for change in changes:
        CHANGES[change](mapping)
    return load(mapping)


def _weights(mapping):
    mapping["weights"] = {"BLOCK": 5, "COND": 1, "INFO": 0}


def _dropped(mapping):
    mapping["checks"] = [one for one in mapping["checks"] if one["id"] != BACKUP]
    mapping["counts"] = mapping["counts"] | {"p2": mapping["counts"]["p2"] - 1}


def _tightened(mapping):
    for one in mapping["checks"]:
        for part in one["parts"]:
            if "pass" in part and "value" in part.get("warn", {}) and "value" in part["pass"]:
                harder = 2 * part["pass"]["value"] - part["warn"]["value"]
                part["pass"] = part["pass"] | {"value": harder}


def _gated(mapping):
    for place, one in enumerate(mapping["checks"]):
        if place % 3 == 0 and one["gate"] == "BLOCK":
            one["gate"] = "COND"
            for part in one["parts"]:
                if part.get("gate") == "BLOCK":
                    del part["gate"]


def _inlet(mapping):
    [check] = [one for one in mapping["checks"] if one["id"] == INLET[0]]
    return next(part for part in check["parts"] if part["id"] == INLET[1])


def _narrowed(mapping):
    [a2] = [preset for preset in _inlet(mapping)["presets"] if preset["id"] == "a2"]
    a2["pass"] = {"low": 18, "high": 20}


def _without_class(mapping):
    inlet = _inlet(mapping)
    inlet["presets"] = [preset for preset in inlet["presets"] if preset["id"] != "a2"]


def _kelvin(mapping):
    inlet = _inlet(mapping)
    del inlet["presets"], inlet["limit_from"]
    inlet |= {"unit": "K", "pass": inlet["pass"] | {"low": 291, "high": 300}}
    inlet["warn"] = inlet["warn"] | {"low": 288, "high": 305}


CHANGES = {
    "weights": _weights, "dropped": _dropped, "tightened": _tightened, "gated": _gated, "narrowed": _narrowed,
    "without-class": _without_class, "kelvin": _kelvin,
}  # fmt: skip


@cache
def versions():
    made = [FRAMEWORK]
    for names in (["weights"], ["tightened"], ["gated"], ["dropped", "weights"]):
        made.append(changed(**dict.fromkeys(names)))
    return made


def shifted(inputs, by):
    """The same evidence as fresh as it was, that much later."""
    readings = {key: one._replace(taken_at=one.taken_at + by) for key, one in inputs.readings.items()}
    return replace(inputs, readings=readings)


@st.composite
def ends(draw):
    """Any two evaluations, with the clock and the version moved or not."""
    first, second = draw(any_site()), draw(any_site())
    later = draw(st.sampled_from([0 * DAY, HOUR, DAY, 30 * DAY]))
    if draw(st.booleans()):
        second = shifted(second, later)
    keep = draw(st.sets(st.sampled_from(["context", "readings", "waivers", "exceptions", "declared_na"])))
    second = replace(second, **{name: getattr(first, name) for name in keep})
    old, new = draw(st.sampled_from(versions())), draw(st.sampled_from(versions()))
    return Snapshot(old, first, NOW), Snapshot(new, second, NOW + later)


@given(ends=ends())
@settings(max_examples=40, deadline=None)
def test_contributions_sum_to_the_change(ends):
    start, end = ends
    found = explain(start, end)
    before, after = (evaluate(one.framework, one.inputs, now=one.evaluated_at) for one in ends)
    assert (found.score.start, found.score.end) == (before.score.result.score, after.score.result.score)
    assert sum(found.score.by.values()) == pytest.approx(found.score.change, abs=1e-9)
    for move in found.pillars.values():
        assert sum(move.by.values()) == pytest.approx(move.change, abs=1e-9)
    for cause in CAUSES:
        of_checks = sum(move.share[cause] for move in found.checks) + found.rest[cause]
        assert of_checks == pytest.approx(found.score.by[cause], abs=1e-9)
    effects = [sum(map(abs, move.share.values())) for move in found.checks]
    assert effects == sorted(effects, reverse=True)
    assert (found.start_at, found.end_at) == (start.evaluated_at, end.evaluated_at)
    assert found.versions == (start.framework.version, end.framework.version)
    assert found.stages == (start.inputs.context.stage, end.inputs.context.stage)
    states = {one.check_id: one.state for one in before.checks}
    after_states = {one.check_id: one.state for one in after.checks}
    for move in found.checks:
        assert move.start is None or move.start.state is states[move.check_id]
        assert move.end is None or move.end.state is after_states[move.check_id]
    moved = {move.check_id for move in found.checks}
    assert {key for key in {**states, **after_states} if states.get(key) != after_states.get(key)} <= moved
    verdicts = (found.verdict.start.verdict, found.verdict.end.verdict)
    assert verdicts == (before.verdict.verdict, after.verdict.verdict)
    assert bool(found.verdict.moved_by) == (verdicts[0] is not verdicts[1])


@given(ends=ends())
@settings(max_examples=20, deadline=None)
def test_a_cause_that_did_not_move_contributes_exactly_nothing(ends):
    start, end = ends
    still = {
        "rule": replace(end, framework=start.framework),
        "waiver": replace(
            end, inputs=replace(end.inputs, waivers=start.inputs.waivers, exceptions=start.inputs.exceptions)
        ),
        "applicability": replace(
            end,
            inputs=replace(end.inputs, context=start.inputs.context, declared_na=start.inputs.declared_na),
        ),
        "data": replace(
            end, inputs=replace(end.inputs, readings=start.inputs.readings, limits=start.inputs.limits)
        ),
    }
    for cause, unmoved in still.items():
        # A grant of these tests runs out a day after the start, and its end is a move of its own.
        if cause in ("waiver", "applicability") and unmoved.evaluated_at >= NOW + DAY:
            continue
        found = explain(start, unmoved)
        parts = [found.score.by, found.rest, *(move.by for move in found.pillars.values())]
        parts += [each for move in found.checks for each in (move.points, move.share)]
        assert [one[cause] for one in parts] == [0] * len(parts)
        assert not any(cause in causes for causes in found.verdict.moved_by)


@given(ends=ends())
@settings(max_examples=30, deadline=None)
def test_age_never_raises_a_score(ends):
    found = explain(*ends)
    assert found.score.by["evidence-age"] <= 1e-12
    assert all(move.by["evidence-age"] <= 1e-12 for move in found.pillars.values())


@given(ends=ends(), coalition=st.integers(0, ALL))
@settings(max_examples=30, deadline=None)
def test_what_is_not_evaluated_again_would_have_come_to_the_same(ends, coalition):
    between = Between(*ends)
    for check_id in between.check_ids():
        short, long = between.result(check_id, coalition), between._evaluate(check_id, coalition)
        assert (short and (short.state, short.weight)) == (long and (long.state, long.weight))
        assert (short and short.tier) == (long and long.tier)
        assert (short and (short.block_state, short.cond_state)) == (
            long and (long.block_state, long.cond_state)
        )


@given(site=any_site(), days=st.integers(0, 400))
@settings(max_examples=20, deadline=None)
def test_evidence_renewed_as_ever_moves_nothing(site, days):
    site = replace(site, waivers={}, exceptions={}, declared_na={})
    by = days * DAY
    found = explain(Snapshot(FRAMEWORK, site, NOW), Snapshot(FRAMEWORK, shifted(site, by), NOW + by))
    assert found.checks == ()
    assert not any(found.score.by.values())


def causes_of(found):
    return {str(cause) for cause, share in found.score.by.items() if share}


def between(start=None, end=None, *, later=LATER, framework=FRAMEWORK):
    inputs = site_inputs(FRAMEWORK)
    start = inputs if start is None else start
    end = shifted(start, later - NOW) if end is None else end
    return explain(Snapshot(FRAMEWORK, start, NOW), Snapshot(framework, end, later))


def with_reading(inputs, key, one):
    readings = {k: each for k, each in inputs.readings.items() if k != key}
    return replace(inputs, readings=readings | ({key: one} if one else {}))


class TestEachCauseAlone:
    """Everything passes at the start; what moves, moves for one reason."""

    key = next((one.id, part.id) for one in FRAMEWORK.checks if one.id == BACKUP for part in one.parts)
    part = FRAMEWORK.check(key[0]).part(key[1])

    def good(self):
        return site_inputs(FRAMEWORK)

    def moved(self, found, cause):
        assert causes_of(found) == {cause}
        [move] = found.checks
        assert (move.check_id, move.moved_by) == (self.key[0], ((cause,),))
        return move

    def test_a_worse_figure_is_data(self):
        end = shifted(self.good(), LATER - NOW)
        bad = end.readings[self.key]._replace(value=figure(self.part, CheckState.FAIL))
        found = between(end=with_reading(end, self.key, bad))
        assert self.moved(found, "data").points["data"] == -1
        assert found.verdict.moved_by == (("data",),)

    def test_a_limit_of_the_sites_own_is_data(self):
        end = shifted(self.good(), LATER - NOW)
        found = between(end=replace(end, limits=end.limits | {"contracted-kw": Limit(value=1.0)}))
        assert causes_of(found) == {"data"}

    def test_silence_is_age_also_where_samples_went_on_for_a_while(self):
        end = shifted(self.good(), LATER - NOW)
        last = self.good().readings[self.key]._replace(taken_at=NOW + HOUR)
        move = self.moved(between(end=with_reading(end, self.key, last)), "evidence-age")
        assert move.end.state == "stale"

    def test_evidence_that_was_voided_is_age(self):
        end = shifted(self.good(), LATER - NOW)
        voided = end.readings[self.key]._replace(voided="Firmware changed.")
        self.moved(between(end=with_reading(end, self.key, voided)), "evidence-age")

    def test_stale_evidence_that_was_replaced_is_data(self):
        start = with_reading(
            self.good(), self.key, reading(figure(self.part, CheckState.PASS), age=400 * DAY)
        )
        found = between(start=start, end=shifted(self.good(), LATER - NOW))
        assert self.moved(found, "data").points["data"] == 1

    def test_evidence_that_is_withdrawn_is_data(self):
        self.moved(between(end=with_reading(shifted(self.good(), LATER - NOW), self.key, None)), "data")

    def test_another_version_is_rule(self):
        assert causes_of(between(framework=changed(dropped=None))) <= {"rule"}
        assert [move.end for move in between(framework=changed(dropped=None)).checks] == [None]

    def test_a_check_that_a_version_brought_is_rule_whatever_it_found(self):
        old = changed(dropped=None)
        start = with_reading(self.good(), self.key, None)
        end = shifted(self.good(), LATER - NOW)
        end = with_reading(
            end, self.key, end.readings[self.key]._replace(value=figure(self.part, CheckState.FAIL))
        )
        found = explain(Snapshot(old, start, NOW), Snapshot(FRAMEWORK, end, LATER))
        assert causes_of(found) == {"rule"}

    def test_a_waiver_that_began_or_ran_out_is_waiver(self):
        bad = with_reading(self.good(), self.key, reading(figure(self.part, CheckState.FAIL)))
        waived = replace(bad, waivers={BACKUP: grant()})
        later = NOW + 2 * DAY
        found = explain(
            Snapshot(FRAMEWORK, waived, NOW), Snapshot(FRAMEWORK, shifted(bad, later - NOW), later)
        )
        [move] = found.checks
        assert (move.start.state, move.end.state, move.moved_by) == ("waived", "fail", (("waiver",),))
        [told] = found.grants
        assert (told.kind, told.covers, told.grant.id, told.began) == ("waivers", BACKUP, "grant-1", False)
        still_listed = replace(shifted(waived, later - NOW))
        assert explain(Snapshot(FRAMEWORK, waived, NOW), Snapshot(FRAMEWORK, still_listed, later)).grants

    def test_an_exception_moves_the_verdict_and_no_score(self):
        bad = with_reading(self.good(), self.key, reading(figure(self.part, CheckState.FAIL)))
        found = between(
            start=bad, end=replace(shifted(bad, HOUR), exceptions={BACKUP: grant()}), later=NOW + HOUR
        )
        assert found.score.change == 0
        assert [(one.kind, one.covers, one.began) for one in found.grants] == [("exceptions", BACKUP, True)]
        assert (found.verdict.end.verdict, found.verdict.moved_by) == ("conditional", (("waiver",),))

    def test_facts_and_declared_na_are_applicability(self):
        end = shifted(self.good(), HOUR)
        staged = replace(end, context=core_site(stage=Stage.BUILDING))
        found = between(end=staged, later=NOW + HOUR)
        assert (found.verdict.end.verdict, found.verdict.moved_by) == (None, (("applicability",),))
        assert [(move.fact, move.start, move.end) for move in found.facts] == [
            ("stage", "production", "building")
        ]
        bad = with_reading(self.good(), self.key, reading(figure(self.part, CheckState.FAIL)))
        declared = replace(shifted(bad, HOUR), declared_na={f"{self.key[0]}/{self.key[1]}": grant()})
        found = between(start=bad, end=declared, later=NOW + HOUR)
        assert causes_of(found) == {"applicability"}


A2 = Limit(pass_at=Bound(low=18, high=27), warn_at=Bound(low=10, high=35))


@pytest.mark.parametrize(
    ("change", "celsius", "limits", "moved_by"),
    [
        pytest.param("narrowed", 25, (A2, A2._replace(pass_at=Bound(low=18, high=20))), (("rule",),), id="preset"),
        pytest.param("without-class", 34, (A2, Limit()), (("data",), ("rule",)), id="preset that is gone"),
        pytest.param("without-class", 34, (A2._replace(warn_at=Bound(low=9, high=35)),) * 2, None, id="no preset"),
    ],
)  # fmt: skip
def test_a_preset_is_that_of_the_version_that_asks(change, celsius, limits, moved_by):
    start, end = (
        replace(
            with_reading(site_inputs(FRAMEWORK), INLET, reading(celsius)),
            limits=site_inputs(FRAMEWORK).limits | {"cooling-class": limit},
        )
        for limit in limits
    )
    found = between(start, shifted(end, LATER - NOW), framework=changed(**{change: None}))
    assert {move.check_id: move.moved_by for move in found.checks}.get(INLET[0]) == moved_by


def test_a_reading_in_another_unit_is_that_of_the_version_that_asks_for_it():
    celsius = with_reading(site_inputs(FRAMEWORK), INLET, reading(22))
    kelvin = with_reading(site_inputs(FRAMEWORK), INLET, reading(295))
    found = between(celsius, shifted(kelvin, LATER - NOW), framework=changed(kelvin=None))
    assert (found.checks, causes_of(found)) == ((), set())


def test_two_causes_that_are_only_together_enough_say_so():
    """A worse figure under a waiver that ended: neither alone would have shown as a failure."""
    key = TestEachCauseAlone.key
    good = replace(site_inputs(FRAMEWORK), waivers={BACKUP: grant()})
    later = NOW + 2 * DAY
    end = replace(shifted(good, later - NOW), waivers={})
    end = with_reading(
        end, key, end.readings[key]._replace(value=figure(TestEachCauseAlone.part, CheckState.FAIL))
    )
    [move] = explain(Snapshot(FRAMEWORK, good, NOW), Snapshot(FRAMEWORK, end, later)).checks
    assert move.moved_by == (("data", "waiver"),)


@pytest.mark.parametrize(
    ("rules", "causes"),
    [
        pytest.param(RULES - 1, {"rule"}, id="an upgrade changed what it proves"),
        pytest.param(RULES, {"data"}, id="under the same rules it is another statement"),
    ],
)
def test_the_same_run_that_counts_otherwise(rules, causes):
    key = ("p1-rdma-port", "bandwidth")
    run = reading(101, age=HOUR, evidence="run:7")
    few = run._replace(cannot_judge="The run made 5 iterations; 1000 count.")
    inputs = site_inputs(FRAMEWORK, age=HOUR)
    start, end = with_reading(inputs, key, run), with_reading(inputs, key, few)
    found = explain(Snapshot(FRAMEWORK, start, NOW, rules), Snapshot(FRAMEWORK, end, NOW))
    assert causes_of(found) == causes
