"""Pages: conformance of sites, the quadrant of layers, and what a version would change."""

from types import EllipsisType
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from readiness.assessment.standards import operations
from readiness.assessment.standards.models import StandardVersion
from readiness.boards.standards import charts, queries, tables
from web import tables as table_kit
from web.charts import Figure
from web.clock import now
from web.links import crumbs, link
from web.permissions import require
from web.reports import Report, chart_urls
from web.requests import UserRequest
from web.scopes import may_write
from web.tables import TablePage
from web.workflows import NotInState

SITES = "inventory.view_site"
CONFORMANCE = Report("readiness/standards/conformance.html", SITES, "standards.view_conformance")
FLEXIBLE = Report("readiness/standards/flexible.html", SITES, "standards.view_flexiblearea")
PREVIEW = Report(
    "readiness/standards/preview.html", SITES, "standards.view_standardversion", "standards.view_conformance"
)


@CONFORMANCE.page
def conformance(request: HttpRequest) -> tuple[TablePage, Any]:
    return table_kit.page(request, tables.CONFORMANCE, queries.conformances()), lambda: {
        "totals": queries.totals(),
        "chart": chart_urls("conformance-drift-chart"),
    }


@CONFORMANCE.chart
def drift_chart(request: HttpRequest) -> Figure:
    return charts.drift(queries.drift_of(queries.ALL_DOMAINS, now=now()))


@FLEXIBLE.page
def flexible(request: HttpRequest) -> tuple[TablePage, Any]:
    at = now()
    layers = queries.layers(now=at)
    return table_kit.page(request, tables.layer_table(at.date()), layers), lambda: {
        "layers": layers,
        "both": sum(layer.quadrant == "both" for layer in layers),
        "locked": sum(layer.quadrant == "locked" for layer in layers),
        "scattered": sum(layer.quadrant in ("scattered", "neither") for layer in layers),
        "unmeasured": sum(layer.quadrant == "unknown" for layer in layers),
        "chart": chart_urls("flexible-quadrant-chart"),
    }


@FLEXIBLE.chart
def quadrant_chart(request: HttpRequest) -> Figure:
    return charts.quadrant(queries.layers(now=now()))


def _version(pk: int) -> StandardVersion:
    return get_object_or_404(StandardVersion.objects.select_related("standard", "region"), pk=pk)


@PREVIEW.page
def preview(request: HttpRequest, pk: int) -> tuple[TablePage, Any]:
    version = _version(pk)
    rows = queries.preview_rows(version, now=now()) if version.is_draft else []
    return table_kit.page(request, tables.PREVIEW, rows), lambda: {
        "version": version,
        "in_force": queries.version_in_force(version.standard_id),
        "summary": tables.summary(rows),
        "may_publish": version.is_draft
        and request.user.has_perm(operations.MAY_PUBLISH)
        and may_write(version),
        "breadcrumbs": crumbs(
            "Preview", ("Standards", "standard-list"), (str(version), link("standard-version-detail", pk))
        ),
    }


def _replaced(text: str | None) -> int | EllipsisType | None:
    """The version that the preview showed in force: "" for none, and whichever it is without the field."""
    if text is None:
        return ...
    if text and not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise BadRequest("This is no id of a version.")
    return int(text) if text else None


@require_POST
@require(operations.MAY_PUBLISH)
@never_cache
def publish(request: UserRequest, pk: int) -> HttpResponse:
    version = _version(pk)
    replaces = _replaced(request.POST.get("replaces"))
    try:
        operations.publish_version(version, replaces=replaces, by=request.user, now=now())
    except NotInState as error:
        messages.error(request, str(error))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"{version} is in force. Sites are evaluated again within a minute.")
    return HttpResponseRedirect(reverse("standard-version-detail", args=[pk]))
