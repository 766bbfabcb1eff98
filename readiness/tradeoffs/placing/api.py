"""`POST /api/tradeoffs/placements/`: where one workload may run, and what speaks for each site. Nothing is written."""

from typing import Any

import orjson
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers as fields
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

from readiness.tradeoffs.core.parsing import BadTradeoffQuestion, CarbonKind, object_of
from readiness.tradeoffs.placing.document import document
from readiness.tradeoffs.placing.params import LIMITS, NAMES, VERDICTS, question_of
from readiness.tradeoffs.placing.queries import MAY_PLACE, placement_answer
from readiness.workloads import queries as workloads
from readiness.workloads.api import InlineWorkloadSerializer
from readiness.workloads.core.envelope import Envelope
from web import clock
from web.rest.permissions import requires

_number = fields.FloatField
_limits = inline_serializer(
    "PlacementLimits",
    {
        **{name: _number(required=False, allow_null=True) for name in LIMITS},
        "min_verdict": fields.ChoiceField(choices=VERDICTS, required=False, allow_blank=True),
        "residency": fields.CharField(required=False, allow_blank=True),
    },
)
_slower = inline_serializer(
    "PlacementLinkSlower",
    {
        "site": fields.CharField(help_text="Slug"),
        "region": fields.CharField(required=False, help_text="Slug of a user region; all unless given"),
        "add_ms": _number(),
    },
    many=True,
    required=False,
)
_what_if = inline_serializer(
    "PlacementWhatIf",
    {
        "demand": _number(required=False, help_text="Times what the envelope asks for"),
        "electricity_price": _number(required=False, help_text="Times what it is at each site"),
        "carbon_price": _number(required=False, help_text="Money a tonne CO2e, added to cost"),
        "pue": _number(required=False, allow_null=True, help_text="That of every site"),
        "sites_lost": fields.ListField(child=fields.CharField(), required=False, help_text="Slugs"),
        "links_slower": _slower,
        "limits": _limits,
        "data_origin": fields.CharField(required=False, help_text="Country under whose law the data is"),
        "bases": fields.ListField(
            child=fields.CharField(), required=False, help_text="On record for transfers"
        ),
    },
    required=False,
)
_weights = inline_serializer(
    "PlacementWeights", {name: _number(required=False, min_value=0) for name in NAMES}, required=False
)
_asked = inline_serializer(
    "PlacementQuestion",
    {
        "workload": fields.JSONField(
            help_text="Slug of a workload class, or an envelope as `check/` takes it"
        ),
        "weights": _weights,
        "what_if": _what_if,
        "currency": fields.CharField(required=False, help_text="ISO 4217; the envelope's, else EUR"),
        "carbon": fields.ChoiceField(choices=[each.value for each in CarbonKind], required=False),
        "today": fields.CharField(required=False, help_text="Slug of the site that changes are counted from"),
        "snapshot": fields.BooleanField(required=False, default=True, help_text="false: leave it out"),
    },
)
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
            child=fields.DictField(), help_text="Each limit or rule that it does not keep, and by how much"
        ),
        "pareto": fields.BooleanField(allow_null=True),
        "dominated_by": fields.CharField(allow_null=True),
        "rank": fields.IntegerField(allow_null=True),
        "score": _number(allow_null=True),
        "best_rank": fields.IntegerField(allow_null=True),
        "worst_rank": fields.IntegerField(allow_null=True),
        "effect": fields.CharField(help_text="How what is unknown affects the rank"),
        "step": fields.CharField(
            allow_null=True, help_text="Price of moving there for what keeps its limit already: no win"
        ),
        "margin": _number(allow_null=True, help_text="Least room left under any limit, as a share of it"),
        "outdated": fields.DictField(
            child=fields.CharField(), help_text="Factors older than their kind may be, by objective"
        ),
        "unit_cost": _figure,
        "useful_hour_cost": _figure,
        "accelerators": fields.DictField(
            allow_null=True, help_text="`count` of type `here` that do what `asked` of type `of` do today"
        ),
        "capacity_after": fields.DictField(child=_figure),
        "jurisdiction": fields.DictField(),
        "staffing": fields.DictField(
            allow_null=True, help_text="`requirements` of people there, and how many are `uncovered`"
        ),
        "consequence": fields.CharField(allow_null=True, help_text="What moving there does, in a line"),
        "consequences": fields.ListField(child=fields.DictField()),
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
            allow_null=True, help_text="Slug of the first by rank that is no step without a limit for it"
        ),
        "unscored": fields.CharField(help_text="What has a weight and nothing to be scored against"),
        "options": _option,
        "not_in_service": fields.ListField(child=fields.DictField()),
        "sensitivity": fields.DictField(allow_null=True),
        "loosen": fields.ListField(child=fields.DictField(), help_text="Which limit leaves no option"),
        "snapshot": fields.DictField(help_text="Every factor used, with age and provenance"),
    },
)
KEYS = ("workload", "weights", "what_if", "currency", "carbon", "today", "snapshot")


class PlacementsView(APIView):
    """A read that is asked by POST, since an envelope does not fit an address: to look is all that it needs."""

    permission_classes = [requires(*MAY_PLACE)]
    post_reads = True

    @extend_schema(
        request=_asked,
        responses={200: _answer},
        operation_id="tradeoffs_place",
        summary="Where one workload may run: options with objectives, reasons, front, ranks, flips and snapshot",
    )
    def post(self, request: Request) -> HttpResponse:
        given = request.data
        if not isinstance(given, dict):
            raise ValidationError({"non_field_errors": ["Send an object."]})
        with_snapshot = given.get("snapshot", True)
        if not isinstance(with_snapshot, bool):
            raise ValidationError({"snapshot": ["It has to be true or false."]})
        try:
            object_of("", given, KEYS)
            envelope = self._envelope(given.get("workload"))
            answer = placement_answer(envelope, question_of(given), now=clock.now())
        except BadTradeoffQuestion as error:
            raise ValidationError({error.field: [error.reason]}) from error
        body = document(answer, with_snapshot=with_snapshot)
        return HttpResponse(orjson.dumps(body, option=orjson.OPT_UTC_Z), content_type="application/json")

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
