"""Serves the metrics of this process at /metrics, in Prometheus' text format.

Apart from the metrics themselves, because every process has those, and the worker loads no REST framework.
"""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.views import APIView

from web import scopes
from web.rest.permissions import SignedIn


class MetricsView(APIView):
    """Serves scrapers whose token has the scope read."""

    permission_classes = [SignedIn]

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        # A scraper only accepts text, but refusals are JSON.
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        if not scopes.sees_all():
            raise PermissionDenied("These are figures of the whole installation.")
        return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)
