"""The form that requests a portfolio. Each pinned workload is a row: the workload and its required site."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.forms.formsets import BaseFormSet
from django.http import QueryDict

from inventory.models import Site
from readiness.demand.workloads.models import WorkloadClass
from readiness.tradeoffs import params
from readiness.tradeoffs.placing.core.weighing import IN_SERVICE
from readiness.tradeoffs.portfolios.inputs import CURRENCY, MOST_POINTS, OBJECTIVES, POINTS, WEIGHTS
from web.forms import PlainNumberField
from web.parameters import BadParameter

ADD = "add_row"
SPARE_ROWS = 5
MOST_PINS = 400
"""Django accepts 1,000 fields in a form; each pin takes two."""


class PinRow(forms.Form):
    workload = forms.ChoiceField(label="Workload", required=False)
    site = forms.ChoiceField(label="Site", required=False)

    def __init__(self, *args: Any, workloads: list[Any], sites: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["workload"].choices = workloads  # type: ignore[attr-defined]
        self.fields["site"].choices = sites  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        fields = super().clean() or {}
        if fields.get("site") and not fields.get("workload") and "workload" not in self.errors:
            self.add_error("workload", "Choose the workload that is pinned there.")
        return fields


class PinRows(BaseFormSet):
    label = "Pinned workloads"
    hint = (
        "Each pinned workload must run at one site and is part of the plan. Without a site it stays where it runs "
        "today."
    )
    add_label = "Add more rows"

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), "workloads": self.workloads, "sites": self.sites}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        workloads = WorkloadClass.objects.order_by("name", "pk").values_list("slug", "name")
        sites = dict(
            Site.objects.filter(stage__in=IN_SERVICE).order_by("name", "pk").values_list("slug", "name")
        )
        # Keep a site that has gone out of service since, so that a repeated request refuses it by name.
        gone = {row["site"]: f"{row['site']} (not in service)" for row in self.initial or () if row["site"]}
        self.workloads = [("", "–"), *workloads]
        self.sites = [("", "Today's site"), *(gone | sites).items()]

    def clean(self) -> None:
        pinned_workloads = set()
        for row in self.forms:
            workload = row.cleaned_data.get("workload")
            if workload and workload in pinned_workloads:
                row.add_error("workload", "This workload is pinned above already.")
            pinned_workloads.add(workload)

    @property
    def chosen_sites(self) -> dict[str, str | None]:
        return {
            row.cleaned_data["workload"]: row.cleaned_data["site"] or None
            for row in self.forms
            if row.cleaned_data.get("workload")
        }

    def row_of(self, workload: str) -> forms.BaseForm | None:
        return next((row for row in self.forms if row.cleaned_data.get("workload") == workload), None)


PinFormSet = forms.formset_factory(
    PinRow, PinRows, extra=SPARE_ROWS, max_num=MOST_PINS, absolute_max=MOST_PINS, validate_max=True
)


class AskForm(forms.Form):
    groups = (
        ("What counts", ("cost", "carbon", "latency", "risk")),
        ("Workloads", ("left_out",)),
        ("Plan", ("points", "currency", "intensity")),
    )

    cost = PlainNumberField(label="Weight of cost", min_value=0, initial=WEIGHTS["cost"])
    carbon = PlainNumberField(label="Weight of carbon", min_value=0, initial=WEIGHTS["carbon"])
    latency = PlainNumberField(label="Weight of latency", min_value=0, initial=WEIGHTS["latency"])
    risk = PlainNumberField(
        label="Weight of risk",
        min_value=0,
        initial=WEIGHTS["risk"],
        help_text="Risk is what a site lacks of a readiness score of 100. An objective of weight 0 is ignored.",
    )
    points = forms.IntegerField(
        label="Alternatives to compute",
        min_value=1,
        max_value=MOST_POINTS,
        initial=POINTS,
        help_text="The first plan uses these weights; the others use different ones.",
    )
    left_out = forms.ModelMultipleChoiceField(
        WorkloadClass.objects.order_by("name", "pk"),
        to_field_name="slug",
        required=False,
        label="Workloads to leave as they are",
        help_text="They stay where they run and keep their capacity.",
    )
    currency = forms.CharField(label="Currency", max_length=3, initial=CURRENCY)
    intensity = forms.ChoiceField(label="Carbon counted as", choices=list(params.CARBON.items()))

    def __init__(self, data: QueryDict | None, *, initial: Mapping[str, Any]) -> None:
        super().__init__(data, initial=dict(initial))
        self.pins = cast(
            PinRows, PinFormSet(data, initial=None if data else initial.get("pins"), prefix="pins")
        )
        self.rows = {"pins": self.pins}

    @classmethod
    def sent(cls, data: QueryDict) -> "AskForm":
        if ADD not in data:
            return cls(data, initial={})
        more = data.copy()
        count = more.get("pins-TOTAL_FORMS", "")
        if count.isascii() and count.isdecimal():
            more["pins-TOTAL_FORMS"] = str(min(int(count[:9]) + SPARE_ROWS, MOST_PINS))
        return cls(more, initial={})

    def is_valid(self) -> bool:
        # Validate both, so that every error shows at once.
        return all([super().is_valid(), self.pins.is_valid()])

    def arguments(self) -> dict[str, Any]:
        fields = self.cleaned_data
        return {
            "points": fields["points"],
            "pins": self.pins.chosen_sites,
            "currency": fields["currency"],
            "weights": {name: fields[name] for name in OBJECTIVES},
            "left_out": [workload.slug for workload in fields["left_out"]],
            "carbon": fields["intensity"],
        }

    def refused(self, error: BadParameter) -> None:
        if error.field.startswith("pins."):
            row = self.pins.row_of(error.field.removeprefix("pins."))
            if row is not None:
                row.add_error("site" if "pinned" in error.reason else "workload", error.reason)
                return
        name = error.field.partition("[")[0].removeprefix("weights.")
        self.add_error(name if name in self.fields else None, error.reason)


def initial_of(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: inputs["weights"].get(name, 0) for name in OBJECTIVES},
        **{name: inputs[name] for name in ("points", "left_out", "currency")},
        "pins": [{"workload": workload, "site": site} for workload, site in inputs["pins"].items()],
        "intensity": inputs["carbon"],
    }
