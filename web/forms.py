"""Form parts shared by several rooms."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from web import visibility

DAY_LOOK = {"data-day": "date", "placeholder": "YYYY-MM-DD", "autocomplete": "off"}
MINUTE_LOOK = {"data-day": "datetime-local", "placeholder": "YYYY-MM-DD HH:MM", "autocomplete": "off"}
WITH_NEIGHBOURS = [
    MinValueValidator(date.min + timedelta(days=2)),
    MaxValueValidator(date.max - timedelta(days=2)),
]
"""Days whose midnight is a valid instant in every zone."""


class DayInput(forms.DateInput):
    """A day as 2026-11-28 in every browser; a native date input would use the browser's language."""

    def __init__(self) -> None:
        super().__init__(attrs=DAY_LOOK, format="%Y-%m-%d")


class DayField(forms.DateField):
    widget = DayInput


class PlainNumberField(forms.FloatField):
    """A number shown as people write it: 60, not 60.0."""

    def prepare_value(self, value: Any) -> Any:
        return int(value) if isinstance(value, float) and value.is_integer() else value


class MinuteInput(forms.DateTimeInput):
    """A minute as 2026-11-28 09:30, in the zone that the field names."""

    def __init__(self) -> None:
        super().__init__(attrs=MINUTE_LOOK, format="%Y-%m-%d %H:%M")


def grouped(form: forms.BaseForm) -> Iterator[tuple[str, list[forms.BoundField]]]:
    """The fields of a form below the titles of its `groups`; remaining fields come last, without a title."""
    left = dict.fromkeys(form.fields)
    for title, names in getattr(form, "groups", ()):
        group_fields = [form[name] for name in names if name in left]
        for name in names:
            left.pop(name, None)
        if group_fields:
            yield title, group_fields
    if left:
        yield "", [form[name] for name in left]


class Suggesting(forms.TextInput):
    """A text input that suggests names while typing."""

    def __init__(
        self, suggestions: Callable[[], Iterable[str]] | Iterable[str] = (), attrs: Any = None
    ) -> None:
        super().__init__(attrs)
        self.suggestions = suggestions

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        names = self.suggestions() if callable(self.suggestions) else self.suggestions
        attrs = (attrs or {}) | {"list": f"id_{name}_names", "autocomplete": "off"}
        options = format_html_join("", '<option value="{}"></option>', ((each,) for each in names))
        datalist = format_html('<datalist id="id_{}_names">{}</datalist>', name, options)
        return super().render(name, value, attrs, renderer) + datalist


class PersonField(forms.ModelChoiceField):
    def _get_queryset(self) -> QuerySet:
        return visibility.known_people(super()._get_queryset())  # type: ignore[misc]

    queryset = property(_get_queryset, forms.ModelChoiceField._set_queryset)  # type: ignore[attr-defined]


class RefusedForm(forms.Form):
    """Shows refusals of an operation at the right field; `field_of` maps the operation's names to the form's.

    `arguments` holds the operation's arguments, `refusals` its exceptions.
    """

    refusals: ClassVar[tuple[type[Exception], ...]] = (ValidationError,)
    field_of: ClassVar[Mapping[str, str]] = {}

    def arguments(self) -> dict[str, Any]:
        return self.cleaned_data

    def refused(self, error: Any) -> None:
        if not hasattr(error, "error_dict"):
            self.add_error(None, getattr(error, "messages", [str(error)]))
            return
        for field, messages in error.message_dict.items():
            name = self.field_of.get(field, field)
            self.add_error(name if name in self.fields else None, messages)


class ShownForm(forms.Form):
    """Changes what it showed: what somebody else changed since then is not overwritten unseen."""

    shown = forms.CharField(required=False, widget=forms.HiddenInput)

    def get_initial_for_field(self, field: forms.Field, field_name: str) -> Any:
        if field_name != "shown":
            return super().get_initial_for_field(field, field_name)
        values = repr([(name, self.initial.get(name)) for name in self.fields])
        return hashlib.sha256(values.encode()).hexdigest()[:16]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        sent = cleaned.pop("shown", "")
        if sent and sent != self["shown"].initial:
            self.add_error(
                None, "It was changed since you opened it. Open it again and repeat what still applies."
            )
        return cleaned
