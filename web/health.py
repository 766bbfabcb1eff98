"""Whether Muster lives, and whether it can work."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache


@never_cache
def live(request: HttpRequest) -> JsonResponse:
    """The process answers. Touches nothing else, so that a database that is down restarts no web process."""
    return JsonResponse({"status": "live"})
