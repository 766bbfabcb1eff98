"""Parameters of questions: fields with bounds. A serializer of them reads a body or an address, and is its schema."""

from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from web.database_refusals import NON_FIELD
from web.parameters import BadParameter
from web.rest.fields import NumberField
from web.rest.serializers import finite

OPTIONAL: dict[str, Any] = {"required": False, "allow_null": True}


def number(low: float, high: float, *rules: Any, **more: Any) -> NumberField:
    return NumberField(min_value=low, max_value=high, validators=[finite, *rules], **OPTIONAL | more)


def text(**more: Any) -> serializers.CharField:
    return serializers.CharField(max_length=100, allow_blank=True, **OPTIONAL | more)


def choice(options: Iterable[str], **more: Any) -> serializers.ChoiceField:
    return serializers.ChoiceField([str(option) for option in options], allow_blank=True, **OPTIONAL | more)


def currency(**more: Any) -> serializers.RegexField:
    wrong: dict[str, Any] = {"invalid": "Three capital letters, ISO 4217."}
    return serializers.RegexField(r"^[A-Z]{3}\Z", allow_blank=True, error_messages=wrong, **OPTIONAL | more)


def slugs(most: int, **more: Any) -> serializers.ListField:
    child = serializers.CharField(max_length=100)
    return serializers.ListField(child=child, max_length=most, **OPTIONAL | more)


def read_question(question: serializers.Serializer) -> dict[str, Any]:
    """Return the fields that are set; raises BadParameter with the first wrong one and its path."""
    if not question.is_valid():
        raise BadParameter(*_first(question.errors))
    return {name: value for name, value in question.validated_data.items() if value not in (None, "")}


def value_of(name: str, raw_value: Any, field: serializers.Field) -> Any:
    """Return one value of an address, read by its field."""
    try:
        return field.run_validation(raw_value)
    except ValidationError as error:
        raise BadParameter(name, _first(error.detail)[1]) from error


def _first(errors: Any, where: str = "") -> tuple[str, str]:
    """The path of the first error, such as `what_if.links_slower[0].site`, and the reason."""
    if isinstance(errors, Mapping):
        name, inside = next(iter(errors.items()))
        step = "" if name == NON_FIELD else f"[{name}]" if isinstance(name, int) else f".{name}"
        return _first(inside, where + step)
    return where.removeprefix(".") or NON_FIELD, str(errors[0])
