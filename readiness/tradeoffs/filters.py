"""Filters of the lists of factors, round trips and rates, for the API and for pages alike."""

from readiness.tradeoffs.models import ExchangeRate, LatencyFactor, SiteFactor
from web.rest.filters import ObjectFilterSet

_SOURCED = ("basis", "provenance", "source", "as_of_on", "until_on")


class SiteFactorFilters(ObjectFilterSet):
    class Meta:
        model = SiteFactor
        fields = ["site", "kind", "value", "currency", *_SOURCED]
        search_fields = ["site__name", "source", "note"]
        panel = ["site", "kind", "basis", "provenance"]


class LatencyFilters(ObjectFilterSet):
    class Meta:
        model = LatencyFactor
        fields = ["site", "user_region", "other_site", "value_ms", "percentile", *_SOURCED]
        search_fields = ["site__name", "user_region__name", "other_site__name", "source", "note"]
        panel = ["site", "user_region", "other_site", "basis"]


class RateFilters(ObjectFilterSet):
    class Meta:
        model = ExchangeRate
        fields = ["currency", "to_currency", "rate", "as_of_on", "source", "provenance"]
        search_fields = ["currency", "to_currency", "source"]
        panel = ["currency", "to_currency"]
