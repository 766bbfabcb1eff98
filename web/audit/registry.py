"""Which models are audited, by what they say of themselves."""

from collections.abc import Collection

from django.apps import apps
from django.db.models import Model

from web import links


def is_audited(model: type[Model]) -> bool:
    # Its own: a proxy has no history beside that of the model it stands for, unless it asks for one.
    return bool(vars(model).get("HISTORY"))


def audited_models() -> list[type[Model]]:
    return [model for model in apps.get_models() if is_audited(model)]


def left_out(model: type[Model]) -> Collection[str]:
    """Columns that are not kept: secrets, and what is written too often to be history."""
    return getattr(model, "HISTORY_LEAVES_OUT", ())


def lasts(model: type[Model]) -> bool:
    return getattr(model, "HISTORY_LASTS", False)


def label_of(model: type[Model]) -> str:
    return f"{model._meta.app_label}.{links.noun(model)}"


def permission_of(model: type[Model]) -> str:
    """Return what a reader of its history needs: to view it, unless the model says that its past tells more than it
    shows.
    """
    own = f"{model._meta.app_label}.view_{model._meta.model_name}"
    return str(getattr(model, "HISTORY_PERMISSION", own))
