"""Pages of campaigns: the list, one campaign with its items, one item, and the forms that change them."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse

from accounts.models import User
from inventory.forms import SiteField
from readiness.assessment.evidence.models import Tool, ValidationRun
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Framework
from readiness.golive.campaigns import operations, queries, tables
from readiness.golive.campaigns.actions import import_url, rights_of
from readiness.golive.campaigns.planning import parts_by_runs
from readiness.golive.models import Campaign, CampaignItem, RunTarget
from web import answers
from web import tables as table_kit
from web.clock import now
from web.forms import WITH_NEIGHBOURS, DayField, PersonField, RefusedForm, ShownForm
from web.links import crumbs, link
from web.outside import marked
from web.permissions import asks
from web.reports import Report
from web.tables import TablePage
from web.workflows.pages import StepPages, TakenBack, form_page, reader

USUAL = timedelta(days=42)
PEOPLE = User.objects.filter(is_active=True).order_by("username")


class CampaignsForm(RefusedForm):
    field_of = {"check_id": "check"}


def _day(label: Any, **options: Any) -> forms.DateField:
    return DayField(label=label, validators=WITH_NEIGHBOURS, **options)


class RepeatForm(CampaignsForm):
    name = forms.CharField(label="Name", max_length=120)
    due_on = _day("Last day", help_text="By the site’s calendar.")
    counts_from = _day(
        "Count runs from",
        required=False,
        help_text="Runs taken before this day do not count. Empty: every run that counts at the site.",
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("due_on", now.date() + USUAL)


class CampaignForm(ShownForm, RepeatForm):
    site = SiteField()
    note = forms.CharField(
        label="Note", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    field_order = ["site", "name", "due_on", "counts_from", "note"]

    def __init__(self, *args: Any, now: datetime, campaign: Campaign | None = None, **kwargs: Any) -> None:
        super().__init__(*args, now=now, **kwargs)
        if campaign is None:
            del self.fields["shown"]
        else:
            del self.fields["site"]
            for name in ("name", "due_on", "counts_from", "note"):
                self.initial[name] = getattr(campaign, name)


class AssignForm(ShownForm, CampaignsForm):
    assignee = PersonField(PEOPLE, label="Person", required=False, empty_label="– nobody –")
    assigned_to = forms.CharField(
        label="Name of a person without an account",
        required=False,
        max_length=120,
        help_text="Such as a vendor or a contractor.",
    )
    due_on = _day("Due date", required=False, help_text="Empty: the campaign’s own day.")
    how = forms.CharField(
        label="Instructions", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, item: CampaignItem | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if item is None:
            del self.fields["shown"]
        else:
            names = ("assigned_to", "due_on", "how")
            self.initial = {"assignee": item.assignee_id, **{name: getattr(item, name) for name in names}}


class ItemForm(AssignForm):
    check = forms.ChoiceField(label="Check")
    parts = forms.MultipleChoiceField(
        label="Sub-measures",
        required=False,
        help_text="Leave empty to prove everything that the tool can prove.",
    )
    tool = forms.ChoiceField(label="Tool", choices=Tool.choices)
    scope = forms.ChoiceField(label="Scope", choices=ValidationRun.Scope.choices)
    targets = forms.ChoiceField(label="Run on", choices=RunTarget.choices)
    load = forms.ChoiceField(
        label="Load", required=False, choices=[("", "– any –"), *ValidationRun.Load.choices]
    )
    size_bytes = forms.IntegerField(label="Message size", required=False, min_value=1, max_value=2**62)
    repeats = forms.IntegerField(label="Repeats", min_value=1, max_value=1000, initial=1)
    groups = (
        ("Run", ("check", "parts", "tool", "scope", "targets", "load", "size_bytes", "repeats")),
        ("Who and when", ("how", "assignee", "assigned_to", "due_on")),
    )
    units = {"size_bytes": "bytes"}
    field_order = [
        *("check", "parts", "tool", "scope", "targets", "load", "size_bytes", "repeats", "how"),
        *("assignee", "assigned_to", "due_on"),
    ]

    def __init__(self, *args: Any, framework: Framework, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        proved = [check for check in framework.checks if parts_by_runs(check)]
        cast(forms.ChoiceField, self.fields["check"]).choices = [(check.id, check.name) for check in proved]
        cast(forms.MultipleChoiceField, self.fields["parts"]).choices = [
            (
                check.name,
                [
                    (f"{check.id}/{part.id}", part.name)
                    for part in check.parts
                    if part.id in parts_by_runs(check)
                ],
            )
            for check in proved
        ]

    def arguments(self) -> dict[str, Any]:
        values = dict(self.cleaned_data)
        check_id = values.pop("check")
        return values | {"check_id": check_id, "parts": [part.partition("/")[2] for part in values["parts"]]}

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if any(part.partition("/")[0] != values.get("check") for part in values.get("parts", [])):
            self.add_error("parts", "These sub-measures belong to another check.")
        return values


SEE = ("inventory.view_site", "golive.view_campaign")
ABOVE = (("Campaigns", "campaigns"),)
TARGETS_SHOWN = 60
"""Largest number of targets with a link each; more targets need a script, not clicks."""
CAMPAIGNS = Report("readiness/campaigns/list.html", *SEE)


@CAMPAIGNS.page
def campaigns(request: HttpRequest) -> tuple[TablePage, Any]:
    at = now()
    prepare = lambda page_items: queries.rows(page_items, now=at)  # noqa: E731
    declared = tables.campaign_table(at, rights_of(request.user))
    table = table_kit.page(request, declared, marked(queries.campaigns()), prepare=prepare)
    sites = request.GET.getlist("site")
    return table, lambda: {
        "site": sites[0] if len(sites) == 1 else "",
    }


@asks(*SEE, operations.MAY_ADD)
def add(request: HttpRequest) -> HttpResponse:
    at = now()
    initial = {name: request.GET[name] for name in ("site", "name") if name in request.GET}
    form = CampaignForm(request.POST or None, initial=initial, now=at)
    make = lambda: operations.create(**form.cleaned_data, by=reader(request), now=at)  # noqa: E731
    done = "The campaign is planned; its items are made from the framework."
    return _form(request, form, make, done, "Plan a validation campaign", reverse("campaigns"), to=_page)


@asks(*SEE, operations.MAY_CHANGE)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    at, campaign = now(), _campaign(pk)
    form = CampaignForm(request.POST or None, campaign=campaign, now=at)
    save = lambda: operations.change(campaign, **form.cleaned_data, by=reader(request), now=at)  # noqa: E731
    return _form(request, form, save, "The campaign is changed.", "Change the campaign", _page(campaign))


@asks(*SEE, operations.MAY_ADD)
def repeat(request: HttpRequest, pk: int) -> HttpResponse:
    at, campaign = now(), _campaign(pk)
    initial = {"name": campaign.name, "counts_from": at.date()}
    form = RepeatForm(request.POST or None, initial=initial, now=at)
    make = lambda: operations.clone(campaign, **form.cleaned_data, by=reader(request), now=at)  # noqa: E731
    done = "The campaign is planned again with the same items."
    return _form(request, form, make, done, "Repeat the campaign", _page(campaign), to=_page)


@asks(*SEE, operations.MAY_CHANGE)
def add_item(request: HttpRequest, pk: int) -> HttpResponse:
    at, campaign = now(), _campaign(pk)
    initial = {name: request.GET[name] for name in ("check", "tool") if name in request.GET}
    form = ItemForm(request.POST or None, initial=initial, framework=framework_queries.current()[1])
    make = lambda: operations.add_item(campaign, **form.arguments(), by=reader(request), now=at)  # noqa: E731
    return _form(request, form, make, "The item is added.", "Add an item", _page(campaign))


@asks(*SEE, operations.MAY_CHANGE)
def edit_item(request: HttpRequest, pk: int) -> HttpResponse:
    at, item = now(), _item(pk)
    form = AssignForm(request.POST or None, item=item)
    save = lambda: operations.change_item(item, **form.cleaned_data, by=reader(request), now=at)  # noqa: E731
    return _form(request, form, save, "The item is changed.", "Assign the item", link("campaign-item", pk))


def _form(
    request: HttpRequest,
    form: RefusedForm,
    act: Callable[[], Any],
    done: str,
    heading: str,
    back: str,
    to: Callable[[Any], str] | None = None,
) -> HttpResponse:
    way = crumbs(heading, *ABOVE)
    return form_page(request, form, act, heading=heading, done=done, back=back, to=to, breadcrumbs=way)


def _show(
    request: HttpRequest, campaign: Campaign, refusals: Sequence[str] = (), status: int = 200
) -> HttpResponseBase:
    at = now()
    rows = queries.item_rows(campaign, now=at)
    table = table_kit.page(request, tables.item_table(campaign, rights_of(request.user)), rows)
    if status == 200 and table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "readiness/campaigns/campaign.html", table)
    [row] = queries.rows([campaign], now=at)
    gate = queries.gate_rows(campaign.site, [each.item for each in rows])
    context = {
        "campaign": campaign,
        "row": row,
        "table": table,
        "left": tables.left(row, at),
        "judged": gate is not None,
        "gate": [(each, each.item and import_url(each.item, campaign)) for each in gate or ()],
        "holding": sum(not each.excepted and not each.is_met for each in gate or ()),
        "declared": sum(not each.excepted and each.is_met for each in gate or ()),
        "breadcrumbs": crumbs(campaign.name, *ABOVE),
        **STEPS.context(request, campaign, refusals),
    }
    return answers.page(request, "readiness/campaigns/campaign.html", context, status=status)


def _show_item(
    request: HttpRequest, item: CampaignItem, refusals: Sequence[str] = (), status: int = 200
) -> HttpResponseBase:
    above = item.campaign
    row = next(each for each in queries.item_rows(above, now=now()) if each.item.pk == item.pk)
    names = queries.targets_of(above.site)[RunTarget(item.targets)]
    context = {
        "item": item,
        "campaign": above,
        "row": row,
        "why": tables.why(row),
        "run": tables.run_words(row),
        "targets": [(name, import_url(item, above, _devices(item, name))) for name in names[:TARGETS_SHOWN]],
        "targets_more": max(len(names) - TARGETS_SHOWN, 0),
        "runs": len(names) * item.repeats,
        "import_url": import_url(item, above),
        "breadcrumbs": crumbs(row.check_name, *ABOVE, (above.name, _page(above))),
        **ITEM_STEPS.context(request, item, refusals),
    }
    return answers.page(request, "readiness/campaigns/item.html", context, status=status)


def _devices(item: CampaignItem, name: str) -> Sequence[str]:
    match item.targets:
        case RunTarget.PAIR | RunTarget.PATH:
            return name.split(" – ")
        case RunTarget.NODE:
            return [name]
        case RunTarget.PORT:
            return [name.rsplit(" ", 1)[0]]
    return ()


def _campaign(pk: int) -> Campaign:
    return get_object_or_404(marked(queries.campaigns()), pk=pk)


def _item(pk: int) -> CampaignItem:
    joined = ("campaign__site", "campaign__created_by", "assignee", "dropped_by")
    return get_object_or_404(CampaignItem.objects.select_related(*joined), pk=pk)


def _page(campaign: Campaign) -> str:
    return link("campaign", campaign.pk)


STEPS = StepPages(
    page="campaign",
    see=SEE,
    find=_campaign,
    show=_show,
    done={
        operations.start: "It runs.",
        operations.finish: "The campaign is finished.",
        operations.cancel: "The campaign is cancelled.",
        operations.delete: "The campaign is deleted.",
    },
)
ITEM_STEPS = StepPages(
    page="campaign-item",
    see=SEE,
    find=_item,
    show=_show_item,
    done={operations.drop: "The item is dropped.", operations.restore: "The item is back."},
    taken_back={operations.drop: TakenBack(operations.restore)},
)
