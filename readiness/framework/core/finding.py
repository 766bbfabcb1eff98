"""Finds where in the files of a definition a field is written, so that a refusal can name the line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import yaml

from web import yaml_documents

_STEP = re.compile(r"([^.\[\]]+)|\[([^\]]*)\]")
_LINE = re.compile(r"^line ([0-9]+)$")


def find(texts: Mapping[str, str], path: str) -> tuple[str, int]:
    """File and line of the deepest part of the path that is there; ("", 0) where nothing of it is."""
    return find_all(texts, [path])[0]


def find_all(texts: Mapping[str, str], paths: Sequence[str]) -> list[tuple[str, int]]:
    """Find the line of each path; the texts are read once."""
    roots = {} if all(path in texts or _LINE.match(path) for path in paths) else _composed(texts)
    return [_find(texts, roots, path) for path in paths]


def _composed(texts: Mapping[str, str]) -> dict[str, yaml.Node | None]:
    return {name: yaml_documents.nodes(text) for name, text in texts.items()}


def _find(texts: Mapping[str, str], roots: Mapping[str, yaml.Node | None], path: str) -> tuple[str, int]:
    if path in texts:
        return path, 0
    if stated := _LINE.match(path):
        return (next(iter(texts)), int(stated[1])) if len(texts) == 1 else ("", int(stated[1]))
    steps = [(match[1], match[2]) for match in _STEP.finditer(path)]
    best = ("", 0, 0)
    for name, root in roots.items():
        # A file of checks holds the list alone; the rest of a definition stands in the index.
        of_file = (
            steps[1:] if isinstance(root, yaml.SequenceNode) and steps[:1] == [("checks", None)] else steps
        )
        depth, line = _deepest(root, of_file)
        if depth > best[2]:
            best = (name, line, depth)
    return best[0], best[1]


def _deepest(node: yaml.Node | None, steps: list[tuple[str, str]]) -> tuple[int, int]:
    depth, line = 0, 0
    for step in steps:
        place = _step(node, *step)
        if place is None:
            break
        node, line = place
        depth += 1
    return depth, line


def _step(node: yaml.Node | None, key: str | None, item: str | None) -> tuple[yaml.Node, int] | None:
    if key and isinstance(node, yaml.MappingNode):
        for key_node, value in node.value:
            if key_node.value == key:
                return value, key_node.start_mark.line + 1
    if item is not None and isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            if item in (_id_of(value), str(position)):
                return value, value.start_mark.line + 1
    return None


def _id_of(node: yaml.Node) -> str | None:
    return next((value for key, value in _pairs(node) if key == "id"), None)


def _pairs(node: yaml.Node) -> Iterator[tuple[str, str]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and isinstance(value, yaml.ScalarNode):
                yield key.value, value.value
