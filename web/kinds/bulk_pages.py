"""Change many objects at once: choose fields, preview the changes, then save all or none."""

import hashlib
from dataclasses import dataclass
from itertools import batched
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from web import actor
from web.history import restoring, undo
from web.kinds.kind import Kind
from web.kinds.targets import Target, natural_keys
from web.kinds.writing import CHANGED, REFUSED, DraftedRow, Writer
from web.requests import UserRequest
from web.units import how_many

BATCH = 500
# More objects need an import, which a worker processes.
MOST = 5000
MOST_SHOWN = 100
MOST_LISTED = 12
MOST_TICKED = 1000


@never_cache
@require_http_methods(["GET", "POST"])
def bulk_edit(request: UserRequest, kind: Kind) -> HttpResponse:
    """Edit the rows that the address's filters select; ticked rows of a list become a filter by id."""
    if request.method == "POST" and ("id" in request.POST or request.POST.get("action") == "pick"):
        if ids := _ids(request):
            return redirect(f"{kind.url('bulk')}?{urlencode([('id', each) for each in ids])}")
        return _nothing(request, kind, "Tick at least one row first.")
    objects = _objects(request, kind)
    if not objects:
        return _nothing(request, kind, "No row is left to edit.")
    writer = Writer(kind, request.user)
    form = _form(writer, request)
    preview = None
    if request.method == "POST" and form.is_valid():
        texts = _texts(form)
        if texts:
            confirmed = request.POST.get("confirmed", "")
            actor.note(form.cleaned_data["changelog_message"] or "Bulk edit")
            preview = _edited(writer, objects, texts, confirmed)
            if preview.is_kept:
                done = f"{how_many(len(preview.changed), 'row is', 'rows are')} changed. {kind.then}".strip()
                undo.offer(request, done, kind.model, restoring.CHANGED)
                return redirect(kind.url("list"))
        else:
            form.add_error(None, "Give a new value, or say which fields to empty.")
    every = "all " if len(objects) > 1 and not request.GET else ""
    context = {
        "heading": f"Edit {every}{how_many(len(objects), *kind.table.noun)}",
        "kind": kind,
        "form": form,
        "preview": preview,
        "objects": [(each, kind.page_of(each)) for each in objects[:MOST_LISTED]],
        "more": max(0, len(objects) - MOST_LISTED),
        "cancel_url": kind.url("list"),
        "breadcrumbs": kind.breadcrumbs(("Edit", "")),
    }
    is_refused = form.errors or (preview is not None and preview.refused)
    return render(request, "web/kinds/bulk.html", context, status=422 if is_refused else 200)


def _nothing(request: HttpRequest, kind: Kind, reason: str) -> HttpResponse:
    messages.warning(request, reason)
    return redirect(kind.url("list"))


def _ids(request: HttpRequest) -> list[int]:
    id_texts = request.POST.getlist("id")
    if len(id_texts) > MOST_TICKED or not all(
        each.isascii() and each.isdecimal() and len(each) < 19 for each in id_texts
    ):
        raise BadRequest(f"Ids of at most {MOST_TICKED} rows are needed.")
    return sorted({int(each) for each in id_texts})


def _objects(request: HttpRequest, kind: Kind) -> list[Any]:
    """The rows that the filters select. A meaningless filter is refused, because ignoring it would change more rows."""
    filterset = kind.table.filterset
    assert filterset is not None
    if unknown := sorted(set(request.GET) - set(filterset.base_filters)):
        raise BadRequest(f"There is no filter {unknown[0][:50]}.")
    bound = filterset(request.GET, queryset=kind.rows())
    if not bound.is_valid():
        raise BadRequest(f"The filter {next(iter(bound.errors))} cannot be read.")
    objects = list(bound.qs[: MOST + 1])
    if len(objects) > MOST:
        raise BadRequest(f"At most {MOST} rows are edited at once. Filter the list first.")
    return objects


def _form(writer: Writer, request: HttpRequest) -> forms.Form:
    alone = {key[0] for key in natural_keys(writer.kind.model) if len(key) == 1}
    offered = [each for each in writer.targets.values() if each.field is not None and each.name not in alone]
    fields: dict[str, forms.Field] = {each.name: each.input() for each in offered}
    emptied = [(each.name, each.label) for each in offered if _may_be_empty(each)]
    if emptied:
        fields["empty"] = forms.MultipleChoiceField(
            label="Empty these", choices=emptied, required=False, widget=forms.CheckboxSelectMultiple
        )
    fields["changelog_message"] = forms.CharField(
        label="Reason",
        required=False,
        max_length=200,
        help_text="Muster stores this in the history with each change.",
    )
    form: forms.Form = type("BulkForm", (forms.Form,), fields)(
        request.POST if request.method == "POST" else None
    )
    return form


def _may_be_empty(target: Target) -> bool:
    field: Any = target.field
    return bool(field.allow_null or getattr(field, "allow_blank", False))


def _texts(form: forms.Form) -> dict[str, str]:
    texts = dict(form.cleaned_data)
    emptied = texts.pop("empty", [])
    texts.pop("changelog_message")
    return {name: text for name, text in texts.items() if text} | dict.fromkeys(emptied, "")


@dataclass(frozen=True)
class BulkPreview:
    """`digest` identifies the changes: they are saved only if exactly these were shown."""

    changed: list[DraftedRow]
    refused: list[DraftedRow]
    unchanged: int
    digest: str
    is_other: bool
    is_kept: bool

    @property
    def first(self) -> list[DraftedRow]:
        return self.changed[:MOST_SHOWN]

    @property
    def more(self) -> int:
        return max(0, len(self.changed) - MOST_SHOWN)


@transaction.atomic
def _edited(writer: Writer, objects: list[Any], texts: dict[str, str], confirmed: str) -> BulkPreview:
    """Change all objects, and roll back unless exactly these changes were confirmed."""
    drafts = [DraftedRow(line, dict(texts), obj) for line, obj in enumerate(objects, start=1)]
    for batch in batched(drafts, BATCH):
        writer.write(list(batch))
    changed = [draft for draft in drafts if draft.outcome == CHANGED]
    refused = [draft for draft in drafts if draft.outcome == REFUSED]
    fingerprint = repr([(draft.obj.pk, draft.changes) for draft in changed])
    digest = hashlib.sha256(fingerprint.encode()).hexdigest()[:32]
    is_kept = confirmed == digest and not refused
    if not is_kept:
        transaction.set_rollback(True)
    unchanged = len(drafts) - len(changed) - len(refused)
    return BulkPreview(changed, refused, unchanged, digest, bool(confirmed) and not is_kept, is_kept)
