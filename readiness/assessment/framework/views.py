"""Pages of versions: one version, the differences of two, a check, and the steps of a draft."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from readiness.assessment.framework import operations, queries, tables
from readiness.assessment.framework.core.definition import Check, Framework
from readiness.assessment.framework.core.thresholds import OperatorDecision
from readiness.assessment.framework.forms import CheckForm, FrameworkForm, HeadForm, PartForm, PillarForm
from readiness.assessment.framework.models import FrameworkVersion
from readiness.assessment.framework.queries import MAY_SEE, VERSIONS
from web import answers
from web.clock import now
from web.versioned.versions import VersionConflict
from web.versioned.views import VersionPages, reader
from web.workflows.approvals import flag_words, flags_on


def _content(request: HttpRequest, version: FrameworkVersion) -> dict[str, Any]:
    framework = queries.definition_of(version)
    changes = queries.stored_changes(version.changes)
    touched = {change.where.split(" / ")[0] for change in changes}
    steps = [(step, queries.stored_changes(step.changes)) for step in queries.steps(version)]
    return {
        "framework": framework,
        "changes": changes,
        "pillars": [
            (
                pillar,
                f"pillar {pillar.id}" in touched,
                [(check, check.id in touched) for check in framework.checks_of(pillar.id)],
            )
            for pillar in framework.pillars
        ],
        "steps": steps,
        "approval_flags": flag_words(flags_on(version)),
    }


PAGES = VersionPages(
    versions=VERSIONS,
    names="framework",
    listing="framework",
    showing="framework-version",
    see=MAY_SEE,
    table=tables.versions,
    list_template="readiness/framework/list.html",
    page_template="readiness/framework/version.html",
    content=_content,
    trail=(("Framework", "framework"),),
    heading="Framework",
    listed=lambda request: {"offer": queries.shipped_offer()},
)


def draft_shipped(request: HttpRequest) -> HttpResponse:
    try:
        draft = operations.draft_shipped(by=reader(request), now=now())
    except VersionConflict as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse(PAGES.listing))
    messages.success(request, f"{draft.version} is a draft.")
    return HttpResponseRedirect(PAGES.url(draft))


def difference(request: HttpRequest, pk: int) -> HttpResponse:
    """Compare the version of the address with the one in `to`; without `to`, with the version in force."""
    id_text = request.GET.get("to", "")
    is_number = id_text.isascii() and id_text.isdecimal()
    requested, other = PAGES.row(pk), PAGES.row(int(id_text[:20])) if is_number else None
    before, after = (requested, other) if other else (queries.current()[0], requested)
    context = {
        "before": before,
        "after": after,
        "changes": queries.difference(before, after),
        "others": [each for each in queries.versions() if each.pk != before.pk],
        "breadcrumbs": PAGES.breadcrumbs("What differs", before),
    }
    return answers.page(request, "readiness/framework/difference.html", context)


def check(request: HttpRequest, pk: int, check_id: str) -> HttpResponse:
    version = PAGES.row(pk)
    framework = queries.definition_of(version)
    requested_check = _check(framework, check_id)
    context = {
        "version": version,
        "check": requested_check,
        "framework": framework,
        "breadcrumbs": PAGES.breadcrumbs(requested_check.name, version),
        **PAGES.offers(version, request),
    }
    return answers.page(request, "readiness/framework/check.html", context)


def edit_head(request: HttpRequest, pk: int) -> HttpResponse:
    return _step(request, PAGES.row(pk), HeadForm, "Title, weights, evidence")


def edit_pillar(request: HttpRequest, pk: int, pillar_id: str) -> HttpResponse:
    version = PAGES.row(pk)
    pillar = _named(queries.definition_of(version).pillars, pillar_id)
    return _step(request, version, PillarForm, pillar.name, pillar=pillar)


def edit_check(request: HttpRequest, pk: int, check_id: str) -> HttpResponse:
    version = PAGES.row(pk)
    requested_check = _check(queries.definition_of(version), check_id)
    back = reverse("framework-check", args=[pk, check_id])
    return _step(request, version, CheckForm, requested_check.name, back, check=requested_check)


def edit_part(request: HttpRequest, pk: int, check_id: str, part_id: str) -> HttpResponse:
    version = PAGES.row(pk)
    requested_check = _check(queries.definition_of(version), check_id)
    part = _named(requested_check.parts, part_id)
    back = reverse("framework-check", args=[pk, check_id])
    return _step(
        request,
        version,
        PartForm,
        f"{requested_check.name}: {part.name}",
        back,
        check=requested_check,
        part=part,
    )


def _step(
    request: HttpRequest,
    version: FrameworkVersion,
    kind: type[FrameworkForm],
    heading: str,
    back: str = "",
    **form_options: Any,
) -> HttpResponse:
    form = kind(
        request.POST or None,
        initial={"revision": version.revision},
        framework=queries.definition_of(version),
        decided=OperatorDecision(by=str(reader(request)), on=now().date().isoformat()),
        **form_options,
    )
    return PAGES.step(request, version, form, heading, back)


def _check(framework: Framework, check_id: str) -> Check:
    return _named(framework.checks, check_id)


def _named(items: Any, item_id: str) -> Any:
    item = next((item for item in items if item.id == item_id), None)
    if item is None:
        raise Http404(f"There is no {item_id}.")
    return item
