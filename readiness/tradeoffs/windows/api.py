"""`GET /api/tradeoffs/windows/`: when a workload that may wait should run, and what a rule would have saved."""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers as fields
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

from readiness.tradeoffs.core.parsing import BadTradeoffQuestion, CarbonKind
from readiness.tradeoffs.windows.document import document
from readiness.tradeoffs.windows.params import DAYS, FIELDS, HOURS, MOST_DAYS, Aim, question_of
from readiness.tradeoffs.windows.planned import HoursShown
from readiness.tradeoffs.windows.queries import planned
from readiness.tradeoffs.windows.views import MAY_SEE
from readiness.workloads import queries as workloads
from web import clock
from web.rest.filters import refuse_unknown
from web.rest.permissions import requires

_number = fields.FloatField(allow_null=True)
_amounts: dict[str, Any] = {
    "cost": _number,
    "carbon_kg": _number,
    "cost_per_kw": fields.FloatField(allow_null=True, help_text="For 1 kW at the meter"),
    "carbon_g_per_kw": fields.FloatField(allow_null=True, help_text="For 1 kW at the meter"),
}
_plan = inline_serializer(
    "WindowPlan",
    {
        "pieces": inline_serializer(
            "WindowPiece",
            {
                "start_at": fields.DateTimeField(),
                "end_at": fields.DateTimeField(),
                "start_local": fields.CharField(help_text="At the site, with its offset"),
                "end_local": fields.CharField(),
            },
            many=True,
        ),
        "hours": fields.FloatField(),
        **_amounts,
        "saved": inline_serializer(
            "WindowSaved",
            {**_amounts, "cost_share": _number, "carbon_share": _number},
            help_text="Against running at once; below 0 where it is more",
        ),
    },
    allow_null=True,
)
_windows = inline_serializer(
    "WindowsOfWorkload",
    {
        "span": fields.ChoiceField(choices=[each.value for each in HoursShown]),
        "earliest_at": fields.DateTimeField(),
        "deadline_at": fields.DateTimeField(),
        "step_s": fields.IntegerField(),
        "slots_unknown": fields.DictField(child=fields.IntegerField()),
        "at_once": _plan,
        "flat": inline_serializer("WindowFlat", _amounts, help_text="At the mean of the known hours"),
        "cheapest": _plan,
        "cleanest": _plan,
        "with_carbon_price": _plan,
        "front": fields.ListField(child=fields.DictField(), help_text="Corners, the cheapest first"),
    },
    allow_null=True,
)
_answer = inline_serializer(
    "WindowsAnswer",
    {
        "workload": fields.CharField(),
        "site": fields.CharField(allow_null=True),
        "time_zone": fields.CharField(allow_null=True),
        "evaluated_at": fields.DateTimeField(),
        "deferrable_h": fields.FloatField(),
        "hours": fields.FloatField(),
        "pauses": fields.BooleanField(),
        "aim": fields.ChoiceField(choices=[each.value for each in Aim]),
        "currency": fields.CharField(allow_null=True),
        "carbon_price": fields.FloatField(),
        "power_kw": fields.FloatField(allow_null=True, help_text="At the meter"),
        "power_unknown": fields.CharField(allow_null=True, help_text="Why there is no power"),
        "factors": fields.ListField(
            child=fields.DictField(), help_text="Which are known by the hour, and whence"
        ),
        "why_not": fields.CharField(allow_null=True, help_text="Why there is no window"),
        "windows": _windows,
        "back_test": fields.DictField(allow_null=True, help_text="The rule on past days"),
    },
)
_PARAMETERS = [
    OpenApiParameter("workload", description="Slug", required=True),
    OpenApiParameter("site", description="Slug; where it runs unless given"),
    OpenApiParameter("hours", type=float, description=f"How long a run takes; {HOURS:g} unless given"),
    OpenApiParameter("pauses", enum=["yes", "no"], description="Whether it may run in several pieces"),
    OpenApiParameter("aim", enum=[each.value for each in Aim], description="What the rule is tried for"),
    OpenApiParameter("carbon_price", type=float, description="Money a tonne CO2e that carbon counts as"),
    OpenApiParameter("carbon", enum=[each.value for each in CarbonKind], description="Kind of intensity"),
    OpenApiParameter("currency", description="ISO 4217; that of the hourly price unless given"),
    OpenApiParameter("at", description="When it may start, ISO 8601; without an offset at the site. Now unless given"),
    OpenApiParameter("days", type=int, description=f"Past days; {DAYS} unless given, {MOST_DAYS} at most"),
]  # fmt: skip


class WindowsView(APIView):
    permission_classes = [requires(*MAY_SEE)]

    @extend_schema(
        parameters=_PARAMETERS,
        responses={200: _answer},
        operation_id="tradeoffs_windows",
        summary="When a workload that may wait should run, by hours of price and carbon, and a back-test",
    )
    def get(self, request: Request) -> HttpResponse:
        refuse_unknown(request, {"workload", *FIELDS}, controls=("format",))
        slug = request.query_params.get("workload", "").replace("\0", "")[:100]
        envelopes = workloads.envelopes([slug])
        if not envelopes:
            raise ValidationError({"workload": ["Give the slug of a workload class."]})
        try:
            found = planned(envelopes[0], question_of(request.query_params.dict()), now=clock.now())
        except BadTradeoffQuestion as error:
            raise ValidationError({error.field: [error.reason]}) from error
        body = orjson.dumps(document(found), option=orjson.OPT_UTC_Z)
        return HttpResponse(body, content_type="application/json")
