"""The progress of the demo's history on the fleet page, where users with the permission may cancel or continue it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from readiness.demo import progress, tasks
from web.outside import may_offer
from web.permissions import require

MAY_SEE, MAY_CHANGE = "inventory.view_site", "demo.change_demofleet"


def history_of(request: HttpRequest, *, is_asked_for: bool) -> dict[str, Any]:
    """The context of demo/history.html: months from the oldest on. A complete history is only shown on request."""
    past = progress.progress()
    if past is None or (past.is_complete and not is_asked_for):
        return {}
    return {
        "request": request,
        "demo": past.fleet,
        "months": past.months,
        "months_total": past.months_total,
        "may_change": may_offer(request.user, MAY_CHANGE),
    }


@require(MAY_SEE)
@never_cache
@require_GET
def history(request: HttpRequest) -> HttpResponse:
    """A part of the fleet page; other visitors of this address are redirected there."""
    if request.headers.get("HX-Request") != "true":
        return HttpResponseRedirect(reverse("fleet"))
    return render(request, "demo/history.html", history_of(request, is_asked_for=True))


@require_POST
@require(MAY_SEE, MAY_CHANGE)
def cancel(request: HttpRequest) -> HttpResponse:
    if progress.cancel():
        messages.success(request, "Muster stops loading the demo's history. The loaded part stays.")
    else:
        messages.info(request, "The demo's history was not being loaded.")
    return HttpResponseRedirect(reverse("fleet"))


@require_POST
@require(MAY_SEE, MAY_CHANGE)
def resume(request: HttpRequest) -> HttpResponse:
    if progress.resume():
        tasks.write_history.apply_async(expires=10, retry=False)
        messages.success(request, "Muster continues to load the demo's history.")
    else:
        messages.info(request, "Loading the demo's history had not been stopped.")
    return HttpResponseRedirect(reverse("fleet"))
