"""The form of a question. It reads; `question.asked_of` decides.

Pins are written as lines, so that the form works without scripts: `chat lulea`, or `chat` alone for where it runs.
"""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from readiness.tradeoffs.core.parsing import BadTradeoffQuestion, CarbonKind
from readiness.tradeoffs.portfolios.params import CURRENCY, MOST_POINTS, OBJECTIVES, POINTS, WEIGHTS
from readiness.workloads.models import WorkloadClass

CARBON = {
    CarbonKind.AVERAGE: "Average of the grid",
    CarbonKind.MARGINAL: "Marginal plant",
    CarbonKind.MARKET: "Contracts (market)",
}


class AskForm(forms.Form):
    cost = forms.FloatField(label="Weight of cost", min_value=0, initial=WEIGHTS["cost"])
    carbon = forms.FloatField(label="Weight of carbon", min_value=0, initial=WEIGHTS["carbon"])
    latency = forms.FloatField(label="Weight of latency", min_value=0, initial=WEIGHTS["latency"])
    risk = forms.FloatField(
        label="Weight of risk",
        min_value=0,
        initial=WEIGHTS["risk"],
        help_text="What a site lacks of a readiness score of 100. An objective of weight 0 is not asked about.",
    )
    points = forms.IntegerField(
        label="Points of the front",
        min_value=1,
        max_value=MOST_POINTS,
        initial=POINTS,
        help_text="The first has these weights; the others show what else there is.",
    )
    left_out = forms.ModelMultipleChoiceField(
        WorkloadClass.objects.order_by("name", "pk"),
        to_field_name="slug",
        required=False,
        label="Workloads to leave as they are",
        help_text="They stay where they run and keep their room.",
    )
    pins = forms.CharField(
        label="Pinned workloads",
        required=False,
        # So that lines count as they were written.
        strip=False,
        max_length=400_000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=(
            "A line for each workload that has to run at one site: the slugs of both, such as chat lulea. "
            "The workload alone keeps it where it runs today; it is part of the plan then, with its figures."
        ),
    )
    currency = forms.CharField(label="Currency", max_length=3, initial=CURRENCY)
    intensity = forms.ChoiceField(label="Carbon counted as", choices=list(CARBON.items()))

    def clean_pins(self) -> dict[str, str | None]:
        """Site by workload, None where it runs."""
        pins: dict[str, str | None] = {}
        for number, line in enumerate(self.cleaned_data["pins"].splitlines(), 1):
            words = line.split()
            if not words:
                continue
            if len(words) > 2:
                raise ValidationError(f"Line {number}: a workload and a site, such as chat lulea.")
            if words[0] in pins:
                raise ValidationError(f"Line {number}: {words[0][:100]} is pinned above already.")
            pins[words[0]] = words[1] if len(words) == 2 else None
        return pins

    def asked(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            **{name: given[name] for name in ("points", "pins", "currency")},
            "weights": {name: given[name] for name in OBJECTIVES},
            "left_out": [workload.slug for workload in given["left_out"]],
            "carbon": given["intensity"],
        }

    def refused(self, error: BadTradeoffQuestion) -> None:
        """Said at the field that it is about, else above the form."""
        name = error.field.partition("[")[0].removeprefix("weights.")
        if name.startswith("pins."):
            name = "pins"
        self.add_error(name if name in self.fields else None, error.reason)


def initial_of(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The form as it was filled in for a run."""
    return {
        **{name: inputs["weights"].get(name, 0) for name in OBJECTIVES},
        **{name: inputs[name] for name in ("points", "left_out", "currency")},
        "pins": "\n".join(f"{workload} {site}" for workload, site in inputs["pins"].items()),
        "intensity": inputs["carbon"],
    }
