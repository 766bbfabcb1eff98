"""Everything that refers to one person, for whoever asks what is kept of them."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import ForeignKey, Model, Q

from readiness.organisation.people.models import Person, SurveyAnswer


def export_of(person: Person, *, is_own: bool) -> dict[str, list[dict[str, Any]]]:
    """Rows by model, the person's own first. What they answered to surveys is for themselves alone."""
    rows = {"people.person": [_column_values(person)]}
    for model, keys in _referring():
        if model is SurveyAnswer and not is_own:
            continue
        condition = Q()
        for key in keys:
            condition |= Q(**{key: person})
        if values := [_column_values(row) for row in model._default_manager.filter(condition).order_by("pk")]:
            rows[model._meta.label_lower] = values
    return rows


def _referring() -> Iterator[tuple[type[Model], list[str]]]:
    models = sorted(apps.get_models(), key=lambda model: model._meta.label_lower)
    for model in models:
        fields = [] if model._meta.proxy else model._meta.concrete_fields
        keys = [each.name for each in fields if isinstance(each, ForeignKey) and each.related_model is Person]
        if keys:
            yield model, keys


def _column_values(obj: Model) -> dict[str, Any]:
    return {field.attname: field.value_from_object(obj) for field in obj._meta.concrete_fields}
