"""The question of a decision in an address or a body, and the form of the person who decides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import QueryDict

from inventory.forms import SiteField
from inventory.models import Site
from readiness.demand.workloads.models import WorkloadClass
from readiness.tradeoffs.placing.core.levers import PlacementQuestion
from readiness.tradeoffs.placing.params import question_of, question_of_address
from web.forms import DayField, RefusedForm
from web.parameters import BadParameter

QUESTION_FIELDS = ("weights", "what_if", "currency", "carbon", "today")


class RecordDecisionForm(RefusedForm):
    """The parts of a decision that a person adds to a placement: the site, the reason, and the review day."""

    site = SiteField(label="Chosen site", help_text="It must keep every limit of the workload.")
    rationale = forms.CharField(
        label="Reason for this site",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="What decided it, and what you gave up for it. The approver reads this.",
    )
    due_on = DayField(
        label="Review date",
        required=False,
        help_text="On this day the forecast is compared with what was measured. Empty: in 30 days.",
    )


@dataclass(frozen=True, slots=True)
class DecisionParams:
    """`site` is the initial choice of the form; `refusal` names the unreadable part of the address."""

    workload: WorkloadClass | None = None
    site: Site | None = None
    question: PlacementQuestion = field(default_factory=PlacementQuestion)
    refusal: str = ""


def params_of_address(query: QueryDict) -> DecisionParams:
    workload = WorkloadClass.objects.filter(slug=_slug(query, "workload")).first()
    site = Site.objects.filter(slug=_slug(query, "site")).first()
    if workload is None:
        return DecisionParams(
            refusal="Choose a workload and a site in the explorer, and record the decision there."
        )
    try:
        return DecisionParams(workload, site, question_of_address(query))
    except BadParameter as error:
        return DecisionParams(workload, site, refusal=str(error))


def _slug(query: QueryDict, name: str) -> str:
    return query.get(name, "").replace("\x00", "")[:100]


def split_body(body: Mapping[str, Any]) -> dict[str, Any]:
    question = question_of({name: body[name] for name in QUESTION_FIELDS if name in body})
    rest = {name: value for name, value in body.items() if name not in QUESTION_FIELDS}
    return rest | {"question": question}
