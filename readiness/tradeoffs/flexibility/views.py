"""Standard against flexible at /tradeoffs/flexibility/: critical workloads or sites as a list, and both as a chart."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from readiness.tradeoffs.core.words import number
from readiness.tradeoffs.flexibility import charts, tables
from readiness.tradeoffs.flexibility.queries import FleetFlexibility, fleet
from readiness.tradeoffs.flexibility.words import index, shares
from readiness.tradeoffs.placing.queries import MAY_PLACE
from web import answers
from web import tables as table_kit
from web.clock import now
from web.permissions import require

MAY_SEE = (*MAY_PLACE, "evidence.view_recordedfact", "evidence.view_attestation")
TEMPLATE = "tradeoffs/flexibility.html"
WORKLOADS, SITES = "workloads", "sites"
may_see = require(*MAY_SEE)


@may_see
@never_cache
@require_GET
def flexibility(request: HttpRequest) -> HttpResponseBase:
    found, view = fleet(now=now()), _view(request)
    if view == SITES:
        table = table_kit.page(request, tables.sites(), found.sites)
    else:
        table = table_kit.page(request, tables.critical(found), found.rows)
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, TEMPLATE, table)
    here = reverse("flexibility")
    labels = {WORKLOADS: "Critical workloads", SITES: "Sites"}
    context = {
        "table": table,
        "found": found,
        "kpis": _key_figures(found),
        "finding": charts.finding(found),
        "legend": charts.legend(),
        "chart_url": reverse("flexibility-chart", args=["json"]),
        "csv_url": reverse("flexibility-chart", args=["csv"]),
        "api_url": table.api_url or reverse("tradeoffs-flexibility"),
        "lists": [
            {
                "label": label,
                "url": f"{here}?view={name}" if name != WORKLOADS else here,
                "current": name == view,
            }
            for name, label in labels.items()
        ],
        "breadcrumbs": [{"label": "Flexibility", "url": ""}],
    }
    return answers.page(request, TEMPLATE, context)


@may_see
@never_cache
@require_GET
def chart(request: HttpRequest, form: str) -> HttpResponse:
    return answers.chart(charts.conformance(fleet(now=now())), form)


def _view(request: HttpRequest) -> str:
    view = request.GET.get("view", WORKLOADS)
    if view not in (WORKLOADS, SITES):
        raise BadRequest("view: is one of workloads, sites")
    return view


def _key_figures(fleet: FleetFlexibility) -> list[dict[str, Any]]:
    whole, many = fleet.whole, len(fleet.rows)
    attested = (
        f"mean of {sum(1 for site in fleet.sites if site.conformance.value is not None)} of "
        f"{len(fleet.sites)} sites; {fleet.conformance.provenance or 'unknown'}"
    )
    conformance = fleet.conformance.value
    of = f"of {many} critical workloads"
    return [
        {
            "label": "Conformance",
            "value": None if conformance is None else number(conformance),
            "unit": "%",
            "note": attested,
        },
        {"label": "Could run elsewhere", "value": whole.with_alternative, "note": of},
        {"label": "With a tested fallback", "value": whole.with_tested_fallback, "note": of},
        {
            "label": "Vendor concentration",
            "value": None if whole.concentration.low is None else index(whole.concentration),
            "note": shares(whole.concentration),
        },
    ]
