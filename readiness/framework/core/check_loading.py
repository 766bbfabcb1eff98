"""Plain mappings to checks and sub-measures, each field checked as it is read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from readiness.framework.core.conditions import (
    COUNT_FACTS,
    FLAG_FACTS,
    SET_FACTS,
    WORD_FACTS,
    Condition,
    ConditionOperator,
    ExclusionRule,
    FactTest,
)
from readiness.framework.core.definition import (
    Bound,
    Check,
    GateRule,
    LimitKind,
    OperatorDecision,
    Preset,
    SubMeasure,
    Threshold,
    Validity,
)
from readiness.framework.core.reader import DefinitionError, MappingReader
from readiness.framework.core.vocabulary import (
    Change,
    CheckState,
    Direction,
    Domain,
    EvidenceKind,
    Gate,
    Profile,
)

OWN = "own"
"""The operator's own decision: it names who decided, when, and says why in its note."""
LABELS_WITHOUT_SOURCE = frozenset({"OD", "J", "calc", OWN})
LONGEST_ID, LONGEST_UNIT = 64, 16
"""As long as the columns that results keep them in."""
_CITATION = re.compile(r"\[(S[0-9]+)\]")
_CHECK_ID = re.compile(r"^(p[0-9]+)-[a-z0-9]+(-[a-z0-9]+)*$")
_PART_ID = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
_COUNT_OPERATORS = frozenset(
    {ConditionOperator.EXACTLY, ConditionOperator.AT_LEAST, ConditionOperator.AT_MOST}
)


@dataclass(frozen=True, slots=True)
class DefinedIds:
    """Ids that checks may refer to: the definition's own sources, limits and pillars, by id."""

    source_ids: frozenset[str]
    limits: dict[str, LimitKind]
    pillar_ids: frozenset[str]

    def source(self, reader: MappingReader) -> str:
        """The `source` label of a threshold or validity."""
        label = reader.text("source")
        if label not in self.source_ids and label not in LABELS_WITHOUT_SOURCE:
            raise reader.error("source", f"{label!r} is neither a listed source nor one of OD, J, calc, own")
        return label

    def sourced(self, reader: MappingReader) -> tuple[str, str, OperatorDecision | None]:
        """Source, note, and who decided, of a threshold, a preset or a validity."""
        label, note = self.source(reader), self.prose(reader, "note", default="")
        if label != OWN:
            return label, note, None
        if not note:
            raise reader.error("note", "is missing; an own decision says why")
        return (
            label,
            note,
            OperatorDecision(by=reader.text("decided_by", most=200), on=reader.day("decided_on")),
        )

    def prose(self, reader: MappingReader, key: str, *, default: str | None = None) -> str:
        """A sentence whose `[S#]` citations all exist."""
        text = reader.text(key, default=default)
        for cited in _CITATION.findall(text):
            if cited not in self.source_ids:
                raise reader.error(key, f"cites {cited}, which is not a listed source")
        return text


def read_check(reader: MappingReader, known: DefinedIds) -> Check:
    """One check with its sub-measures; raises DefinitionError naming the field."""
    check_id, pillar = _check_id(reader, known)
    gate = reader.word("gate", Gate)
    gate_rules = reader.each("gate_rules", lambda item: _gate_rule(item, known), required=False)
    evidence = frozenset(reader.words("evidence", EvidenceKind))
    profiles = frozenset(reader.words("profiles", Profile))
    validity = _validity(reader.mapping("valid_for"), known)
    waits_for = known.prose(reader, "waits_for")
    inherited = _Inherited(validity, evidence, profiles, waits_for, _highest(gate, gate_rules))
    check = Check(
        id=check_id,
        pillar=pillar,
        name=reader.text("name"),
        why=known.prose(reader, "why"),
        how_to=known.prose(reader, "how_to"),
        waits_for=waits_for,
        domains=reader.words("domains", Domain),
        evidence=evidence,
        gate=gate,
        gate_rules=gate_rules,
        profiles=profiles,
        exclusions=_exclusions(reader, known),
        validity=validity,
        states=frozenset(reader.words("states", CheckState)),
        parts=reader.each("parts", lambda item: _part(item, known, inherited)),
        note=known.prose(reader, "note", default=""),
    )
    _demand_deciding_part(reader, check, inherited.highest_gate)
    _demand_consistent_states(reader, check, inherited.highest_gate)
    return check


@dataclass(frozen=True, slots=True)
class _Inherited:
    """Values that a sub-measure takes from its check unless it says otherwise."""

    validity: Validity
    evidence: frozenset[EvidenceKind]
    profiles: frozenset[Profile]
    waits_for: str
    highest_gate: Gate


def _check_id(reader: MappingReader, known: DefinedIds) -> tuple[str, str]:
    check_id = reader.text("id", most=LONGEST_ID)
    pillar = reader.text("pillar")
    match = _CHECK_ID.match(check_id)
    if match is None:
        raise reader.error("id", "expected the form p1-some-words")
    if pillar not in known.pillar_ids:
        raise reader.error("pillar", f"{pillar!r} is not a listed pillar")
    if match[1] != pillar:
        raise reader.error("pillar", f"{pillar!r} does not match the id")
    return check_id, pillar


def _gate_rule(reader: MappingReader, known: DefinedIds) -> GateRule:
    return GateRule(
        when=_condition(reader.mapping("when")),
        gate=reader.word("gate", Gate),
        reason=known.prose(reader, "reason"),
    )


def _highest(gate: Gate, rules: tuple[GateRule, ...]) -> Gate:
    return max((gate, *(rule.gate for rule in rules)), key=lambda each: each.rank)


def _exclusions(reader: MappingReader, known: DefinedIds) -> tuple[ExclusionRule, ...]:
    def read(item: MappingReader) -> ExclusionRule:
        return ExclusionRule(when=_condition(item.mapping("when")), reason=known.prose(item, "reason"))

    return reader.each("not_applicable", read, required=False)


def _condition(reader: MappingReader) -> Condition:
    tests = []
    for fact in sorted(reader.names()):
        if fact in FLAG_FACTS:
            tests.append(FactTest(fact, ConditionOperator.IS, reader.flag(fact, default=False)))
        elif fact in COUNT_FACTS:
            tests.append(_count_test(reader, fact))
        elif fact in WORD_FACTS:
            tests.append(
                FactTest(fact, ConditionOperator.IN, frozenset(reader.words(fact, WORD_FACTS[fact])))
            )
        elif fact in SET_FACTS:
            tests.append(_set_test(reader, fact))
        else:
            raise reader.error(fact, "is not a known fact about a site")
    if not tests:
        raise reader.error("", "must test at least one fact")
    return Condition(tuple(tests))


def _count_test(reader: MappingReader, fact: str) -> FactTest:
    operator, inner = _only_operator(reader, fact, _COUNT_OPERATORS)
    return FactTest(fact, operator, inner.integer(operator))


def _set_test(reader: MappingReader, fact: str) -> FactTest:
    operator, inner = _only_operator(reader, fact, frozenset({ConditionOperator.ANY, ConditionOperator.ONLY}))
    return FactTest(fact, operator, frozenset(inner.words(operator, SET_FACTS[fact])))


def _only_operator(
    reader: MappingReader, fact: str, allowed: frozenset[ConditionOperator]
) -> tuple[ConditionOperator, MappingReader]:
    inner = reader.mapping(fact)
    names = inner.names()
    if len(names) != 1 or names[0] not in allowed:
        raise reader.error(fact, f"expected exactly one of {', '.join(sorted(allowed))}")
    return ConditionOperator(names[0]), inner


def _validity(reader: MappingReader, known: DefinedIds) -> Validity:
    source, note, decided = known.sourced(reader)
    validity = Validity(
        max_age_s=reader.duration("max_age"),
        source=source,
        voided_by=frozenset(reader.words("voided_by", Change, required=False)),
        note=note,
        decided=decided,
    )
    reader.close()
    return validity


def _part(reader: MappingReader, known: DefinedIds, inherited: _Inherited) -> SubMeasure:
    part_id = reader.text("id", most=LONGEST_ID)
    if not _PART_ID.match(part_id):
        raise reader.error("id", "expected lower-case words joined by hyphens")
    direction = reader.word("direction", Direction)
    unit = reader.text("unit", default="", most=LONGEST_UNIT)
    limit_from = _limit_from(reader, known, unit)
    pass_at = _threshold(reader, "pass", direction, known, limited=bool(limit_from))
    warn_at = _threshold(reader, "warn", direction, known, limited=bool(limit_from))
    _demand_nested(reader, direction, pass_at, warn_at)
    own_validity = reader.optional_mapping("valid_for")
    return SubMeasure(
        id=part_id,
        name=reader.text("name"),
        unit=unit,
        direction=direction,
        measure=known.prose(reader, "measure"),
        pass_at=pass_at,
        warn_at=warn_at,
        validity=_validity(own_validity, known) if own_validity else inherited.validity,
        evidence=frozenset(reader.words("evidence", EvidenceKind, required=False)) or inherited.evidence,
        waits_for=known.prose(reader, "waits_for", default="") or inherited.waits_for,
        worst_over=reader.text("worst_over", default=""),
        metrics=reader.texts("metrics"),
        limit_from=limit_from,
        presets=_presets(reader, known, direction, pass_at, warn_at),
        gate=_part_gate(reader, inherited.highest_gate, judged=pass_at is not None),
        profiles=frozenset(reader.words("profiles", Profile, required=False)) or inherited.profiles,
        exclusions=_exclusions(reader, known),
        note=known.prose(reader, "note", default=""),
    )


def _limit_from(reader: MappingReader, known: DefinedIds, unit: str) -> str:
    limit_from = reader.text("limit_from", default="")
    if limit_from and limit_from not in known.limits:
        raise reader.error("limit_from", f"{limit_from!r} is not a listed limit")
    if limit_from and known.limits[limit_from].unit != unit:
        raise reader.error(
            "limit_from", f"is in {known.limits[limit_from].unit!r}, the sub-measure in {unit!r}"
        )
    return limit_from


def _part_gate(reader: MappingReader, highest: Gate, *, judged: bool) -> Gate | None:
    gate = reader.optional_word("gate", Gate)
    if gate is not None and gate.rank > highest.rank:
        raise reader.error("gate", f"{gate} is above the check's {highest}")
    if not judged and (gate or highest) is not Gate.INFO:
        raise reader.error("pass", "is missing; only an INFO sub-measure may have none")
    return gate


def _threshold(
    reader: MappingReader, key: str, direction: Direction, known: DefinedIds, *, limited: bool
) -> Threshold | None:
    inner = reader.optional_mapping(key)
    if inner is None:
        return None
    strict = inner.flag("strict", default=False)
    if key == "warn" and inner.flag("any", default=False):
        bound, factor = Bound(), 1.0
    elif limited and direction in (Direction.HIGHER, Direction.LOWER):
        bound, factor = None, inner.number("factor")
        if factor <= 0:
            raise inner.error("factor", "must be above 0")
    else:
        bound, factor = _bound(inner, direction, strict=strict), 1.0
    source, note, decided = known.sourced(inner)
    inner.close()
    return Threshold(source=source, bound=bound, factor=factor, strict=strict, note=note, decided=decided)


def _bound(reader: MappingReader, direction: Direction, *, strict: bool) -> Bound:
    match direction:
        case Direction.HIGHER:
            return Bound(low=reader.number("value"), strict=strict)
        case Direction.LOWER:
            return Bound(high=reader.number("value"), strict=strict)
        case Direction.EQUAL:
            values = reader.numbers("values")
            if not values:
                raise reader.error("values", "must not be empty")
            return Bound(values=values)
        case Direction.RANGE:
            low, high = reader.number("low"), reader.number("high")
            if low >= high:
                raise reader.error("high", "must be above low")
            return Bound(low=low, high=high, strict=strict)


def _demand_nested(
    reader: MappingReader, direction: Direction, pass_at: Threshold | None, warn_at: Threshold | None
) -> None:
    if warn_at is None:
        return
    if pass_at is None:
        raise reader.error("warn", "needs a pass threshold")
    if warn_at.bound == Bound():
        return
    if pass_at.bound is None or warn_at.bound is None:
        wider = warn_at.factor < pass_at.factor
        if wider is not (direction is Direction.HIGHER) or warn_at.factor == pass_at.factor:
            raise reader.error("warn", "must be wider than pass")
    elif direction is Direction.EQUAL:
        if warn_at.bound.values & pass_at.bound.values:
            raise reader.error("warn", "names a value that passes")
    elif not _wider(warn_at.bound, pass_at.bound):
        raise reader.error("warn", "must be wider than pass")


def _wider(outer: Bound, inner: Bound) -> bool:
    low_holds = inner.low is None or (outer.low is not None and outer.low <= inner.low)
    high_holds = inner.high is None or (outer.high is not None and outer.high >= inner.high)
    return low_holds and high_holds and (outer.low, outer.high) != (inner.low, inner.high)


def _presets(
    reader: MappingReader,
    known: DefinedIds,
    direction: Direction,
    pass_at: Threshold | None,
    warn_at: Threshold | None,
) -> tuple[Preset, ...]:
    def read(item: MappingReader) -> Preset:
        value = None if direction is Direction.RANGE else item.number("value")
        source, note, decided = known.sourced(item)
        return Preset(
            id=item.text("id"),
            name=item.text("name"),
            value=value,
            pass_at=_preset_bound(item, "pass", direction, value, pass_at),
            warn_at=_preset_bound(item, "warn", direction, value, warn_at),
            source=source,
            note=note,
            decided=decided,
        )

    if reader.has("presets") and (not reader.has("limit_from") or pass_at is None):
        raise reader.error("presets", "need a limit_from and a pass threshold")
    return reader.each("presets", read, required=False)


def _preset_bound(
    reader: MappingReader, key: str, direction: Direction, value: float | None, threshold: Threshold | None
) -> Bound | None:
    if threshold is None:
        return None
    if value is not None:
        return threshold.bound_for(direction, value)
    inner = reader.mapping(key)
    bound = _bound(inner, direction, strict=False)
    inner.close()
    return bound


def _demand_deciding_part(reader: MappingReader, check: Check, highest: Gate) -> None:
    if highest is not Gate.INFO and all(part.gate is Gate.INFO for part in check.parts):
        raise reader.error("parts", "needs a sub-measure that is not INFO")


def _demand_consistent_states(reader: MappingReader, check: Check, highest: Gate) -> None:
    deciding = [part for part in check.parts if highest is Gate.INFO or part.gate is not Gate.INFO]
    always = {CheckState.PASS, CheckState.FAIL, CheckState.UNKNOWN, CheckState.STALE}
    needs: dict[CheckState, bool] = {
        **dict.fromkeys(always, True),
        CheckState.WARN: any(part.warn_at is not None for part in deciding),
        CheckState.WAIVED: highest is not Gate.INFO,
    }
    if not needs[CheckState.WARN] and any(part.is_measured for part in deciding):
        # By a declaration it warns all the same; earlier versions do not list that.
        del needs[CheckState.WARN]
    for state, needed in needs.items():
        if needed and state not in check.states:
            raise reader.error("states", f"must allow {state}")
        if not needed and state in check.states:
            raise reader.error("states", f"cannot allow {state}")
    excludes = bool(check.exclusions) or check.profiles != frozenset(Profile)
    if excludes and CheckState.NOT_APPLICABLE not in check.states:
        raise DefinitionError(reader.at("states"), "must allow n-a, since a rule excludes some sites")
