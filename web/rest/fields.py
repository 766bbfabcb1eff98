"""Choices as `{value, label}`; references, read as a brief object and written by id or unique attributes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

from django.core.exceptions import ValidationError
from django.db.models import F, Field, ForeignKey, Model, Q, QuerySet, UniqueConstraint
from django.db.models.expressions import ExpressionList
from rest_framework import serializers
from rest_framework.fields import empty

from web import links, visibility
from web.requests import absolute_url

LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Reference:
    """`keys` are lookups on the model, in order of name; `values` are text, because JSON and columns differ in type."""

    keys: tuple[str, ...]
    values: tuple[str, ...]

    def __str__(self) -> str:
        return ", ".join(
            f"{key.replace('__', '.')} {value}" for key, value in zip(self.keys, self.values, strict=True)
        )

    def lookups(self) -> dict[str, str]:
        return dict(zip(self.keys, self.values, strict=True))


def reference_of(data: Any, model: type[Model]) -> Reference | None:
    """Parse the reference to an object of `model` in a body; None if it cannot name one.

    A brief object from a response refers by `id`, so that it can be written back.
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
    number = id_in(data)
    return None if number is None else Reference(("id",), (str(number),))


def unique_attributes(model: type[Model]) -> list[str]:
    """Names of the fields in any uniqueness of the model; only these may be used.

    With others, a writer could probe columns that no response shows.
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


def id_in(data: Any) -> int | None:
    """The id that this text or number is, or None: however long a text is, no more than an id of it is read."""
    if isinstance(data, bool):
        return None
    if isinstance(data, str) and data.isascii() and data.isdigit() and len(data) < 20:
        data = int(data)
    return data if isinstance(data, int) and 0 <= data <= LARGEST_ID else None


class NumberField(serializers.FloatField):
    """Refuses true and false, which Python accepts as numbers."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class ChoiceValueField(serializers.ChoiceField):
    """Reads as `{"value": "core", "label": "Core"}`; writes accept that or the bare value."""

    def to_representation(self, value: Any) -> dict[str, Any] | None:
        if value in ("", None):
            return None
        return {"value": value, "label": str(self.choices.get(value, value))}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            data = data.get("value")
        if not isinstance(data, (str, int, float)):
            self.fail("invalid_choice", input=data)
        return super().to_internal_value(data)

    def run_validation(self, data: Any = empty) -> Any:
        # An empty choice is null in JSON and "" in the database.
        return "" if data is None and self.allow_blank else super().run_validation(data)


class Brief(TypedDict):
    """An object in short; what has a slug is found by it too."""

    id: int
    url: str | None
    display: str
    slug: NotRequired[str]


class RelatedObjectField(serializers.RelatedField):
    """A foreign key.

    Give `queryset`, or `read_only=True`. In a bulk write, `preload` loads the references of all items before the items
    are validated one by one. With `by_slug` a text is a slug too, where an endpoint took that before. Most rows of a
    list refer to few objects, so a reference is parsed, and an object described, once for all of them.
    """

    default_error_messages = {
        "does_not_exist": "No {noun} has {input}.",
        "multiple": "More than one {noun} has {input}.",
        "not_visible": f"You may only name yourself: naming others requires the permission {visibility.SEES_NAMES}.",
        "incorrect_type": "Write an id, or an object with unique attributes of the {noun}: {attributes}.",
    }
    _preloaded: Mapping[str, list[Model]] = {}
    """Objects by the text of a reference, as `repr` writes it."""

    def __init__(self, *, by_slug: bool = False, **options: Any) -> None:
        self.by_slug = by_slug
        self._briefs: dict[tuple[type[Model], Any], Brief | None] = {}
        super().__init__(**options)

    def use_pk_only_optimization(self) -> bool:
        return False

    def get_queryset(self) -> QuerySet:
        rows = super().get_queryset()
        return visibility.known_people(rows) if visibility.is_person(rows.model) else rows

    def to_representation(self, value: Model) -> Brief | None:  # type: ignore[override]
        key = (value.__class__, value.pk)
        if key not in self._briefs:
            hidden = visibility.is_person(value) and not visibility.sees(value)
            self._briefs[key] = None if hidden else brief(value, self.context)
        return self._briefs[key]

    def to_internal_value(self, data: Any) -> Model:
        preloaded = self._preloaded.get(repr(data), ())
        return preloaded[0] if len(preloaded) == 1 else self._object_named(data)

    def _object_named(self, data: Any) -> Model:
        model = self.get_queryset().model
        noun = model._meta.verbose_name
        if self.by_slug and isinstance(data, str) and id_in(data) is None:
            data = {"slug": data}
        reference = reference_of(data, model)
        if reference is None:
            self.fail("incorrect_type", noun=noun, attributes=", ".join(unique_attributes(model)))
        objects = self._preloaded.get(repr(data))
        if objects is None:
            objects = list(self.get_queryset().filter(**reference.lookups())[:2])
        if not objects and visibility.is_person(model) and not visibility.sees_names():
            # The same answer whether the person exists or not.
            self.fail("not_visible")
        if len(objects) != 1:
            self.fail("multiple" if objects else "does_not_exist", noun=noun, input=reference)
        return objects[0]

    def preload(self, values: Iterable[Any]) -> None:
        """Load the objects that these values refer to: one statement for all ids, one more for each set of attributes
        in use."""
        model = self.get_queryset().model
        references = {
            text: reference_of(value, model)
            for text, value in {repr(value): value for value in values}.items()
        }
        objects_by_reference: dict[Reference, list[Model]] = {
            reference: [] for reference in references.values() if reference is not None
        }
        for keys in {reference.keys for reference in objects_by_reference}:
            alike = [reference for reference in objects_by_reference if reference.keys == keys]
            # With several keys this finds all combinations; unwanted ones are dropped.
            within = Q(
                **{f"{key}__in": {each.values[place] for each in alike} for place, key in enumerate(keys)}
            )
            aliases = {f"named_by_{place}": F(key) for place, key in enumerate(keys)}
            for row in self.get_queryset().filter(within).annotate(**aliases):
                reference = Reference(keys, tuple(str(getattr(row, alias)) for alias in aliases))
                if reference in objects_by_reference:
                    objects_by_reference[reference].append(row)
        self._preloaded = {
            text: objects_by_reference[reference]
            for text, reference in references.items()
            if reference is not None
        }


class UsernameField(serializers.CharField):
    """A user's name, read only; null if the reader may not know it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs, read_only=True, allow_null=True)

    def to_representation(self, value: Model) -> str | None:
        return visibility.username_of(value)


def brief(obj: Model, context: Mapping[str, Any]) -> Brief:
    short: Brief = {"id": obj.pk, "url": absolute(links.api_url(obj), context), "display": str(obj)}
    if (slug := getattr(obj, "slug", None)) is not None:
        short["slug"] = slug
    return short


def absolute(path: str | None, context: Mapping[str, Any]) -> str | None:
    request = context.get("request")
    if path is None or request is None:
        return path
    # absolute_url is slow; call it once for a thousand rows.
    base = context.get("base_url")
    if base is None:
        base = absolute_url(request, "/")[:-1]
        if isinstance(context, dict):
            context["base_url"] = base
    return base + path
