"""The list of contradictions of the inventory, and the page of one with its steps."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

from telemetry.drift import operations, queries, sentences, tables
from telemetry.drift.models import InventoryDrift
from web import answers
from web import tables as table_kit
from web.links import crumbs
from web.reports import Report
from web.tables import TablePage
from web.workflows.pages import StepPages

SEE = ("inventory.view_site", "telemetry.view_inventorydrift")
DRIFTS = Report("telemetry/drifts.html", *SEE)
ABOVE = (("Inventory drift", "drifts"),)


@DRIFTS.page
def drifts(request: HttpRequest) -> tuple[TablePage, Any]:
    rows = queries.drifts()
    return table_kit.page(request, tables.drift_table(), rows), lambda: {
        "pressing": InventoryDrift.objects.pressing().count(),
        "proposed": InventoryDrift.objects.filter(state=InventoryDrift.State.PROPOSED).count(),
    }


def _show(
    request: HttpRequest, drift: InventoryDrift, refusals: Sequence[str] = (), status: int = 200
) -> HttpResponseBase:
    context = {
        "drift": drift,
        "sentence": sentences.contradiction(drift),
        "breadcrumbs": crumbs(str(drift), *ABOVE),
        **STEPS.context(request, drift, refusals),
    }
    return answers.page(request, "telemetry/drift.html", context, status=status)


def _drift(pk: int) -> InventoryDrift:
    return get_object_or_404(queries.drifts(), pk=pk)


STEPS = StepPages(
    page="drift",
    see=SEE,
    find=_drift,
    show=_show,
    done={
        operations.propose: "The correction is proposed; a second person must confirm it.",
        operations.confirm: "The inventory is corrected.",
        operations.reject: "The correction is rejected.",
        operations.dismiss: "The contradiction is dismissed.",
    },
)
