"""Pages to import a file of objects: upload, map the columns, check, import, and watch the progress."""

from typing import Any

from django import forms
from django.core.exceptions import BadRequest
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from web import clock, sheets
from web.kinds import importing
from web.kinds.kind import Kind
from web.kinds.models import FileImport
from web.kinds.targets import Target, endpoint, targets_of
from web.requests import UserRequest

State = FileImport.State
ID = Target(importing.ID, "id")


class ImportFileForm(forms.Form):
    file = forms.FileField(
        label="File",
        help_text="CSV in UTF-8; the first line names the columns. Files exported from this list fit, and those of "
        "NetBox fit the inventory.",
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )


@never_cache
@require_http_methods(["GET", "POST"])
def import_file(request: UserRequest, kind: Kind) -> HttpResponse:
    form = ImportFileForm(request.POST, request.FILES) if request.method == "POST" else ImportFileForm()
    if form.is_bound and form.is_valid():
        file: UploadedFile = form.cleaned_data["file"]
        try:
            imported = importing.begin(
                kind=kind, file=file, name=file.name or "file", by=request.user, now=clock.now()
            )
        except sheets.UnreadableSheet as error:
            form.add_error("file", str(error))
        else:
            return redirect(_url(kind, imported))
    files = FileImport.objects.filter(by=request.user, kind=kind.model._meta.label_lower)
    own = files.defer("content", "refused")
    context = _frame(kind, "Import") | {
        "form": form,
        "targets": _targets(request, kind).values(),
        "earlier": own[:10],
        "submit": "Upload",
    }
    return render(request, "web/kinds/import.html", context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "POST"])
def imported_file(request: UserRequest, kind: Kind, pk: int) -> HttpResponse:
    own = FileImport.objects.filter(by=request.user, kind=kind.model._meta.label_lower)
    imported = get_object_or_404(own.defer("content", "refused"), pk=min(pk, 2**63 - 1))
    if "refused" in request.GET:
        return _refused_rows(imported)
    targets = _targets(request, kind)
    if request.method == "POST":
        _take(request, imported, targets)
        return redirect(_url(kind, imported))
    is_mapped = imported.state != State.MAPPING and "map" not in request.GET
    context = _frame(kind, imported.file_name) | {
        "imported": imported,
        "counts": imported.counts,
        "mapping": [] if is_mapped else _mapping(kind, imported, targets),
        "unread": _unread(imported),
        "more_problems": max(
            0, imported.counts.get("refused", 0) - len({each[0] for each in imported.problems if each[0]})
        ),
        "may_check": imported.state in {State.MAPPING, State.CHECKED},
    }
    return render(request, "web/kinds/import_state.html", context)


def _refused_rows(imported: FileImport) -> HttpResponse:
    """The rows that were not taken, each with its line and the reasons."""
    response = HttpResponse(bytes(imported.refused), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="refused-rows-{imported.pk}.csv"'
    return response


def _take(request: UserRequest, imported: FileImport, targets: dict[str, Target]) -> None:
    action, now = request.POST.get("action"), clock.now()
    if action == "cancel":
        importing.cancel(imported, now=now)
    elif action == "check":
        mapping = {name: _mapped(request, imported, target) for name, target in targets.items()}
        importing.start(imported, State.CHECKING, now=now, mapping=mapping)
    elif action in {"all", "good"}:
        message = request.POST.get("changelog_message", "").replace("\x00", "")[:200]
        import_values = {"keeps_good": action == "good", "message": message, "request_id": request.id}
        importing.start(imported, State.APPLYING, now=now, **import_values)
    else:
        raise BadRequest("There is no such action.")


def _mapped(request: UserRequest, imported: FileImport, target: Target) -> dict[str, Any]:
    column, text = (request.POST.get(f"{part}-{target.name}", "") for part in ("column", "text"))
    if column and not (column.isascii() and column.isdecimal() and int(column[:6]) < len(imported.head)):
        raise BadRequest(f"The file has no such column for {target.label}.")
    return {"column": int(column[:6]) if column else None, "text": text.replace("\x00", "").strip()[:1000]}


def _targets(request: UserRequest, kind: Kind) -> dict[str, Target]:
    return {ID.name: ID} | targets_of(kind, endpoint(kind, request.user, "POST"))


def _mapping(kind: Kind, imported: FileImport, targets: dict[str, Target]) -> list[dict[str, Any]]:
    """A line for each target: the columns to choose from, and the text for rows without a value."""
    recognised_columns = importing.recognised(kind, targets, imported.head)
    lines = []
    for name, target in targets.items():
        choice = imported.mapping.get(name, {"column": recognised_columns.get(name), "text": ""})
        columns = [
            {"place": place, "head": head, "is_chosen": place == choice["column"]}
            for place, head in enumerate(imported.head)
        ]
        form = forms.Form({f"text-{name}": choice["text"]})
        form.fields[f"text-{name}"] = target.input()
        form.fields[f"text-{name}"].widget.attrs["aria-label"] = f"{target.label} for rows without a value"
        text_field = form[f"text-{name}"] if name != ID.name else None
        lines.append({"target": target, "columns": columns, "text": text_field})
    return lines


def _unread(imported: FileImport) -> list[str]:
    """Columns of the file that are not read."""
    read = {each["column"] for each in imported.mapping.values()}
    return [head for place, head in enumerate(imported.head) if place not in read] if imported.mapping else []


def _url(kind: Kind, imported: FileImport) -> str:
    return f"{kind.url('csv')}{imported.pk}/"


def _frame(kind: Kind, here: str) -> dict[str, Any]:
    above = [("Import", kind.url("csv"))] if here != "Import" else []
    return {
        "heading": f"Import {kind.label_plural.lower()}" if here == "Import" else here,
        "kind": kind,
        "cancel_url": kind.url("list"),
        "breadcrumbs": kind.breadcrumbs(*above, (here, "")),
    }
