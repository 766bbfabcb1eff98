"""The pages of a validation run and of an attestation; the file of a run, and its changes: mark as baseline, move,
withdraw."""

from collections.abc import Callable, Sequence

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_GET, require_POST

from readiness.assessment.evidence import confirmations, operations, tables
from readiness.assessment.evidence.core.confirming import awaited
from readiness.assessment.evidence.forms import MoveRunForm, WithdrawRunForm
from readiness.assessment.evidence.kinds.records import ATTESTATIONS, context_of
from readiness.assessment.evidence.kinds.runs import RUNS
from readiness.assessment.evidence.models import Attestation, RunFile, ValidationRun
from readiness.assessment.evidence.operations.records import MAY_MARK, can_be_baseline
from readiness.assessment.evidence.refusals import EvidenceRefused
from readiness.assessment.evidence.runs import summary_of
from readiness.assessment.evidence.uploads import file_answer, sender_of
from web import answers
from web import tables as table_kit
from web.clock import now
from web.forms import RefusedForm
from web.permissions import require
from web.units import format_value
from web.workflows.pages import StepPages, TakenBack, form_page

may_see = require(*RUNS.may)
may_change = require(*RUNS.may, MAY_MARK)


@may_see
@conditional_page
@require_GET
def run(request: HttpRequest, pk: int) -> HttpResponseBase:
    shown_run = get_object_or_404(RUNS.rows(), pk=pk)
    table = table_kit.page(request, tables.MEASURES, shown_run.measures.all())
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "readiness/evidence/run.html", table)
    summary = summary_of(shown_run, now=now())
    context = {
        "run": shown_run,
        "summary": summary,
        "devices": tables.devices_of(shown_run),
        "scope": shown_run.scope_text,
        "load": _load(shown_run),
        "standing": shown_run.void_text,
        "may_change": request.user.has_perm(MAY_MARK) and shown_run.withdrawn_at is None,
        "may_mark": request.user.has_perm(MAY_MARK) and can_be_baseline(shown_run),
        "table": table,
        "breadcrumbs": RUNS.breadcrumbs((str(shown_run), "")),
    }
    return answers.page(request, "readiness/evidence/run.html", context)


def _load(run: ValidationRun) -> str:
    load = run.get_load_display()
    return f"{load}, {format_value(run.load_gbps, 'Gb/s')}" if load and run.load_gbps is not None else load


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
        done = "The run is a baseline." if marked else "The run is no longer a baseline."
        messages.success(request, done)
    return HttpResponseRedirect(reverse("validation-run-detail", args=[pk]))


@may_change
@never_cache
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    run = get_object_or_404(ValidationRun, pk=pk, withdrawn_at=None)
    form = WithdrawRunForm(request.POST or None)
    return _changed(
        request,
        run,
        form,
        lambda: operations.withdraw_run(run, **form.arguments(), by=sender_of(request), now=now()),
        heading="Withdraw the run",
        done="The run is withdrawn; the site is scored again.",
    )


@may_change
@never_cache
def move(request: HttpRequest, pk: int) -> HttpResponse:
    run = get_object_or_404(RUNS.rows(), pk=pk, withdrawn_at=None)
    names = ", ".join(each.device.name for each in run.run_devices.all())
    form = MoveRunForm(request.POST or None, initial={"site": run.site.slug, "devices": names})
    return _changed(
        request,
        run,
        form,
        lambda: operations.move_run(run, **form.arguments(), by=sender_of(request), now=now()),
        heading="Move the run",
        done="The run is moved; both sites are scored again.",
    )


def _changed(
    request: HttpRequest,
    run: ValidationRun,
    form: RefusedForm,
    act: Callable[[], ValidationRun],
    *,
    heading: str,
    done: str,
) -> HttpResponse:
    address = reverse("validation-run-detail", args=[run.pk])
    crumbs = RUNS.breadcrumbs((str(run), address), (heading, ""))
    return form_page(request, form, act, heading=heading, done=done, back=address, breadcrumbs=crumbs)


@may_see
@require_GET
def file(request: HttpRequest, pk: int) -> HttpResponse:
    run_file = RunFile.objects.select_related("run").filter(run_id=pk).first()
    if run_file is None:
        raise Http404
    return file_answer(run_file.run, bytes(run_file.content))


def _show_attestation(
    request: HttpRequest, attestation: Attestation, *, refusals: Sequence[str] = (), status: int = 200
) -> HttpResponseBase:
    steps = STEPS.context(request, attestation, refusals)
    context = {
        "kind": ATTESTATIONS,
        "object": attestation,
        "rows": steps["history"],
        "waits_until": awaited(has_account=attestation.attester_id is not None),
        **steps,
        **context_of(attestation, request.user),
    }
    return answers.page(request, "readiness/evidence/attestation.html", context, status=status)


STEPS = StepPages(
    page="attestation-detail",
    see=ATTESTATIONS.may,
    find=lambda pk: get_object_or_404(confirmations.attestations(now=now()), pk=pk),
    show=_show_attestation,
    done={
        operations.confirm: "The attestation is confirmed; the site is scored again.",
        operations.reject: "The attestation is rejected and proves nothing; the site is scored again.",
    },
    # Who confirmed stays on record.
    taken_back={
        operations.confirm: TakenBack(
            operations.reject, "Take back", "Taken back right after it was confirmed."
        )
    },
)
