"""Reads the registry's YAML strictly: keys are known, values have their type, and an error names file and field."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Any

from telemetry.core.matching import By, Form, KeyPart, MatchingRule, ObjectKind
from telemetry.core.metric import (
    UNITS,
    ComparedValue,
    HealthRule,
    LimitTest,
    Metric,
    MetricDomain,
    MetricKind,
    MetricObject,
    Patterns,
    Precondition,
)
from web import yaml_documents

DATA_OF_CODES = Path(__file__).parent.parent / "data" / "codes"

type Rules = Mapping[str, tuple[MatchingRule, ...]]
type When = tuple[tuple[str, tuple[str, ...]], ...]

_DEFAULTABLE = frozenset(
    {
        *("domain", "object", "match", "kind", "sketch", "alias_prefix"),
        *("missing_from", "missing_below", "zero_is_missing"),
    }
)
_METRIC_KEYS = _DEFAULTABLE | {
    *("title", "unit", "scale", "aliases", "hw", "health", "states", "codes", "note", "parts", "variants")
}
_VARIANT_KEYS = frozenset({"when", "title", "unit", "scale", "kind", "hw", "sketch", "note", "health"})
_HEALTH_KEYS = frozenset(
    {
        *(*LimitTest, "source", "title", "action", "measure", "window", "hysteresis", "for"),
        *("when", "unless", "only", "share_of", "days_left", "label", "numbers"),
    }
)
_ORDERED = (LimitTest.ABOVE, LimitTest.BELOW)
_WINDOWS = {"10m": 600, "1h": 3600, "24h": 86400}
_DURATIONS = {"0": 0, "1m": 60, "2m": 120, "5m": 300, "10m": 600, "15m": 900, "30m": 1800, "1h": 3600}


class RegistryError(RuntimeError):
    """Muster's own files are wrong, not a sender's data: a batch that meets this waits until they are repaired."""

    def __init__(self, path: Path, field: str, problem: str) -> None:
        super().__init__(f"{path.name}: {field}: {problem}")
        self.path = path
        self.field = field


def read_yaml(path: Path) -> dict[str, Any]:
    try:
        content = yaml_documents.read(path.read_text("utf-8"))
    except (OSError, yaml_documents.YamlError) as error:
        raise RegistryError(path, "file", str(error)) from error
    if not isinstance(content, dict):
        raise RegistryError(path, "file", "is not a mapping")
    return content


class Field:
    """One mapping of a file, read key by key; it knows its place for error messages."""

    def __init__(self, path: Path, name: str, content: Any, allowed: frozenset[str] | None) -> None:
        self.path, self.name = path, name
        if not isinstance(content, dict):
            raise self.error("", "is not a mapping")
        self.content: dict[str, Any] = content
        for key in content:
            if allowed is not None and key not in allowed:
                raise self.error(str(key), f"unknown key (known: {', '.join(sorted(allowed))})")

    def error(self, key: str, problem: str) -> RegistryError:
        return RegistryError(self.path, ".".join(part for part in (self.name, key) if part), problem)

    def typed(self, key: str, kind: type | UnionType, type_text: str, default: Any = None) -> Any:
        value = self.content.get(key, default)
        if not isinstance(value, kind) or isinstance(value, bool) is not (kind is bool):
            raise self.error(key, f"{value!r} is not {type_text}")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        return str(self.typed(key, str, "text", default))

    def number(self, key: str, default: float) -> float:
        return float(self.typed(key, int | float, "a number", default))

    def flag(self, key: str) -> bool:
        return bool(self.typed(key, bool, "true or false", False))

    def one_of(self, key: str, allowed: Any, default: str | None = None) -> str:
        value = self.text(key, default)
        if value not in allowed:
            raise self.error(key, f"{value!r} is not one of {', '.join(sorted(map(str, allowed)))}")
        return value

    def items(self, key: str) -> list[Any]:
        return list(self.typed(key, list, "a list", []))

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.items(key)
        if not all(isinstance(each, str) for each in values):
            raise self.error(key, f"{values!r} is not a list of texts")
        return tuple(values)

    def nested(self, key: str, allowed: frozenset[str] | None = None) -> "Field":
        name = f"{self.name}.{key}".lstrip(".")
        return Field(self.path, name, self.content.get(key), allowed)

    def mapping(self, key: str) -> dict[Any, Any]:
        return dict(self.typed(key, dict, "a mapping", {}))


def read_matching(path: Path) -> Rules:
    rules: dict[str, tuple[MatchingRule, ...]] = {}
    content = read_yaml(path)
    label_field = Field(path, "labels", content.pop("labels", {}), None)
    lists = {str(name): label_field.texts(name) for name in label_field.content}
    for name, items in content.items():
        if not isinstance(items, list) or not items:
            raise RegistryError(path, name, "is not a list of rules")
        rules[name] = tuple(_rule(path, f"{name}[{place}]", item, lists) for place, item in enumerate(items))
    if "default" not in rules:
        raise RegistryError(path, "default", "is missing")
    return rules


def _rule(path: Path, name: str, item: Any, lists: Mapping[str, tuple[str, ...]]) -> MatchingRule:
    field = Field(path, name, item, frozenset({"kind", "by", "key"}))
    parts = []
    for place, part in enumerate(field.items("key")):
        each = Field(path, f"{name}.key[{place}]", part, frozenset(Form))
        if len(each.content) != 1:
            raise each.error("", "has not exactly one form")
        form = next(iter(each.content))
        if not each.texts(form):
            raise each.error(form, "names no label")
        labels = [label for text in each.texts(form) for label in lists.get(text, (text,))]
        parts.append(KeyPart(Form(form), tuple(labels)))
    if not parts:
        raise field.error("key", "is empty")
    return MatchingRule(
        ObjectKind(field.one_of("kind", ObjectKind)), By(field.one_of("by", By)), tuple(parts)
    )


def read_left_out(path: Path, rules: Rules) -> Iterator[tuple[tuple[MatchingRule, ...], str, str]]:
    for name, content in read_yaml(path).items():
        field = Field(path, name, content, frozenset({"match", "labels", "expressions"}))
        expressions = field.texts("expressions")
        if not expressions or not field.texts("labels"):
            raise field.error("", "names no label or has no expression")
        for expression in expressions:
            try:
                re.compile(expression)
            except re.error as error:
                raise field.error("expressions", f"{expression!r}: {error}") from error
        for label in field.texts("labels"):
            yield rules[field.one_of("match", rules)], label, f"^(?:{'|'.join(expressions)})$"


def read_metric_file(
    path: Path, *, rules: Rules, sources: Mapping[str, str]
) -> Iterator[tuple[Metric, list[tuple[When, Metric]]]]:
    file = Field(path, "", read_yaml(path), frozenset({"exporter", "source", "defaults", "metrics"}))
    file.one_of("source", sources)
    defaults = Field(path, "defaults", file.mapping("defaults"), _DEFAULTABLE).content
    for name, content in file.mapping("metrics").items():
        own = Field(path, f"metrics.{name}", content, _METRIC_KEYS).content
        field = Field(path, f"metrics.{name}", {**defaults, **own}, _METRIC_KEYS)
        metric = _metric(str(name), field, file, rules, sources)
        yield metric, [_variant(path, metric, place, each, field, file, rules, sources)
                       for place, each in enumerate(field.items("variants"))]  # fmt: skip


def _metric(name: str, field: Field, file: Field, rules: Rules, sources: Mapping[str, str]) -> Metric:
    prefix = field.text("alias_prefix", "")
    aliases = field.texts("aliases")
    domain = field.one_of("domain", {*MetricDomain, "object"})
    if field.number("scale", 1.0) <= 0:
        raise field.error("scale", "is not above 0")
    return Metric(
        name=name,
        title=field.text("title"),
        unit=field.one_of("unit", UNITS),
        kind=MetricKind(field.one_of("kind", MetricKind)),
        domain=None if domain == "object" else MetricDomain(domain),
        object=MetricObject(field.one_of("object", MetricObject)),
        exporter=file.text("exporter"),
        source=file.text("source"),
        match=rules[field.one_of("match", rules)],
        scale=field.number("scale", 1.0),
        family=name,
        aliases=aliases + tuple(prefix + each for each in (name, *aliases) if prefix),
        hw=field.text("hw", ""),
        missing_from=field.number("missing_from", float("inf")),
        missing_below=field.number("missing_below", float("-inf")),
        zero_is_missing=field.flag("zero_is_missing"),
        sketch=field.flag("sketch"),
        health=tuple(
            _health(field, place, each, sources) for place, each in enumerate(field.items("health"))
        ),
        states=_states(field),
        codes=_codes(field),
        note=field.text("note", ""),
        parts=field.texts("parts"),
    )


def _variant(
    path: Path,
    metric: Metric,
    place: int,
    content: Any,
    base: Field,
    file: Field,
    rules: Rules,
    sources: Mapping[str, str],
) -> tuple[When, Metric]:
    own = Field(path, f"{base.name}.variants[{place}]", content, _VARIANT_KEYS)
    when = own.mapping("when")
    if not when or not all(isinstance(values, list) for values in when.values()):
        raise own.error("when", "is not a mapping of labels to lists of values")
    inherited = {key: value for key, value in base.content.items() if key not in ("variants", "health", "hw")}
    merged = {**inherited, **{key: value for key, value in own.content.items() if key != "when"}}
    field = Field(path, own.name, merged, _METRIC_KEYS)
    conditions = tuple((str(label), tuple(map(str, values))) for label, values in when.items())
    return conditions, _metric(metric.name, field, file, rules, sources)


def _states(field: Field) -> tuple[tuple[int, str], ...]:
    states = field.mapping("states")
    for number, word in states.items():
        if not isinstance(number, int) or not isinstance(word, str):
            raise field.error("states", f"{number!r}: {word!r} is not a number with a word")
    return tuple(states.items())


def _codes(field: Field) -> str:
    name = field.text("codes", "")
    if name and not (DATA_OF_CODES / f"{name}.yaml").is_file():
        raise field.error("codes", f"there is no table {name!r}")
    return name


def _health(field: Field, place: int, content: Any, sources: Mapping[str, str]) -> HealthRule:
    rule = Field(field.path, f"{field.name}.health[{place}]", content, _HEALTH_KEYS)
    direction, warn, critical = _direction(rule)
    measure = ComparedValue(rule.one_of("measure", ComparedValue, ComparedValue.VALUE))
    window = rule.text("window", "")
    if (window in _WINDOWS) is (measure is ComparedValue.VALUE):
        raise rule.error("window", f"{window!r} does not go with measure {measure}")
    forms = [key for key in ("share_of", "days_left", "label") if key in rule.content]
    if len(forms) > 1 or (forms and measure is not ComparedValue.VALUE):
        raise rule.error(forms[-1], f"does not go with {forms[0] if len(forms) > 1 else measure}")
    hysteresis = rule.number("hysteresis", 0.0)
    if hysteresis < 0 or (hysteresis and direction not in _ORDERED):
        raise rule.error("hysteresis", f"{hysteresis:g} does not go with {direction}")
    return HealthRule(
        direction=direction,
        warn=warn,
        critical=critical,
        source=rule.one_of("source", sources),
        measure=measure,
        window_s=_WINDOWS.get(window, 0),
        when=_patterns(rule, "when"),
        title=rule.text("title"),
        hysteresis=hysteresis,
        min_duration_s=_DURATIONS[rule.one_of("for", _DURATIONS, "0")],
        action=rule.text("action"),
        unless=_patterns(rule, "unless"),
        only=Precondition(rule.one_of("only", Precondition)) if "only" in rule.content else None,
        share_of=rule.text("share_of", ""),
        days_left=rule.flag("days_left"),
        label=rule.text("label", ""),
        numbers=_numbers(rule),
    )


def _direction(rule: Field) -> tuple[LimitTest, tuple[float, ...], tuple[float, ...]]:
    directions = [direction for direction in LimitTest if direction in rule.content]
    if len(directions) != 1:
        raise rule.error("", f"has not exactly one of {', '.join(LimitTest)}")
    direction = directions[0]
    name = f"{rule.name}.{direction}"
    limits = Field(rule.path, name, rule.content[direction], frozenset({"warn", "critical"}))
    ordered = direction in _ORDERED
    warn, critical = (_limits(limits, level, ordered=ordered) for level in ("warn", "critical"))
    if not warn and not critical:
        raise rule.error(direction, "has neither warn nor critical")
    if ordered and warn and critical and (warn > critical) is (direction is LimitTest.ABOVE):
        raise rule.error(direction, "is critical before it warns")
    return direction, warn, critical


def _patterns(rule: Field, key: str) -> Patterns:
    """Pairs of a label and a pattern; a list of patterns in `unless` gives a pair for each."""
    pairs: list[tuple[str, str]] = []
    for label, patterns in rule.mapping(key).items():
        each = patterns if key == "unless" and isinstance(patterns, list) else [patterns]
        if not all(isinstance(pattern, str) for pattern in each):
            raise rule.error(f"{key}.{label}", f"{patterns!r} is not a pattern")
        pairs += [(str(label), pattern) for pattern in each]
    return tuple(pairs)


def _numbers(rule: Field) -> tuple[tuple[str, float], ...]:
    numbers = rule.mapping("numbers")
    if bool(numbers) is not ("label" in rule.content):
        raise rule.error("numbers", "goes with a label, and a label with it")
    return tuple((str(pattern), rule.nested("numbers").number(pattern, 0.0)) for pattern in numbers)


def _limits(field: Field, level: str, *, ordered: bool) -> tuple[float, ...]:
    if level not in field.content:
        return ()
    if ordered:
        return (field.number(level, 0.0),)
    values = field.items(level)
    if not values or not all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in values
    ):
        raise field.error(level, f"{values!r} is not a list of numbers")
    return tuple(float(value) for value in values)
