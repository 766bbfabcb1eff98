"""Endpoint of site factors: values, hourly series, and what is known of sites at an instant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from inventory.models import Site
from readiness.evidence.api.refusing import FileField
from readiness.evidence.api.taking import takes_file
from readiness.evidence.uploads import content_of, sender_of
from readiness.tradeoffs import queries
from readiness.tradeoffs.api.entered import (
    KEPT,
    SOURCED,
    BySerializer,
    EnteredSerializer,
    EnteredViewSet,
    answered_file,
)
from readiness.tradeoffs.api.site_factors import document
from readiness.tradeoffs.api.sourcing import sourcing_of
from readiness.tradeoffs.core.entries import BASES, FactorEntry
from readiness.tradeoffs.core.kinds import CURRENCIES, HOURLY
from readiness.tradeoffs.filters import SiteFactorFilters
from readiness.tradeoffs.models import SiteFactor
from readiness.tradeoffs.models.series import HOURLY_KINDS
from readiness.tradeoffs.operations import SeriesOf, enter_factors, import_factors, import_series
from telemetry.models import SourceProvenance
from web import clock
from web.rest.fields import NumberField
from web.rest.filters import refuse_unknown
from web.rest.serializers import finite
from web.timerange import BadTimeRangeError, TimeRange

MOST_SITES = 1_000


class SiteFactorSerializer(BySerializer):
    """Reads in the stored unit; `value`, `low` and `high` may be sent in another, which `unit` then says."""

    value = NumberField(validators=[finite])
    unit = serializers.CharField(
        required=False, allow_blank=True, max_length=40, help_text="lb/MWh, $/MWh, ct/kWh, kW, %"
    )

    class Meta:
        model = SiteFactor
        fields = ("site", "kind", "value", "unit", "currency", *SOURCED, *KEPT)
        read_only_fields = KEPT
        brief_fields = ("site", "kind", "value", "unit")


class FactorSeriesSerializer(serializers.Serializer):
    """A file of `at,value`, and what its values are."""

    file = FileField(help_text="CSV: at,value; an empty value is not known")
    site = serializers.SlugRelatedField(slug_field="slug", queryset=Site.objects.all())
    kind = serializers.ChoiceField(choices=HOURLY_KINDS)
    unit = serializers.CharField(max_length=40)
    currency = serializers.CharField(max_length=3, required=False, allow_blank=True, default="")
    source = serializers.CharField(max_length=200)  # type: ignore[assignment] # a field by the name of an option
    basis = serializers.ChoiceField(choices=BASES, required=False, default="published")
    provenance = serializers.ChoiceField(
        choices=SourceProvenance.choices, required=False, default=SourceProvenance.DECLARED
    )
    zone = serializers.CharField(
        max_length=64, required=False, allow_blank=True, default="", help_text="IANA name of the file's zone"
    )
    step_min = serializers.ChoiceField(
        choices=[15, 30, 60],
        required=False,
        default=None,
        allow_null=True,
        help_text="Worked out unless given",
    )


class SiteFactorViewSet(EnteredViewSet):
    queryset = SiteFactor.objects.select_related("site", "by")
    serializer_class = SiteFactorSerializer
    filterset_class = SiteFactorFilters
    enter = staticmethod(enter_factors)
    import_rows = staticmethod(import_factors)

    def entry_of(self, line: int, given: dict[str, Any]) -> FactorEntry:
        return FactorEntry(
            line=line,
            site=given["site"].slug,
            kind=given["kind"],
            value=given["value"],
            unit=given.get("unit", ""),
            currency=given.get("currency", ""),
            low=given.get("low"),
            high=given.get("high"),
            sourcing=sourcing_of(given),
        )

    @takes_file(
        "Enter the hours of a factor, or read them",
        asks=FactorSeriesSerializer,
        answers=EnteredSerializer,
        path="series",
    )
    def series(self, request: Request, asked: Mapping[str, Any]) -> Any:
        given = dict(asked)
        with answered_file():
            content = content_of(given.pop("file"))
            entered = import_series(
                about=SeriesOf(**given), content=content, by=sender_of(request), now=clock.now()
            )
        return EnteredSerializer(entered).data

    @extend_schema(
        summary="Hours of a site's factors from start to end",
        parameters=[
            OpenApiParameter("site", description="Slug", required=True),
            OpenApiParameter("kind", description="Every hourly factor unless given", enum=HOURLY),
            OpenApiParameter("start", description="now-7d, ISO 8601 or epoch ms; now-7d unless given"),
            OpenApiParameter("end", description="The same; now unless given"),
        ],
        responses={200: dict},
        filters=False,
    )
    @series.mapping.get
    def read_series(self, request: Request) -> HttpResponse:
        refuse_unknown(request, {"site", "kind", "start", "end"}, ())
        site = _site(request)
        span = _span(request)
        kind = request.GET.get("kind") or None
        if kind is not None and kind not in HOURLY:
            raise ValidationError({"kind": [f"Series are of {', '.join(HOURLY)}."]})
        found = queries.series_of(site.pk, kind, span.start, span.end)
        return _json(
            {
                "site": site.slug,
                "start": span.start,
                "end": span.end,
                "series": [
                    {
                        "kind": each.kind,
                        "unit": each.unit,
                        "source": each.source,
                        "basis": each.basis,
                        "provenance": each.provenance,
                        "step_s": each.series.step_s,
                        "instants": [int(at) for at in each.series.starts_s],
                        # NaN is not in JSON: an unknown value is null.
                        "values": [
                            value if value == value else None for value in each.series.values.tolist()
                        ],
                    }
                    for each in found
                ],
            }
        )

    @extend_schema(
        summary="What is known of each site at an instant, from every source, and why the rest is unknown",
        parameters=[
            OpenApiParameter("site", description="Slug; repeat for several. All unless given.", many=True),
            OpenApiParameter("at", description="ISO 8601; now unless given"),
            OpenApiParameter(
                "percentile", description="Of measured round trips; 99 unless given", type=float
            ),
        ],
        responses={200: dict},
        filters=False,
    )
    @action(detail=False, methods=["get"], url_path="known", pagination_class=None)
    def known(self, request: Request) -> HttpResponse:
        refuse_unknown(request, {"site", "at", "percentile", "currency"}, ())
        at, currency = _instant(request), _currency(request)
        found = queries.factors_of(_site_ids(request), at, percentile=_percentile(request), currency=currency)
        return _json({"at": at, "sites": [document(each, at) for each in found]})


def _json(body: dict[str, Any]) -> HttpResponse:
    return HttpResponse(orjson.dumps(body, option=orjson.OPT_UTC_Z), content_type="application/json")


def _site(request: Request) -> Site:
    site = Site.objects.filter(slug=request.GET.get("site", "")[:100].replace("\0", "")).first()
    if site is None:
        raise ValidationError({"site": ["Give the slug of a site."]})
    return site


def _site_ids(request: Request) -> list[int] | None:
    slugs = [slug.replace("\0", "")[:100] for slug in request.GET.getlist("site")][:MOST_SITES]
    if not slugs:
        return None
    found = dict(Site.objects.filter(slug__in=slugs).values_list("slug", "pk"))
    missing = sorted(set(slugs) - set(found))
    if missing:
        raise ValidationError({"site": [f"There is no site {missing[0]!r}."]})
    return list(found.values())


def _span(request: Request) -> TimeRange:
    try:
        return TimeRange.of(request, now=clock.now(), default="now-7d")
    except BadTimeRangeError as error:
        raise ValidationError({"start": [str(error)]}) from error


def _instant(request: Request) -> datetime:
    asked = request.GET.get("at")
    if not asked:
        return clock.now()
    try:
        at = datetime.fromisoformat(asked)
    except ValueError as error:
        raise ValidationError({"at": ["This is no instant in ISO 8601."]}) from error
    if at.tzinfo is None or not 1970 < at.year < 9000:
        raise ValidationError({"at": ["Write Z or an offset, and a year that can be."]})
    return at


def _currency(request: Request) -> str:
    asked = request.GET.get("currency", "")
    if asked and asked not in CURRENCIES:
        raise ValidationError({"currency": [f"Currencies are {', '.join(CURRENCIES)}."]})
    return asked


def _percentile(request: Request) -> float:
    try:
        percentile = float(request.GET.get("percentile", "99"))
    except ValueError as error:
        raise ValidationError({"percentile": ["This is no number."]}) from error
    if not 0 < percentile < 100:
        raise ValidationError({"percentile": ["A percentile lies between 0 and 100."]})
    return percentile
