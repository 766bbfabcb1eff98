"""Pages that import a file of samples into a source: upload, say what the columns hold, store, watch."""

from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from inventory.models import Site
from telemetry import ingest, intake
from telemetry.core.import_rules import BadImportRule, read_columns
from telemetry.core.instants import instant
from telemetry.core.table_rules import ColumnUse
from telemetry.imports import mapping, operations
from telemetry.imports.core.detection import LINES_LOOKED_AT, UnreadableTable
from telemetry.imports.forms import FileFormForm, UploadForm
from telemetry.imports.models import ImportedFile, ImportRule
from telemetry.imports.operations import FileRefused
from telemetry.imports.preview import FilePreview, preview
from telemetry.models import Source
from telemetry.targets.models import read_labels
from web.clock import now
from web.links import link
from web.outside import may_offer
from web.permissions import require
from web.requests import UserRequest

State = ImportedFile.State
MAY_IMPORT, MAY_KEEP = "telemetry.add_importedfile", "telemetry.add_importrule"
FILES_SHOWN = 20
MOST_RULES = 50


@require_http_methods(["GET", "POST"])
@require("telemetry.view_source", MAY_IMPORT)
@never_cache
def upload(request: UserRequest, pk: int) -> HttpResponse:
    source = get_object_or_404(intake.sources(), pk=pk)
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if form.is_bound and form.is_valid():
        content, name = form.content()
        try:
            file = operations.begin(source=source, content=content, name=name, by=request.user, now=now())
        except (UnreadableTable, FileRefused) as error:
            form.add_error("text" if name == "pasted text" else "file", str(error))
        else:
            return HttpResponseRedirect(link("source-file", source.pk, file.pk))
    window = ingest.window(now())
    files = source.imported_files.select_related("by").defer("content", "refused_lines", "columns")
    context = {
        "source": source,
        "form": form,
        "files": files[:FILES_SHOWN],
        "oldest_at": instant(window.oldest_ms),
        "raw_hours": settings.TELEMETRY_RAW_HOURS,
        "most_mb": settings.BODY_BYTES // 2**20,
    }
    return render(request, "telemetry/imports/upload.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@require("telemetry.view_source", MAY_IMPORT)
@never_cache
def page(request: UserRequest, pk: int, file: int) -> HttpResponse:
    source = get_object_or_404(intake.sources(), pk=pk)
    imported = get_object_or_404(source.imported_files.select_related("source__site", "by"), pk=file)
    if "refused" in request.GET:
        return _refused_lines(imported)
    if request.method == "POST":
        return _take(request, imported)
    return _show(request, imported)


def _refused_lines(file: ImportedFile) -> HttpResponse:
    response = HttpResponse(bytes(file.refused_lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="refused-lines-{file.pk}.csv"'
    return response


def _take(request: UserRequest, file: ImportedFile) -> HttpResponse:
    action, _dash, rule = request.POST.get("action", "").partition("-rule-")
    try:
        match action:
            case "discard":
                operations.cancel(file, now=now())
            case "go-on":
                operations.start(file, by=request.user, now=now())
            case "follow":
                _follow_rule(file, rule)
            case "preview" | "keep" | "store":
                return _describe(request, file, action)
            case _:
                raise BadRequest("There is no such action.")
    except FileRefused as error:
        return _show(request, file, problems=[str(error)], status=409)
    except ValidationError as error:
        return _show(request, file, problems=error.messages, status=422)
    return HttpResponseRedirect(link("source-file", file.source_id, file.pk))


def _describe(request: UserRequest, file: ImportedFile, action: str) -> HttpResponse:
    """Save the form; then keep it as a rule, or store the file."""
    form = FileFormForm(request.POST, instance=file, source=file.source)
    problems = []
    try:
        columns = mapping.columns_text(list(read_columns_of(file)), request.POST)
    except BadImportRule as error:
        problems.append(_sentence(str(error)))
        columns = file.columns
    if not form.is_valid() or problems:
        return _show(request, file, form=form, problems=problems, status=422)
    try:
        is_new = operations.describe(file, form.cleaned_data | {"columns": columns})
        if action == "keep":
            _keep_rule(request, file)
        elif action == "store":
            if is_new:
                raise FileRefused(
                    "You changed the form. Look at what Muster would store now, then store the file."
                )
            operations.start(file, by=request.user, now=now())
    except ValidationError as error:
        return _show(request, file, problems=error.messages, status=422)
    except FileRefused as error:
        return _show(request, file, problems=[str(error)], status=409)
    return HttpResponseRedirect(link("source-file", file.source_id, file.pk))


def _keep_rule(request: UserRequest, file: ImportedFile) -> None:
    if not request.user.has_perm(MAY_KEEP):
        raise FileRefused("You may not add import rules.")
    operations.keep_rule(file, request.POST.get("rule_name", "").replace("\x00", "").strip()[:50])


def _follow_rule(file: ImportedFile, text: str) -> None:
    rule = next((rule for rule in fitting_rules(file) if str(rule.pk) == text), None)
    if rule is None:
        raise FileRefused("The rule no longer fits this file.")
    values = {name: getattr(rule, name) for name in operations.FORM_FIELDS}
    operations.describe(file, values | {"separator": rule.separator or file.separator})


def fitting_rules(file: ImportedFile) -> list[ImportRule]:
    """The rules of the source that name the columns of this file."""
    names = list(read_columns_of(file))
    rules = []
    for rule in file.source.import_rules.order_by("name", "pk")[:MOST_RULES]:
        try:
            is_fitting = not rule.table_rule.differences(names)
        except BadImportRule:
            is_fitting = False
        if is_fitting:
            rules.append(rule)
    return rules


def read_columns_of(file: ImportedFile) -> dict[str, ColumnUse]:
    """The columns of a file whose form may still lack a time or a metric."""
    return read_columns(file.columns, is_whole=False)


def _show(
    request: UserRequest,
    file: ImportedFile,
    *,
    form: FileFormForm | None = None,
    problems: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {"file": file, "source": file.source, "problems": problems or []}
    if file.state == State.MAPPING:
        context |= _mapping_context(request, file, form)
    context |= {
        "is_stalled": file.state == State.STORING
        and now() - (file.progressed_at or now()) > operations.STALLED_AFTER,
        "may_go_on": file.state == State.FAILED and bool(file.content),
    }
    return render(request, "telemetry/imports/file.html", context, status=status)


def _mapping_context(request: UserRequest, file: ImportedFile, form: FileFormForm | None) -> dict[str, Any]:
    groups = mapping.object_choices(_site(file))
    uses = read_columns_of(file)
    rows = mapping.rows_of(uses)
    if form is not None:
        rows = mapping.rows_sent(rows, request.POST)
    result, incomplete = None, ""
    try:
        operations.check(file)
    except ValidationError as error:
        incomplete = " ".join(error.messages)
    else:
        result = preview(file, now=now()) if form is None else None
    return {
        "form": form or FileFormForm(instance=file, source=file.source),
        "looked_at": LINES_LOOKED_AT,
        "rows": [(row, _counts(result, row.name)) for row in rows],
        "contents": mapping.CONTENT_CHOICES,
        "metrics": mapping.metric_choices(),
        "units": mapping.unit_choices(),
        "objects": groups,
        "object_values": {value for group in groups for value, _name in group.choices},
        "rules": fitting_rules(file),
        "preview": result,
        "incomplete": incomplete,
        "may_keep": may_offer(request.user, MAY_KEEP, file.source),
    }


def _site(file: ImportedFile) -> Site | None:
    source: Source = file.source
    if source.site is not None:
        return source.site
    return Site.objects.filter(slug=read_labels(file.labels).get(source.site_label, "")).first()


def _counts(result: FilePreview | None, name: str) -> tuple[int, int] | None:
    return result.by_column.get(name) if result else None


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
