"""Filters of versions, for the API and for the page alike."""

from readiness.framework.models import FrameworkVersion
from web.rest.filters import ObjectFilterSet


class FrameworkVersionFilters(ObjectFilterSet):
    class Meta:
        model = FrameworkVersion
        fields = [
            *("version", "title", "status", "digest", "made_from", "rolls_back_to"),
            *("created_at", "published_at", "created_by", "published_by"),
        ]
        search_fields = ["version", "title", "note"]
        panel = ["status", "created_by", "published_by"]
