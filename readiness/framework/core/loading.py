"""Loads a Framework from YAML or plain mappings, refusing anything that does not hold together."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from readiness.framework.core.check_loading import LONGEST_UNIT, DefinedIds, read_check
from readiness.framework.core.definition import CitedSource, Framework, LimitKind, Pillar
from readiness.framework.core.finding import find
from readiness.framework.core.mapping import digest
from readiness.framework.core.reader import DefinitionError, MappingReader
from readiness.framework.core.vocabulary import Gate
from web import yaml_documents

INDEX_NAME = "index.yaml"
HEAVIEST = 100
STANDINGS = frozenset({"primary", "secondary", "excerpt", "mixed"})


def load(definition: Mapping[str, Any] | Path) -> Framework:
    """A framework from a mapping, a YAML file, or a folder with `index.yaml` and the files it lists.

    Raises DefinitionError, whose `path` names the field: `checks[p2-power-headroom].parts[site-load].pass`.
    """
    mapping = _read_path(definition) if isinstance(definition, Path) else definition
    reader = MappingReader(mapping)
    known = _known(reader)
    framework = Framework(
        version=reader.text("version", most=50),
        title=reader.text("title", most=200),
        note=known.prose(reader, "note", default=""),
        weights=_weights(reader.mapping("weights")),
        pillars=reader.each("pillars", _pillar),
        limits=tuple(known.limits.values()),
        sources=reader.each("sources", _source),
        checks=reader.each("checks", lambda item: read_check(item, known)),
        content_digest="",
    )
    _demand_counts(reader.mapping("counts"), framework)
    reader.close()
    return dataclasses.replace(framework, content_digest=digest(framework))


def load_text(text: str) -> Framework:
    """A framework from one YAML document, as `dump` writes it."""
    return load(parse(text, "definition"))


def load_files(texts: Mapping[str, str]) -> Framework:
    """A framework from files by name: one document, or `index.yaml` and the files that it lists.

    Raises DefinitionError, whose `file` and `line` say where the field at fault is written, as far as it is there.
    """
    try:
        if INDEX_NAME in texts:
            return load(_assembled(lambda name: _file(texts, name)))
        if len(texts) != 1:
            raise DefinitionError("", f"expected one document, or {INDEX_NAME} and the files that it lists")
        [(name, text)] = texts.items()
        return load(parse(text, name))
    except DefinitionError as error:
        error.file, error.line = find(texts, error.path)
        raise


def _file(texts: Mapping[str, str], name: str) -> str:
    if name not in texts:
        raise DefinitionError(INDEX_NAME, f"lists {name}, which is not among the files")
    return texts[name]


def _known(reader: MappingReader) -> DefinedIds:
    """Return what the checks refer to, read first so that every reference can be checked where it stands."""
    limits = reader.each("limits", _limit)
    return DefinedIds(
        source_ids=frozenset(source.id for source in reader.each("sources", _source)),
        limits={limit.id: limit for limit in limits},
        pillar_ids=frozenset(pillar.id for pillar in reader.each("pillars", _pillar)),
    )


def _pillar(reader: MappingReader) -> Pillar:
    return Pillar(
        id=reader.text("id", most=4),
        name=reader.text("name"),
        short_name=reader.text("short_name"),
        question=reader.text("question"),
        origin=reader.text("origin"),
    )


def _limit(reader: MappingReader) -> LimitKind:
    return LimitKind(
        id=reader.text("id"),
        name=reader.text("name"),
        unit=reader.text("unit", default="", most=LONGEST_UNIT),
        declared_on=reader.text("declared_on"),
        note=reader.text("note", default=""),
    )


def _source(reader: MappingReader) -> CitedSource:
    standing = reader.text("standing")
    if standing not in STANDINGS:
        raise reader.error("standing", f"{standing!r} is not one of {', '.join(sorted(STANDINGS))}")
    return CitedSource(
        id=reader.text("id"),
        title=reader.text("title"),
        standing=standing,
        urls=reader.texts("urls"),
        note=reader.text("note", default=""),
    )


def _weights(reader: MappingReader) -> dict[Gate, int]:
    weights = {gate: reader.integer(gate) for gate in Gate}
    for gate, weight in weights.items():
        if not 0 <= weight <= HEAVIEST:
            raise reader.error(gate, f"must be from 0 to {HEAVIEST}")
    if weights[Gate.INFO] != 0:
        raise reader.error(Gate.INFO, "must be 0: an INFO check is trend only")
    reader.close()
    return weights


def _demand_counts(reader: MappingReader, framework: Framework) -> None:
    """A file left out of the folder must not pass for a smaller framework."""
    for pillar in framework.pillars:
        expected, counted = reader.integer(pillar.id), len(framework.checks_of(pillar.id))
        if expected != counted:
            raise reader.error(pillar.id, f"says {expected} checks, found {counted}")
    reader.close()


def _read_path(path: Path) -> Any:
    if not path.is_dir():
        return parse(path.read_text(encoding="utf-8"), path.name)
    return _assembled(lambda name: (path / name).read_text(encoding="utf-8"))


def _assembled(read: Callable[[str], str]) -> dict[str, Any]:
    """The index with the checks of the files that it lists."""
    index = parse(read(INDEX_NAME), INDEX_NAME)
    files = MappingReader(index, INDEX_NAME).texts("check_files")
    checks: list[Any] = []
    for name in files:
        part = parse(read(name), name)
        if not isinstance(part, list):
            raise DefinitionError(name, "expected a list of checks")
        checks.extend(part)
    return {**{key: value for key, value in index.items() if key != "check_files"}, "checks": checks}


def parse(text: str, name: str) -> Any:
    """YAML as plain values; DefinitionError for what cannot be read, with its line or `name` as its path."""
    try:
        return yaml_documents.read(text)
    except yaml_documents.YamlError as error:
        raise DefinitionError(f"line {error.line}" if error.line else name, error.reason) from error
