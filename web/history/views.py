"""The page of all changes."""

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import capfirst
from django.views.decorators.http import require_GET

from web import clock, visibility
from web.audit.registry import label_of
from web.history.events import ACTIONS, PARAMETERS, history, query_of, visible_models
from web.permissions import signed_in
from web.tables.addresses import Address
from web.timerange import BadParameter


@signed_in
@require_GET
def changes(request: HttpRequest) -> HttpResponse:
    address = Address(request, path=request.path, filters=PARAMETERS)
    try:
        query = query_of(request.GET.dict(), request.user, now=clock.now())
        page = history(query)
    except BadParameter as error:
        raise BadRequest(str(error)) from error
    context = {
        "heading": "History",
        "rows": page.rows,
        "older_url": address.url(after=page.next_after) if page.next_after else "",
        "newest_url": address.url(without=["after"]) if query.after else "",
        "clear_url": request.path,
        "asked": {name: request.GET.get(name, "") for name in PARAMETERS},
        "sees_names": visibility.sees_names(),
        "filtered": any(value for name, value in address.applied if name != "after"),
        "models": [
            {"value": label_of(model), "label": capfirst(str(model._meta.verbose_name_plural))}
            for model in visible_models(request.user)
        ],
        "actions": [{"value": action, "label": (action)} for action in ACTIONS],
    }
    return render(request, "web/history.html", context)
