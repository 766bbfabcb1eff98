"""Files of ownership: exported, and imported after a check."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from readiness.organisation.ownership import files
from readiness.organisation.ownership.core import sheet
from readiness.organisation.ownership.forms import SheetImportForm
from readiness.organisation.ownership.views import ABOVE, PROPOSE, SEE_OWNERS
from web import answers
from web.clock import now
from web.links import crumbs
from web.permissions import asks, require
from web.workflows.pages import reader

LARGEST_FILE = 2_000_000


@require(*SEE_OWNERS)
@never_cache
@require_GET
def assignments_file(request: HttpRequest) -> HttpResponseBase:
    return _file("ownership", sheet.COLUMNS, files.rows(now=now()))


@require(*SEE_OWNERS)
@never_cache
@require_GET
def raci_file(request: HttpRequest) -> HttpResponseBase:
    return _file("raci", sheet.RACI, files.raci_rows(now=now()))


def _file(name: str, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> HttpResponseBase:
    return answers.csv_file(name, columns, ([row.get(column, "") for column in columns] for row in rows))


@asks(*PROPOSE)
def take_file(request: HttpRequest) -> HttpResponse:
    form = SheetImportForm(request.POST, request.FILES) if request.method == "POST" else SheetImportForm()
    wrongs: tuple[sheet.Wrong, ...] = ()
    changes: files.Changes | None = None
    if request.method == "POST" and form.is_valid():
        only_check = form.cleaned_data["only_check"]
        try:
            rows = sheet.read(_body(form.cleaned_data["file"]))
            changes = files.take(rows, only_check=only_check, by=reader(request), now=now())
        except sheet.BadSheet as error:
            wrongs = error.wrongs
        else:
            if not only_check:
                messages.success(request, "The file is imported.")
    context = {
        "form": form,
        "wrongs": wrongs[:200],
        "more": max(len(wrongs) - 200, 0),
        "changes": changes,
        "breadcrumbs": crumbs("Import", ABOVE),
    }
    return render(request, "ownership/import.html", context, status=422 if form.errors or wrongs else 200)


def _body(file: Any) -> bytes:
    if file.size > LARGEST_FILE:
        raise sheet.BadSheet([sheet.Wrong(1, "", "The file is larger than 2 MB.")])
    return bytes(file.read())
