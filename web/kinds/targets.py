"""The fields of a kind that text can set: plain fields of its endpoint, and context that makes references unique."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from django import forms
from django.db.models import CharField, F, ForeignKey, Model, UniqueConstraint
from django.db.models.expressions import ExpressionList
from django.http import HttpRequest
from django.urls import resolve, reverse
from rest_framework import serializers
from rest_framework.fields import Field

from accounts.models import User
from web import links, visibility
from web.forms import DayInput
from web.kinds.kind import Kind
from web.rest.fields import RelatedObjectField, unique_attributes
from web.rest.serializers import ObjectSerializer
from web.rest.viewsets import ObjectViewSet
from web.sheets import guarded, unguarded
from web.tables import Column

YES, NO = {"yes", "true", "1"}, {"no", "false", "0"}
# With more objects, the user types a name instead of choosing from a list.
MOST_CHOICES = 200


@dataclass(frozen=True)
class Target:
    """`field` None means that it is not a field of the kind but context for another target.

    `column` is the list column that shows it.
    """

    name: str
    label: str
    field: Field | None = None
    column: Column | None = None

    @property
    def source(self) -> str:
        return str(self.field.source) if self.field is not None else self.name

    @property
    def is_required(self) -> bool:
        # A slug is made from the name.
        return self.field is not None and self.field.required and self.name != "slug"

    @property
    def heads(self) -> set[str]:
        """Possible column names in files, in lower case."""
        names = {
            self.name,
            self.name.replace("_", " "),
            self.label,
            *(self.column.heads if self.column else ()),
        }
        return {name.casefold() for name in names}

    @cached_property
    def choices(self) -> Mapping[str, str]:
        """Labels by value for a choice; for several choices, of each."""
        field = getattr(self.field, "child", self.field)
        labels = getattr(field, "choices", {}) if isinstance(field, serializers.ChoiceField) else {}
        return {str(value): str(label) for value, label in labels.items()}

    def value(self, text: str) -> Any:
        """Convert the text to the endpoint's input; the endpoint reports errors."""
        if isinstance(self.field, serializers.ListField):
            return [self._coded(part.strip()) for part in text.split(",") if part.strip()]
        if text == "" and self.field is not None:
            is_text = isinstance(self.field, serializers.CharField | serializers.ChoiceField)
            return None if self.field.allow_null or not is_text else ""
        if isinstance(self.field, serializers.BooleanField):
            return text.casefold() in YES if text.casefold() in YES | NO else text
        return self._coded(text)

    def _coded(self, text: str) -> str:
        by_word = {word.casefold(): value for value, label in self.choices.items() for word in (label, value)}
        return by_word.get(text.casefold(), text)

    def spoken(self, text: str) -> str:
        return self.choices.get(text, text)

    def text(self, obj: Model, row: Any) -> str:
        """The text in a file; `row` is the object as the list shows it."""
        stored = visibility.visible_value(obj, self.source, getattr(obj, self.source, None))
        value = self.column.cells(row)[0] if self.column is not None else stored
        return unguarded("" if value is None else str(guarded(value))).strip()

    def input(self) -> forms.Field:
        """A form field for the text; nothing is required, and the endpoint validates."""
        options = self._options()
        if options:
            choices = [("", "–"), *options]
            return forms.ChoiceField(choices=choices, required=False, label=self.label)
        field, widget = self.field, None
        if isinstance(field, serializers.DateField):
            widget = DayInput()
        help_text = str(getattr(field, "help_text", None) or "")
        if isinstance(field, serializers.ListField) and self.choices:
            help_text = f"{', '.join(self.choices.values())}; separated by commas"
        return forms.CharField(
            required=False, label=self.label, widget=widget, help_text=help_text, max_length=10_000
        )

    def _options(self) -> list[tuple[str, str]]:
        if isinstance(self.field, serializers.BooleanField):
            return [("yes", "Yes"), ("no", "No")]
        if isinstance(self.field, RelatedObjectField):
            queryset = self.field.get_queryset()
            rows, names = list(queryset[: MOST_CHOICES + 1]), text_fields(queryset.model)
            if len(rows) > MOST_CHOICES or not names or owners(queryset.model):
                return []
            return [(getattr(each, names[0]), str(each)) for each in rows]
        return [] if isinstance(self.field, serializers.ListField) else list(self.choices.items())


def endpoint(kind: Kind, by: User, method: str = "PATCH") -> ObjectViewSet:
    """The endpoint of the kind, as for a call by this user."""
    request = HttpRequest()
    request.method, request.user = method, by
    cast(Any, request)._force_auth_user = by
    view = resolve(reverse(f"{links.api_basename(kind.model)}-list")).func.cls()  # type: ignore[attr-defined]
    view.action_map = {method.lower(): "bulk_partial_update"}
    view.args, view.kwargs, view.format_kwarg = (), {}, None
    view.request = view.initialize_request(request)
    return cast(ObjectViewSet, view)


def targets_of(kind: Kind, view: ObjectViewSet) -> dict[str, Target]:
    """Targets by name, in the order of the endpoint's fields, without nested objects."""
    columns = {column.key: column for column in kind.table.columns}
    targets = {}
    for name, field in cast(ObjectSerializer, view.get_serializer()).fields.items():
        if field.read_only or name in {"changelog_message", "id"} or not _is_plain(field):
            continue
        column = columns.get(name)
        targets[name] = Target(name, column.label if column else _label(kind, field), field, column)
    for target in list(targets.values()):
        for path, other in context_paths(kind, target.name, target.field).items():
            if other not in targets:
                column = columns.get(other)
                targets[other] = Target(
                    other, column.label if column else path.replace("_", " ").capitalize()
                )
    return targets


def _is_plain(field: Field) -> bool:
    nested = (
        serializers.BaseSerializer | serializers.JSONField | serializers.FileField | serializers.DictField
    )
    child = getattr(field, "child", None)
    return not isinstance(field, nested) and not isinstance(child, nested)


def _label(kind: Kind, field: Field) -> str:
    names = {each.name: each.verbose_name for each in kind.model._meta.concrete_fields}
    label = str(names.get(str(field.source)) or field.label or field.field_name)
    return label[:1].upper() + label[1:]


def context_paths(kind: Kind, name: str, field: Field | None) -> Mapping[str, str]:
    """Paths of a reference's model to the context of its names, each with the target that gives it."""
    if name in kind.within:
        return kind.within[name]
    if not isinstance(field, RelatedObjectField):
        return {}
    return {owner: owner for owner in owners(field.get_queryset().model)}


def text_fields(model: type[Model]) -> list[str]:
    """The fields by which text names an object: those of its uniqueness, slugs first."""
    names = [name for name in unique_attributes(model) if isinstance(model._meta.get_field(name), CharField)]
    return sorted(names, key=lambda name: name != "slug")


def owners(model: type[Model]) -> list[str]:
    """The references in its uniqueness: a rack's name is unique only within the site."""
    return [name for name in unique_attributes(model) if isinstance(model._meta.get_field(name), ForeignKey)]


def natural_keys(model: type[Model]) -> list[tuple[str, ...]]:
    """Sets of fields that are unique together, single ones first."""
    single = [
        (field.name,) for field in model._meta.concrete_fields if field.unique and not field.primary_key
    ]
    several = [_fields(each) for each in model._meta.constraints if isinstance(each, UniqueConstraint)]
    return [*single, *several]


def _fields(constraint: UniqueConstraint) -> tuple[str, ...]:
    parts: list[Any] = list(ExpressionList(*constraint.expressions).flatten())
    return (*constraint.fields, *(cast(Any, part).name for part in parts if isinstance(part, F)))
