"""List, page, form and deletion of any kind of object, as its declaration says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import CASCADE, PROTECT, RESTRICT, Model, ProtectedError, RestrictedError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_GET, require_http_methods

from web import actor, answers, clock, links, scopes
from web.database_refusals import refusal, still_in_use
from web.history import restoring, undo
from web.history.events import history_of
from web.kinds import added, details
from web.kinds.entries import filled_sentence
from web.kinds.kind import KIND_OF, Kind
from web.outside import is_writable, marked, refuse_outside
from web.requests import UserRequest
from web.rest.fields import id_in
from web.tables import page, respond, wants_table_only
from web.tables.menus import MenuAction
from web.timerange import BadParameter

HELD, DELETED, LEFT = "These prevent it", "These are deleted with it", "These stay and no longer name it"


@conditional_page
@require_GET
def object_list(request: UserRequest, kind: Kind) -> HttpResponseBase:
    actions = list(_actions(request, kind))
    menu = partial(_menu, request, kind)
    declared, prepare = added.listed(kind.table, kind.model, kind.prepare, request.user)
    buttons = list(_buttons(request, kind))
    declared = replace(declared, empty=_empty(kind, buttons))
    table = page(request, declared, marked(kind.rows()), prepare=prepare, actions=actions, menu=menu)
    if wants_table_only(request, table):
        return respond(request, "web/kinds/list.html", table)
    context = {
        "heading": kind.label_plural,
        "sub": kind.sentence(),
        "kind": kind,
        "buttons": buttons,
        "tabs": kind.tabs(kind.url_name("list")),
        "breadcrumbs": kind.breadcrumbs(),
    }
    return answers.page(request, "web/kinds/list.html", context | {"table": table})


def _empty(kind: Kind, buttons: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The words of a list without objects: what will stand there, and how the reader fills it."""
    own = kind.table.empty
    text = own.get("text") or _described(kind)
    ways = [button for button in buttons if "is_main" in button]
    if {"plus", "database-import"} <= {str(button["icon"]) for button in ways}:
        text += " Add them one by one, or import a file."
    elif not ways and {"add", "csv"} & set(kind.pages):
        text += " Your role may not add any."
    title = own.get("title") or f"No {kind.table.noun[0]} yet"
    return {"icon": kind.icon or "table", **own, "title": title, "text": text, "ways": ways}


def _described(kind: Kind) -> str:
    """A kind in a sentence: "Racks: where devices stand."; words in capitals stay as they are."""
    sentence = kind.sentence()
    first = sentence[:1] if sentence[1:2].isupper() else sentence[:1].lower()
    return (
        f"{kind.label_plural}: {first}{sentence[1:].removesuffix('.')}."
        if sentence
        else f"{kind.label_plural}."
    )


def _actions(request: HttpRequest, kind: Kind) -> Iterator[dict[str, Any]]:
    """Bulk edit of the ticked rows, or of all that match the filters."""
    if (url := kind.url_if(request.user, "bulk")) and kind.table.filterset:
        filters = kind.table.filterset.base_filters
        applied_filters = [
            (name, value)
            for name, values in request.GET.lists()
            for value in values
            if name in filters and value
        ]
        yield {
            "name": "pick",
            "label": "Edit…",
            "icon": "edit",
            "url": url,
            "all_url": f"{url}?{urlencode(applied_filters)}",
        }


def _menu(request: HttpRequest, kind: Kind, obj: Any) -> list[MenuAction]:
    pages = [("edit", "Change", "edit"), ("delete", "Delete", "trash")]
    return _entries(request, kind, obj) + [
        MenuAction(label, url, icon)
        for name, label, icon in pages
        if (url := kind.url_if(request.user, name, obj))
    ]


def _entries(request: HttpRequest, kind: Kind, obj: Any) -> list[MenuAction]:
    """The forms about one object that the reader may use."""
    allowed = [
        each
        for each in kind.entries
        if each.on_object and each.form is not None and request.user.has_perms(each.permissions)
        if (is_writable(obj) or not each.writes) and each.when(obj, request.user)
    ]
    return [
        MenuAction(
            filled_sentence(entry.heading, obj),
            reverse(entry.url_name, args=[getattr(obj, kind.key)]),
            entry.icon,
        )
        for entry in allowed
    ]


def _buttons(request: HttpRequest, kind: Kind) -> Iterator[dict[str, Any]]:
    """The reader's ways to add objects, the most common first, and further links."""
    if add_url := kind.url_if(request.user, "add"):
        yield {"url": add_url, "label": "Add", "icon": "plus", "is_main": True}
    apart = [each for each in kind.entries if not each.on_object] if scopes.may_add(kind.model) else []
    for place, entry in enumerate(each for each in apart if request.user.has_perms(each.permissions)):
        is_main = place == 0 and not add_url
        yield {"url": reverse(entry.url_name), "label": entry.heading, "icon": entry.icon, "is_main": is_main}
    if csv_url := kind.url_if(request.user, "csv"):
        yield {"url": csv_url, "label": "Import", "icon": "database-import", "is_main": False}
    for label, url_name, icon in kind.links:
        yield {"url": reverse(url_name), "label": label, "icon": icon}


@conditional_page
@require_GET
def object_detail(request: UserRequest, kind: Kind, **key: Any) -> HttpResponse:
    obj = get_object_or_404(marked(kind.rows()), **key)
    if kind.template:
        context = _frame(request, kind, obj) | {
            "rows": history_of(obj).rows,
            "panels": details.panels_beside(kind, obj, user=request.user, now=clock.now()),
        }
        return answers.page(request, kind.template, context | kind.context(obj, request.user))
    shows_history = request.GET.get("tab") == "history"
    context = _frame(request, kind, obj) | {
        "tabs": [
            {"label": "Overview", "url": request.path, "current": not shows_history},
            {"label": "History", "url": f"{request.path}?tab=history", "current": shows_history},
        ]
    }
    if shows_history:
        return render(request, "web/kinds/history.html", context | _history(request, obj))
    panels = details.panels_of(kind, obj, user=request.user, now=clock.now())
    return render(request, kind.overview, context | {"panels": panels})


def _frame(request: HttpRequest, kind: Kind, obj: Any) -> dict[str, Any]:
    """The common context of every page of an object."""
    return {
        "heading": str(obj),
        "sub": kind.label,
        "kind": kind,
        "object": obj,
        "may_write": is_writable(obj),
        "breadcrumbs": kind.breadcrumbs(*details.above(kind, obj), (str(obj), "")),
        "entries": _entries(request, kind, obj),
        "edit_url": kind.url_if(request.user, "edit", obj),
        "delete_url": kind.url_if(request.user, "delete", obj),
        "api_url": links.api_url(obj),
        "elsewhere_url": links.page_url(obj) if kind.elsewhere else "",
    }


def _history(request: HttpRequest, obj: Model) -> dict[str, Any]:
    try:
        changes = history_of(obj, after=request.GET.get("after", ""))
    except BadParameter:
        changes = history_of(obj)
    return {
        "rows": changes.rows,
        "older_url": f"{request.path}?tab=history&after={changes.next_after}" if changes.next_after else "",
    }


@never_cache
@require_http_methods(["GET", "POST"])
def object_add(request: HttpRequest, kind: Kind) -> HttpResponse:
    return _fill_in(request, kind, None)


@never_cache
@require_http_methods(["GET", "POST"])
def object_edit(request: HttpRequest, kind: Kind, **key: Any) -> HttpResponse:
    obj = get_object_or_404(kind.rows(), **key)
    refuse_outside(obj, *kind.permissions("change"))
    return _fill_in(request, kind, obj)


def _fill_in(request: HttpRequest, kind: Kind, obj: Any) -> HttpResponse:
    form = kind.form(request.POST or None, instance=obj, initial=_beginning(kind, request.GET))
    # Validation writes into the object, but the page must show the stored values.
    before = str(obj) if obj is not None else ""
    if request.method == "POST" and form.is_valid():
        if message := form.cleaned_data.get("changelog_message"):
            actor.note(message)
        if (saved := _saved(form)) is not None:
            written = restoring.CREATED if obj is None else restoring.CHANGED
            undo.offer(request, f"{saved} is saved. {kind.then}".strip(), kind.model, written)
            return redirect(kind.page_of(saved))
    of_it = [(before, kind.page_of(obj))] if obj is not None else []
    verb = "Change" if obj is not None else "Add"
    context = {
        "heading": f"{verb} {before or kind.model._meta.verbose_name}",
        "sub": kind.label if obj is not None else kind.sentence(),
        "kind": kind,
        "form": form,
        "cancel_url": kind.page_of(obj) if obj is not None else kind.url("list"),
        "delete_url": kind.url_if(request.user, "delete", obj) if "detail" not in kind.pages and obj else "",
        "breadcrumbs": kind.breadcrumbs(*of_it, (verb, "")),
    }
    return render(request, "web/kinds/form.html", context, status=422 if form.errors else 200)


def _saved(form: Any) -> Any:
    """The object; None if the database refuses it, which the form then shows at the field."""
    try:
        with transaction.atomic():
            return form.save()
    except IntegrityError as error:
        for field, reasons in refusal(error).items():
            form.add_error(field if field in form.fields else None, reasons)
        return None


def _beginning(kind: Kind, parameters: QueryDict) -> dict[str, str]:
    """Initial values from a link: ids of related objects, and the form's `begins_with` fields."""
    begun = {}
    for name in parameters:
        # The type of QueryDict allows a list, but `get` returns the last value, or "".
        value = str(parameters.get(name, ""))
        if name not in kind.form.base_fields or name == "changelog_message":
            continue
        if id_in(value) is not None or name in getattr(kind.form, "begins_with", ()):
            begun[name] = value
    return begun


@never_cache
@require_http_methods(["GET", "POST"])
def object_delete(request: HttpRequest, kind: Kind, **key: Any) -> HttpResponse:
    obj = get_object_or_404(kind.rows(), **key)
    refuse_outside(obj, *kind.permissions("delete"))
    if request.method == "POST":
        return _delete(request, kind, obj)
    fates = list(_fates(kind, obj))
    context = {
        "heading": f"Delete the {kind.model._meta.verbose_name} “{obj}”?",
        "kind": kind,
        "fates": fates,
        "is_held": any(words == HELD for words, _ in fates),
        "cancel_url": kind.page_of(obj),
        "breadcrumbs": kind.breadcrumbs(
            *details.above(kind, obj), (str(obj), kind.page_of(obj)), ("Delete", "")
        ),
    }
    return render(request, "web/kinds/delete.html", context)


def _fates(kind: Kind, obj: Any) -> Iterator[tuple[str, list[tuple[Kind, int]]]]:
    """The consequences for objects that refer to it, each with their kinds and numbers."""
    counted: dict[str, list[tuple[Kind, int]]] = {}
    for related in kind.related:
        references: list[Any] = [related.model._meta.get_field(name) for name in related.fields]
        rules = {each.remote_field.on_delete for each in references}
        total = related.model._default_manager.filter(related.condition(obj)).count()
        if total:
            fate = HELD if rules & {PROTECT, RESTRICT} else DELETED if CASCADE in rules else LEFT
            counted.setdefault(fate, []).append((KIND_OF[related.model], total))
    return ((fate, counted[fate]) for fate in (HELD, DELETED, LEFT) if fate in counted)


def _delete(request: HttpRequest, kind: Kind, obj: Any) -> HttpResponse:
    if message := request.POST.get("changelog_message", "").replace("\x00", "")[:200]:
        actor.note(message)
    name = str(obj)
    try:
        with transaction.atomic():
            obj.delete()
    except (ProtectedError, RestrictedError) as error:
        reasons = [still_in_use(error)]
    except IntegrityError as error:  # Blocked by objects that this reader may not see.
        reasons = [reason for each in refusal(error).values() for reason in each]
    else:
        undo.offer(request, f"{name} is deleted. {kind.then}".strip(), kind.model, restoring.DELETED)
        return redirect(kind.url("list"))
    messages.error(request, f"{name} is not deleted. {' '.join(reasons)}")
    return redirect(kind.page_of(obj))
