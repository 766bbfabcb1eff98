"""`POST /api/tradeoffs/placements/`: where one workload may run, and the figures of each site. Writes nothing."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers as fields
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

from readiness.demand.workloads import queries as workloads
from readiness.demand.workloads.api import InlineWorkloadSerializer
from readiness.demand.workloads.core.envelope import Envelope
from readiness.tradeoffs.placing.core.levers import NAMES
from readiness.tradeoffs.placing.core.weighing import weigh
from readiness.tradeoffs.placing.document import as_bytes
from readiness.tradeoffs.placing.facts import read_facts
from readiness.tradeoffs.placing.params import PlacementQuestionSerializer, question_from
from readiness.tradeoffs.placing.queries import MAY_PLACE
from web import clock
from web.rest import parameters
from web.rest.permissions import requires

_number = fields.FloatField
_figure = inline_serializer(
    "PlacementFigure",
    {
        "value": _number(allow_null=True),
        "unit": fields.CharField(),
        "provenance": fields.CharField(allow_null=True),
        "as_of": fields.DateTimeField(allow_null=True),
        "low": _number(allow_null=True),
        "high": _number(allow_null=True),
        "source": fields.CharField(),
        "unknown": fields.CharField(allow_null=True, help_text="Why there is no value"),
    },
)
_option = inline_serializer(
    "PlacementOption",
    {
        "site": fields.CharField(help_text="Slug"),
        "standing": fields.ChoiceField(choices=["feasible", "undecided", "rejected"]),
        "feasible": fields.BooleanField(),
        "objectives": inline_serializer("PlacementObjectives", dict.fromkeys(NAMES, _figure)),
        "reasons": fields.ListField(
            child=fields.DictField(), help_text="Each limit or rule that the site breaks, and by how much"
        ),
        "pareto": fields.BooleanField(allow_null=True),
        "dominated_by": fields.CharField(allow_null=True),
        "rank": fields.IntegerField(allow_null=True),
        "score": _number(allow_null=True),
        "best_rank": fields.IntegerField(allow_null=True),
        "worst_rank": fields.IntegerField(allow_null=True),
        "effect": fields.CharField(help_text="Effect of unknown figures on the rank"),
        "step": fields.CharField(
            allow_null=True, help_text="Price of an optional improvement; such an option never wins"
        ),
        "margin": _number(allow_null=True, help_text="Smallest margin to any limit, as a share of the limit"),
        "outdated": fields.DictField(child=fields.CharField(), help_text="Outdated factors, by objective"),
        "unit_cost": _figure,
        "useful_hour_cost": _figure,
        "it_power": _figure,
        "peak_power": _figure,
        "power_basis": fields.ChoiceField(
            choices=["type", "nameplate", "declared"],
            help_text="What the power rests on: the type of node, its nameplate (an estimate), or the envelope",
        ),
        "accelerators": fields.DictField(
            allow_null=True, help_text="`count` of type `here` that do what `asked` of type `of` do today"
        ),
        "capacity_after": fields.DictField(child=_figure),
        "verdict": fields.CharField(allow_null=True, help_text="Verdict of the site; null: not evaluated"),
        "waits_for": fields.ListField(
            child=fields.DictField(), help_text="BLOCK checks that keep the site from being ready"
        ),
        "remarks": fields.ListField(child=fields.CharField(), help_text="A tie, or a margin below 5 %"),
        "tied_with": fields.ListField(child=fields.CharField(), help_text="Other options of the same rank"),
        "jurisdiction": fields.DictField(),
        "staffing": fields.DictField(
            allow_null=True, help_text="`requirements` of people there, and how many are `uncovered`"
        ),
        "consequence": fields.CharField(
            allow_null=True, help_text="Consequences of moving there, in one line"
        ),
        "consequences": fields.ListField(child=fields.DictField()),
        "changes": fields.DictField(
            child=_number(allow_null=True),
            allow_null=True,
            help_text="Price of moving there from today's site, by objective in its unit; null: unknown",
        ),
    },
    many=True,
)
_answer = inline_serializer(
    "PlacementAnswer",
    {
        "currency": fields.CharField(),
        "objectives": fields.ListField(child=fields.DictField()),
        "weights": fields.DictField(child=_number()),
        "today": fields.ListField(child=fields.CharField()),
        "counts": fields.DictField(child=fields.IntegerField()),
        "best": fields.CharField(
            allow_null=True,
            help_text="Slug of the option of rank 1; optional improvements rank behind all others",
        ),
        "unscored": fields.CharField(
            help_text="Objectives that have a weight but no reference to be scored against"
        ),
        "options": _option,
        "not_in_service": fields.ListField(
            child=fields.DictField(),
            help_text="Planned and building sites; `opens_on` is their date, if known",
        ),
        "sensitivity": fields.DictField(allow_null=True),
        "loosen": fields.ListField(child=fields.DictField(), help_text="Limits that leave no option"),
        "snapshot": fields.DictField(help_text="Every factor used, with age and provenance"),
    },
)


class PlacementsView(APIView):
    """A read by POST, because an envelope does not fit an address; it only requires the permission to view."""

    permission_classes = [requires(*MAY_PLACE)]
    post_reads = True

    @extend_schema(
        request=PlacementQuestionSerializer,
        responses={200: _answer},
        operation_id="tradeoffs_place",
        summary="Where one workload may run: options with objectives, reasons, front, ranks, flips and snapshot",
    )
    def post(self, request: Request) -> HttpResponse:
        asked = parameters.asked(PlacementQuestionSerializer(data=request.data))
        envelope = self._envelope(asked.get("workload"))
        question, facts = question_from(asked), read_facts([envelope], now=clock.now())
        answer = weigh(facts.adapter(envelope, question), question)
        body = as_bytes(answer, with_snapshot=asked["snapshot"])
        return HttpResponse(body, content_type="application/json")

    def _envelope(self, given: Any) -> Envelope:
        if isinstance(given, str):
            envelopes = workloads.envelopes([given.replace("\x00", "")])
            if not envelopes:
                raise ValidationError({"workload": [f"No workload class is called {given[:100]}."]})
            return envelopes[0]
        if not isinstance(given, dict):
            raise ValidationError({"workload": ["Give the slug of a workload class, or an envelope."]})
        asked = InlineWorkloadSerializer(data=given, context={"request": self.request, "view": self})
        try:
            asked.is_valid(raise_exception=True)
            return asked.envelope()
        except ValidationError as error:
            raise ValidationError({"workload": error.detail}) from error
