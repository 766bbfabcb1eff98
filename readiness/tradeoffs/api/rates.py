"""Endpoint of exchange rates."""

from typing import Any

from readiness.tradeoffs.api.entered import BySerializer, EnteredViewSet
from readiness.tradeoffs.core.entries import RateEntry
from readiness.tradeoffs.filters import RateFilters
from readiness.tradeoffs.models import ExchangeRate
from readiness.tradeoffs.operations import enter_rates, import_rates


class RateSerializer(BySerializer):
    class Meta:
        model = ExchangeRate
        fields = ("currency", "to_currency", "rate", "as_of_on", "source", "provenance", "by")
        read_only_fields = ("by",)
        brief_fields = ("currency", "to_currency", "rate", "as_of_on")


class RateViewSet(EnteredViewSet):
    queryset = ExchangeRate.objects.select_related("by")
    serializer_class = RateSerializer
    filterset_class = RateFilters
    enter = staticmethod(enter_rates)
    import_rows = staticmethod(import_rates)

    def entry_of(self, line: int, given: dict[str, Any]) -> RateEntry:
        return RateEntry(line=line, **given)
