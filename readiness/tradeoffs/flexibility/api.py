"""`GET /api/tradeoffs/flexibility/`: alternatives of critical workloads, tested fallbacks, vendors, conformance."""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers as fields
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

from readiness.evidence.queries import NewestRecord
from readiness.tradeoffs.core.flexibility import Concentration, FallbackState
from readiness.tradeoffs.core.options import BandedFigure
from readiness.tradeoffs.flexibility.queries import CriticalRow, SiteFlexibility, fleet
from readiness.tradeoffs.flexibility.views import MAY_SEE
from readiness.tradeoffs.flexibility.words import COUNTS, count_of
from web import clock
from web.rest.filters import refuse_unknown
from web.rest.permissions import requires

CHOICES = {
    "alternatives": [name for name, _label in COUNTS],
    "fallback": [state.value for state in FallbackState],
}
_slugs = fields.ListField(child=fields.CharField())
_number = fields.FloatField(allow_null=True)
_record = inline_serializer(
    "FlexibilityRecord",
    {
        "kind": fields.ChoiceField(choices=["fact", "attestation"]),
        "id": fields.IntegerField(),
        "value": fields.FloatField(),
        "taken_on": fields.DateField(),
        "provenance": fields.CharField(),
        "said_by": fields.CharField(),
    },
    allow_null=True,
)
_concentration = inline_serializer(
    "VendorConcentration",
    {
        "hhi": fields.FloatField(allow_null=True, help_text="Herfindahl-Hirschman index, to 10,000"),
        "low": _number,
        "high": _number,
        "level": fields.CharField(),
        "shares": fields.DictField(child=fields.FloatField(), help_text="Percent by vendor"),
    },
)
_conformance = inline_serializer(
    "Conformance",
    {"value": _number, "provenance": fields.CharField(allow_null=True), "source": fields.CharField()},
)
_answer = inline_serializer(
    "FlexibilityAnswer",
    {
        "evaluated_at": fields.DateTimeField(),
        "told": fields.CharField(),
        "conformance": _conformance,
        "concentration": _concentration,
        "count": fields.IntegerField(),
        "results": inline_serializer(
            "CriticalWorkload",
            {
                "workload": fields.CharField(),
                "name": fields.CharField(),
                "runs_at": _slugs,
                "alternatives": fields.ListField(child=fields.CharField(), help_text="Other feasible sites"),
                "undecided": _slugs,
                "remaining": fields.IntegerField(help_text="Sites left if one that it runs at is lost"),
                "fallback": fields.ChoiceField(choices=CHOICES["fallback"]),
                "record": _record,
                "refused": fields.CharField(allow_null=True, help_text="Why no site could be decided"),
            },
            many=True,
        ),
        "sites": inline_serializer(
            "SiteFlexibility",
            {
                "site": fields.CharField(),
                "name": fields.CharField(),
                "conformance": _conformance,
                "record": _record,
                "critical_workloads": fields.IntegerField(),
                "fewest_alternatives": fields.IntegerField(allow_null=True),
                "concentration": _concentration,
            },
            many=True,
        ),
    },
)


class FlexibilityView(APIView):
    permission_classes = [requires(*MAY_SEE)]

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "site", OpenApiTypes.STR, description="Slug of a site that it runs at", many=True
            ),
            OpenApiParameter("alternatives", OpenApiTypes.STR, enum=CHOICES["alternatives"], many=True),
            OpenApiParameter("fallback", OpenApiTypes.STR, enum=CHOICES["fallback"], many=True),
            OpenApiParameter("q", OpenApiTypes.STR, description="In the name"),
        ],
        responses={200: _answer},
        operation_id="tradeoffs_flexibility",
        summary="Standard against flexible: alternatives, tested fallbacks, vendors and conformance",
    )
    def get(self, request: Request) -> HttpResponse:
        refuse_unknown(request, {"site", *CHOICES, "q"}, controls=("format",))
        wanted = {name: _chosen(request, name) for name in ("site", *CHOICES)}
        for name, known in CHOICES.items():
            if unknown := sorted(wanted[name] - set(known)):
                message = f"No such choice: {', '.join(unknown)[:100]}. There are {', '.join(known)}."
                raise ValidationError({name: [message]})
        found = fleet(now=clock.now())
        words = request.query_params.get("q", "").casefold()
        rows = [row for row in found.rows if _is_wanted(row, wanted) and words in row.name.casefold()]
        body = {
            "evaluated_at": found.at,
            "told": found.told,
            "conformance": _of_figure(found.conformance),
            "concentration": _of_vendors(found.whole.concentration),
            "count": len(rows),
            "results": [_row(row) for row in rows],
            "sites": [_site(site) for site in found.sites],
        }
        return HttpResponse(orjson.dumps(body, option=orjson.OPT_UTC_Z), content_type="application/json")


def _chosen(request: Request, name: str) -> set[str]:
    return {part for value in request.query_params.getlist(name) for part in value.split(",") if part}


def _is_wanted(row: CriticalRow, wanted: dict[str, set[str]]) -> bool:
    has = {
        "site": set(row.freedom.runs_at),
        "alternatives": {count_of(len(row.freedom.alternatives))},
        "fallback": {row.freedom.fallback.value},
    }
    return all(not chosen or chosen & has[name] for name, chosen in wanted.items())


def _row(row: CriticalRow) -> dict[str, Any]:
    freedom = row.freedom
    return {
        "workload": row.slug,
        "name": row.name,
        "runs_at": freedom.runs_at,
        "alternatives": freedom.alternatives,
        "undecided": freedom.undecided,
        "remaining": freedom.remaining,
        "fallback": freedom.fallback.value,
        "record": _of_record(row.record),
        "refused": row.refused or None,
    }


def _site(site: SiteFlexibility) -> dict[str, Any]:
    return {
        "site": site.slug,
        "name": site.name,
        "conformance": _of_figure(site.conformance),
        "record": _of_record(site.record),
        "critical_workloads": len(site.alternatives),
        "fewest_alternatives": site.fewest,
        "concentration": _of_vendors(site.vendors),
    }


def _of_figure(figure: BandedFigure) -> dict[str, Any]:
    provenance = figure.provenance.value if figure.provenance else None
    return {"value": figure.value, "provenance": provenance, "source": figure.source}


def _of_vendors(concentration: Concentration) -> dict[str, Any]:
    return {
        "hhi": concentration.hhi,
        "low": concentration.low,
        "high": concentration.high,
        "level": concentration.level.value,
        "shares": dict(concentration.shares),
    }


def _of_record(record: NewestRecord | None) -> dict[str, Any] | None:
    if record is None:
        return None
    return {
        "kind": record.kind,
        "id": record.pk,
        "value": record.value,
        "taken_on": record.taken_on,
        "provenance": record.provenance,
        "said_by": record.source,
    }
