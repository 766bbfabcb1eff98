"""The page of a version's dry-runs, and the decisions there: to try it, to publish it, to go back to it."""

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_GET, require_POST

from accounts.models import User
from readiness.boards.dry_run import lines, operations, queries, tables
from readiness.boards.dry_run.models import DryRun
from readiness.framework import operations as framework_operations
from readiness.framework import queries as framework_queries
from readiness.framework.models import FrameworkVersion
from readiness.framework.versions import MAY_PUBLISH, MAY_SEE
from readiness.framework.views import PAGES
from web import answers
from web import tables as table_kit
from web.clock import now
from web.permissions import require
from web.versioned.core.documents import DocumentError
from web.versioned.refusals import NeedsReason, NotADraft, StaleContent

may_see = require(MAY_SEE, "boards.view_dryrun", "inventory.view_site")
may_try = require(MAY_SEE, "boards.view_dryrun", "inventory.view_site", operations.MAY_TRY)
may_publish = require(MAY_SEE, "boards.view_dryrun", "inventory.view_site", MAY_PUBLISH)


class WordsForm(forms.Form):
    """Words beside a decision."""

    note = forms.CharField(
        label="Note", max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    override_reason = forms.CharField(
        label="Reason to publish all the same",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Needed where something speaks against it, and kept with the version.",
    )


class BackForm(forms.Form):
    note = forms.CharField(label="Why", max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))


@may_see
@conditional_page
@require_GET
def page(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _page(request, _version(pk))


@require_POST
@may_try
@never_cache
def start(request: HttpRequest, pk: int) -> HttpResponseBase:
    version = _version(pk)
    try:
        run = operations.start(version, by=_reader(request), now=now())
    except operations.NothingToCompare as error:
        return _page(request, version, refusals=[str(error)], status=409)
    if run.state == DryRun.State.DONE:
        messages.success(request, lines.sentence(run))
    return HttpResponseRedirect(reverse("framework-dry-run", args=[pk]))


@require_POST
@may_publish
@never_cache
def publish(request: HttpRequest, pk: int) -> HttpResponseBase:
    version = _version(pk)
    form = WordsForm(request.POST)
    if not form.is_valid():
        return _page(request, version, refusals=_errors(form), status=422)
    digest = request.POST.get("digest", "")[:64]
    try:
        operations.publish(version, digest=digest, **form.cleaned_data, by=_reader(request), now=now())
    except NeedsReason as error:
        why = [*error.why, "Give a reason to publish it all the same."]
        return _page(request, version, refusals=why, status=422)
    except DocumentError as error:
        return _page(request, version, refusals=[str(error)], status=422)
    except (NotADraft, StaleContent) as error:
        return _page(request, _version(pk), refusals=[str(error)], status=409)
    messages.success(request, f"{version.version} is in force; every site is scored again.")
    return HttpResponseRedirect(reverse("framework-version", args=[pk]))


@require_POST
@may_publish
@never_cache
def roll_back(request: HttpRequest, pk: int) -> HttpResponseBase:
    version = _version(pk)
    form = BackForm(request.POST)
    if not form.is_valid():
        return _page(request, version, refusals=_errors(form), status=422)
    try:
        made = framework_operations.roll_back(version, **form.cleaned_data, by=_reader(request), now=now())
    except ValidationError as error:
        return _page(request, version, refusals=error.messages, status=422)
    except NotADraft as error:
        return _page(request, version, refusals=[str(error)], status=409)
    said = "%(version)s is in force and says what %(earlier)s said."
    messages.success(request, said % {"version": made.version, "earlier": version.version})
    return HttpResponseRedirect(reverse("framework-version", args=[made.pk]))


def _page(
    request: HttpRequest, version: FrameworkVersion, *, refusals: list[str] | None = None, status: int = 200
) -> HttpResponseBase:
    at = now()
    in_force = framework_queries.current()[0]
    standing = queries.standing_of(version, in_force, now=at)
    run = standing.run
    rows = run.result["sites"] if run and run.result else []
    table = table_kit.page(request, tables.moved_sites(), rows)
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "readiness/framework/dry_run.html", table)
    context: dict[str, Any] = {
        "version": version,
        "name": version.name,
        "in_force": in_force,
        "standing": standing,
        "run": run,
        "table": table,
        "runs": lines.run_lines(queries.runs(version)),
        "refusals": refusals or [],
        "words": WordsForm(auto_id="id_publish_%s"),
        "back": BackForm(auto_id="id_back_%s"),
        "breadcrumbs": PAGES.breadcrumbs("Dry-run", version),
        **lines.choices_of(version, standing, _reader(request)),
    }
    if run and run.result:
        context |= {
            "sentence": lines.sentence(run),
            "kpis": lines.key_figures(run),
            "checks": lines.check_lines(run),
            "states": lines.state_lines(run),
        }
    response = answers.page(request, "readiness/framework/dry_run.html", context)
    response.status_code = status
    return response


def _errors(form: forms.Form) -> list[str]:
    return [f"{form.fields[name].label}: {said}" for name, errors in form.errors.items() for said in errors]


def _version(pk: int) -> FrameworkVersion:
    return PAGES.row(pk)


def _reader(request: HttpRequest) -> User:
    return cast(User, request.user)
