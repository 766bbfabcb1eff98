"""The framework as a document: YAML or plain mappings in and out. Contradictions are reported by field."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import GenericAlias
from typing import Annotated, Any

from readiness.assessment.framework.core import conditions
from readiness.assessment.framework.core.definition import (
    Bound,
    Check,
    Framework,
    LabelledFigure,
    Minimum,
    Preset,
    SubMeasure,
    Threshold,
    Validity,
)
from readiness.assessment.framework.core.vocabulary import (
    OWN,
    SHARES,
    CheckState,
    Direction,
    Gate,
    Profile,
    SenderNamed,
)
from web import yaml_documents
from web.versioned.core import documents
from web.versioned.core.documents import DocumentError, Fields, between, mapping_of, reads, writes, written
from web.versioned.core.files import Texts, located, parse


def refuse_unsound(check: Check, fields: Fields) -> None:
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
    _refuse_repeated(check, fields)


def _refuse_repeated(check: Check, fields: Fields) -> None:
    stated: set[tuple[str, str]] = set()
    for position, minimum in enumerate(check.minimums):
        if (key := (minimum.tool, minimum.measure)) in stated:
            raise fields.error(f"minimums[{position}]", f"states {minimum.measure} of {minimum.tool} again")
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


INDEX_NAME = "index.yaml"
HEAVIEST = 100
INHERITED = ("valid_for", "evidence", "waits_for", "profiles")
"""Keys that a sub-measure inherits from its check unless it states them itself."""
_FOLLOWED = {"validity": {}, "evidence": [], "waits_for": "", "profiles": []}
"""Fields of a sub-measure behind these keys, and the written form of an inherited value."""


def load(definition: Mapping[str, Any] | Path) -> Framework:
    """Load a framework from a mapping, a YAML file, or a folder with `index.yaml` and the files it lists. Raises
    DocumentError, whose `path` names the field: `checks[p2-power-headroom].parts[site-load].pass`."""
    if not isinstance(definition, Path):
        return documents.read(Framework, definition)
    files = definition.glob("*.yaml") if definition.is_dir() else [definition]
    return load_files({file.name: file.read_text(encoding="utf-8") for file in files})


def load_files(texts: Texts) -> Framework:
    """Load a framework from files by name: one document, or `index.yaml` and the files that it lists. Raises
    DocumentError with the `file` and `line` of the wrong field, if it can be located."""
    return located(lambda each: load(_assembled(each)), texts)


def dump(framework: Framework) -> str:
    return yaml_documents.write(written(framework))


def folder(framework: Framework) -> dict[str, str]:
    index = written(framework)
    checks = index.pop("checks")
    files = {
        pillar.id: f"{pillar.id}-{re.sub(r'[^a-z0-9]+', '-', pillar.short_name.lower()).strip('-') or 'checks'}.yaml"
        for pillar in framework.pillars
    }
    return {INDEX_NAME: yaml_documents.write({**index, "check_files": list(files.values())})} | {
        name: yaml_documents.write([check for check in checks if check["pillar"] == pillar_id])
        for pillar_id, name in files.items()
    }


def _assembled(texts: Texts) -> Any:
    if INDEX_NAME not in texts:
        if len(texts) != 1:
            raise DocumentError("", f"expected one document, or {INDEX_NAME} and the files that it lists")
        [(name, text)] = texts.items()
        return parse(text, name)
    index = dict(Fields(parse(texts[INDEX_NAME], INDEX_NAME), INDEX_NAME).data)
    checks: list[Any] = []
    for name in Fields(index, INDEX_NAME).take("check_files", tuple[str, ...]):
        if name not in texts:
            raise DocumentError(INDEX_NAME, f"lists {name}, which is not among the files")
        section = parse(texts[name], name)
        if not isinstance(section, list):
            raise DocumentError(name, "expected a list of checks")
        checks.extend(section)
    del index["check_files"]
    return {**index, "checks": checks}


@reads(Framework)
def _read_framework(fields: Fields) -> Framework:
    weights = fields.inner("weights")
    by_gate = {gate: weights.take(gate, Annotated[int, between(0, HEAVIEST)]) for gate in Gate}
    if by_gate[Gate.INFO] != 0:
        raise weights.error(Gate.INFO, "must be 0: an INFO check is trend only")
    weights.close()
    framework = fields.build(Framework, weights=by_gate)
    # A missing file must not turn into a smaller framework unnoticed.
    counts = fields.inner("counts")
    for pillar in framework.pillars:
        stated, counted = counts.take(pillar.id, int), len(framework.checks_of(pillar.id))
        if stated != counted:
            raise counts.error(pillar.id, f"says {stated} checks, found {counted}")
    counts.close()
    return framework


@writes(Framework)
def _write_framework(framework: Framework) -> dict[str, Any]:
    weights = {str(gate): weight for gate, weight in framework.weights.items()}
    counts = {pillar.id: len(framework.checks_of(pillar.id)) for pillar in framework.pillars}
    # The default is left out, because results keep the digest of documents from before it existed.
    sender_named = str(framework.sender_named) if framework.sender_named is not SenderNamed.FULL else None
    return {**mapping_of(framework, weights=weights, sender_named=sender_named), "counts": counts}


@reads(Check)
def _read_check(fields: Fields) -> Check:
    parts = fields.data.get("parts")
    if isinstance(parts, list | tuple):
        fields.data = {**fields.data, "parts": [_inheriting(part, fields.data) for part in parts]}
    check = fields.build(Check)
    refuse_unsound(check, fields)
    return check


def _inheriting(part: Any, check: Mapping[str, Any]) -> Any:
    if not isinstance(part, Mapping):
        return part
    return {**part, **{key: check[key] for key in INHERITED if key in check and not part.get(key)}}


@writes(Check)
def _write_check(check: Check) -> dict[str, Any]:
    parts = [
        mapping_of(
            part,
            **{key: empty for key, empty in _FOLLOWED.items() if getattr(part, key) == getattr(check, key)},
        )
        for part in check.parts
    ]
    return mapping_of(check, parts=parts)


@reads(SubMeasure)
def _read_part(fields: Fields) -> SubMeasure:
    direction = fields.take("direction", Direction)
    has_limit = bool(fields.take("limit_from", str, ""))
    pass_at = _threshold(fields, "pass", direction, has_limit=has_limit)
    warn_at = _threshold(fields, "warn", direction, has_limit=has_limit)
    if "presets" in fields.data and (not has_limit or pass_at is None):
        raise fields.error("presets", "need a limit_from and a pass threshold")
    presets = fields.each("presets", lambda item: _preset(item, direction, pass_at, warn_at))
    return fields.build(SubMeasure, pass_at=pass_at, warn_at=warn_at, presets=presets)


def _threshold(fields: Fields, key: str, direction: Direction, *, has_limit: bool) -> Threshold | None:
    inner = fields.optional(key)
    if inner is None:
        return None
    strict = inner.take("strict", bool, False)
    bound, factor = None, 1.0
    if key == "warn" and inner.take("any", bool, False):
        bound = Bound()
    elif has_limit and direction in (Direction.HIGHER, Direction.LOWER):
        factor = inner.take("factor", float)
        if factor <= 0:
            raise inner.error("factor", "must be above 0")
    else:
        bound = _bound(inner, direction, strict=strict)
    threshold = inner.build(Threshold, bound=bound, factor=factor, strict=strict)
    refuse_undecided(threshold, inner)
    inner.close()
    return threshold


def _bound(fields: Fields, direction: Direction, *, strict: bool = False) -> Bound:
    match direction:
        case Direction.HIGHER:
            return Bound(low=fields.take("value", float), strict=strict)
        case Direction.LOWER:
            return Bound(high=fields.take("value", float), strict=strict)
        case Direction.EQUAL:
            return Bound(values=fields.take("values", frozenset[float]))
        case Direction.RANGE:
            low, high = fields.take("low", float), fields.take("high", float)
            if low >= high:
                raise fields.error("high", "must be above low")
            return Bound(low=low, high=high, strict=strict)


def _preset(
    fields: Fields, direction: Direction, pass_at: Threshold | None, warn_at: Threshold | None
) -> Preset:
    value = None if direction is Direction.RANGE else fields.take("value", float)

    def region(key: str, threshold: Threshold | None) -> Bound | None:
        if threshold is None:
            return None
        if value is not None:
            return threshold.bound_for(direction, value)
        inner = fields.inner(key)
        bound = _bound(inner, direction)
        inner.close()
        return bound

    regions = {"pass_at": region("pass", pass_at), "warn_at": region("warn", warn_at)}
    preset = fields.build(Preset, value=value, **regions)
    refuse_undecided(preset, fields)
    return preset


@reads(Minimum)
def _read_minimum(fields: Fields) -> Minimum:
    minimum = fields.build(Minimum)
    if minimum.value < 0:
        raise fields.error("at_least", "cannot be below 0")
    if minimum.measure in SHARES and minimum.value > 1:
        raise fields.error("at_least", "is a share, so 1 is the most")
    refuse_undecided(minimum, fields)
    return minimum


@reads(Validity)
def _read_validity(fields: Fields) -> Validity:
    validity = fields.build(Validity)
    refuse_undecided(validity, fields)
    return validity


def refuse_undecided(value: LabelledFigure, fields: Fields) -> None:
    """An own decision states why, who and when; other figures have no decision."""
    if value.source == OWN and not value.note:
        raise fields.error("note", "is missing; an own decision says why")
    for key in ("decided_by", "decided_on"):
        if value.source == OWN and not getattr(value, key):
            raise fields.error(key, "is missing")
        if value.source != OWN and key in fields.data:
            raise fields.error(key, f"belongs to a source that is {OWN}")


@writes(Threshold)
def _write_threshold(threshold: Threshold) -> dict[str, Any]:
    bound = threshold.bound
    figures = {"factor": threshold.factor} if bound is None else _figures(bound) or {"any": True}
    return figures | mapping_of(threshold, bound=None, factor=None)


@writes(Preset)
def _write_preset(preset: Preset) -> dict[str, Any]:
    if preset.value is not None:
        return mapping_of(preset, pass_at=None, warn_at=None)
    return mapping_of(
        preset,
        pass_at=_figures(preset.pass_at) if preset.pass_at else None,
        warn_at=_figures(preset.warn_at) if preset.warn_at else None,
    )


def _figures(bound: Bound) -> dict[str, Any]:
    if bound.values:
        return {"values": sorted(bound.values)}
    figures = {"low": bound.low, "high": bound.high}
    present = {key: figure for key, figure in figures.items() if figure is not None}
    return present if len(present) != 1 else {"value": next(iter(present.values()))}


@reads(conditions.Condition)
def _read_condition(fields: Fields) -> conditions.Condition:
    tests = tuple(_test(fact, fields) for fact in sorted(str(key) for key in fields.data))
    if not tests:
        raise fields.error("", "must test at least one fact")
    return conditions.Condition(tests)


def _test(fact: str, fields: Fields) -> conditions.FactTest:
    if fact in conditions.FLAG_FACTS:
        return conditions.FactTest(fact, conditions.ConditionOperator.IS, fields.take(fact, bool))
    if fact in conditions.WORD_FACTS:
        words = fields.take(fact, GenericAlias(frozenset, (conditions.WORD_FACTS[fact],)))
        return conditions.FactTest(fact, conditions.ConditionOperator.IN, words)
    if fact in conditions.COUNT_FACTS:
        return _comparison(fact, fields, conditions.COUNT_OPERATORS, int)
    if fact in conditions.SET_FACTS:
        return _comparison(
            fact, fields, conditions.SET_OPERATORS, GenericAlias(frozenset, (conditions.SET_FACTS[fact],))
        )
    raise fields.error(fact, "is not a known fact about a site")


def _comparison(
    fact: str, fields: Fields, allowed: tuple[conditions.ConditionOperator, ...], operand: Any
) -> conditions.FactTest:
    inner = fields.inner(fact)
    names = list(inner.data)
    if len(names) != 1 or names[0] not in allowed:
        raise fields.error(fact, f"expected exactly one of {', '.join(allowed)}")
    return conditions.FactTest(fact, conditions.ConditionOperator(names[0]), inner.take(names[0], operand))


@writes(conditions.Condition)
def _write_condition(condition: conditions.Condition) -> dict[str, Any]:
    plain = (conditions.ConditionOperator.IS, conditions.ConditionOperator.IN)
    return {
        test.fact: written(test.operand)
        if test.operator in plain
        else {str(test.operator): written(test.operand)}
        for test in condition.tests
    }
