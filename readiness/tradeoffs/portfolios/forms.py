"""The form of a question. It reads; `question.asked_of` decides."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from readiness.tradeoffs.placing.question import BadQuestion, CarbonKind
from readiness.tradeoffs.portfolios.question import CURRENCY, MOST_POINTS, OBJECTIVES, POINTS, WEIGHTS
from readiness.workloads.models import WorkloadClass

LABELS = {
    "cost": _("Weight of cost"),
    "carbon": _("Weight of carbon"),
    "latency": _("Weight of latency"),
    "risk": _("Weight of risk"),
}
CARBON = {
    CarbonKind.AVERAGE: _("Average of the grid"),
    CarbonKind.MARGINAL: _("Marginal plant"),
    CarbonKind.MARKET: _("Contracts (market)"),
}


class AskForm(forms.Form):
    cost = forms.FloatField(label=LABELS["cost"], min_value=0, initial=WEIGHTS["cost"])
    carbon = forms.FloatField(label=LABELS["carbon"], min_value=0, initial=WEIGHTS["carbon"])
    latency = forms.FloatField(label=LABELS["latency"], min_value=0, initial=WEIGHTS["latency"])
    risk = forms.FloatField(
        label=LABELS["risk"],
        min_value=0,
        initial=WEIGHTS["risk"],
        help_text=_(
            "What a site lacks of a readiness score of 100. An objective of weight 0 is not asked about."
        ),
    )
    points = forms.IntegerField(
        label=_("Points of the front"),
        min_value=1,
        max_value=MOST_POINTS,
        initial=POINTS,
        help_text=_("The first has these weights; the others show what else there is."),
    )
    left_out = forms.ModelMultipleChoiceField(
        WorkloadClass.objects.order_by("name", "pk"),
        to_field_name="slug",
        required=False,
        label=_("Workloads to leave as they are"),
        help_text=_("They stay where they run and keep their room."),
    )
    currency = forms.CharField(label=_("Currency"), max_length=3, initial=CURRENCY)
    intensity = forms.ChoiceField(label=_("Carbon counted as"), choices=list(CARBON.items()))

    def asked(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "weights": {name: given[name] for name in OBJECTIVES},
            "points": given["points"],
            "left_out": [one.slug for one in given["left_out"]],
            "currency": given["currency"],
            "carbon": given["intensity"],
        }

    def refused(self, error: BadQuestion) -> None:
        """Said at the field that it is about, else above the form."""
        name = error.field.partition("[")[0].removeprefix("weights.")
        self.add_error(name if name in self.fields else None, error.reason)
