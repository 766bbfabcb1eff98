"""Forms of origins and of bases on record; the models say what does not hold."""

from typing import Any

from django import forms

from readiness.jurisdiction import queries, sentences
from readiness.jurisdiction.models import DataOrigin, HeldBasis
from readiness.workloads.core.countries import COUNTRIES
from readiness.workloads.models import WorkloadClass
from web.forms import DayInput
from web.kinds.declaring import ObjectForm


def _country(label: str, empty: str, **given: Any) -> forms.ChoiceField:
    by_name = sorted(COUNTRIES, key=lambda code: COUNTRIES[code])
    choices = [("", empty), *((code, sentences.country(code)) for code in by_name)]
    return forms.ChoiceField(label=label, choices=choices, **given)


class FootingForm(ObjectForm):
    """A row of one class."""

    begins_with = ("workload_class", "basis")

    class Meta:
        fields: tuple[str, ...] = ()

    workload_class = forms.ModelChoiceField(
        WorkloadClass.objects.order_by("name", "pk"), label="Workload class", to_field_name="slug"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            # The field goes by slug, and the model's own initial value is the id.
            self.initial["workload_class"] = self.instance.workload_class.slug


class DataOriginForm(FootingForm):
    country = _country("Country", "–", help_text="Whose law the data of the class is under")

    class Meta(FootingForm.Meta):
        model = DataOrigin
        fields = ("workload_class", "country", "note")


class HeldBasisForm(FootingForm):
    destination = _country(
        "Destination", "wherever it goes", required=False, help_text="The country of the sites that it is for"
    )

    class Meta(FootingForm.Meta):
        model = HeldBasis
        fields = ("workload_class", "basis", "destination", "held_from", "held_until", "reference")
        widgets = {"held_from": DayInput(), "held_until": DayInput()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pack = queries.content_in_force()
        if pack is None:
            return
        bases = dict.fromkeys([*pack.bases_by_id, *([self.instance.basis] if self.instance.basis else [])])
        self.fields["basis"] = forms.ChoiceField(
            label="Basis",
            choices=[("", "–"), *((basis, sentences.basis(basis, pack)) for basis in bases)],
            help_text="Of the rules in force: another one would meet none",
        )
