"""YAML in and out: the only reader and writer, both in C. Pure.

Input comes from people and programs, so it is bounded: in bytes, in depth, and without aliases, a few lines of which
can expand to gigabytes. No definition needs one.
"""

from __future__ import annotations

from typing import Any, cast

import yaml

MOST_BYTES = 1024 * 1024
"""Seven times the size of the shipped framework; parsed within seconds."""
MOST_DEPTH = 40
LONGEST_FIGURE = 400
"""Characters of a number, a day or a boolean: longer ones are refused before parsing, which takes quadratic time."""
_STRING, _MERGE = "tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"
_PLAIN_TAGS = frozenset({None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})


class YamlError(ValueError):
    """A YAML document cannot be read. `line` counts from 1; it is 0 if unknown, or if the reason names it."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {reason}" if line else reason)
        self.reason = reason
        self.line = line


class _Dumper(yaml.CSafeDumper):
    """Writes repeated values out, because `read` accepts no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


class _Scalars(yaml.constructor.SafeConstructor, yaml.resolver.Resolver):
    def __init__(self) -> None:
        yaml.constructor.SafeConstructor.__init__(self)
        yaml.resolver.Resolver.__init__(self)  # type: ignore[no-untyped-call]


def read(text: str) -> Any:
    """The document's plain values, None for an empty one. Raises YamlError."""
    refuse_large(text)
    try:
        return _Builder().built(yaml.parse(text, Loader=yaml.CSafeLoader))
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise YamlError(f"is not valid YAML: {error}") from error


def refuse_large(text: str | bytes) -> None:
    size = len(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
    if size > MOST_BYTES:
        raise YamlError(f"has {size} bytes; {MOST_BYTES} is the most")


def nodes(text: str) -> yaml.Node | None:
    try:
        return cast("yaml.Node | None", yaml.compose(text, Loader=yaml.CSafeLoader))
    except (yaml.YAMLError, UnicodeEncodeError):
        return None


def write(value: Any, *, width: int = 110) -> str:
    return str(yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=width))


class _Builder:
    """Builds values from the parser's events, without nodes and without recursion.

    PyYAML silently keeps the last of two equal keys; a threshold lost that way would not be noticed, so equal keys are
    refused.
    """

    def __init__(self) -> None:
        self._scalars = _Scalars()
        self._open: list[Any] = []
        self._keys: list[Any] = []
        self._document: Any = None
        self._documents = 0

    def built(self, events: Any) -> Any:
        for event in events:
            self._take(event)
        return self._document

    def _take(self, event: Any) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.ScalarEvent):
            self._put(self._scalar(event, line), line)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._begin({} if isinstance(event, yaml.MappingStartEvent) else [], event.tag, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()
            self._keys.pop()
        elif isinstance(event, yaml.AliasEvent):
            raise YamlError("aliases are not supported; write the value out", line)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise YamlError("holds more than one document", line)

    def _begin(self, collection: Any, tag: str | None, line: int) -> None:
        if tag not in _PLAIN_TAGS:
            raise YamlError(f"the tag {tag!r} is not read", line)
        if len(self._open) == MOST_DEPTH:
            raise YamlError(f"is nested too deeply; {MOST_DEPTH} levels are the most", line)
        self._put(collection, line)
        self._open.append(collection)
        self._keys.append(_NO_KEY)

    def _put(self, value: Any, line: int) -> None:
        if not self._open:
            self._document = value
        elif isinstance(self._open[-1], list):
            self._open[-1].append(value)
        elif self._keys[-1] is _NO_KEY:
            if isinstance(value, dict | list):
                raise YamlError("a key is a word, not a list or a mapping", line)
            if value in self._open[-1]:
                raise YamlError(f"key {str(value)!r} is written twice", line)
            self._keys[-1] = value
            self._open[-1][value] = None
        else:
            self._open[-1][self._keys[-1]] = value
            self._keys[-1] = _NO_KEY

    def _scalar(self, event: Any, line: int) -> Any:
        tag = event.tag
        if tag is None or tag == "!":
            tag = self._scalars.resolve(yaml.ScalarNode, event.value, event.implicit)
        if tag == _STRING:
            return event.value
        if tag == _MERGE:
            raise YamlError("the merge key << is not supported; write the keys out", line)
        if len(event.value) > LONGEST_FIGURE:
            raise YamlError(f"holds a figure of more than {LONGEST_FIGURE} characters", line)
        try:
            return self._scalars.construct_object(yaml.ScalarNode(tag, event.value, event.start_mark))
        except (yaml.YAMLError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            # An impossible day, a number beyond floats, or a tag that does not fit its text (`!!bool maybe`).
            reason = getattr(error, "problem", None) or error
            raise YamlError(f"holds a value that cannot be read: {reason}", line) from error


_NO_KEY = object()
