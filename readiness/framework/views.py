"""Pages of versions: the list, one of them, what differs between two, a check of one, and the steps of a draft."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_GET, require_http_methods, require_POST

from accounts.models import User
from readiness.framework import exporting, lines, operations, queries, tables
from readiness.framework.core.definition import Check, Framework, OperatorDecision
from readiness.framework.core.reader import DefinitionError
from readiness.framework.forms import (
    CheckForm,
    DefinitionImportForm,
    DraftForm,
    HeadForm,
    PillarForm,
    StepForm,
)
from readiness.framework.models import FrameworkVersion
from readiness.framework.part_form import PartForm
from readiness.framework.refusals import MAY_ADD, MAY_DISCARD, MAY_EDIT, MAY_SEE, NotADraft, StaleRevision
from web import answers
from web import tables as table_kit
from web.clock import now
from web.permissions import require

may_see = require(MAY_SEE)
may_add = require(MAY_SEE, MAY_ADD)
may_edit = require(MAY_SEE, MAY_EDIT)
may_discard = require(MAY_SEE, MAY_DISCARD)


@may_see
@conditional_page
@require_GET
def versions(request: HttpRequest) -> HttpResponseBase:
    table = table_kit.page(request, tables.versions(), queries.versions())
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "readiness/framework/list.html", table)
    in_force = queries.current()[0]
    context = {
        "table": table,
        "in_force": in_force,
        "may_draft": request.user.has_perm(MAY_ADD),
        "breadcrumbs": breadcrumbs("Framework"),
    }
    return answers.page(request, "readiness/framework/list.html", context)


@may_see
@conditional_page
@require_GET
def version(request: HttpRequest, pk: int) -> HttpResponse:
    return _version_page(request, _version(pk))


@may_see
@conditional_page
@require_GET
def difference(request: HttpRequest, pk: int) -> HttpResponse:
    """Compare the version of the address with that in `to`; without one, from the version in force."""
    asked = request.GET.get("to", "")
    is_number = asked.isascii() and asked.isdecimal()
    named, other = _version(pk), _version(int(asked[:20])) if is_number else None
    before, after = (named, other) if other else (queries.current()[0], named)
    context = {
        "before": before,
        "after": after,
        "groups": lines.change_lines(queries.difference(before, after)),
        "others": [each for each in queries.versions() if each.pk != before.pk],
        "breadcrumbs": breadcrumbs("What differs", before),
    }
    return answers.page(request, "readiness/framework/difference.html", context)


@may_see
@conditional_page
@require_GET
def check(request: HttpRequest, pk: int, check_id: str) -> HttpResponse:
    version = _version(pk)
    framework = queries.definition_of(version)
    shown = _check(framework, check_id)
    context = {
        "version": version,
        "check": shown,
        "facts": lines.check_facts(shown),
        "validity_label": lines.label(shown.validity, framework),
        "parts": lines.part_lines(shown, framework),
        "breadcrumbs": breadcrumbs(shown.name, version),
        **lines.offers(version, _reader(request)),
    }
    return answers.page(request, "readiness/framework/check.html", context)


@may_see
@never_cache
@require_GET
def export(request: HttpRequest, pk: int) -> HttpResponse:
    form = request.GET.get("form", "yaml")
    return exporting.exported(_version(pk), form if form == "zip" else "yaml")


@may_add
@never_cache
@require_http_methods(["GET", "POST"])
def draft(request: HttpRequest) -> HttpResponse:
    initial = {"made_from": request.GET.get("from") or queries.current()[0].pk}
    form = DraftForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = operations.make_draft(**form.cleaned_data, by=_reader(request), now=now())
        except ValidationError as error:
            form.add_error("version", error.messages)
        except DefinitionError as error:
            form.add_error("made_from", str(error))
        else:
            messages.success(request, f"{made.version} is a draft.")
            return HttpResponseRedirect(lines.url_of(made))
    context = {
        "form": form,
        "heading": "Make a draft",
        "submit": "Make it",
        "cancel_url": reverse("framework"),
        "breadcrumbs": breadcrumbs("Make a draft"),
    }
    return render(request, "readiness/framework/draft.html", context, status=422 if form.errors else 200)


@may_edit
@never_cache
@require_http_methods(["GET", "POST"])
def edit_head(request: HttpRequest, pk: int) -> HttpResponse:
    version = _version(pk)
    return _step(request, version, HeadForm, "Title and weights", lines.url_of(version))


@may_edit
@never_cache
@require_http_methods(["GET", "POST"])
def edit_pillar(request: HttpRequest, pk: int, pillar_id: str) -> HttpResponse:
    version = _version(pk)
    pillar = next((each for each in queries.definition_of(version).pillars if each.id == pillar_id), None)
    if pillar is None:
        raise Http404(f"No pillar {pillar_id}.")
    return _step(request, version, PillarForm, pillar.name, lines.url_of(version), pillar=pillar)


@may_edit
@never_cache
@require_http_methods(["GET", "POST"])
def edit_check(request: HttpRequest, pk: int, check_id: str) -> HttpResponse:
    version = _version(pk)
    shown = _check(queries.definition_of(version), check_id)
    back = reverse("framework-check", args=[pk, check_id])
    return _step(request, version, CheckForm, shown.name, back, check=shown, item=_stored(version, check_id))


@may_edit
@never_cache
@require_http_methods(["GET", "POST"])
def edit_part(request: HttpRequest, pk: int, check_id: str, part_id: str) -> HttpResponse:
    version = _version(pk)
    shown = _check(queries.definition_of(version), check_id)
    part = next((each for each in shown.parts if each.id == part_id), None)
    if part is None:
        raise Http404(f"No sub-measure {part_id}.")
    stored = next(item for item in _stored(version, check_id)["parts"] if item["id"] == part_id)
    back = reverse("framework-check", args=[pk, check_id])
    heading = f"{shown.name}: {part.name}"
    return _step(request, version, PartForm, heading, back, check=shown, part=part, item=stored)


@may_edit
@never_cache
@require_http_methods(["GET", "POST"])
def import_definition(request: HttpRequest, pk: int) -> HttpResponse:
    version = _version(pk)
    return _step(request, version, DefinitionImportForm, "Import", lines.url_of(version))


@require_POST
@may_discard
@never_cache
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    version = _version(pk)
    try:
        operations.discard(version, revision=_revision(request), by=_reader(request))
    except (NotADraft, StaleRevision) as error:
        return _version_page(request, _version(pk), refusals=[str(error)], status=409)
    except ValidationError as error:
        return _version_page(request, version, refusals=error.messages, status=400)
    messages.success(request, f"The draft {version.version} is gone.")
    return HttpResponseRedirect(reverse("framework"))


def _step(
    request: HttpRequest,
    version: FrameworkVersion,
    kind: type[StepForm],
    heading: str,
    back: str,
    **given: Any,
) -> HttpResponse:
    """The form of one step, and the step. Whoever comes late is told so, with what they entered still there."""
    if request.method == "GET" and not version.is_draft:
        return HttpResponseRedirect(back)
    at, by = now(), _reader(request)
    form = kind(
        request.POST or None,
        request.FILES or None,
        initial={"revision": version.revision},
        framework=queries.definition_of(version),
        decided=OperatorDecision(by=str(by), on=at.date().isoformat()),
        **given,
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                after = form.save(version, by=by, now=at)
            except DefinitionError as error:
                form.refused(error)
            except (NotADraft, StaleRevision) as error:
                form.add_error(None, str(error))
                status = 409
            else:
                _say(request, version, after)
                return HttpResponseRedirect(back)
    context = {
        "form": form,
        "version": version,
        "heading": heading,
        "cancel_url": back,
        "breadcrumbs": breadcrumbs(heading, version),
    }
    return render(request, "readiness/framework/step.html", context, status=status)


def _say(request: HttpRequest, before: FrameworkVersion, after: FrameworkVersion) -> None:
    if after.revision == before.revision:
        messages.info(request, "Nothing was changed.")
    else:
        messages.success(request, f"Saved as revision {after.revision}.")


def _version_page(
    request: HttpRequest, version: FrameworkVersion, *, refusals: list[str] | None = None, status: int = 200
) -> HttpResponse:
    framework = queries.definition_of(version)
    changed = queries.stored_changes(version.changes)
    context = {
        "version": version,
        "name": lines.name_of(version),
        "facts": lines.facts(version),
        "weights": lines.weights(framework),
        "framework": framework,
        "groups": lines.change_lines(changed),
        "changes": len(changed),
        "pillars": lines.pillars(framework, changed),
        "steps": lines.step_lines(queries.steps(version)),
        "refusals": refusals or [],
        "breadcrumbs": breadcrumbs(version.version),
        **lines.offers(version, _reader(request)),
    }
    response = answers.page(request, "readiness/framework/version.html", context)
    response.status_code = status
    return response


def _version(pk: int) -> FrameworkVersion:
    return get_object_or_404(queries.versions(), pk=min(pk, 2**63 - 1))


def _check(framework: Framework, check_id: str) -> Check:
    check = framework.checks_by_id.get(check_id)
    if check is None:
        raise Http404(f"No check {check_id}.")
    return check


def _stored(version: FrameworkVersion, check_id: str) -> dict[str, Any]:
    """The check as plain values, as forms begin with it."""
    stored: dict[str, Any] = next(item for item in version.definition["checks"] if item["id"] == check_id)
    return stored


def _revision(request: HttpRequest) -> int | None:
    """None where none is sent; ValidationError for what is no revision, which must not pass for none."""
    sent = request.POST.get("revision", "")
    if sent and not (sent.isascii() and sent.isdecimal() and len(sent) < 10):
        raise ValidationError(f"revision: {sent[:20]!r} is no revision.")
    return int(sent) if sent else None


def _reader(request: HttpRequest) -> User:
    """Signed in, as every page here asks."""
    return cast(User, request.user)


def breadcrumbs(here: str, within: FrameworkVersion | None = None) -> list[dict[str, str]]:
    above = [{"label": "Readiness", "url": reverse("readiness")}]
    if here != "Framework":
        above.append({"label": "Framework", "url": reverse("framework")})
    if within is not None:
        above.append({"label": within.version, "url": lines.url_of(within)})
    return [*above, {"label": here, "url": ""}]
