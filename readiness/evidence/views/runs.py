"""Validation runs: the list, one of them, its file, and the form to send one."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_GET, require_http_methods, require_POST

from readiness.evidence import lines, operations, tables
from readiness.evidence.core.parsers import ParseError
from readiness.evidence.forms import RunForm
from readiness.evidence.models import RunFile, ValidationRun
from readiness.evidence.operations.baselines import MAY_MARK, can_be_baseline
from readiness.evidence.proved import summary_of
from readiness.evidence.refusals import EvidenceRefused
from readiness.evidence.uploads import file_answer, sender_of
from web import answers
from web import tables as table_kit
from web.clock import now
from web.permissions import require

MAY_ADD = "evidence.add_validationrun"

may_see = require("inventory.view_site", "evidence.view_validationrun")
may_add = require("inventory.view_site", "evidence.view_validationrun", MAY_ADD)
may_change = require("inventory.view_site", "evidence.view_validationrun", MAY_MARK)


@may_see
@conditional_page
@require_GET
def page(request: HttpRequest) -> HttpResponseBase:
    table = table_kit.page(request, tables.RUNS, _runs())
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "readiness/evidence/list.html", table)
    may = request.user.has_perm(MAY_ADD)
    context = {
        "table": table,
        "heading": "Evidence",
        "sub": "Outputs of tools that prove something about a site, each with its file",
        "add_url": reverse("validation-run-add") if may else "",
        "add_label": "Import a run",
        "tabs": lines.tabs("evidence"),
        "breadcrumbs": lines.breadcrumbs("Evidence", first=True),
    }
    return answers.page(request, "readiness/evidence/list.html", context)


@may_see
@conditional_page
@require_GET
def run(request: HttpRequest, pk: int) -> HttpResponseBase:
    shown = get_object_or_404(_runs(), pk=pk)
    table = table_kit.page(request, tables.MEASURES, shown.measures.all())
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "readiness/evidence/run.html", table)
    summary = summary_of(shown, now=now())
    context = {
        "run": shown,
        "facts": [*lines.rests_on(summary), *lines.facts(shown)],
        "versions": lines.versions(shown),
        "standing": tables.standing(shown),
        "proved": lines.proved(summary.proves, shown.site.slug),
        "proved_not": lines.proved(summary.proves_not, shown.site.slug),
        "nothing_proved": "Nothing now; what stands against it is below.",
        "may_mark": request.user.has_perm(MAY_MARK) and can_be_baseline(shown),
        "table": table,
        "breadcrumbs": lines.breadcrumbs(str(shown)),
    }
    return answers.page(request, "readiness/evidence/run.html", context)


@require_POST
@may_change
@never_cache
def baseline(request: HttpRequest, pk: int) -> HttpResponse:
    marked_run = get_object_or_404(ValidationRun, pk=pk)
    marked = request.POST.get("marked") == "yes"
    try:
        operations.mark_baseline(marked_run, marked=marked, by=sender_of(request), now=now())
    except EvidenceRefused as error:
        messages.error(request, error.reason)
    else:
        done = "The run is a baseline." if marked else "The run is no baseline any more."
        messages.success(request, done)
    return HttpResponseRedirect(reverse("validation-run-detail", args=[pk]))


@may_see
@require_GET
def file(request: HttpRequest, pk: int) -> HttpResponse:
    kept = RunFile.objects.select_related("run").filter(run_id=pk).first()
    if kept is None:
        raise Http404
    return file_answer(kept.run, bytes(kept.content))


@may_add
@never_cache
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    filled = ("site", "tool", "load", "devices", "platform")
    asked = {name: request.GET[name] for name in filled if name in request.GET}
    form = RunForm(request.POST or None, request.FILES or None, initial=asked)
    if request.method == "POST" and form.is_valid():
        try:
            made = operations.import_run(**form.asked(), by=sender_of(request), now=now())
        except (ParseError, EvidenceRefused) as error:
            form.refused(error)
        else:
            messages.success(request, "The run is kept; the site is scored again.")
            return HttpResponseRedirect(reverse("validation-run-detail", args=[made.pk]))
    here = "Import a run"
    context = {
        "form": form,
        "heading": here,
        "submit": here,
        "cancel_url": reverse("evidence"),
        "breadcrumbs": lines.breadcrumbs(here),
    }
    return render(request, "readiness/evidence/form.html", context, status=422 if form.errors else 200)


def _runs() -> QuerySet[ValidationRun]:
    return ValidationRun.objects.select_related("site", "by", "baseline_by").prefetch_related(
        "run_devices__device"
    )
