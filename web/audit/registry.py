"""Which models are audited, by their own declarations."""

from collections.abc import Collection

from django.apps import apps
from django.db.models import Model

from web import links


def is_audited(model: type[Model]) -> bool:
    # Only the class's own attribute: a proxy shares the history of its model unless it declares its own.
    return bool(vars(model).get("HISTORY"))


def audited_models() -> list[type[Model]]:
    return [model for model in apps.get_models() if is_audited(model)]


def left_out(model: type[Model]) -> Collection[str]:
    """Columns that are not stored: secrets, and columns that change too often."""
    return getattr(model, "HISTORY_LEAVES_OUT", ())


def lasts(model: type[Model]) -> bool:
    return getattr(model, "HISTORY_LASTS", False)


def label_of(model: type[Model]) -> str:
    return f"{model._meta.app_label}.{links.noun(model)}"


def permission_of(model: type[Model]) -> str:
    """Return the permission needed to read a model's history: viewing it, unless the model requires another."""
    own = f"{model._meta.app_label}.view_{model._meta.model_name}"
    return str(getattr(model, "HISTORY_PERMISSION", own))
