"""Forms of duties and of sites' profiles."""

from django import forms

from readiness.assessment.duties.models import Sector
from web.forms import WITH_NEIGHBOURS, DayInput, RefusedForm
from web.kinds.declaring import ObjectForm


class SectorForm(ObjectForm):
    sectors = forms.MultipleChoiceField(
        label="Sectors", choices=Sector.choices, required=False, widget=forms.CheckboxSelectMultiple
    )


class ProofForm(RefusedForm):
    submit = "File the proof"
    effect = "The next date follows from the rule; the site is scored again."

    filed_on = forms.DateField(
        label="Met on",
        widget=DayInput(),
        validators=WITH_NEIGHBOURS,
        help_text="The day of the report, test or notice.",
    )
    proof = forms.CharField(
        label="Proof", max_length=300, help_text="The receipt, reference or document that shows it."
    )
    proof_url = forms.URLField(
        label="Address of the proof", max_length=300, required=False, assume_scheme="https"
    )
