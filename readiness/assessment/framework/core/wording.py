"""Parts of a definition in words, for pages and lists of differences, and the differences between two definitions."""

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from readiness.assessment.framework.core.conditions import (
    Condition,
    ConditionOperator,
    ExclusionRule,
    FactTest,
)
from readiness.assessment.framework.core.definition import (
    Check,
    CitedSource,
    Framework,
    GateRule,
    Minimum,
    SubMeasure,
    Validity,
)
from readiness.assessment.framework.core.numbers import duration_text, limit_text
from readiness.assessment.framework.core.thresholds import Bound, LabelledFigure, Preset, Threshold
from readiness.assessment.framework.core.vocabulary import (
    ANY_TOOL,
    SHARES,
    Amount,
    Direction,
    EvidenceKind,
    Gate,
    SenderNamed,
    citations,
)
from web.versioned.core.comparing import DocumentChange, fields_changed, items_changed

NONE = "none"
DAYS_OF_A_YEAR = 365.25
LABELS = {
    "OD": "Operator-set default",
    "J": "Judgement",
    "calc": "Arithmetic on sourced numbers",
    "own": "Own decision",
}
"""Labels of sources outside the definition's list, and their meaning."""
EVIDENCE = {
    EvidenceKind.TELEMETRY: "Telemetry",
    EvidenceKind.VALIDATION_RUN: "Validation runs",
    EvidenceKind.INVENTORY_FACT: "Inventory",
    EvidenceKind.ATTESTATION: "Attestations",
    EvidenceKind.PEOPLE_RECORD: "People records",
    EvidenceKind.OWNERSHIP_RECORD: "Ownership records",
}

AMOUNTS = {
    Amount.ITERATIONS: "Iterations",
    Amount.DURATION: "Duration",
    Amount.REQUESTS: "Requests",
    Amount.ROWS: "Rows",
    Amount.REPEATS: "Repeats",
    Amount.LOAD_SHARE: "Background load, of the path's rate",
    Amount.PEAK_SHARE: "Rate, of the class's declared peak",
    Amount.SIZE: "Size",
}
SENDER_NAMED = {SenderNamed.FULL: "count in full", SenderNamed.WARN: "count as warn at most"}


def limit_name(part: SubMeasure, framework: Framework) -> str:
    return next((limit.name for limit in framework.limits if limit.id == part.limit_from), part.limit_from)


def region(threshold: Threshold | None, part: SubMeasure, framework: Framework) -> str:
    """`≥ 90 %`, or `≥ 0.95 × RDMA port rate floor` if the limit belongs to the site, platform or class."""
    if threshold is None:
        return NONE
    if threshold.bound is not None:
        return threshold.bound.text(part.unit)
    sign = {(True, False): "≥", (True, True): ">", (False, False): "≤", (False, True): "<"}
    mark = sign[part.direction is Direction.HIGHER, threshold.strict]
    return f"{mark} {factor_text(threshold.factor)} × {limit_name(part, framework)}"


def factor_text(factor: float) -> str:
    """At least two decimals, because factors are compared with each other."""
    text = limit_text(factor)
    return text if len(text.partition(".")[2]) >= 2 else f"{factor:.2f}"


def source(value: LabelledFigure | None) -> str:
    if value is None:
        return NONE
    if value.decided is None:
        return value.source
    return f"{value.source} ({value.decided.by}, {value.decided.on})"


def source_title(value: LabelledFigure | None, framework: Framework) -> str:
    if value is None:
        return ""
    if value.decided is not None:
        return f"{LABELS[value.source]} of {value.decided.by} on {value.decided.on}"
    return label_title(value.source, framework)


def label_title(label: str, framework: Framework) -> str:
    if label in LABELS:
        return LABELS[label]
    return next((source.title for source in framework.sources if source.id == label), "")


def cited_sources(check: Check, framework: Framework) -> tuple[CitedSource, ...]:
    """Return the sources that the check's sentences cite, such as `[S12]`, and the notes of its minimums."""
    notes = (minimum.note for minimum in check.minimums)
    texts = (check.why, check.how_to, check.waits_for, check.note, *notes)
    labels = {label for text in texts for label in citations(text)}
    return tuple(source for source in framework.sources if source.id in labels)


def name_checks(text: str, framework: Framework) -> str:
    """Replace ids of checks in a stored sentence by names; an id that the framework lacks stays."""
    names = {check_id: check.name for check_id, check in framework.checks_by_id.items()}
    return re.sub(r"\bp[1-5]-[a-z0-9-]+", lambda found: names.get(found[0], found[0]), text)


def cap(part: SubMeasure, declaration: str) -> str:
    """Say why a declaration counts as warn at most; empty if the sub-measure may be declared, or nothing was."""
    if not declaration or not part.is_measured:
        return ""
    names = {
        EvidenceKind.VALIDATION_RUN: "a validation run is imported",
        EvidenceKind.TELEMETRY: "telemetry measures it",
    }
    measured = " or ".join(name for kind, name in names.items() if kind in part.evidence)
    return until(declaration, measured)


def until(declaration: str, awaited: str) -> str:
    return f"Declared only ({declaration}): Warn at best until {awaited}."


def validity(value: Validity) -> str:
    """An exact text, because versions are compared by it: "45 min", "24 h", "30 d", "5 years"."""
    if value.max_age_s is None:
        return "live"
    text = duration_text(value.max_age_s)
    count, unit = int(text[:-1]), text[-1]
    years = round(count / DAYS_OF_A_YEAR)
    if unit == "d" and years > 1 and count == round(years * DAYS_OF_A_YEAR):
        return f"{years} years"
    return f"{count} {'min' if unit == 'm' else unit}"


def words(values: Iterable[str]) -> str:
    return ", ".join(sorted(str(value) for value in values)) or NONE


def listed_values(values: Iterable[str]) -> str:
    return ", ".join(str(value) for value in values) or NONE


def gate_rules(rules: Iterable[GateRule]) -> str:
    return "; ".join(f"{rule.gate} where {condition(rule.when)}: {rule.reason}" for rule in rules) or NONE


def exclusions(rules: Iterable[ExclusionRule]) -> str:
    return "; ".join(f"where {condition(rule.when)}: {rule.reason}" for rule in rules) or NONE


def presets(values: Iterable[Preset]) -> str:
    return "; ".join(_preset(preset) for preset in values) or NONE


def _preset(preset: Preset) -> str:
    limit = limit_text(preset.value) if preset.value is not None else _regions(preset.pass_at, preset.warn_at)
    text = f"{preset.name} ({preset.id}) {limit} [{source(preset)}]"
    return f"{text} {preset.note}" if preset.note else text


def _regions(pass_at: Bound | None, warn_at: Bound | None) -> str:
    bounds = [f"{name} {bound.text()}" for name, bound in (("pass", pass_at), ("warn", warn_at)) if bound]
    return ", ".join(bounds)


def minimums(values: Iterable[Minimum]) -> str:
    return "; ".join(_minimum(value) for value in values) or NONE


def _minimum(value: Minimum) -> str:
    text = f"{value.measure} of {tool(value)} {least(value)} [{source(value)}]"
    return f"{text} {value.note.removesuffix('.')}" if value.note else text


def tool(value: Minimum) -> str:
    return "any tool" if value.tool == ANY_TOOL else value.tool


def least(value: Minimum) -> str:
    """`≥ 600 s`, `≥ 50 %`; a minimum of 0 asks for nothing."""
    if value.value == 0:
        return NONE
    if value.measure in SHARES:
        return Bound(low=100 * value.value).text("%")
    return Bound(low=value.value).text({Amount.DURATION: "s", Amount.SIZE: "B"}.get(value.measure, ""))


def condition(value: Condition) -> str:
    return " and ".join(_test(test) for test in value.tests)


def _test(test: FactTest) -> str:
    fact = test.fact.replace("_", " ")
    if test.operator is ConditionOperator.IS:
        return fact if test.operand else f"not {fact}"
    operand = words(test.operand) if isinstance(test.operand, frozenset) else str(test.operand)
    return f"{fact} {str(test.operator).replace('-', ' ')} {operand}"


AS_ITS_CHECK = "as its check"


def changes(before: Framework, after: Framework) -> tuple[DocumentChange, ...]:
    """List differences in the order of the later definition. The version's name is not a difference."""
    return (
        *fields_changed("", _head(before), _head(after)),
        *items_changed("pillar", before.pillars, after.pillars, _words),
        *items_changed("limit", before.limits, after.limits, _words),
        *items_changed("source", before.sources, after.sources, _words),
        *_checks(before, after),
    )


def _head(framework: Framework) -> dict[str, str]:
    weights = {f"weight of {gate}": limit_text(framework.weights[gate]) for gate in Gate}
    runs = {"sender-named runs": SENDER_NAMED[framework.sender_named]}
    return {"title": framework.title, "note": framework.note, **weights, **runs}


def _words(item: Any, *without: str) -> dict[str, str]:
    names = [field.name for field in dataclasses.fields(item) if field.name not in ("id", *without)]
    return {name.replace("_", " "): _said(getattr(item, name)) for name in names}


def _said(value: Any) -> str:
    if isinstance(value, frozenset):
        return words(value)
    if not isinstance(value, tuple):
        return "" if value is None else str(value)
    kind = type(value[0]) if value else str
    in_words: dict[Any, Callable[[Any], str]] = {
        GateRule: gate_rules,
        Minimum: minimums,
        Preset: presets,
    }
    return in_words.get(kind, listed_values)(value)


def _checks(before: Framework, after: Framework) -> Iterator[DocumentChange]:
    yield from items_changed("", before.checks, after.checks, _check)
    for check in after.checks:
        old = before.checks_by_id.get(check.id)
        if old is None:
            continue
        parts = {part.id: part for part in old.parts}
        yield from items_changed(f"{check.id} /", old.parts, check.parts, lambda _: {})
        for part in check.parts:
            if (earlier := parts.get(part.id)) is not None:
                where = f"{check.id} / {part.id}"
                yield from fields_changed(where, _part(earlier, old, before), _part(part, check, after))


def _check(check: Check) -> dict[str, str]:
    return {
        **_words(check, "pillar", "validity", "exclusions", "parts"),
        "not applicable": exclusions(check.exclusions),
        **_validity(check),
    }


def _part(part: SubMeasure, check: Check, framework: Framework) -> dict[str, str]:
    followed = {name for name in ("gate", "profiles", "evidence", "waits_for") if _follows(part, check, name)}
    return {
        **_words(part, "pass_at", "warn_at", "validity", "exclusions"),
        **dict.fromkeys((name.replace("_", " ") for name in followed), AS_ITS_CHECK),
        **_threshold_words("pass", part.pass_at, part, framework),
        **_threshold_words("warn", part.warn_at, part, framework),
        "not applicable": exclusions(part.exclusions),
        **({"validity": AS_ITS_CHECK} if part.validity == check.validity else _validity(part)),
    }


def _follows(part: SubMeasure, check: Check, name: str) -> bool:
    value = getattr(part, name)
    return value is None if name == "gate" else bool(value == getattr(check, name))


def _threshold_words(
    name: str, threshold: Threshold | None, part: SubMeasure, framework: Framework
) -> dict[str, str]:
    strict = threshold is not None and threshold.strict
    return {
        name: region(threshold, part, framework),
        f"edges of {name}": "left out" if strict else "included",
        f"source of {name}": source(threshold),
        f"note of {name}": threshold.note if threshold else "",
    }


def _validity(item: Check | SubMeasure) -> dict[str, str]:
    return {
        "validity": validity(item.validity),
        "source of validity": source(item.validity),
        "voided by": words(item.validity.voided_by),
        "note of validity": item.validity.note,
    }
