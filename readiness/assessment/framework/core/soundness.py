"""Rules of a framework that span fields: each raises a refusal at the field that contradicts another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from readiness.assessment.framework.core.thresholds import Bound
from readiness.assessment.framework.core.vocabulary import CheckState, Direction, Gate, Profile
from web.versioned.core.documents import refusal

if TYPE_CHECKING:
    from readiness.assessment.framework.core.definition import Check, Framework, SubMeasure


def refuse_unsound(check: Check) -> None:
    if check.id.partition("-")[0] != check.pillar:
        raise refusal(f"{check.pillar!r} does not match the id", "pillar")
    highest = max((check.gate, *(rule.gate for rule in check.gate_rules)), key=lambda gate: gate.rank)
    for position, part in enumerate(check.parts):
        place = ("parts", position)
        if (disorder := _disorder(part)) is not None:
            raise refusal(disorder, *place, "warn")
        if part.gate is not None and part.gate.rank > highest.rank:
            raise refusal(f"{part.gate} is above the check's {highest}", *place, "gate")
        if part.pass_at is None and (part.gate or highest) is not Gate.INFO:
            raise refusal("is missing; only an INFO sub-measure may have none", *place, "pass")
    if highest is not Gate.INFO and all(part.gate is Gate.INFO for part in check.parts):
        raise refusal("needs a sub-measure that is not INFO", "parts")
    if (wrong := _wrong_states(check, highest)) is not None:
        raise refusal(wrong, "states")
    _refuse_repeated(check)


def _refuse_repeated(check: Check) -> None:
    stated: set[tuple[str, str]] = set()
    for position, minimum in enumerate(check.minimums):
        if (key := (minimum.tool, minimum.measure)) in stated:
            raise refusal(f"states {minimum.measure} of {minimum.tool} again", "minimums", position)
        stated.add(key)


def _disorder(part: SubMeasure) -> str | None:
    inner, outer = part.pass_at, part.warn_at
    if outer is None:
        return None
    if inner is None:
        return "needs a pass threshold"
    if outer.bound == Bound():
        return None
    if inner.bound is None or outer.bound is None:
        is_lower = outer.factor < inner.factor
        is_wider = outer.factor != inner.factor and is_lower is (part.direction is Direction.HIGHER)
    elif part.direction is Direction.EQUAL:
        return "names a value that passes" if outer.bound.values & inner.bound.values else None
    else:
        is_wider = _is_wider(outer.bound, inner.bound)
    return None if is_wider else "must be wider than pass"


def _is_wider(outer: Bound, inner: Bound) -> bool:
    low_holds = inner.low is None or (outer.low is not None and outer.low <= inner.low)
    high_holds = inner.high is None or (outer.high is not None and outer.high >= inner.high)
    return low_holds and high_holds and (outer.low, outer.high) != (inner.low, inner.high)


def _wrong_states(check: Check, highest: Gate) -> str | None:
    deciding = [part for part in check.parts if highest is Gate.INFO or part.gate is not Gate.INFO]
    always = (CheckState.PASS, CheckState.FAIL, CheckState.UNKNOWN, CheckState.STALE)
    needed = {
        **dict.fromkeys(always, True),
        CheckState.WARN: any(part.warn_at is not None for part in deciding),
        CheckState.WAIVED: highest is not Gate.INFO,
    }
    if not needed[CheckState.WARN] and any(part.is_measured for part in deciding):
        # A declaration may still cause a warn; earlier versions do not list that state.
        del needed[CheckState.WARN]
    for state, is_needed in needed.items():
        if is_needed != (state in check.states):
            return f"{'must' if is_needed else 'cannot'} allow {state}"
    excludes = bool(check.exclusions) or check.profiles != frozenset(Profile)
    if excludes and CheckState.NOT_APPLICABLE not in check.states:
        return "must allow n-a, since a rule excludes some sites"
    return None


def refuse_weights(weights: Mapping[Gate, int]) -> None:
    for gate in Gate:
        if gate not in weights:
            raise refusal("is missing", "weights", gate)
    if weights[Gate.INFO] != 0:
        raise refusal("must be 0: an INFO check is trend only", "weights", Gate.INFO)


def refuse_units(framework: Framework) -> None:
    units = {limit.id: limit.unit for limit in framework.limits}
    for place, check in enumerate(framework.checks):
        for position, part in enumerate(check.parts):
            unit = units.get(part.limit_from, part.unit)
            if unit != part.unit:
                message = f"is in {unit!r}, the sub-measure in {part.unit!r}"
                raise refusal(message, "checks", place, "parts", position, "limit_from")


def refuse_counts(counts: Mapping[str, int] | None, framework: Framework) -> None:
    if counts is None:
        raise refusal("is missing", "counts")
    numbers = {pillar.id: len(framework.checks_of(pillar.id)) for pillar in framework.pillars}
    for pillar_id in {**numbers, **counts}:
        if counts.get(pillar_id) != numbers.get(pillar_id):
            stated, number = counts.get(pillar_id, "nothing of its"), numbers.get(pillar_id, "no such pillar")
            raise refusal(f"says {stated} checks, found {number}", "counts", pillar_id)
