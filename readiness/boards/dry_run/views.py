"""The page of a version's dry-runs, and the decisions there: to try it, to publish it, to go back to it."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from readiness.boards.dry_run import operations, queries, sentences
from readiness.boards.dry_run.models import DryRun
from readiness.boards.dry_run.tables import MOVED_SITES
from readiness.framework import operations as framework_operations
from readiness.framework import queries as framework_queries
from readiness.framework.models import FrameworkVersion
from readiness.framework.queries import MAY_PUBLISH, MAY_SEE
from readiness.framework.views import PAGES
from web import answers
from web import tables as table_kit
from web.clock import now
from web.links import link
from web.permissions import reads, require
from web.versioned.core.documents import DocumentError
from web.versioned.refusals import NeedsReason, NotADraft, StaleContent
from web.workflows.pages import reader

TEMPLATE = "readiness/framework/dry_run.html"
SEE = (MAY_SEE, "boards.view_dryrun", "inventory.view_site")
VERDICTS = ("ready", "conditional", "not-ready", "none")
STATES = ("pass", "warn", "fail", "unknown", "stale", "waived", "n-a")
NOTHING = {"sites": 0, "it_kw": 0.0, "accelerators": 0}


def _words(label: str, **given: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}), **given)


class WordsForm(forms.Form):
    note = _words("Note", required=False)
    override_reason = _words(
        "Reason to publish all the same",
        required=False,
        help_text="Needed where something speaks against it, and kept with the version.",
    )


class BackForm(forms.Form):
    note = _words("Why")


@reads(*SEE)
def page(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _page(request, PAGES.row(pk))


@require_POST
@require(*SEE, operations.MAY_TRY)
@never_cache
def start(request: HttpRequest, pk: int) -> HttpResponseBase:
    version = PAGES.row(pk)
    try:
        run = operations.start(version, by=reader(request), now=now())
    except operations.NothingToCompare as error:
        return _page(request, version, [str(error)], 409)
    if run.state == DryRun.State.DONE and run.result:
        messages.success(request, sentences.outcome(run.result))
    return HttpResponseRedirect(link("framework-dry-run", pk))


@require_POST
@require(*SEE, MAY_PUBLISH)
@never_cache
def publish(request: HttpRequest, pk: int) -> HttpResponseBase:
    version, form = PAGES.row(pk), WordsForm(request.POST)
    if not form.is_valid():
        return _page(request, version, _errors(form), 422)
    digest = request.POST.get("digest", "")[:64]
    try:
        operations.publish(version, digest=digest, **form.cleaned_data, by=reader(request), now=now())
    except NeedsReason as error:
        return _page(request, version, [*error.why, "Give a reason to publish it all the same."], 422)
    except DocumentError as error:
        return _page(request, version, [str(error)], 422)
    except (NotADraft, StaleContent) as error:
        return _page(request, PAGES.row(pk), [str(error)], 409)
    messages.success(request, f"{version.version} is in force; every site is scored again.")
    return HttpResponseRedirect(link("framework-version", pk))


@require_POST
@require(*SEE, MAY_PUBLISH)
@never_cache
def roll_back(request: HttpRequest, pk: int) -> HttpResponseBase:
    version, form = PAGES.row(pk), BackForm(request.POST)
    if not form.is_valid():
        return _page(request, version, _errors(form), 422)
    try:
        made = framework_operations.roll_back(version, **form.cleaned_data, by=reader(request), now=now())
    except ValidationError as error:
        return _page(request, version, error.messages, 422)
    except NotADraft as error:
        return _page(request, version, [str(error)], 409)
    messages.success(request, f"{made.version} is in force and says what {version.version} said.")
    return HttpResponseRedirect(link("framework-version", made.pk))


def _page(
    request: HttpRequest, version: FrameworkVersion, refusals: Sequence[str] = (), status: int = 200
) -> HttpResponseBase:
    in_force = framework_queries.current()[0]
    standing = queries.standing_of(version, in_force, now=now())
    result = standing.run.result if standing.run else None
    table = table_kit.page(request, MOVED_SITES, result["sites"] if result else [])
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, TEMPLATE, table)
    context = {
        "version": version,
        "name": version.name,
        "in_force": in_force,
        "standing": standing,
        "run": standing.run,
        "table": table,
        "runs": queries.runs(version),
        "refusals": refusals,
        "words": WordsForm(auto_id="id_publish_%s"),
        "back": BackForm(auto_id="id_back_%s"),
        "breadcrumbs": PAGES.breadcrumbs("Dry-run", version),
        **(_outcome(result) if result else {}),
    }
    return answers.page(request, TEMPLATE, context, status=status)


def _outcome(result: dict[str, Any]) -> dict[str, Any]:
    bands, states = result["bands"], result["states"]
    sides = [(each, *(bands[side].get(each, NOTHING) for side in ("before", "after"))) for each in VERDICTS]
    counts = [(each, *(states[side].get(each, 0) for side in ("before", "after"))) for each in STATES]
    return {
        "outcome": sentences.outcome(result),
        "bands": [
            (verdict, after["it_kw"], sentences.band_moved(before, after))
            for verdict, before, after in sides
            if before["sites"] or after["sites"]
        ],
        "states": [each for each in counts if each[1] != each[2]],
    }


def _errors(form: forms.Form) -> list[str]:
    return [f"{form.fields[name].label}: {text}" for name, errors in form.errors.items() for text in errors]
