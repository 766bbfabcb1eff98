"""Checks that contradict themselves: thresholds that do not nest, gates above their check, states that cannot be."""

from readiness.framework.core.definition import Bound, Check, SubMeasure
from readiness.framework.core.vocabulary import CheckState, Direction, Gate, Profile
from web.versioned.core.documents import DocumentError, Fields


def refuse_unsound(check: Check, fields: Fields) -> None:
    """Raises DocumentError at the field that contradicts another."""
    if check.id.partition("-")[0] != check.pillar:
        raise fields.error("pillar", f"{check.pillar!r} does not match the id")
    highest = max((check.gate, *(rule.gate for rule in check.gate_rules)), key=lambda gate: gate.rank)
    limits = {item.get("id"): item.get("unit", "") for item in fields.root.data["limits"]}
    for part in check.parts:
        place = f"{fields.at('parts')}[{part.id}]"
        if part.limit_from and limits[part.limit_from] != part.unit:
            said = f"is in {limits[part.limit_from]!r}, the sub-measure in {part.unit!r}"
            raise DocumentError(f"{place}.limit_from", said)
        if (disorder := _disorder(part)) is not None:
            raise DocumentError(f"{place}.warn", disorder)
        if part.gate is not None and part.gate.rank > highest.rank:
            raise DocumentError(f"{place}.gate", f"{part.gate} is above the check's {highest}")
        if part.pass_at is None and (part.gate or highest) is not Gate.INFO:
            raise DocumentError(f"{place}.pass", "is missing; only an INFO sub-measure may have none")
    if highest is not Gate.INFO and all(part.gate is Gate.INFO for part in check.parts):
        raise fields.error("parts", "needs a sub-measure that is not INFO")
    if (wrong := _wrong_states(check, highest)) is not None:
        raise fields.error("states", wrong)


def _disorder(part: SubMeasure) -> str | None:
    """Why the warn threshold does not lie around the pass threshold."""
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
        # By a declaration it warns all the same; earlier versions do not list that.
        del needed[CheckState.WARN]
    for state, is_needed in needed.items():
        if is_needed != (state in check.states):
            return f"{'must' if is_needed else 'cannot'} allow {state}"
    excludes = bool(check.exclusions) or check.profiles != frozenset(Profile)
    if excludes and CheckState.NOT_APPLICABLE not in check.states:
        return "must allow n-a, since a rule excludes some sites"
    return None
