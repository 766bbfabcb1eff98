"""Codes that a metric holds as its value (the last XID), with meaning and action, read from YAML."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from telemetry.core.metric import Metric
from telemetry.core.reading import DATA_OF_CODES, RegistryError, read_yaml

COUNTS = "Health counts it as critical."
TABLES = frozenset(path.stem for path in DATA_OF_CODES.glob("*.yaml"))


class Severity(StrEnum):
    """Effort of the action: a GPU or node out of service, an application or a person, or nothing now."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Code:
    """`action` is the immediate action, `then` what to investigate; `source` is the source, with its address.

    `meaning` is short, and `more` explains it. `counts` says that a health rule of the metric, not the action, makes
    the code critical.
    """

    table: str
    number: int
    meaning: str
    severity: Severity
    action: str
    then: str = ""
    more: str = ""
    source: str = ""
    source_url: str = ""
    counts: bool = False

    @property
    def name(self) -> str:
        return f"{self.table.upper()} {self.number}"

    @property
    def title(self) -> str:
        return f"{self.name}, {self.meaning}"

    @property
    def words(self) -> str:
        text = f"{self.name}: {self.meaning}"
        text += f", {self.more}." if self.more else "."
        text += f" Do: {_lower_first(self.action)}." if self.action else ""
        text += f" Then: {_lower_first(self.then)}." if self.then else ""
        return text + (f" {COUNTS}" if self.counts else "")

    @property
    def brief(self) -> str:
        return f"{self.title}; {_lower_first(self.action)}" if self.action else self.title


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


@dataclass(frozen=True, slots=True)
class CodeTable:
    name: str
    codes: Mapping[int, Code]

    def get(self, value: float) -> Code | None:
        """None unless the value is a whole number above 0. An unlisted code is returned with a meaning that says so."""
        if not math.isfinite(value) or value <= 0 or value != int(value):
            return None
        number = int(value)
        unknown = "a code that Muster does not know"
        return self.codes.get(number) or Code(self.name, number, unknown, Severity.UNKNOWN, "")


@cache
def code_table(name: str) -> CodeTable:
    return read_codes(DATA_OF_CODES / f"{name}.yaml")


def code_of(metric: Metric | None, value: float | None) -> Code | None:
    if metric is None or not metric.codes or value is None:
        return None
    code = code_table(metric.codes).get(value)
    if code is None or code.severity is Severity.CRITICAL:
        return code
    counts = any(rule.judge(value) == "critical" for rule in metric.health)
    return replace(code, severity=Severity.CRITICAL, counts=True) if counts else code


def read_codes(path: Path) -> CodeTable:
    content = read_yaml(path)
    sources, actions = content["sources"], content["actions"]
    codes: dict[int, Code] = {}
    for number, entry in content["codes"].items():
        codes[number] = _code(path, number, entry, sources, actions)
    return CodeTable(path.stem, codes)


def _code(
    path: Path, number: Any, entry: Any, sources: Mapping[str, Any], actions: Mapping[str, Any]
) -> Code:
    field = f"codes.{number}"
    if not isinstance(number, int) or not isinstance(entry, dict):
        raise RegistryError(path, field, "is not a number with what it means")
    if left := set(entry) - {"meaning", "more", "action", "then", "source"}:
        raise RegistryError(path, field, f"has unknown keys: {', '.join(sorted(left))}")
    source = entry.get("source", next(iter(sources)))
    for key, definitions, word in (
        (entry.get("action"), actions, "action"),
        (entry.get("then", entry.get("action")), actions, "then"),
        (source, sources, "source"),
    ):
        if key not in definitions:
            raise RegistryError(path, field, f"{key!r} is no {word}")
    action, then = actions[entry["action"]], entry.get("then", "")
    return Code(
        table=path.stem,
        number=number,
        meaning=entry["meaning"],
        more=entry.get("more", ""),
        severity=Severity(action["severity"]),
        action=action["text"],
        then=actions[then]["text"] if then and then not in ("IGNORE", entry["action"]) else "",
        source=sources[source]["title"],
        source_url=sources[source]["url"],
    )
