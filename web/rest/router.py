"""Addresses of endpoints: with a slash at the end, bulk writes on the list, names that never clash with pages."""

from typing import Any

from rest_framework.routers import DefaultRouter, Route

from web import links

BULK = {"put": "bulk_update", "patch": "bulk_partial_update", "delete": "bulk_destroy"}


class Router(DefaultRouter):
    """`register("sites", SiteViewSet)`; names are `inventory-api-site-list` and `…-detail`."""

    include_format_suffixes = False
    routes = [
        route._replace(mapping=route.mapping | BULK)
        if isinstance(route, Route) and not route.detail
        else route
        for route in DefaultRouter.routes
    ]

    def get_default_basename(self, viewset: Any) -> str:
        return links.api_basename(viewset.queryset.model)
