"""Objects in JSON: their own fields, and four common ones."""

import copy
import math
from collections.abc import Callable, Mapping, Set
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import FloatField, Model
from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.fields import Field, empty
from rest_framework.relations import RelatedField
from rest_framework.validators import UniqueValidator

from web import actor, links, visibility
from web.rest.fields import LARGEST_ID, ChoiceValueField, NumberField, RelatedObjectField, absolute
from web.rest.filters import listed_in
from web.rest.lookups import TrueOrFalse

__all__ = ["ChoiceValueField", "ObjectSerializer", "RelatedObjectField", "RowSerializer", "refused"]

ALWAYS = ("id", "url", "display_url", "display")


class ObjectListSerializer(serializers.ListSerializer):
    """Many objects of one body, with references loaded together.

    For a bulk change, `existing` holds the object that each item's id names.
    """

    existing: dict[int, Model] | None = None

    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list):
            items = [item for item in data if isinstance(item, dict)]
            for field in self.child.fields.values():
                if isinstance(field, RelatedObjectField) and not field.read_only:
                    field.preload(item[field.field_name] for item in items if field.field_name in item)
        return super().to_internal_value(data)

    def run_child_validation(self, data: Any) -> Any:
        if self.existing is not None:
            self.child.instance = self.existing[data["id"]]
        return super().run_child_validation(data)


def finite(value: float) -> None:
    """ "inf" and "nan" are floats in Python, but not valid in JSON."""
    if not math.isfinite(value):
        raise ValidationError("A valid number is required.", code="invalid")


def item_id(item: Any) -> int | None:
    value = item.get("id") if isinstance(item, dict) else None
    return (
        value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST_ID else None
    )


def message_field() -> serializers.CharField:
    return serializers.CharField(
        write_only=True,
        required=False,
        max_length=200,
        help_text="Reason; stored in the history with the change.",
    )


class KnownFields:
    """Refuses unknown fields: a misspelt one would be ignored silently.

    Fields that an item leaves out, and that have no default, are not validated: they say nothing, and in a bulk write
    they are most fields.
    """

    fields: Any
    _names: frozenset[str] | None = None

    def to_internal_value(self, data: Any) -> Any:
        self._names = frozenset(data) if isinstance(data, Mapping) else None
        if isinstance(data, Mapping) and (unknown := [name for name in data if name not in self.fields]):
            reason = f"There is no such field; there are {', '.join(self.fields)}."
            raise ValidationError({str(name)[:100]: [reason] for name in unknown})
        return super().to_internal_value(data)  # type: ignore[misc]

    @property
    def _writable_fields(self) -> list[Field]:
        if self._names not in self._fields_by_names:
            self._fields_by_names[self._names] = [
                field
                for name, field in self.fields.items()
                if not field.read_only
                and (
                    self._names is None or name in self._names or field.required or field.default is not empty
                )
            ]
        return self._fields_by_names[self._names]

    @cached_property
    def _fields_by_names(self) -> dict[frozenset[str] | None, list[Field]]:
        return {}


class BodySerializer(KnownFields, serializers.Serializer):
    """Parses a body that is not an object of a model."""


class RowSerializer(BodySerializer):
    """A row within an object is written completely, even if a PATCH leaves out other fields of the object."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, dict):
            missing = [name for name, each in self.fields.items() if each.required and name not in data]
            if missing:
                raise ValidationError({name: ["This field is required."] for name in missing})
            defaults = {name: each.default for name, each in self.fields.items() if each.default is not empty}
            data = defaults | data
        return super().to_internal_value(data)


class ObjectSerializer(KnownFields, serializers.ModelSerializer):
    """`Meta.model`, `Meta.fields` (without the four), and `Meta.brief_fields` for `?brief=true`.

    Uniqueness and other constraints are not checked in advance: the database checks them once, for single and bulk
    writes, and web.rest.errors names the field.

    `Meta.together` lists the fields that the model's `clean` uses, and a write of one of them runs it: a write of
    others, such as a status for a thousand devices, needs no related objects.
    """

    serializer_choice_field = ChoiceValueField
    serializer_related_field = RelatedObjectField
    serializer_field_mapping = serializers.ModelSerializer.serializer_field_mapping | {
        FloatField: NumberField
    }

    id = serializers.IntegerField(read_only=True)
    url = serializers.SerializerMethodField()
    display_url = serializers.SerializerMethodField()
    display = serializers.SerializerMethodField()
    changelog_message = message_field()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if hasattr(cls, "Meta") and not hasattr(cls.Meta, "list_serializer_class"):
            cls.Meta.list_serializer_class = ObjectListSerializer

    @extend_schema_field({"type": "string", "format": "uri"})
    def get_url(self, obj: Model) -> str | None:
        return absolute(links.api_url(obj), self.context)

    @extend_schema_field({"type": "string", "format": "uri", "nullable": True})
    def get_display_url(self, obj: Model) -> str | None:
        return absolute(links.page_url(obj), self.context)

    @extend_schema_field({"type": "string"})
    def get_display(self, obj: Model) -> str:
        return str(obj)

    def get_field_names(self, declared_fields: dict[str, Field], info: Any) -> list[str]:
        if self.Meta.fields == serializers.ALL_FIELDS:
            own = super().get_field_names(declared_fields, info)
        else:
            own = [*self.Meta.fields, "changelog_message"]
        return [*ALWAYS, *(name for name in own if name not in ALWAYS)]

    def get_fields(self) -> dict[str, Field]:
        fields = super().get_fields()
        if not self._is_outermost():
            return fields
        shown_names = self._shown([name for name, field in fields.items() if not field.write_only])
        # Fields that are not shown can still be written.
        for name, field in list(fields.items()):
            if name not in shown_names and not field.write_only:
                if self._reading():
                    del fields[name]
                else:
                    field.write_only = True
        return fields

    def build_standard_field(self, field_name: str, model_field: Any) -> tuple[type[Field], dict[str, Any]]:
        field_class, kwargs = super().build_standard_field(field_name, model_field)
        kwargs["validators"] = [
            each for each in kwargs.get("validators", []) if not isinstance(each, UniqueValidator)
        ]
        if not kwargs["validators"]:
            del kwargs["validators"]
        if issubclass(field_class, serializers.DecimalField):
            # Numbers are JSON numbers, as users of NetBox expect.
            kwargs["coerce_to_string"] = False
        if issubclass(field_class, serializers.FloatField):
            kwargs["validators"] = [*kwargs.get("validators", []), finite]
        return field_class, kwargs

    def build_relational_field(
        self, field_name: str, relation_info: Any
    ) -> tuple[type[Field], dict[str, Any]]:
        field_class, kwargs = super().build_relational_field(field_name, relation_info)
        if issubclass(field_class, RelatedField):
            kwargs.pop("validators", None)
        return field_class, kwargs

    def get_validators(self) -> list[Any]:
        return list(getattr(self.Meta, "validators", []))

    def run_validators(self, value: Any) -> None:
        # DRF collects defaults for them first, which takes long for a thousand items.
        if self.validators:
            super().run_validators(value)

    @cached_property
    def _readable_fields(self) -> list[Field]:  # type: ignore[override]
        """The fields to show, chosen once for all rows of a list."""
        return list(super()._readable_fields)

    def to_representation(self, instance: Model) -> dict[str, Any]:
        content = super().to_representation(instance)
        personal = [name for name in visibility.personal_text(self.Meta.model) if content.get(name)]
        return content | dict.fromkeys(personal) if personal and not visibility.sees_names() else content

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        present = getattr(self.instance, "pk", None)
        if present is not None and isinstance(data, Mapping) and data.get("id", present) != present:
            raise ValidationError({"id": [f"The address belongs to {present}; an id cannot be changed."]})
        values = super().to_internal_value(data)
        message = values.pop("changelog_message", "")
        if message:
            actor.note(message)
        return values

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        candidate = copy.copy(self.instance) if self.instance is not None else self.Meta.model()
        for field in self.Meta.model._meta.concrete_fields:
            if field.name in attrs:
                setattr(candidate, field.name, attrs[field.name])
        if errors := self.refusals(candidate, attrs.keys()):
            raise ValidationError(errors)
        return attrs

    def refusals(self, candidate: Model, written: Set[str]) -> dict[str, Any]:
        """Returns what the model refuses of the object as it would be stored, by field."""
        return refused(candidate.clean) if written & set(getattr(self.Meta, "together", ())) else {}

    def _is_outermost(self) -> bool:
        parent = self.parent
        return parent is None or (isinstance(parent, serializers.ListSerializer) and parent.parent is None)

    def _reading(self) -> bool:
        request = self.context.get("request")
        return request is None or request.method in {"GET", "HEAD"}

    def _shown(self, names: list[str]) -> set[str]:
        request = self.context.get("request")
        params = request.query_params if request is not None and hasattr(request, "query_params") else {}
        shown_names = set(names)
        if _is_brief(params):
            shown_names = {"id", "url", "display", *getattr(self.Meta, "brief_fields", ())} & shown_names
        for parameter in ("fields", "omit"):
            if parameter in params:
                listed = listed_in(params, parameter)
                unknown = [name for name in listed if name not in names]
                if unknown or not listed:
                    reason = f"No such field: {', '.join(unknown)}." if unknown else "Name a field."
                    raise ValidationError({parameter: [f"{reason} There are {', '.join(names)}."]})
                shown_names = set(listed) if parameter == "fields" else shown_names - set(listed)
        return shown_names


def refused(check: Callable[[], None]) -> dict[str, Any]:
    try:
        check()
    except DjangoValidationError as error:
        return dict(error.message_dict)
    return {}


def _is_brief(params: Mapping[str, str]) -> bool:
    try:
        return bool(TrueOrFalse().clean(params.get("brief")))
    except DjangoValidationError as error:
        raise ValidationError({"brief": error.messages}) from error
