"""Rows of the envelope's form: accelerators by type, users by region, each with a spare row at the end.

Rows are added and removed by buttons of the form itself, so that it works without scripts; nothing is saved by them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.forms.formsets import BaseFormSet
from django.http import QueryDict
from django.utils.functional import cached_property

from inventory.models import DeviceType
from readiness.workloads.models import UserRegion

ANY = "any"
MOST_ROWS = 100
ADD, REMOVE = "add_row", "remove_row"
"""Names of the buttons; the value is the name of the rows, with `-2` after it for which of them."""


class RowForm(forms.Form):
    """One row; a row without anything in it is no row. `first` has to be chosen, `choices` come with the form set."""

    first = ""

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[self.first].choices = choices  # type: ignore[attr-defined]

    @property
    def is_filled(self) -> bool:
        return any(self[name].value() not in (None, "") for name in self.fields)

    @property
    def is_blank(self) -> bool:
        return not any(self.data.get(self.add_prefix(name), "").strip() for name in self.fields)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not self.is_blank and not given.get(self.first) and self.first not in self.errors:
            self.add_error(self.first, "Choose one, or empty the row.")
        return given


class AcceleratorRow(RowForm):
    first = "type"
    type = forms.ChoiceField(label="Type", required=False)
    count = forms.IntegerField(label="How many", required=False, min_value=1, max_value=2**31 - 1)

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if given.get("type") and given.get("count") is None and "count" not in self.errors:
            self.add_error("count", "Say how many.")
        return given


class UserRow(RowForm):
    first = "region"
    region = forms.ChoiceField(label="Region", required=False)
    requests_per_s = forms.FloatField(label="Requests/s at peak", required=False, min_value=0, max_value=1e12)


class RowFormSet(BaseFormSet):
    """Rows that name each thing once. `label` is their legend, `hint` how they are filled in, `stored` what is there
    before."""

    label: Any = ""
    hint: Any = ""
    add_label: Any = ""
    stored: Sequence[Mapping[str, Any]] = ()

    @cached_property
    def choices(self) -> list[tuple[str, str]]:
        return [("", "–"), *self.offered()]

    def offered(self) -> Iterable[tuple[str, str]]:
        raise NotImplementedError

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), "choices": self.choices}

    def clean(self) -> None:
        seen = set()
        for form in self.forms:
            chosen = form.cleaned_data.get(form.first) if hasattr(form, "cleaned_data") else None
            if chosen and chosen in seen:
                form.add_error(form.first, "The same is stated twice.")
            seen.add(chosen)

    def planned(self) -> list[Any]:
        raise NotImplementedError

    @property
    def given(self) -> list[dict[str, Any]]:
        return [form.cleaned_data for form in self.forms if not form.is_blank]


class Accelerators(RowFormSet):
    label = "Accelerators"
    hint = "A row for each type. Any: whatever type a site has."
    add_label = "Add a type"

    def offered(self) -> Iterable[tuple[str, str]]:
        yield ANY, "any type"
        for each in DeviceType.objects.select_related("manufacturer").order_by("manufacturer__name", "model"):
            if each.kind == DeviceType.Kind.ACCELERATOR or each.slug in self._held:
                yield each.slug, str(each)

    @property
    def _held(self) -> set[str]:
        """Keep what is stated already as a choice, of whatever kind the product is."""
        return {row.get("type", "") for row in self.stored}

    def planned(self) -> list[tuple[DeviceType | None, int]]:
        slugs = [row["type"] for row in self.given]
        types = DeviceType.objects.in_bulk(slugs, field_name="slug")
        return [(types.get(row["type"]), row["count"]) for row in self.given]


class Users(RowFormSet):
    label = "User regions"
    hint = "A row for each region that it serves; requests where they are known."
    add_label = "Add a region"

    def offered(self) -> Iterable[tuple[str, str]]:
        return UserRegion.objects.order_by("name", "pk").values_list("slug", "name")

    def planned(self) -> list[tuple[UserRegion, float | None]]:
        regions = UserRegion.objects.in_bulk([row["region"] for row in self.given], field_name="slug")
        return [(regions[row["region"]], row["requests_per_s"]) for row in self.given]


_SETS = {
    "accelerators": forms.formset_factory(
        AcceleratorRow, Accelerators, extra=1, max_num=MOST_ROWS, absolute_max=MOST_ROWS, validate_max=True
    ),
    "users": forms.formset_factory(
        UserRow, Users, extra=1, max_num=MOST_ROWS, absolute_max=MOST_ROWS, validate_max=True
    ),
}


def rows_of(data: Any, initial: Mapping[str, Any]) -> dict[str, RowFormSet]:
    """The form sets by name. What is sent is told from nothing: a row as it is stored is no row left out."""
    rows_by_name = {}
    for name, kind in _SETS.items():
        stored = initial.get(name) or []
        rows = cast(RowFormSet, kind(data, initial=None if data else stored, prefix=name))
        rows.stored = stored
        rows_by_name[name] = rows
    return rows_by_name


def asked_rows(data: QueryDict) -> str:
    """Which rows a button asks another number of; "" where the form is to be saved."""
    asked = data.get(ADD) or data.get(REMOVE) or ""
    name = asked.partition("-")[0]
    return name if name in _SETS else ""


def entered(data: QueryDict, name: str) -> list[dict[str, str]]:
    """Return what was typed into these rows, without the one whose button was pressed, and without blank ones."""
    fields = _SETS[name].form.base_fields  # type: ignore[attr-defined]
    removed = data.get(REMOVE, "")
    rows = []
    for index in range(_count(data.get(f"{name}-TOTAL_FORMS", ""))):
        row = {field: data.get(f"{name}-{index}-{field}", "") for field in fields}
        if any(row.values()) and removed != f"{name}-{index}":
            rows.append(row)
    return rows


def _count(text: str) -> int:
    return min(int(text), MOST_ROWS) if text.isascii() and text.isdecimal() and len(text) < 9 else 0


def refuse(rows: RowFormSet, messages: Iterable[str]) -> None:
    rows.non_form_errors().extend(ValidationError(list(messages)).messages)
