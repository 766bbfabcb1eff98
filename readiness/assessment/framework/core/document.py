"""The framework as a document: YAML or plain mappings in and out."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from readiness.assessment.framework.core.conditions import Condition, ConditionOperator
from readiness.assessment.framework.core.definition import Check, Framework, Validity
from readiness.assessment.framework.core.names import names_for
from readiness.assessment.framework.core.numbers import duration_text
from readiness.assessment.framework.core.thresholds import Bound, Preset, Threshold
from readiness.assessment.framework.core.vocabulary import Gate, SenderNamed
from web import yaml_documents
from web.versioned.core import documents
from web.versioned.core.documents import DocumentError, mapping_of, written
from web.versioned.core.files import Texts, located, parse

INDEX_NAME = "index.yaml"
_FOLLOWED = {"validity": {}, "evidence": [], "waits_for": "", "profiles": []}
"""Fields of a sub-measure that may be those of its check, and their written form then."""


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
    index = parse(texts[INDEX_NAME], INDEX_NAME)
    names = index.pop("check_files", None) if isinstance(index, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise DocumentError(f"{INDEX_NAME}.check_files", "expected the names of the files with checks")
    checks: list[Any] = []
    for name in names:
        if name not in texts:
            raise DocumentError(INDEX_NAME, f"lists {name}, which is not among the files")
        section = parse(texts[name], name)
        if not isinstance(section, list):
            raise DocumentError(name, "expected a list of checks")
        checks.extend(section)
    return {**index, "checks": checks}


@written.register(Framework)
def _write_framework(framework: Framework) -> dict[str, Any]:
    weights = {str(gate): framework.weights[gate] for gate in Gate}
    counts = {pillar.id: len(framework.checks_of(pillar.id)) for pillar in framework.pillars}
    # The default is left out, because results keep the digest of documents from before it existed.
    sender_named = str(framework.sender_named) if framework.sender_named is not SenderNamed.FULL else None
    return {**mapping_of(framework, weights=weights, sender_named=sender_named), "counts": counts}


@written.register(Check)
def _write_check(check: Check) -> dict[str, Any]:
    parts = [
        mapping_of(
            part,
            **{key: empty for key, empty in _FOLLOWED.items() if getattr(part, key) == getattr(check, key)},
        )
        for part in check.parts
    ]
    # Muster's own names are left out, so that they may improve, and because results keep the digest of documents from
    # before checks had short names.
    own = names_for(check.id, check.claim)
    names = {key: "" for key in ("name", "failing") if getattr(check, key) == getattr(own, key)}
    claim = own.stated_as if check.claim == own.claim else check.claim
    return mapping_of(check, parts=parts, claim=claim, **names)


@written.register(Validity)
def _write_validity(validity: Validity) -> dict[str, Any]:
    return mapping_of(validity, max_age_s=duration_text(validity.max_age_s))


@written.register(Threshold)
def _write_threshold(threshold: Threshold) -> dict[str, Any]:
    bound = threshold.bound
    figures = {"factor": threshold.factor} if bound is None else _figures(bound) or {"any": True}
    return figures | mapping_of(threshold, bound=None, factor=None)


@written.register(Preset)
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


@written.register(Condition)
def _write_condition(condition: Condition) -> dict[str, Any]:
    plain = (ConditionOperator.IS, ConditionOperator.IN)
    return {
        test.fact: written(test.operand)
        if test.operator in plain
        else {str(test.operator): written(test.operand)}
        for test in condition.tests
    }
