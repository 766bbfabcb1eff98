"""Additions to the OpenAPI schema that drf-spectacular cannot see, such as bulk writes and brief references."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, get_type_hints

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from drf_spectacular.drainage import has_override
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from rest_framework.fields import ChoiceField

from web import visibility
from web.rest import shapes
from web.rest.fields import Brief, ChoiceValueField
from web.rest.viewsets import ObjectViewSet, ReadOnlyObjectViewSet

JSON = "application/json"
REFUSED = "Refused: `detail`, or messages by field; in a bulk write also by item."
SHOWN = {
    "fields": "Only these fields, separated by commas.",
    "omit": "All fields except these, separated by commas.",
    "brief": "true: only the fields that other objects show of this object.",
}


class ContractSchema(AutoSchema):
    @property
    def _action(self) -> str:
        return getattr(self.view, "action", "") if isinstance(self.view, ReadOnlyObjectViewSet) else ""

    def get_operation_id(self) -> str:
        plain = super().get_operation_id()
        return f"{plain}_bulk" if self._action.startswith("bulk_") else plain

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation is not None:
            responses = operation["responses"]
            refused = self._refused()
            responses.setdefault("default", {"description": REFUSED})
            for code in responses:
                if code >= "400":
                    responses[code].setdefault("content", {JSON: {"schema": refused}})
        return operation

    def _refused(self) -> dict[str, Any]:
        free = {"type": "object", "description": REFUSED, "additionalProperties": True}
        component = ResolvedComponent("Refused", ResolvedComponent.SCHEMA, free, object=ContractSchema)
        self.registry.register_on_missing(component)
        return component.ref

    def get_override_parameters(self) -> list[Any]:
        parameters = list(super().get_override_parameters())
        if self._action in {"list", "retrieve"}:
            kinds = {name: "boolean" if name == "brief" else "string" for name in SHOWN}
            parameters += [_parameter(name, "query", kinds[name], text) for name, text in SHOWN.items()]
        if self._action in {"update", "partial_update", "destroy"}:
            parameters.append(
                _parameter(
                    "If-Match", "header", "string", "ETag that you read; the answer is 412 if it has changed."
                )
            )
        return parameters

    def _map_serializer_field(self, field: Any, direction: str, bypass_extensions: bool = False) -> Any:
        model = getattr(getattr(field.parent, "Meta", None), "model", None)
        if direction != "response":
            return super()._map_serializer_field(field, direction, bypass_extensions)
        if isinstance(field, ChoiceField) and (
            getattr(field, "may_be_empty", False) or _may_be_empty(model, field.source)
        ):
            # REST framework forgets this of a field that is only read.
            field.allow_blank = True
        schema = super()._map_serializer_field(field, direction, bypass_extensions)
        is_hidden = model is not None and field.source in visibility.personal_text(model)
        # A default of None is what an answer has where there is nothing.
        return schema | {"nullable": True} if is_hidden or field.default is None else schema

    def _get_serializer_field_meta(self, field: Any, direction: str) -> Any:
        meta = super()._get_serializer_field_meta(field, direction)
        if isinstance(field, ChoiceValueField) and "default" in meta:
            del meta["default"]
            if direction == "request":
                # An empty choice is null in JSON.
                meta["default"] = field.default or None
        return meta

    def _get_response_for_code(self, serializer: Any, *args: Any, **kwargs: Any) -> Any:
        described = shapes.schema_of(serializer, self) if shapes.is_typed(serializer) else serializer
        return super()._get_response_for_code(described, *args, **kwargs)

    def _map_response_type_hint(self, method: Any) -> Any:
        hint = get_type_hints(getattr(method, "func", method), include_extras=True).get("return")
        if has_override(method, "field") or not shapes.is_typed(hint):
            return super()._map_response_type_hint(method)
        return shapes.schema_of(hint, self)

    def _get_request_body(self, direction: str = "request") -> Any:
        if self._action == "bulk_destroy":
            return {"content": {JSON: {"schema": _listed(_identified(None))}}, "required": True}
        body = super()._get_request_body(direction)
        if body is not None:
            for content in body["content"].values():
                content["schema"] = self._one_or_many(content["schema"], identify=True)
        return body

    def _get_response_bodies(self, direction: str = "response") -> Any:
        responses = super()._get_response_bodies(direction)
        for code, response in responses.items():
            if str(code).startswith("2"):
                for content in response.get("content", {}).values():
                    content["schema"] = self._one_or_many(content["schema"], identify=False)
        return responses

    def _one_or_many(self, schema: dict[str, Any], *, identify: bool) -> dict[str, Any]:
        if self._action in {"bulk_update", "bulk_partial_update"}:
            return _listed(_identified(schema) if identify else schema)
        if self._action == "create" and isinstance(self.view, ObjectViewSet):
            return {"oneOf": [schema, _listed(schema)]}
        return schema


class ChoiceAsObject(OpenApiSerializerFieldExtension):
    target_class = "web.rest.fields.ChoiceValueField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        values = [value for value in self.target.choices if value != ""]
        kind = (
            {"type": "integer"}
            if values and all(isinstance(value, int) for value in values)
            else {"type": "string"}
        )
        value = kind | {"enum": values}
        spoken = {
            "type": "object",
            "properties": {"value": value, "label": {"type": "string"}},
            "required": ["value"] if direction == "request" else ["value", "label"],
        }
        empty = self.target.allow_blank or self.target.allow_null
        if direction == "response":
            return spoken | ({"nullable": True} if empty else {})
        return {"oneOf": [value, spoken]} | ({"nullable": True} if empty else {})


class ReferenceAsObject(OpenApiSerializerFieldExtension):
    target_class = "web.rest.fields.RelatedObjectField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        if direction == "request":
            ways = [{"type": "integer"}, {"type": "object", "additionalProperties": True}]
            return {"oneOf": [*ways, {"type": "string"}] if self.target.by_slug else ways}
        # Null for readers who may not see names.
        return shapes.schema_of(Brief | None if self._is_person() else Brief, auto_schema)

    def _is_person(self) -> bool:
        field, serializer = self.target.source, self.target.parent
        queryset = self.target.queryset
        if queryset is not None:
            return visibility.is_person(queryset.model)
        model = getattr(getattr(serializer, "Meta", None), "model", None)
        return model is not None and visibility.identifies(model, field)


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "web.rest.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "A token from the settings page."}


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "web.rest.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


def _may_be_empty(model: type[Model] | None, source: str) -> bool:
    try:
        field = model._meta.get_field(source) if model is not None else None
    except FieldDoesNotExist:
        return False
    return getattr(field, "blank", False) or getattr(field, "null", False)


def _listed(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": schema, "minItems": 1, "maxItems": 1000}


def _identified(schema: dict[str, Any] | None) -> dict[str, Any]:
    message = {"type": "string", "maxLength": 200}
    identity = {
        "type": "object",
        "properties": {"id": {"type": "integer"}, "changelog_message": message},
        "required": ["id"],
    }
    return identity if schema is None else {"allOf": [schema, identity]}


def _parameter(name: str, place: str, kind: str, text: str) -> Any:
    from drf_spectacular.utils import OpenApiParameter

    return OpenApiParameter(name, {"string": str, "boolean": bool}[kind], location=place, description=text)


def name_enum_values(result: Any, generator: Any, request: Any, public: bool) -> Any:
    """Give generators of clients a name for each value where values differ by case or signs alone, as mW and MW do.

    A post-processing hook of drf-spectacular.
    """
    for schema in _schemas_in(result):
        values = schema.get("enum")
        if isinstance(values, list):
            names = [re.sub(r"\W+", "_", str(value)).strip("_").upper() or "VALUE" for value in values]
            times = Counter(names)
            if len(times) < len(names):
                schema["x-enum-varnames"] = [
                    name if times[name] == 1 else f"{name}_{place}" for place, name in enumerate(names)
                ]
    return result


def _schemas_in(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _schemas_in(part)
