"""The floor of web with pages above it, as far as settings and signing in need some."""

from django.http import HttpResponse
from django.urls import include, path
from django.utils.timezone import get_current_timezone_name

from web.permissions import require


@require("inventory.view_site")
def fleet(request):
    return HttpResponse(get_current_timezone_name())


urlpatterns = [
    path("", include("web.urls")),
    path("", fleet, name="fleet"),
    path("settings/person/", fleet, name="own-person"),
    path("settings/alerts/", fleet, name="alert-settings"),
    path("inventory/", fleet, name="inventory"),
]
