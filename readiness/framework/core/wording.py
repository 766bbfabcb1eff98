"""Pieces of a definition in words, as lists of differences and pages say them."""

from collections.abc import Iterable

from readiness.framework.core.conditions import Condition, ConditionOperator, ExclusionRule, FactTest
from readiness.framework.core.definition import (
    Bound,
    Framework,
    GateRule,
    LabelledFigure,
    Preset,
    SubMeasure,
    Threshold,
    Validity,
)
from readiness.framework.core.numbers import duration_text, limit_text
from readiness.framework.core.vocabulary import Direction, EvidenceKind

NONE = "none"
LABELS = {
    "OD": "Operator-set default",
    "J": "Judgement",
    "calc": "Arithmetic on sourced numbers",
    "own": "Own decision",
}
"""Sources that are none of the definition's list, and what they stand for."""
EVIDENCE = {
    EvidenceKind.TELEMETRY: "Telemetry",
    EvidenceKind.VALIDATION_RUN: "Validation runs",
    EvidenceKind.INVENTORY_FACT: "Inventory",
    EvidenceKind.ATTESTATION: "Attestations",
    EvidenceKind.PEOPLE_RECORD: "People records",
    EvidenceKind.OWNERSHIP_RECORD: "Ownership records",
}


def limit_name(part: SubMeasure, framework: Framework) -> str:
    return next((limit.name for limit in framework.limits if limit.id == part.limit_from), part.limit_from)


def region(threshold: Threshold | None, part: SubMeasure, framework: Framework) -> str:
    """`≥ 90 %`, or `≥ 0.95 × RDMA port rate floor` where the limit is the site's, platform's or class's own."""
    if threshold is None:
        return NONE
    if threshold.bound is not None:
        return threshold.bound.text(part.unit)
    sign = {(True, False): "≥", (True, True): ">", (False, False): "≤", (False, True): "<"}
    mark = sign[part.direction is Direction.HIGHER, threshold.strict]
    return f"{mark} {factor_text(threshold.factor)} × {limit_name(part, framework)}"


def factor_text(factor: float) -> str:
    """Two decimals at least, since factors are compared with one another."""
    text = limit_text(factor)
    return text if len(text.partition(".")[2]) >= 2 else f"{factor:.2f}"


def source(value: LabelledFigure | None) -> str:
    """`OD`, `S5`, or `own (Mira Kovač, 2026-11-25)`."""
    if value is None:
        return NONE
    if value.decided is None:
        return value.source
    return f"{value.source} ({value.decided.by}, {value.decided.on})"


def source_title(value: LabelledFigure | None, framework: Framework) -> str:
    """Return what the label stands for; of an own decision also who decided."""
    if value is None:
        return ""
    if value.decided is not None:
        return f"{LABELS[value.source]} of {value.decided.by} on {value.decided.on}"
    return label_title(value.source, framework)


def label_title(label: str, framework: Framework) -> str:
    if label in LABELS:
        return LABELS[label]
    return next((source.title for source in framework.sources if source.id == label), "")


def cap(part: SubMeasure, declaration: str) -> str:
    """Why a declaration counts as warn at most; empty where the sub-measure may be declared, or nothing was."""
    if not declaration or not part.is_measured:
        return ""
    names = {EvidenceKind.VALIDATION_RUN: "a run", EvidenceKind.TELEMETRY: "telemetry"}
    asked = " or ".join(name for kind, name in names.items() if kind in part.evidence)
    return f"Declared, not measured: {declaration} counts as warn at most, since {asked} is asked for."


def validity(value: Validity) -> str:
    return duration_text(value.max_age_s)


def words(values: Iterable[str]) -> str:
    return ", ".join(sorted(str(value) for value in values)) or NONE


def in_order(values: Iterable[str]) -> str:
    return ", ".join(str(value) for value in values) or NONE


def gate_rules(rules: Iterable[GateRule]) -> str:
    return "; ".join(f"{rule.gate} where {condition(rule.when)}: {rule.reason}" for rule in rules) or NONE


def exclusions(rules: Iterable[ExclusionRule]) -> str:
    return "; ".join(f"where {condition(rule.when)}: {rule.reason}" for rule in rules) or NONE


def presets(values: Iterable[Preset]) -> str:
    return "; ".join(_preset(preset) for preset in values) or NONE


def _preset(preset: Preset) -> str:
    limit = limit_text(preset.value) if preset.value is not None else _regions(preset.pass_at, preset.warn_at)
    said = f"{preset.name} ({preset.id}) {limit} [{source(preset)}]"
    return f"{said} {preset.note}" if preset.note else said


def _regions(pass_at: Bound | None, warn_at: Bound | None) -> str:
    said = [f"{name} {bound.text()}" for name, bound in (("pass", pass_at), ("warn", warn_at)) if bound]
    return ", ".join(said)


def condition(value: Condition) -> str:
    return " and ".join(_test(test) for test in value.tests)


def _test(test: FactTest) -> str:
    fact = test.fact.replace("_", " ")
    if test.operator is ConditionOperator.IS:
        return fact if test.operand else f"not {fact}"
    operand = words(test.operand) if isinstance(test.operand, frozenset) else str(test.operand)
    return f"{fact} {str(test.operator).replace('-', ' ')} {operand}"
