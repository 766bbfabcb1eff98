"""The forms of recording and answering. They read; the operations check and save."""

from __future__ import annotations

from django import forms

from inventory.models import Site
from web.forms import DayInput, RefusedForm


class RecordDecisionForm(RefusedForm):
    """The part that a person adds to a placement: which site, why, and when to look at it again."""

    site = forms.ModelChoiceField(
        Site.objects.exclude(stage=Site.Stage.RETIRED).order_by("name", "pk"),
        to_field_name="slug",
        label="Chosen site",
        help_text="One that keeps every limit; another is refused with what it breaks.",
    )
    rationale = forms.CharField(
        label="Why this site",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="What decided it, and what was given up for it. Whoever approves reads this.",
    )
    due_on = forms.DateField(
        label="Review on",
        required=False,
        widget=DayInput(),
        help_text="What came until this day is compared with what is expected now. Empty: in 30 days.",
    )
