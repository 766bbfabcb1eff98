"""Undo and restore: a message offers to take back what a page just wrote, and the history what any page wrote.

What a step wrote for good, such as a signature, is taken back by a later step, which the message offers instead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from web import links
from web.audit import AuditEntry, audited_models
from web.history import restoring
from web.history.events import visible_models
from web.permissions import signed_in
from web.requests import UserRequest

UNDO = "undo:"
"""The beginning of a message's tag; the form that takes back what was just written follows, as an address."""


@dataclass(frozen=True, slots=True)
class UndoForm:
    """A button that posts `fields` to `url`."""

    url: str
    label: str
    fields: Mapping[str, str]


def offer(request: HttpRequest, text: str, model: type[Model], action: str) -> None:
    """Show a message, with a button that takes back all that this request wrote, if the reader may."""
    may = restoring.may_restore(model, action, (), request.user)
    messages.success(request, text, extra_tags=_request_tag(request) if may else "")


def offer_step(request: HttpRequest, text: str, url: str, *, label: str = "Undo", **fields: str) -> None:
    """Show a message, with a button that takes a later step, which takes back the one just taken."""
    messages.success(request, text, extra_tags=_tag(url, label, fields))


def form_in(tags: str) -> UndoForm | None:
    """The form that the tags of a message hold."""
    if not tags.startswith(UNDO):
        return None
    url, label, *fields = parse_qsl(tags.removeprefix(UNDO), keep_blank_values=True)
    return UndoForm(url[1], label[1], dict(fields))


def _request_tag(request: HttpRequest) -> str:
    return _tag(reverse("history-undo"), "Undo", {"request": getattr(request, "id", "")})


def _tag(url: str, label: str, fields: Mapping[str, str]) -> str:
    return UNDO + urlencode([("url", url), ("label", label), *fields.items()])


@require_POST
@signed_in
@never_cache
def undo(request: UserRequest) -> HttpResponse:
    """Take back what one of the reader's own requests wrote."""
    return _taken_back(request, _own_entries(request, request.POST.get("request", "")))


def _own_entries(request: UserRequest, request_id: str) -> list[AuditEntry]:
    """Entries that the reader wrote with a request, as far as they see such entries or alone take them back."""
    if not (request_id := request_id.replace("\x00", "")[:64]):
        return []
    tables = [model._meta.db_table for model in visible_models(request.user)] + restoring.own_tables()
    entries = AuditEntry.objects.filter(request_id=request_id, user_id=request.user.pk, table__in=tables)
    return list(entries[: restoring.MOST + 1])


@require_POST
@signed_in
@never_cache
def restore(request: UserRequest, pk: int) -> HttpResponse:
    tables = [model._meta.db_table for model in visible_models(request.user)]
    entry = get_object_or_404(AuditEntry, pk=pk, table__in=tables)
    is_own = entry.table in restoring.own_tables()
    return _taken_back(request, (is_own and _own_entries(request, entry.request_id)) or [entry])


def _taken_back(request: UserRequest, entries: Sequence[AuditEntry]) -> HttpResponse:
    try:
        names = restoring.restore(entries, by=request.user)
    except restoring.NotRestored as error:
        messages.error(request, f"Nothing was restored. {error}")
        return redirect("history")
    few = ", ".join(dict.fromkeys(names[:3])) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    messages.success(request, f"Restored: {few}.", extra_tags=_request_tag(request))
    return redirect(_page_after(entries))


def _page_after(entries: Sequence[AuditEntry]) -> str:
    """The page of the only object that is there again, else the list of such objects, else the history."""
    tables = {entry.table for entry in entries}
    models = [model for model in audited_models() if model._meta.db_table in tables]
    model = models[0] if len(models) == 1 else None
    if model is None or (rule := restoring.rule_of(model)) is None:
        return reverse("history")
    if len(entries) == 1:
        obj = model._base_manager.filter(pk=entries[0].object_id).first()
        return (links.page_url(obj) if obj is not None else "") or rule.list_url()
    return rule.list_url()
