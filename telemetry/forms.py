"""The form of a source."""

from typing import Any

from django import forms
from django.core.validators import MinValueValidator

from accounts.models import User
from inventory.models import Site
from telemetry.models import Source
from web.forms import RefusedForm
from web.visibility import sees_names

FIELDS = (
    "name",
    "site",
    "site_label",
    "replica_label",
    "cadence_s",
    "grace_s",
    "provenance",
    "owner",
    "description",
)


class SourceForm(RefusedForm):
    """Parses the values; the operation validates them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields |= forms.fields_for_model(Source, FIELDS)
        if sees_names():
            self.fields["owner"].queryset = User.objects.filter(is_active=True).order_by("username")
            self.fields["owner"].empty_label = "– nobody –"
        else:
            del self.fields["owner"]
        self.fields["site"].queryset = Site.objects.order_by("name", "pk")
        self.fields["site"].empty_label = "– named by a label –"
        self.fields["cadence_s"].validators.append(MinValueValidator(1))
        self.fields["cadence_s"].widget.attrs["min"] = 1


def initial_of(source: Source) -> dict[str, Any]:
    return forms.model_to_dict(source, FIELDS)
