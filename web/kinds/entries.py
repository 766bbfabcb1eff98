"""Pages with a form whose answer an operation takes."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from web import clock
from web.kinds.kind import Entry, Kind, Sentence
from web.outside import refuse_outside
from web.workflows.steps import NotInState


@never_cache
@require_http_methods(["GET", "POST"])
def entry_page(request: HttpRequest, kind: Kind, entry: Entry, **key: Any) -> HttpResponse:
    obj = get_object_or_404(kind.rows(), **key) if entry.on_object else None
    if obj is not None and entry.writes:
        refuse_outside(obj, *entry.permissions)
    if entry.form is None:
        return _posted(request, kind, entry, obj)
    begun = dict(entry.initial(obj)) if obj is not None else {}
    initial_values = {name: request.GET[name] for name in entry.fills if name in request.GET}
    sent = request.POST if request.method == "POST" else None
    form = entry.form(sent, request.FILES or None, initial=begun | initial_values)
    is_late = False
    if request.method == "POST" and form.is_valid():
        try:
            return _enter(request, kind, entry, obj, form.arguments())
        except form.refusals as error:
            form.refused(error)
        except NotInState as error:
            form.add_error(None, str(error))
            is_late = True
    # Some forms have buttons that show them again without a fault.
    is_refused = form.is_bound and getattr(form, "is_refused", True)
    of_it = [(str(obj), kind.page_of(obj))] if obj is not None else []
    heading = filled_sentence(entry.heading, obj)
    context = {
        "heading": heading,
        "sub": entry.hint,
        "form": form,
        "submit": entry.submit or (heading if obj is None else "Save"),
        "cancel_url": kind.page_of(obj) if obj is not None else kind.url("list"),
        "breadcrumbs": kind.breadcrumbs(*of_it, (heading, "")),
    }
    return render(request, entry.template, context, status=409 if is_late else 422 if is_refused else 200)


def _posted(request: HttpRequest, kind: Kind, entry: Entry, obj: Any) -> HttpResponse:
    try:
        return _enter(request, kind, entry, obj, {})
    except (ValidationError, NotInState) as error:
        messages.error(request, " ".join(getattr(error, "messages", [str(error)])))
        return redirect(kind.page_of(obj))


def _enter(
    request: HttpRequest, kind: Kind, entry: Entry, obj: Any, arguments: dict[str, Any]
) -> HttpResponse:
    subject = [] if obj is None else [obj]
    entered = entry.enter(*subject, **arguments, by=request.user, now=clock.now())
    if entry.answer is not None:
        return entry.answer(request, obj, entered)
    messages.success(request, filled_sentence(entry.done, entered if obj is None else obj))
    if entry.after is not None:
        return redirect(entry.after(entered))
    return redirect(kind.url("list") if obj is None else kind.page_of(obj))


def filled_sentence(sentence: Sentence, obj: Any) -> str:
    return sentence if isinstance(sentence, str) else sentence(obj)
