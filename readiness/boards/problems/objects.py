"""The objects that a problem of health is about, read by page from their reasons, and the end of a reason by hand."""

from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from readiness.assessment.scoring import operations
from readiness.assessment.scoring.core.states import REASON_HEALTHS, Health
from readiness.assessment.scoring.models import HealthReason, ReasonEnd
from readiness.boards.problems.queries import opened
from readiness.boards.problems.rows import MAY_SEE, PROBLEM, ProblemRow
from readiness.boards.templatetags.boards import object_url
from readiness.loop.problems import queries
from readiness.loop.problems.core.problem import NO_DATA
from readiness.loop.problems.core.states import ProblemKind, ProblemState
from telemetry.sentences import reading
from web import tables as table_kit
from web.clock import now
from web.forms import RefusedForm
from web.links import api_basename, crumbs, link
from web.permissions import asks
from web.reports import Report
from web.rest.lookups import AnyOf
from web.tables import Column, Table, TablePage
from web.units import format_value
from web.workflows.pages import form_page, reader

MAY_END = "scoring.add_reasonend"
MAY_SEE_REASONS = (*MAY_SEE, "scoring.view_healthreason")
LIST_OF_REASONS = f"{api_basename(HealthReason)}-list"
IN_ORDER = ("rank", "object", "id")
MOST_ENDS = 20
OBJECTS = Report("readiness/problems/objects.html", *MAY_SEE_REASONS)


def common_columns(problem: ProblemRow) -> dict[str, Any]:
    """The values that the reasons of a problem of health have in common, by column; empty for other problems."""
    if problem.kind is not ProblemKind.HEALTH or problem.site is None:
        return {}
    of_domain = {"site": problem.site.id, "domain": problem.subject}
    if problem.object_id is not None:
        return of_domain | {"object_kind": problem.object_kind, "object_id": problem.object_id}
    if problem.key == problem.subject:
        return of_domain | ({"metric": ""} if problem.state is ProblemState.SILENT else {})
    metric = problem.key.removeprefix(f"{problem.subject}-")
    return of_domain | {"metric": "" if metric == NO_DATA else metric}


def reasons_of(problem: ProblemRow) -> QuerySet[HealthReason]:
    columns = common_columns(problem)
    reasons = HealthReason.objects.counting().filter(**columns) if columns else HealthReason.objects.none()
    return reasons.order_by(*IN_ORDER)


def reasons_address(problem: ProblemRow) -> str:
    """The same list for programs; "" for a problem that is not about objects."""
    columns = common_columns(problem)
    if not columns or problem.site is None:
        return ""
    if columns.get("metric") == "":
        columns = {"domain": problem.subject, "health": Health.UNKNOWN.value}
    return f"{reverse(LIST_OF_REASONS)}?{urlencode(columns | {'site': problem.site.slug})}"


def problem_of(problem_id: str, *, at: datetime) -> ProblemRow | None:
    """The open problem with this id or number, else the one that ended last."""
    every = queries.problems(now=at)
    ended = every.filter(ended_at__isnull=False).order_by("-ended_at", "-pk")
    return opened(every.open(), problem_id, now=at) or opened(ended, problem_id, now=at)


def limit_words(reason: HealthReason) -> str:
    return "" if reason.threshold is None else str(format_value(reason.threshold, reason.unit))


class FiltersOfObjects(django_filters.FilterSet):
    q = django_filters.CharFilter(
        field_name="object", lookup_expr="icontains", label="Search", max_length=200
    )
    health = AnyOf(inner=forms.ChoiceField(choices=REASON_HEALTHS), commas=True, label="Health")

    class Meta:
        model = HealthReason
        fields: tuple[str, ...] = ()


TABLE = Table(
    id="objects",
    noun=("reason", "reasons"),
    label="Objects",
    columns=(
        Column("object", "Object", url=object_url, sort="object", locked=True, phone="title"),
        Column("health", "Health", template="readiness/problems/health_cell.html", states="health", sort="rank",
               phone="status"),
        Column("title", "Reason", sort="title"),
        Column("part", "Part", default=False, sort="part"),
        Column("value", "Value", text=lambda reason: reading(reason.metric, reason.value, reason.unit,
                                                             taken_at=reason.taken_at),
               sort="value", numeric=True, unit_of="unit"),
        Column("threshold", "Limit", text=lambda reason: limit_words(reason), numeric=True, unit_of="unit"),
        Column("since", "Since", template="readiness/problems/since_cell.html", sort="since"),
        Column("taken_at", "Last sample", sort="taken_at", phone="hide"),
        Column("standing", "Rests on", lambda reason: reason.get_standing_display()),
        Column("end", "End", lambda reason: None, template="readiness/problems/end_cell.html", phone="full"),
    ),
    filterset=FiltersOfObjects,
    row_id="pk",
    row_name="object",
    row_url=object_url,
    empty={
        "title": "No object is unwell",
        "text": "Each reason why a node, accelerator, port or feed is not well appears here, worst first. "
        "A problem that was asked for has ended, or it is not about objects.",
        "icon": "circle-check",
    },
)  # fmt: skip


@OBJECTS.page
def page(request: HttpRequest) -> tuple[TablePage, Any]:
    """The objects of a problem; without one, every open reason."""
    at, problem_id = now(), request.GET.get(PROBLEM, "")
    problem = problem_of(problem_id, at=at) if problem_id else None
    if problem is None and problem_id:
        raise Http404("There is no such problem.")

    def context() -> dict[str, Any]:
        breadcrumbs = crumbs("Objects", ("Problems", "problems"))
        if problem is None:
            return {"api_url": reverse(LIST_OF_REASONS), "breadcrumbs": breadcrumbs}
        columns = {name: value for name, value in common_columns(problem).items() if value != ""}
        ends = ReasonEnd.objects.filter(**columns) if columns else ReasonEnd.objects.none()
        return {
            "problem": problem,
            "problem_url": f"{link('problems', **{PROBLEM: problem.id})}#problem",
            "api_url": reasons_address(problem),
            "ends": ends.select_related("ended_by")[:MOST_ENDS],
            "breadcrumbs": breadcrumbs,
        }

    rows = reasons_of(problem) if problem is not None else HealthReason.objects.counting().order_by(*IN_ORDER)
    return table_kit.page(request, TABLE, rows), context


class EndReasonForm(RefusedForm):
    note = forms.CharField(
        label="Reason why it does not hold",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="It ends with your name. If a later sample still says so, it comes back.",
    )


@asks(*MAY_SEE_REASONS, MAY_END)
def end(request: HttpRequest, pk: int) -> HttpResponse:
    reason = get_object_or_404(HealthReason.objects.select_related("site"), pk=pk)
    form = EndReasonForm(request.POST or None)
    act = partial(_end, reason, form, request)
    heading = f"End “{reason.title}” of {reason.object}"
    back = link("site", reason.site.slug, tab=reason.domain)
    way = crumbs("End a reason", ("Problems", "problems"))
    done = "The reason has ended. It comes back if a later sample still says so."
    return form_page(request, form, act, heading=heading, done=done, back=back, breadcrumbs=way)


def _end(reason: HealthReason, form: EndReasonForm, request: HttpRequest) -> ReasonEnd:
    note = form.cleaned_data["note"]
    return operations.end_reason(reason=reason, note=note, by=reader(request), now=now())
