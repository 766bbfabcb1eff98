"""One's own alerts, under /settings/alerts/."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from readiness.loop.alerts.telling import operations
from readiness.loop.alerts.telling.forms import PreferencesForm, SubscriptionForm, preferences_initial
from readiness.loop.alerts.telling.queries import own_alerts, subscriptions_of
from web.clock import now
from web.links import crumbs
from web.permissions import asks, signed_in
from web.requests import UserRequest
from web.settings_sections import settings_tabs
from web.workflows.pages import saved


@asks()
def alert_settings(request: UserRequest) -> HttpResponse:
    at = now()
    alerts = own_alerts(request.user, now=at)
    form = PreferencesForm(request.POST or None, initial=preferences_initial(alerts.preferences))
    if saved(
        request,
        form,
        lambda: operations.set_preferences(**form.arguments(), by=request.user, now=at),
        "Your preferences are saved.",
    ):
        return redirect("alert-settings")
    context = {"tabs": settings_tabs(request, "alert-settings"), "form": form, "own": alerts, "page_at": at}
    return render(request, "readiness/alerts/settings.html", context, status=422 if form.errors else 200)


@asks()
def subscribe(request: UserRequest) -> HttpResponse:
    form = SubscriptionForm(request.POST or None, by=request.user)
    if saved(
        request,
        form,
        lambda: operations.subscribe(**form.arguments(), by=request.user, now=now()),
        "You are told of these alerts from now on.",
    ):
        return redirect("alert-settings")
    context = {
        "form": form,
        "heading": "Subscribe to alerts",
        "breadcrumbs": crumbs("Subscribe", ("Alerts", "alert-settings")),
    }
    return render(request, "web/form_page.html", context, status=422 if form.errors else 200)


@require_POST
@never_cache
@signed_in
def unsubscribe(request: UserRequest, pk: int) -> HttpResponse:
    subscription = get_object_or_404(subscriptions_of(request.user), pk=pk)
    operations.unsubscribe(subscription, by=request.user, now=now())
    messages.success(request, "You are not told of these alerts any more.")
    return redirect("alert-settings")
