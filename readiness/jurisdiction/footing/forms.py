"""Forms of origins and of bases on record; the models say what does not hold."""

from __future__ import annotations

from typing import Any

from django import forms

from readiness.jurisdiction import queries, sentences
from readiness.jurisdiction.models import DataOrigin, HeldBasis
from readiness.workloads.core.countries import COUNTRIES
from readiness.workloads.models import WorkloadClass
from web.forms import DayInput


def _countries(empty: Any) -> list[tuple[str, Any]]:
    by_name = sorted(COUNTRIES, key=lambda code: COUNTRIES[code])
    return [("", empty), *((code, sentences.country(code)) for code in by_name)]


def _classes() -> forms.ModelChoiceField:
    return forms.ModelChoiceField(
        WorkloadClass.objects.order_by("name", "pk"), label="Workload class", to_field_name="slug"
    )


class FootingForm(forms.ModelForm):
    """A row of one class; `changelog_message` goes into the history."""

    workload_class = _classes()
    changelog_message = forms.CharField(
        label="Why",
        required=False,
        max_length=200,
        help_text="Kept in the history beside the change.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            # The field goes by slug, and the model's own initial value is the id.
            self.initial["workload_class"] = self.instance.workload_class.slug


class DataOriginForm(FootingForm):
    country = forms.ChoiceField(
        label="Country", choices=_countries("–"), help_text="Whose law the data of the class is under"
    )
    field_order = ("workload_class", "country", "note", "changelog_message")

    class Meta:
        model = DataOrigin
        fields = ("workload_class", "country", "note")


class HeldBasisForm(FootingForm):
    destination = forms.ChoiceField(
        label="Destination",
        choices=_countries("wherever it goes"),
        required=False,
        help_text="The country of the sites that it is for",
    )
    field_order = (
        *("workload_class", "basis", "destination", "held_from", "held_until", "reference"),
        "changelog_message",
    )

    class Meta:
        model = HeldBasis
        fields = ("workload_class", "basis", "destination", "held_from", "held_until", "reference")
        widgets = {"held_from": DayInput(), "held_until": DayInput()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pack = queries.content_in_force()
        if pack is None:
            return
        choices = [(basis.id, basis.name) for basis in pack.bases]
        held = self.instance.basis
        if held and held not in pack.bases_by_id:
            choices.append((held, f"{held} (meets no rule in force)"))
        self.fields["basis"] = forms.ChoiceField(
            label="Basis",
            choices=[("", "–"), *choices],
            help_text="Of the rules in force: another one would meet none",
        )
