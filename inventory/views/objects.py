"""List, page, form and deletion of any kind of object; inventory.kinds declares what differs between them."""

from typing import Any

from django.contrib import messages
from django.db.models import Model, ProtectedError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from inventory import details, tables
from inventory.kinds import KIND_OF, Kind
from inventory.models import DeviceType, Site
from web import actor, clock, links
from web.history import BadCursor, history_of
from web.requests import UserRequest
from web.tables import page, respond

LARGEST_ID = 2**63 - 1


@require_GET
def object_list(request: HttpRequest, kind: Kind) -> HttpResponseBase:
    actions = []
    if kind.has_status and request.user.has_perm(kind.permission("change")):
        actions.append({"name": "status", "label": "Set status…", "icon": "edit", "url": kind.url("status")})
    may_add = request.user.has_perm(kind.permission("add"))
    table = page(request, kind.table, tables.rows_of(kind.model), actions=actions)
    context = {
        "heading": kind.label_plural,
        "sub": kind.hint,
        "kind": kind,
        "add_url": kind.url("add") if may_add else "",
        "breadcrumbs": [
            {"label": "Inventory", "url": reverse("inventory")},
            {"label": kind.label_plural, "url": ""},
        ],
    }
    return respond(request, "inventory/list.html", table, context)


@require_GET
def object_detail(request: UserRequest, kind: Kind, pk: int) -> HttpResponse:
    obj = get_object_or_404(tables.rows_of(kind.model), pk=pk)
    shows_history = request.GET.get("tab") == "history"
    context = _frame(request, kind, obj) | {
        "tabs": [
            {"label": "Overview", "url": request.path, "current": not shows_history},
            {"label": "History", "url": f"{request.path}?tab=history", "current": shows_history},
        ]
    }
    if shows_history:
        return render(request, "inventory/history.html", context | _history(request, obj))
    panels = details.panels_of(kind, obj, user=request.user, now=clock.now())
    return render(request, "inventory/detail.html", context | {"panels": panels})


def _frame(request: HttpRequest, kind: Kind, obj: Any) -> dict[str, Any]:
    """Return what every page of an object has around it."""
    may_change, may_delete = (request.user.has_perm(kind.permission(each)) for each in ("change", "delete"))
    return {
        "heading": str(obj),
        "sub": kind.label,
        "kind": kind,
        "object": obj,
        "breadcrumbs": details.breadcrumbs(kind, obj),
        "edit_url": kind.url("edit", obj.pk) if may_change else "",
        "delete_url": kind.url("delete", obj.pk) if may_delete else "",
        "api_url": links.api_url(obj),
        "verdict_url": links.page_url(obj) if isinstance(obj, Site) else "",
    }


def _history(request: HttpRequest, obj: Model) -> dict[str, Any]:
    try:
        changes = history_of(obj, after=request.GET.get("after", ""))
    except BadCursor:
        changes = history_of(obj)
    return {
        "rows": changes.rows,
        "older_url": f"{request.path}?tab=history&after={changes.next_after}" if changes.next_after else "",
    }


@require_http_methods(["GET", "POST"])
def object_add(request: HttpRequest, kind: Kind) -> HttpResponse:
    return _fill_in(request, kind, None)


@require_http_methods(["GET", "POST"])
def object_edit(request: HttpRequest, kind: Kind, pk: int) -> HttpResponse:
    return _fill_in(request, kind, get_object_or_404(tables.rows_of(kind.model), pk=pk))


def _fill_in(request: HttpRequest, kind: Kind, obj: Any) -> HttpResponse:
    form = kind.form(request.POST or None, instance=obj, initial=_beginning(kind, request.GET))
    # The form writes into the object while it checks: the page must go on showing what is stored.
    before = str(obj) if obj is not None else ""
    if request.method == "POST" and form.is_valid():
        if message := form.cleaned_data["changelog_message"]:
            actor.note(message)
        saved = form.save()
        messages.success(request, f"{saved} is saved.")
        return redirect(tables.own_page(saved))
    heading = "Change %(object)s" if obj is not None else "Add %(object)s"
    context = {
        "heading": heading % {"object": before or kind.model._meta.verbose_name},
        "sub": kind.label if obj is not None else kind.hint,
        "kind": kind,
        "form": form,
        "cancel_url": kind.url("detail", obj.pk) if obj is not None else kind.url("list"),
        "breadcrumbs": [
            {"label": "Inventory", "url": reverse("inventory")},
            {"label": kind.label_plural, "url": kind.url("list")},
            *([{"label": before, "url": kind.url("detail", obj.pk)}] if obj is not None else []),
            {"label": "Change" if obj is not None else "Add", "url": ""},
        ],
        "choices_of_kind": _choices_of_kind(form) if kind.model is DeviceType else [],
    }
    return render(request, "inventory/form.html", context, status=422 if form.errors else 200)


def _beginning(kind: Kind, asked: QueryDict) -> dict[str, str]:
    """Return what a link fills into the form: ids of related objects, and the kind of a device type."""
    begun = {}
    for name in asked:
        # The type of QueryDict allows for a list; it gives the last value, or "" for none.
        value = str(asked.get(name, ""))
        field = kind.form.base_fields.get(name)
        if field is None or name == "changelog_message":
            continue
        is_id = value.isascii() and value.isdecimal() and int(value[:19]) <= LARGEST_ID and len(value) <= 19
        if is_id or (name == "kind" and kind.model is DeviceType):
            begun[name] = value
    return begun


def _choices_of_kind(form: Any) -> list[dict[str, Any]]:
    return [
        {"label": label, "value": value, "current": value == form.kind}
        for value, label in DeviceType.Kind.choices
    ]


@require_http_methods(["GET", "POST"])
def object_delete(request: HttpRequest, kind: Kind, pk: int) -> HttpResponse:
    obj = get_object_or_404(tables.rows_of(kind.model), pk=pk)
    if request.method == "POST":
        return _delete(request, kind, obj)
    held = [
        {
            "kind": KIND_OF[each.model],
            "total": each.model._default_manager.filter(each.condition(obj)).count(),
        }
        for each in kind.related
    ]
    context = {
        "heading": f"Delete {obj}?",
        "sub": kind.label,
        "kind": kind,
        "object": obj,
        "held": [each for each in held if each["total"]],
        "cancel_url": kind.url("detail", obj.pk),
        "breadcrumbs": [
            *details.breadcrumbs(kind, obj)[:-1],
            {"label": str(obj), "url": kind.url("detail", pk)},
        ],
    }
    return render(request, "inventory/delete.html", context)


def _delete(request: HttpRequest, kind: Kind, obj: Any) -> HttpResponse:
    if message := request.POST.get("changelog_message", "").replace("\x00", "")[:200]:
        actor.note(message)
    name = str(obj)
    try:
        obj.delete()
    except ProtectedError as error:
        holders = list(error.protected_objects)
        named = ", ".join(f"{holder._meta.verbose_name} {holder}" for holder in holders[:5])
        messages.error(request, f"{name} is still in use: {named}.")
        return redirect(kind.url("detail", obj.pk))
    messages.success(request, f"{name} is deleted.")
    return redirect(kind.url("list"))
