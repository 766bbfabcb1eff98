"""How a body names another object: by id, or by attributes that no two objects share."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, Field, ForeignKey, Model, UniqueConstraint
from django.db.models.expressions import ExpressionList

LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Reference:
    """`keys` are lookups on the model, in order of name; `values` as text, since JSON and columns differ in type."""

    keys: tuple[str, ...]
    values: tuple[str, ...]

    def __str__(self) -> str:
        return ", ".join(
            f"{key.replace('__', '.')} {value}" for key, value in zip(self.keys, self.values, strict=True)
        )

    def lookups(self) -> dict[str, str]:
        return dict(zip(self.keys, self.values, strict=True))


def reference_of(data: Any, model: type[Model]) -> Reference | None:
    """Read what a body says of an object of `model`; None when it cannot name one.

    A brief object, as a response holds it, names its object by `id`, so that what was read can be written back.
    """
    if isinstance(data, Mapping) and "id" in data:
        data = data["id"]
    if isinstance(data, Mapping):
        lookups = _lookups(data, model)
        return (
            Reference(tuple(sorted(lookups)), tuple(lookups[key] for key in sorted(lookups)))
            if lookups
            else None
        )
    number = _whole(data)
    return None if number is None else Reference(("pk",), (str(number),))


def unique_attributes(model: type[Model]) -> list[str]:
    """Names of the fields that take part in some uniqueness of the model; only these may be asked for.

    Others would let a writer probe columns that no response shows.
    """
    fields = {field.name for field in model._meta.concrete_fields if field.unique and not field.primary_key}
    for constraint in model._meta.constraints:
        if isinstance(constraint, UniqueConstraint):
            fields.update(constraint.fields)
            parts = ExpressionList(*constraint.expressions).flatten()
            fields.update(part.name for part in parts if isinstance(part, F))
    return sorted(fields)


def _lookups(data: Mapping[str, Any], model: type[Model]) -> dict[str, str] | None:
    lookups: dict[str, str] = {}
    allowed = unique_attributes(model)
    for name, value in data.items():
        if name in {"url", "display", "display_url"}:
            continue
        if name not in allowed:
            return None
        field = model._meta.get_field(name)
        if isinstance(field, ForeignKey):
            inner = reference_of(value, field.related_model)
            if inner is None:
                return None
            lookups |= {f"{name}__{key}": text for key, text in inner.lookups().items()}
        elif _fits(field, value):
            lookups[name] = str(value)
        else:
            return None
    return lookups


def _fits(field: Field, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (str, int)) or "\x00" in str(value):
        return False
    try:
        field.run_validators(field.to_python(value))
    except (ValidationError, ValueError, TypeError):
        return False
    return True


def _whole(data: Any) -> int | None:
    if isinstance(data, bool):
        return None
    if isinstance(data, str) and data.isascii() and data.isdigit() and len(data) < 20:
        data = int(data)
    return data if isinstance(data, int) and 0 <= data <= LARGEST_ID else None
