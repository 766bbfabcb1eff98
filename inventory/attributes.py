"""The typed attributes of a device type: names by kind of product, units, and allowed values.

They are data in attributes.yaml, so that page, form, API and model validation read the same list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from web import yaml_documents


class Shape(StrEnum):
    NUMBER = "number"
    COUNT = "count"
    TEXT = "text"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute. Numbers are positive, counts are whole and at least one; none is required."""

    key: str
    label: str
    shape: Shape
    unit: str = ""
    choices: tuple[str, ...] = ()

    def problem(self, value: object) -> str:
        return PROBLEMS[self.shape](self, value)


MAX_TEXT = 100
MAX_NUMBER = 1e12


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(attribute: Attribute, value: object) -> str:
    # NaN and infinity also compare false.
    if not _is_number(value) or not 0 < value <= MAX_NUMBER:  # type: ignore[operator]
        return "A number above 0 is expected."
    return ""


def _count(attribute: Attribute, value: object) -> str:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_NUMBER:
        return "A whole number of at least 1 is expected."
    return ""


def _text(attribute: Attribute, value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT or "\x00" in value:
        return f"A text of 1 to {MAX_TEXT} characters is expected."
    return ""


def _choice(attribute: Attribute, value: object) -> str:
    if value not in attribute.choices:
        return f"One of these is expected: {', '.join(attribute.choices)}."
    return ""


PROBLEMS = {Shape.NUMBER: _number, Shape.COUNT: _count, Shape.TEXT: _text, Shape.CHOICE: _choice}


def _schemas() -> dict[str, tuple[Attribute, ...]]:
    schema_file = yaml_documents.read(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    figures = {
        key: Attribute(
            key, row["label"], Shape(row["shape"]), row.get("unit", ""), tuple(row.get("choices", ()))
        )
        for key, row in schema_file["figures"].items()
    }
    return {kind: tuple(figures[key] for key in keys) for kind, keys in schema_file["kinds"].items()}


SCHEMAS = _schemas()


def schema_of(kind: str) -> tuple[Attribute, ...]:
    return SCHEMAS.get(kind, ())


def problems(kind: str, attributes: object) -> dict[str, str]:
    """Return errors by attribute; under the empty key if it is not a mapping at all."""
    if not isinstance(attributes, Mapping):
        return {"": "An object of names and values is expected."}
    attribute_by_key = {attribute.key: attribute for attribute in schema_of(kind)}
    problem_by_key = {}
    for key, value in attributes.items():
        problem = attribute_by_key[key].problem(value) if key in attribute_by_key else unknown_attribute(kind)
        if problem:
            problem_by_key[str(key)] = problem
    return problem_by_key


def unknown_attribute(kind: str) -> str:
    keys = ", ".join(attribute.key for attribute in schema_of(kind))
    if not keys:
        return "Types of this kind have no attributes."
    return f"No such attribute; this kind has: {keys}."


@dataclass(frozen=True)
class AttributeValue:
    attribute: Attribute
    value: object


def described(kind: str, attributes: Mapping[str, object]) -> list[AttributeValue]:
    """The present values in the order of the schema, for a page."""
    return [AttributeValue(each, attributes[each.key]) for each in schema_of(kind) if each.key in attributes]
