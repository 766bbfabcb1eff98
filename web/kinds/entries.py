"""Pages with a form whose answer an operation takes: it enters one object, or those of a file."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from web import clock
from web.kinds.kind import Entry, Kind


@never_cache
@require_http_methods(["GET", "POST"])
def entry_page(request: HttpRequest, kind: Kind, entry: Entry) -> HttpResponse:
    asked = {name: request.GET[name] for name in entry.fills if name in request.GET}
    form = entry.form(request.POST or None, request.FILES or None, initial=asked)
    if request.method == "POST" and form.is_valid():
        try:
            entered = entry.enter(**form.asked(), by=request.user, now=clock.now())
        except form.refusals as error:
            form.refused(error)
        else:
            messages.success(request, entry.done if isinstance(entry.done, str) else entry.done(entered))
            return redirect(entry.after(entered) if entry.after else kind.url("list"))
    context = {
        "heading": entry.heading,
        "form": form,
        "submit": entry.heading,
        "cancel_url": kind.url("list"),
        "breadcrumbs": kind.breadcrumbs((entry.heading, "")),
    }
    return render(request, "web/kinds/form.html", context, status=422 if form.errors else 200)
