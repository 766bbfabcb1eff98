"""Typed answers: an endpoint gives a frozen dataclass, and its JSON and its OpenAPI schema both derive from the type.

A field is described in its type: `cost: Annotated[float | None, "For 1 kW at the meter"]`. Each class becomes a
component of the schema under its own name. A `TypedDict` is for what may lack a key.
"""

from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from inspect import cleandoc
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    NotRequired,
    TypeAliasType,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import (
    ResolvedComponent,
    append_meta,
    build_object_type,
    resolve_type_hint,
)


def filled[T](kind: type[T], source: object, /, **others: Any) -> T:
    """Make a `kind`: each field that is not among `others` is the attribute of `source` with that name."""
    names = (each.name for each in fields(kind) if each.name not in others)  # type: ignore[arg-type]
    return kind(**{name: getattr(source, name) for name in names}, **others)


def is_typed(hint: Any) -> bool:
    """Whether a type is a typed answer, or a list or choice of such."""
    origin = get_origin(hint)
    if origin in (Union, UnionType, Annotated) or _is_a(origin, Collection):
        return any(map(is_typed, get_args(hint)))
    return isinstance(hint, type) and (is_dataclass(hint) or is_typeddict(hint))


def schema_of(hint: Any, schema: AutoSchema) -> dict[str, Any]:
    """The schema of a type; the classes in it are registered as components of `schema`."""
    origin, inner = get_origin(hint), get_args(hint)
    if isinstance(hint, TypeAliasType):
        return schema_of(hint.__value__, schema)
    if origin is Annotated:
        return append_meta(schema_of(inner[0], schema), {"description": inner[1]})
    if origin is NotRequired:
        return schema_of(inner[0], schema)
    if hint is Any or hint is object:
        return {}
    if origin in (Union, UnionType):
        return _choice(inner, schema)
    if _is_a(origin, Mapping):
        return {"type": "object", "additionalProperties": schema_of(inner[1], schema)}
    if _is_a(origin, Collection):
        return _listed(origin, inner, schema)
    if isinstance(hint, type) and (is_dataclass(hint) or is_typeddict(hint) or issubclass(hint, Enum)):
        return _component(hint, schema)
    plain: dict[str, Any] = resolve_type_hint(hint)
    return plain


def _is_a(origin: Any, kind: type) -> bool:
    return isinstance(origin, type) and issubclass(origin, kind)


def _choice(kinds: tuple[Any, ...], schema: AutoSchema) -> dict[str, Any]:
    each = [schema_of(kind, schema) for kind in kinds if kind is not NoneType]
    one = each[0] if len(each) == 1 else {"oneOf": each}
    return append_meta(one, {"nullable": True}) if NoneType in kinds else one


def _listed(origin: type, inner: tuple[Any, ...], schema: AutoSchema) -> dict[str, Any]:
    """A tuple of several types is a list of that length."""
    kinds = [kind for kind in inner if kind is not Ellipsis]
    array = {"type": "array", "items": schema_of(Union[tuple(kinds)], schema)}  # noqa: UP007
    is_fixed = origin is tuple and Ellipsis not in inner
    return array | {"minItems": len(kinds), "maxItems": len(kinds)} if is_fixed else array


def _component(kind: type, schema: AutoSchema) -> dict[str, Any]:
    is_choice = issubclass(kind, Enum)
    # An object's own component may be called like the class of its choices.
    name = kind.__qualname__.replace(".", "") + ("Value" if is_choice else "")
    component = ResolvedComponent(name, ResolvedComponent.SCHEMA, object=kind)
    if component not in schema.registry:
        # Registered before its fields are, so that a class may hold itself.
        schema.registry.register(component)
        component.schema = resolve_type_hint(kind) if is_choice else _object(kind, schema)
    return component.ref


def _object(kind: type, schema: AutoSchema) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    if is_dataclass(kind):
        if not hasattr(kind, "__slots__"):
            # orjson would write whatever else such an object remembers, as the values of its cached properties.
            raise TypeError(f"{kind.__name__} is answered to callers: declare it with slots=True.")
        hints = {each.name: hints[each.name] for each in fields(kind)}
    required = getattr(kind, "__required_keys__", hints)
    # A dataclass without a docstring has its signature as one.
    words = cleandoc(kind.__doc__ or "")
    described: dict[str, Any] = build_object_type(
        properties={name: schema_of(hint, schema) for name, hint in hints.items()},
        required=[name for name in hints if name in required],
        description="" if words.startswith(f"{kind.__name__}(") else words,
    )
    return described
