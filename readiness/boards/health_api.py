"""Health of the domains of sites, read-only, as of the moment of the request."""

from collections import OrderedDict
from typing import Any

from django.db import models
from django_filters import Filter
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from readiness.boards.queries.site import reasons_of
from readiness.boards.sentences import code_of_reason, reason_words
from readiness.scoring.choices import HEALTHS
from readiness.scoring.core.silence import HealthAt
from readiness.scoring.models import DomainHealth
from readiness.scoring.queries.rows import HealthReason
from web import clock
from web.rest.fields import ChoiceValueField
from web.rest.filters import ObjectFilterSet
from web.rest.serializers import ObjectSerializer
from web.rest.viewsets import ReadOnlyObjectViewSet


class DomainHealthSerializer(ObjectSerializer):
    """An unknown domain was `last_health` until `heard_at`. `clock`: a source of it is late or silent.

    Between two evaluations a domain whose samples may have stopped is reported as unknown.
    """

    health = serializers.SerializerMethodField()
    last_health = serializers.SerializerMethodField()
    since = serializers.SerializerMethodField()
    objects_by_health = serializers.SerializerMethodField()
    figures = serializers.SerializerMethodField()
    reasons = serializers.SerializerMethodField()

    class Meta:
        model = DomainHealth
        fields = (
            *("site", "domain", "health", "last_health", "heard_at", "clock", "since", "objects_by_health"),
            *("reasons", "figures", "taken_at", "evaluated_at"),
        )
        brief_fields = ("site", "domain", "health", "last_health", "heard_at")

    def _at_request(self, stored: DomainHealth) -> HealthAt:
        return stored.at(clock.now())

    @extend_schema_field(ChoiceValueField(choices=HEALTHS))
    def get_health(self, stored: DomainHealth) -> dict[str, str]:
        return _choice(self._at_request(stored).health)

    @extend_schema_field(ChoiceValueField(choices=HEALTHS, allow_null=True))
    def get_last_health(self, stored: DomainHealth) -> dict[str, str] | None:
        last_health = self._at_request(stored).last_health
        return _choice(last_health) if last_health else None

    @extend_schema_field({"type": "string", "format": "date-time"})
    def get_since(self, stored: DomainHealth) -> Any:
        return self._at_request(stored).since

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "integer"}})
    def get_objects_by_health(self, stored: DomainHealth) -> Any:
        return self._at_request(stored).objects_by_health

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "object"}})
    def get_figures(self, stored: DomainHealth) -> Any:
        return self._at_request(stored).figures

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_reasons(self, stored: DomainHealth) -> list[dict[str, Any]]:
        return [_reason(reason) for reason in reasons_of(stored, now=clock.now())]


def _choice(health: str) -> dict[str, str]:
    return {"value": health, "label": str(dict(HEALTHS)[health])}


def _reason(reason: HealthReason) -> dict[str, Any]:
    code = code_of_reason(reason)
    return {
        **{name: getattr(reason, name) for name in reason.__slots__},
        "words": reason_words(reason),
        "meaning": code.meaning if code else "",
        "severity": code.severity if code else "",
        "action": code.action if code else "",
    }


class DomainHealthFilters(ObjectFilterSet):
    """`health` filters by what the endpoint reports under that name."""

    @classmethod
    def get_filters(cls) -> OrderedDict[str, Filter]:
        filters = super().get_filters()
        for each in filters.values():
            if each.field_name == "health":
                each.field_name = "health_now"
        return filters

    class Meta:
        model = DomainHealth
        fields = ["site", "domain", "health", "clock", "heard_at", "taken_at", "evaluated_at"]
        search_fields = ["site__name", "site__slug", "domain"]


class DomainHealthViewSet(ReadOnlyObjectViewSet):
    queryset = DomainHealth.objects.select_related("site")
    serializer_class = DomainHealthSerializer
    filterset_class = DomainHealthFilters
    ordering_fields = ("id", "site", "domain", "taken_at", "evaluated_at")

    def get_queryset(self) -> models.QuerySet[DomainHealth]:
        return DomainHealth.objects.as_of(clock.now()).select_related("site")

    def etag(self, obj: models.Model) -> str:
        """Time alone makes a domain unknown, so its health is part of it."""
        stored = super().etag(obj)
        return f'{stored[:-1]}-{obj.at(clock.now()).health}"' if isinstance(obj, DomainHealth) else stored
