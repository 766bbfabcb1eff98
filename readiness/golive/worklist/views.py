"""Pages of the worklist: the list, one item, and adding items singly or from the gap's plan."""

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from inventory.forms import SiteField
from inventory.models import Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.framework.forms import checks_by_pillar
from readiness.assessment.scoring.gap import queries as gap_queries
from readiness.assessment.scoring.gap.closing import closing
from readiness.assessment.scoring.queries.capacity import check_name
from readiness.golive.models import WorkItem
from readiness.golive.worklist import operations, queries, tables
from readiness.golive.worklist.params import BadQuestion, read
from web import tables as table_kit
from web.clock import now
from web.forms import DayField, RefusedForm, ShownForm
from web.history import restoring
from web.history.events import history_of
from web.links import crumbs
from web.permissions import asks, require
from web.reports import Report
from web.tables import TablePage
from web.units import how_many
from web.workflows import require as require_any
from web.workflows.pages import reader, saved, tell_restorable

tell_changed = tell_restorable(WorkItem, restoring.CHANGED)
tell_added = tell_restorable(WorkItem, restoring.CREATED)


def _note() -> forms.CharField:
    rows = forms.Textarea(attrs={"rows": 3})
    return forms.CharField(label="Note", required=False, max_length=2000, widget=rows)


def _status() -> forms.ChoiceField:
    return forms.ChoiceField(label="Status", choices=WorkItem.Status.choices)


class _Refusing(RefusedForm):
    field_of = {"check_id": "check", "owner_name": "owner"}


class PlannedForm(_Refusing):
    owner = forms.CharField(
        label="Owner",
        required=False,
        max_length=100,
        help_text="A username, or the name of a person or team that is no user.",
    )
    due_on = DayField(
        label="Due date", required=False, help_text="Counts until the end of this day at the site."
    )
    cost = forms.FloatField(
        label="Cost",
        required=False,
        min_value=0,
        help_text="What it takes to resolve the check at the site. The road to ready adds it up.",
    )
    currency = forms.CharField(
        label="Currency", required=False, max_length=3, help_text="Three letters, such as EUR."
    )
    note = _note()

    def planned(self) -> dict[str, Any]:
        """The arguments of the operations. A name that is a username means the user."""
        name = self.cleaned_data["owner"].strip()
        user = queries.user_named(name)
        return {
            "owner": user,
            "owner_name": "" if user else name,
            "due_on": self.cleaned_data["due_on"],
            "cost": self.cleaned_data["cost"],
            "currency": self.cleaned_data["currency"].strip().upper(),
            "note": self.cleaned_data["note"],
        }


class AddForm(PlannedForm):
    site = SiteField()
    check = forms.ChoiceField(label="Check")
    field_order = ("site", "check", "owner", "due_on", "cost", "currency", "note")

    def __init__(self, *args: Any, framework: Framework, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["check"]).choices = checks_by_pillar(framework)


class ProgressForm(ShownForm, _Refusing):
    status = _status()
    note = _note()

    def planned(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class ChangeForm(ShownForm, PlannedForm):
    status = _status()
    field_order = ("status", "owner", "due_on", "cost", "currency", "note")

    def planned(self) -> dict[str, Any]:
        return super().planned() | {"status": self.cleaned_data["status"]}


def initial_of(item: WorkItem) -> dict[str, Any]:
    return {
        "status": item.status,
        "owner": item.owner.username if item.owner else item.owner_name,
        "due_on": item.due_on,
        "cost": item.cost,
        "currency": item.currency,
        "note": item.note,
    }


SHOWN_PAIRS = 20
LONGEST_ID = 18
"""Number of digits that any id fits into."""

SEE = ("inventory.view_site", "golive.view_workitem")
WORKLIST = Report("readiness/worklist/list.html", *SEE)
PROGRESS = (operations.MAY_PROGRESS, operations.MAY_CHANGE)
ABOVE = (("Worklist", "worklist"),)


@WORKLIST.page
def worklist(request: HttpRequest) -> tuple[TablePage, Any]:
    at = now()
    actions = tables.actions(request.GET.urlencode()) if _may_progress(request) else ()
    prepare = lambda page_items: queries.rows(page_items, now=at)  # noqa: E731
    table = table_kit.page(request, tables.WORKLIST, queries.items(), prepare=prepare, actions=actions)
    return table, lambda: {"counts": queries.counts(now=at)}


@asks(*SEE)
def item(request: HttpRequest, pk: int) -> HttpResponse:
    if request.method == "POST":
        require_any(request.user, *PROGRESS)
    work_item = get_object_or_404(queries.items(), pk=pk)
    changes = request.user.has_perm(operations.MAY_CHANGE)
    form = (ChangeForm if changes else ProgressForm)(request.POST or None, initial=initial_of(work_item))
    change = lambda: operations.change(work_item, **form.planned(), by=reader(request), now=now())  # noqa: E731
    if saved(request, form, change, "{} is saved.", tell=tell_changed):
        return HttpResponseRedirect(reverse("work-item", args=[pk]))
    [row] = queries.rows([work_item], now=now())
    context = {
        "row": row,
        "item": work_item,
        "is_met": row.check_state in queries.MET,
        "due": tables.due(row),
        "form": form if _may_progress(request) else None,
        "history": history_of(work_item, limit=20).rows,
        "breadcrumbs": crumbs(f"{row.check_name}, {work_item.site.name}", *ABOVE),
    }
    return render(request, "readiness/worklist/item.html", context, status=422 if form.errors else 200)


@asks(*SEE, operations.MAY_ADD)
def add(request: HttpRequest) -> HttpResponse:
    names = request.POST.getlist("id")
    return _add_selected(request, names) if names else _add_one(request)


def _add_one(request: HttpRequest) -> HttpResponse:
    _version, framework = framework_queries.current()
    initial = {name: request.GET[name] for name in ("site", "check") if name in request.GET}
    form = AddForm(request.POST or None, initial=initial, framework=framework)
    add = lambda: operations.add(  # noqa: E731
        site=form.cleaned_data["site"],
        check_id=form.cleaned_data["check"],
        **form.planned(),
        by=reader(request),
        now=now(),
    )
    if item := saved(request, form, add, "{} is on the worklist.", tell=tell_added):
        return HttpResponseRedirect(reverse("work-item", args=[item.pk]))
    return _add_page(request, form, {})


def _add_selected(request: HttpRequest, names: list[str]) -> HttpResponse:
    pairs = _pairs(request, names)
    form = PlannedForm(request.POST if "confirmed" in request.POST else None)
    add = lambda: how_many(  # noqa: E731
        operations.add_many(pairs, **form.planned(), by=reader(request), now=now()),
        "item is added.",
        "items are added.",
    )
    if saved(request, form, add, "{}", tell=tell_added):
        return HttpResponseRedirect(reverse("worklist"))
    _version, framework = framework_queries.current()
    shown_pairs = [
        {"site": site.name, "check": check_name(framework, check_id)}
        for site, check_id in pairs[:SHOWN_PAIRS]
    ]
    selection = {
        "names": names,
        "pairs": shown_pairs,
        "more": len(pairs) - len(shown_pairs),
        "count": len(pairs),
    }
    return _add_page(request, form, {"selection": selection})


def _pairs(request: HttpRequest, names: list[str]) -> list[tuple[Site, str]]:
    regions = gap_queries.regions() if "region" in request.GET else {}
    try:
        question = read(request.GET, regions=regions)
        facts = gap_queries.fleet_of(question, now=now())
        plan = closing(facts, target=question.target, measure=question.measure)
        return queries.selected(names, plan.held_sites)
    except BadQuestion as error:
        raise BadRequest(str(error)) from error
    except queries.BadSelection as error:
        raise BadRequest(f"id: nothing is called {error}") from error


def _add_page(request: HttpRequest, form: Any, context: dict[str, Any]) -> HttpResponse:
    context |= {"form": form, "breadcrumbs": crumbs("Add", *ABOVE)}
    return render(request, "readiness/worklist/add.html", context, status=422 if form.errors else 200)


@require_POST
@require(*SEE)
@never_cache
def set_status(request: HttpRequest) -> HttpResponse:
    require_any(request.user, *PROGRESS)
    ids = [each for each in request.POST.getlist("id") if each.isascii() and each.isdecimal()]
    item_ids = [int(each) for each in ids[: operations.MOST_AT_ONCE] if len(each) <= LONGEST_ID]
    status = request.POST.get("action", "")
    try:
        changed = operations.set_status(item_ids, status=status, by=reader(request), now=now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        label = str(WorkItem.Status(status).label).lower()
        text = f"{how_many(changed, 'item is', 'items are')} {label} now."
        tell_changed(request, text, changed)
    query = request.GET.urlencode()
    return HttpResponseRedirect(reverse("worklist") + (f"?{query}" if query else ""))


def _may_progress(request: HttpRequest) -> bool:
    return any(map(reader(request).has_perm, PROGRESS))
