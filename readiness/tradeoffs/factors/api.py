"""Endpoints of site factors: `factors/`, `latencies/`, `rates/`.

Rows are entered singly, in a list or as a table, and deleted. Hours of a factor are entered and read, and everything
known about sites at an instant is read from every source.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from inventory.models import Site
from readiness.assessment.evidence.refusals import FileTooLarge
from readiness.assessment.evidence.uploads import FileField, content_of, sender_of, takes_file
from readiness.tradeoffs.factors import operations, queries
from readiness.tradeoffs.factors.core import entries
from readiness.tradeoffs.factors.core.entries import EntriesRefused, FactorEntry, LatencyEntry, RateEntry
from readiness.tradeoffs.factors.core.factors import Factor, KnownValue, SiteFactors, outdated
from readiness.tradeoffs.factors.shapes import (
    HourlyFactor,
    HoursOfSite,
    KnownFactor,
    KnownFactors,
    KnownSite,
    StatedValue,
    UnknownFactor,
)
from readiness.tradeoffs.factors.tables import ExchangeRateFilters, LatencyFactorFilters, SiteFactorFilters
from readiness.tradeoffs.models import HOURLY_KINDS, ExchangeRate, LatencyFactor, SiteFactor
from readiness.tradeoffs.units import CURRENCIES, HOURLY
from telemetry.models import SourceProvenance
from web import clock, visibility
from web.rest import viewsets
from web.rest.errors import PayloadTooLarge
from web.rest.fields import NumberField
from web.rest.filters import refuse_unknown
from web.rest.parameters import number, value_of
from web.rest.serializers import ObjectSerializer, finite
from web.rest.viewsets import ObjectViewSet, Router
from web.timerange import BadParameter, TimeRange

MOST_SITES = 1_000
MOST_SAID = 100
"""Largest number of wrong lines that an answer lists; it also states the total."""
PERCENTILE = number(0.001, 99.999)
SOURCED: Sequence[str] = ("basis", "provenance", "source", "as_of_on", "until_on", "low", "high", "note")
KEPT: Sequence[str] = ("stated", "caution", "by")


@contextmanager
def answered(*, of_a_list: bool = False) -> Iterator[None]:
    """Turns refusals of the operations into a response: by field, and in a list also by the position of the item."""
    try:
        yield
    except EntriesRefused as error:
        by_item: dict[int, dict[str, list[str]]] = {}
        for each in error.errors:
            by_item.setdefault(each.line - 1, {}).setdefault(each.field, []).append(each.reason)
        messages: Any = by_item if of_a_list else by_item.popitem()[1]
        raise ValidationError(messages) from error


@contextmanager
def answered_file() -> Iterator[None]:
    try:
        yield
    except FileTooLarge as error:
        raise PayloadTooLarge(error.reason) from error
    except EntriesRefused as error:
        refusal = ValidationError()
        listed_errors = error.errors[:MOST_SAID]
        # Set afterwards, because the constructor would convert the numbers to text.
        detail: Any = {
            "file": [f"Line {each.line}, {each.field}: {each.reason}" for each in listed_errors],
            "errors": [
                {"line": each.line, "field": each.field, "reason": each.reason} for each in listed_errors
            ],
            "wrong": len(error.errors),
        }
        refusal.detail = detail
        raise refusal from error


class EnteredSerializer(serializers.Serializer):
    """Numbers of stored rows of a table."""

    created = serializers.IntegerField()
    corrected = serializers.IntegerField()
    unchanged = serializers.IntegerField()


class TableSerializer(serializers.Serializer):
    file = FileField(help_text="CSV with a header; all rows are entered or none")


class BySerializer(ObjectSerializer):
    by = serializers.SerializerMethodField(help_text="User name of whoever entered it")

    def get_by(self, row: Any) -> str | None:
        return visibility.username_of(row.by)


class EnteredViewSet(ObjectViewSet):
    """Values are not edited: entering a value again for the same day corrects it."""

    http_method_names = ["get", "head", "options", "post", "delete"]
    enter: Callable[..., operations.Entered]
    read: Callable[[bytes], list[Any]]

    def entry_of(self, line: int, fields: dict[str, Any]) -> Any:
        raise NotImplementedError

    def perform_create(self, serializer: Any) -> None:
        with answered():
            serializer.instance = self._enter([serializer.validated_data], self.request).rows[0]

    def create_many(self, items: Any) -> list[Any]:
        viewsets.refuse_length(items)
        with transaction.atomic(), answered(of_a_list=True):
            serializer = self.get_serializer(data=items, many=True)
            serializer.is_valid(raise_exception=True)
            return list(self._enter(serializer.validated_data, self.request).rows)

    def _enter(self, items: Sequence[dict[str, Any]], request: Request) -> operations.Entered:
        stated = [self.entry_of(place, dict(each)) for place, each in enumerate(items, start=1)]
        return type(self).enter(entries=stated, by=sender_of(request), now=clock.now())

    @takes_file(
        "Enter a table; all rows are entered or none", asks=TableSerializer, answers=EnteredSerializer
    )
    def import_table(self, request: Request, body: Mapping[str, Any]) -> Any:
        with answered_file():
            rows = type(self).read(content_of(body["file"]))
            entered = type(self).enter(entries=rows, by=sender_of(request), now=clock.now())
        return EnteredSerializer(entered).data


class SiteFactorSerializer(BySerializer):
    """Reads in the stored unit; `value`, `low` and `high` may be sent in another unit, named by `unit`."""

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
    """A file of `at,value`, and the description of its values."""

    file = FileField(help_text="CSV: at,value; an empty value means unknown")
    site = serializers.SlugRelatedField(slug_field="slug", queryset=Site.objects.all())
    kind = serializers.ChoiceField(choices=HOURLY_KINDS)
    unit = serializers.CharField(max_length=40)
    currency = serializers.CharField(max_length=3, required=False, allow_blank=True, default="")
    source = serializers.CharField(max_length=200)  # type: ignore[assignment] # a field by the name of an option
    basis = serializers.ChoiceField(choices=entries.BASES, required=False, default="published")
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
        help_text="Derived from the rows unless given",
    )


class SiteFactorViewSet(EnteredViewSet):
    queryset = SiteFactor.objects.select_related("site", "by")
    serializer_class = SiteFactorSerializer
    filterset_class = SiteFactorFilters
    enter = staticmethod(operations.enter_factors)
    read = staticmethod(entries.factors)

    def entry_of(self, line: int, fields: dict[str, Any]) -> FactorEntry:
        return FactorEntry(line=line, **fields | {"site": fields["site"].slug})

    @takes_file(
        "Enter the hours of a factor, or read them",
        asks=FactorSeriesSerializer,
        answers=EnteredSerializer,
        path="series",
    )
    def series(self, request: Request, body: Mapping[str, Any]) -> Any:
        fields = dict(body)
        with answered_file():
            content = content_of(fields.pop("file"))
            about = operations.SeriesOf(**fields)
            rows = entries.series(content)
            entered = operations.enter_series(about=about, rows=rows, by=sender_of(request), now=clock.now())
        return EnteredSerializer(entered).data

    @extend_schema(
        summary="Hours of a site's factors from start to end",
        parameters=[
            OpenApiParameter("site", description="Slug", required=True),
            OpenApiParameter("kind", description="Every hourly factor unless given", enum=HOURLY),
            OpenApiParameter("start", description="now-7d, ISO 8601 or epoch ms; now-7d unless given"),
            OpenApiParameter("end", description="The same; now unless given"),
        ],
        responses={200: HoursOfSite},
        filters=False,
    )
    @series.mapping.get
    def read_series(self, request: Request) -> Response:
        refuse_unknown(request, {"site", "kind", "start", "end"}, ())
        site = Site.objects.filter(slug=request.GET.get("site", "")[:100].replace("\0", "")).first()
        if site is None:
            raise BadParameter("site", "Give the slug of a site.")
        span = TimeRange.read(request, now=clock.now(), default="now-7d")
        kind = request.GET.get("kind") or None
        if kind is not None and kind not in HOURLY:
            raise BadParameter("kind", f"Series are of {', '.join(HOURLY)}.")
        hours: list[HourlyFactor] = [
            {
                "kind": each.kind,
                "unit": each.unit,
                "source": each.source,
                "basis": each.basis,
                "provenance": each.provenance,
                "step_s": each.series.step_s,
                "instants": [int(at) for at in each.series.starts_s],
                # JSON has no NaN, so an unknown value is null.
                "values": [value if value == value else None for value in each.series.values.tolist()],
            }
            for each in queries.series_of(site.pk, kind, span.start, span.end)
        ]
        return Response(HoursOfSite(site.slug, span.start, span.end, hours))

    @extend_schema(
        summary="What is known of each site at an instant, from every source, and why the rest is unknown",
        parameters=[
            OpenApiParameter("site", description="Slug; repeat for several. All unless given.", many=True),
            OpenApiParameter("at", description="ISO 8601; now unless given"),
            OpenApiParameter("percentile", float, description="Of measured round trips; 99 unless given"),
            OpenApiParameter("currency", description="Of money; as entered unless given"),
        ],
        responses={200: KnownFactors},
        filters=False,
    )
    @action(detail=False, methods=["get"], url_path="known", url_name="known", pagination_class=None)
    def known_factors(self, request: Request) -> Response:
        refuse_unknown(request, {"site", "at", "percentile", "currency"}, ())
        at, currency = _instant(request.GET.get("at")), request.GET.get("currency", "")
        if currency and currency not in CURRENCIES:
            raise BadParameter("currency", f"Currencies are {', '.join(CURRENCIES)}.")
        percentile = value_of("percentile", request.GET.get("percentile", "99"), PERCENTILE)
        sites = _site_ids(request.GET.getlist("site"))
        site_factors = queries.factors_of(sites, at, percentile=percentile, currency=currency)
        return Response(KnownFactors(at, [_document(site, at) for site in site_factors]))


def _site_ids(site_params: Sequence[str]) -> list[int] | None:
    slugs = [slug.replace("\0", "")[:100] for slug in site_params][:MOST_SITES]
    if not slugs:
        return None
    ids = dict(Site.objects.filter(slug__in=slugs).values_list("slug", "pk"))
    if unknown_slugs := sorted(set(slugs) - set(ids)):
        raise BadParameter("site", f"There is no site {unknown_slugs[0]!r}.")
    return list(ids.values())


def _instant(text: str | None) -> datetime:
    if not text:
        return clock.now()
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadParameter("at", "This is not an ISO 8601 time.") from error
    if at.tzinfo is None or not 1970 < at.year < 9000:
        raise BadParameter("at", "Write Z or an offset, and a year that exists.")
    return at


def _document(site: SiteFactors, at: datetime) -> KnownSite:
    def stated(factors: Mapping[str, Factor]) -> dict[str, KnownFactor | UnknownFactor]:
        return {name: _factor(factor, at) for name, factor in factors.items()}

    return {
        "site": {"id": site.site_id, "slug": site.slug, "name": site.name, "country": site.country},
        "stage": site.stage,
        "verdict": site.verdict or None,
        "score": site.score,
        "accelerators": dict(site.accelerators),
        "factors": stated(site.factors),
        "latency": stated(site.latency),
        "between": stated(site.between),
    }


def _factor(factor: Factor, at: datetime) -> KnownFactor | UnknownFactor:
    unknown = factor.unknown or None
    if factor.best is None:
        return {"unknown": unknown, "disagrees": factor.disagrees}
    return {
        "unknown": unknown,
        "disagrees": factor.disagrees,
        **_known(factor.kind, factor.best, at),
        "others": [_known(factor.kind, other, at) for other in factor.others],
    }


def _known(kind: str, value: KnownValue, at: datetime) -> StatedValue:
    return {
        "value": value.value,
        "unit": value.unit,
        "low": value.low,
        "high": value.high,
        "percentile": value.percentile,
        "basis": value.basis,
        "provenance": value.provenance,
        "source": value.source,
        "as_of": value.as_of,
        "coverage": value.coverage,
        "detail": value.detail,
        "caution": value.caution,
        "currency": value.currency or None,
        "age_s": max(0.0, value.age_s(at)),
        "outdated": outdated(kind, value, at),
    }


class LatencySerializer(BySerializer):
    """Reads in ms; may be sent in another unit of time. A pair of sites is returned as stored: the older site first."""

    value = serializers.FloatField(source="value_ms", validators=[finite], help_text="Round trip")
    unit = serializers.CharField(required=False, max_length=16, help_text="ms, unless sent in another")

    class Meta:
        model = LatencyFactor
        fields = ("site", "user_region", "other_site", "value", "unit", "percentile", *SOURCED, *KEPT)
        read_only_fields = KEPT
        brief_fields = ("site", "user_region", "other_site", "value", "unit", "percentile")


class LatencyViewSet(EnteredViewSet):
    queryset = LatencyFactor.objects.select_related("site", "user_region", "other_site", "by")
    serializer_class = LatencySerializer
    filterset_class = LatencyFactorFilters
    enter = staticmethod(operations.enter_latencies)
    read = staticmethod(entries.latencies)

    def entry_of(self, line: int, fields: dict[str, Any]) -> LatencyEntry:
        ends = {name: fields.pop(name) for name in ("site", "user_region", "other_site") if name in fields}
        slugs: dict[str, Any] = {name: end.slug if end else "" for name, end in ends.items()}
        return LatencyEntry(line=line, value=fields.pop("value_ms"), **slugs, **fields)


class RateSerializer(BySerializer):
    class Meta:
        model = ExchangeRate
        fields = ("currency", "to_currency", "rate", "as_of_on", "source", "provenance", "by")
        read_only_fields = ("by",)
        brief_fields = ("currency", "to_currency", "rate", "as_of_on")


class RateViewSet(EnteredViewSet):
    queryset = ExchangeRate.objects.select_related("by")
    serializer_class = RateSerializer
    filterset_class = ExchangeRateFilters
    enter = staticmethod(operations.enter_rates)
    read = staticmethod(entries.rates)

    def entry_of(self, line: int, fields: dict[str, Any]) -> RateEntry:
        return RateEntry(line=line, **fields)


router = Router()
router.register("factors", SiteFactorViewSet)
router.register("latencies", LatencyViewSet)
router.register("rates", RateViewSet)
