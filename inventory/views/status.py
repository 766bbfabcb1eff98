"""A new status for the rows that were ticked in a list: first what would change, then the change."""

from typing import cast

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from inventory.forms import StatusForm
from inventory.models import Accelerator, Device
from inventory.operations import set_status
from web.kinds import Kind
from web.units import how_many

# As many as a list shows on its longest page.
MOST = 1000


def change_status(request: HttpRequest, kind: Kind) -> HttpResponse:
    """Posted by the list with `id` repeated; posted again with `status` and `confirmed` by its own page."""
    ids = _ids(request)
    rows = list(kind.rows().filter(pk__in=ids))
    if not rows:
        messages.warning(request, "Tick at least one row first.")
        return redirect(kind.url("list"))
    confirmed = "confirmed" in request.POST
    form = StatusForm(request.POST if confirmed else None, model=kind.model)
    if confirmed and form.is_valid():
        status, message = form.cleaned_data["status"], form.cleaned_data["changelog_message"]
        model = cast(type[Device] | type[Accelerator], kind.model)
        number = set_status(model=model, ids=ids, status=status, message=message)
        messages.success(request, f"{how_many(number, 'has', 'have')} a new status.")
        return redirect(kind.url("list"))
    context = {
        "heading": "Set status",
        "sub": kind.label_plural,
        "kind": kind,
        "form": form,
        "rows": rows,
        "cancel_url": kind.url("list"),
        "breadcrumbs": kind.breadcrumbs(("Set status", "")),
    }
    return render(request, "inventory/status.html", context, status=422 if form.errors else 200)


def _ids(request: HttpRequest) -> list[int]:
    asked = request.POST.getlist("id")
    if len(asked) > MOST or not all(each.isascii() and each.isdecimal() and len(each) < 19 for each in asked):
        raise BadRequest("Ids of at most 1000 rows are needed.")
    return sorted({int(each) for each in asked})
