"""Parts that forms of several rooms share."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet

from web import visibility

WITH_NEIGHBOURS = [
    MinValueValidator(date.min + timedelta(days=2)),
    MaxValueValidator(date.max - timedelta(days=2)),
]
"""Days whose midnight has an instant in every zone."""


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class PersonField(forms.ModelChoiceField):
    def _get_queryset(self) -> QuerySet:
        return visibility.known(super()._get_queryset())  # type: ignore[misc]

    queryset = property(_get_queryset, forms.ModelChoiceField._set_queryset)  # type: ignore[attr-defined]


class RefusedForm(forms.Form):
    """Shows what an operation refused where it was written; `field_of` maps the operation's names to the form's.

    `asked` is what the operation takes, `refusals` what it raises.
    """

    refusals: ClassVar[tuple[type[Exception], ...]] = (ValidationError,)
    field_of: ClassVar[Mapping[str, str]] = {}

    def asked(self) -> dict[str, Any]:
        return self.cleaned_data

    def refused(self, error: ValidationError) -> None:
        if not hasattr(error, "error_dict"):
            self.add_error(None, error.messages)
            return
        for field, messages in error.message_dict.items():
            name = self.field_of.get(field, field)
            self.add_error(name if name in self.fields else None, messages)
