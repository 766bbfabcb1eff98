"""Filters of channels, for the page and the API."""

from web.delivery.models import Channel
from web.rest.filters import ObjectFilterSet


class ChannelFilters(ObjectFilterSet):
    class Meta:
        model = Channel
        fields = (
            *("kind", "name", "owner", "is_shared", "scope_kind", "scope_slug", "only_urgent"),
            *("verified_at", "disabled_at", "created_at"),
        )
        search_fields = ("name",)
        panel = ("kind", "is_shared", "owner")
