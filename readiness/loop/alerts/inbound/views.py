"""The page that shows a token once, the trial of a body, and the answer of the doors to other methods."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from readiness.loop.alerts.core.inbound.messages import BodyNotRead
from readiness.loop.alerts.inbound.forms import TrialForm
from readiness.loop.alerts.inbound.receive import ADDRESSES
from readiness.loop.alerts.inbound.tabs import tabs
from readiness.loop.alerts.inbound.trials import try_body
from readiness.loop.alerts.models import AlertSender
from web import clock
from web.permissions import require
from web.requests import absolute_url


@csrf_exempt
def webhook(request: HttpRequest) -> JsonResponse:
    """asgi.py answers POST before Django."""
    detail = f"This address accepts POST only: webhooks of {ADDRESSES[request.path].label}, with the token of a sender."
    return JsonResponse({"detail": detail}, status=405, headers={"Allow": "POST"})


@require("alerts.view_inboundrule", "alerts.view_alertsender")
@never_cache
@require_http_methods(["GET", "POST"])
def trial(request: HttpRequest) -> HttpResponse:
    form = TrialForm(request.POST if request.method == "POST" else None)
    tried_alerts = None
    if request.method == "POST" and form.is_valid():
        try:
            tried_alerts = try_body(
                form.cleaned_data["body"].encode(), form.cleaned_data["sender"], now=clock.now()
            )
        except BodyNotRead as error:
            form.add_error("body", f"Muster cannot read it: {error}.")
    is_refused = form.is_bound and not form.is_valid()
    context: dict[str, Any] = {"form": form, "tried": tried_alerts, "tabs": tabs("inbound-trial")}
    return render(request, "readiness/inbound/trial.html", context, status=422 if is_refused else 200)


def token_page(request: HttpRequest, sender: AlertSender, token: str, *, heading: str) -> HttpResponse:
    """The response that creates a token: no other page shows it."""
    address = absolute_url(request, reverse(f"inbound-{sender.kind}"))
    context = {"heading": heading, "sender": sender, "token": token, "address": address}
    snippet = render_to_string("readiness/inbound/alertmanager.txt", context)
    return render(request, "readiness/inbound/token.html", context | {"snippet": snippet.strip()})
