"""Form fields: the unit beside them, and error messages that say what to enter."""

from collections.abc import Callable, Iterator
from datetime import date
from difflib import get_close_matches
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.forms.renderers import DjangoTemplates

from web.units import day, how_many, number

DAY_SHAPE = "YYYY-MM-DD, such as 2026-11-28"
MINUTE_SHAPE = "YYYY-MM-DD HH:MM, such as 2026-11-28 09:30"
# Longer lists of choices are not searched for similar spellings.
MOST_ALIKE = 2000
# A larger limit only protects the column, so it is not shown.
HARDLY_A_LIMIT = 1e9


class ShownField(forms.BoundField):
    """A field on a page. Django's own errors are reworded to say what to enter; Muster's stay as they are."""

    @property
    def errors(self) -> Any:
        errors = super().errors
        if not errors:
            return errors
        corrections = [text for error in errors.as_data() for text in correction(self, error)]
        return self.form.error_class(corrections, renderer=self.form.renderer)

    @property
    def unit(self) -> str:
        """The field's own unit takes precedence over the form's `units`."""
        return getattr(self.field, "unit", "") or getattr(self.form, "units", {}).get(self.name, "")

    @property
    def first_id(self) -> str:
        """The id of the control that a link leads to, the first of several."""
        if self.is_hidden:
            return ""
        return self.id_for_label or str(self.subwidgets[0].id_for_label if self.subwidgets else self.auto_id)


class Renderer(DjangoTemplates):
    bound_field_class = ShownField


def mistakes(form: Any) -> Iterator[tuple[str, str, str]]:
    """The id of the control, the label and the first error, in the order of the form; no id for the whole form."""
    yield from (("", "", text) for text in form.non_field_errors())
    for name in form.fields if form.is_bound else ():
        if name in form.errors:
            bound_field = form[name]
            first, *others = bound_field.errors
            more = f" (and {len(others)} more at the field)" if others else ""
            yield bound_field.first_id, bound_field.label, f"{first}{more}"
    for rows in getattr(form, "rows", {}).values():
        yield from ((f"rows-{rows.prefix}", rows.label, text) for text in rows.non_form_errors())
        for row in rows:
            yield from mistakes(row)


def correction(bound_field: ShownField, error: ValidationError) -> list[str]:
    """Say how to correct an error; return Muster's own messages unchanged."""
    write = _CORRECTIONS.get(error.code or "")
    if write is None or not _is_djangos(bound_field.field, error):
        return error.messages
    return [write(bound_field, error)]


def _is_djangos(field: forms.Field, error: ValidationError) -> bool:
    messages = {str(text) for text in _messages(field).values()}
    text = str(error.message)
    return (
        text in messages or text.startswith(("Ensure this value ", "Ensure this ")) or error.code == "unique"
    )


def _messages(field: forms.Field) -> dict[str, Any]:
    messages: dict[str, Any] = {}
    for each in reversed(type(field).__mro__):
        messages |= getattr(each, "default_error_messages", {})
    return messages


def label_in_sentence(bound_field: forms.BoundField) -> str:
    """The label inside a sentence: "the name", "the IT power"."""
    label = str(bound_field.label)
    return f"the {label[:1].lower() + label[1:] if label[1:2].islower() or label[1:2] == '-' else label}"


def _required(bound_field: ShownField, error: ValidationError) -> str:
    widget = bound_field.field.widget
    if isinstance(widget, forms.CheckboxInput):
        return f"Tick “{bound_field.label}”."
    is_choice = isinstance(widget, (forms.Select, forms.RadioSelect, forms.FileInput))
    return f"{'Choose' if is_choice else 'Enter'} {label_in_sentence(bound_field)}."


def _shape(bound_field: ShownField, error: ValidationError) -> str:
    field = bound_field.field
    if isinstance(field, forms.DateTimeField):
        return f"Enter {label_in_sentence(bound_field)} as {MINUTE_SHAPE}."
    if isinstance(field, forms.DateField):
        return f"Enter {label_in_sentence(bound_field)} as {DAY_SHAPE}."
    if isinstance(field, forms.IntegerField):
        return _range(bound_field, error)
    if isinstance(field, forms.EmailField):
        return "Enter an address such as ada@example.com."
    return error.messages[0]


def _range(bound_field: ShownField, error: ValidationError) -> str:
    """Name the numbers, or days, that a field accepts."""
    least, most = limits(bound_field.field)
    if isinstance(least, date) or isinstance(most, date):
        return f"Enter a day from {day(least)} to {day(most)}."
    whole = isinstance(bound_field.field, forms.IntegerField) and not isinstance(
        bound_field.field, (forms.FloatField, forms.DecimalField)
    )
    noun = "a whole number" if whole else "a number"
    if most is not None and most >= HARDLY_A_LIMIT:
        most = None
    unit = f" {bound_field.unit}" if bound_field.unit else ""
    if least is not None and most is not None:
        return f"Enter {noun} from {number(least)} to {number(most)}{unit}."
    if least is not None:
        return f"Enter {noun} of {number(least)}{unit} or more."
    return f"Enter {noun} of {number(most)}{unit} or less." if most is not None else f"Enter {noun}."


def limits(field: forms.Field) -> tuple[Any, Any]:
    """The minimum and maximum of the field's validators; None without a limit."""

    def bounds(kind: type) -> list[Any]:
        values = [getattr(each, "limit_value", None) for each in field.validators if type(each) is kind]
        return [value() if callable(value) else value for value in values]

    return max(bounds(MinValueValidator), default=None), min(bounds(MaxValueValidator), default=None)


def _length(bound_field: ShownField, error: ValidationError) -> str:
    params: Any = error.params
    bound = "at most" if error.code == "max_length" else "at least"
    characters = how_many(params["limit_value"], "character", "characters")
    return f"Enter {bound} {characters}; you entered {number(params['show_value'])}."


def _choice(bound_field: ShownField, error: ValidationError) -> str:
    """Say that there is no such choice, and name similar ones."""
    params: Any = error.params or {}
    typed = str(params.get("value", params.get("pk", ""))) or str(bound_field.data or "")
    if isinstance(bound_field.field, forms.ModelChoiceField) and typed.isdecimal():
        # Nobody typed this number: it is the key of a choice.
        return "What you chose is not in the list: it is gone, or outside your sites. Choose from the list."
    alike = similar(typed, _names(bound_field.field))
    hint = f"Did you mean {alike}?" if alike else "Choose from the list."
    return f"“{typed[:100]}” is not in the list. {hint}"


def similar(typed: str, names: dict[str, str]) -> str:
    """The names spelled similarly to the typed one, as "A or B"."""
    keys = get_close_matches(typed.casefold(), list(names), n=3, cutoff=0.6)
    return " or ".join(dict.fromkeys(names[key] for key in keys))


def _names(field: Any) -> dict[str, str]:
    names: dict[str, str] = {}
    for place, (value, label) in enumerate(_flat(getattr(field, "choices", ()))):
        if place == MOST_ALIKE:
            break
        names |= {str(value).casefold(): str(label), str(label).casefold(): str(label)}
    return names


def _flat(choices: Any) -> Iterator[tuple[Any, Any]]:
    for value, label in choices:
        if isinstance(label, (list, tuple)):
            yield from _flat(label)
        elif value not in ("", None):
            yield value, label


def _unique(bound_field: ShownField, error: ValidationError) -> str:
    params: Any = error.params or {}
    noun = str(params.get("model_name", "object")).lower()
    return f"Another {noun} has {label_in_sentence(bound_field)} “{bound_field.data}” already."


_CORRECTIONS: dict[str, Callable[[ShownField, ValidationError], str]] = {
    "required": _required,
    "invalid": _shape,
    "min_value": _range,
    "max_value": _range,
    "max_length": _length,
    "min_length": _length,
    "invalid_choice": _choice,
    "invalid_pk_value": _choice,
    "unique": _unique,
}
