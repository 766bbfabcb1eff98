"""Pages of campaigns: the list, one of them with its items, one item, and the forms that change them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_GET, require_http_methods, require_POST

from accounts.models import User
from readiness.framework import queries as framework_queries
from readiness.golive.campaigns import lines, operations, queries, tables, targets
from readiness.golive.campaigns.forms import (
    AssignForm,
    CampaignForm,
    DropForm,
    ItemForm,
    NoteForm,
    RefusedForm,
    RepeatForm,
)
from readiness.golive.campaigns.models import Campaign, CampaignItem
from web import answers
from web import tables as table_kit
from web.clock import now
from web.history import history_of
from web.links import link
from web.permissions import require

may_see = require("inventory.view_site", "golive.view_campaign")
may_add = require("inventory.view_site", "golive.view_campaign", operations.MAY_ADD)
may_change = require("inventory.view_site", "golive.view_campaign", operations.MAY_CHANGE)
may_delete = require("inventory.view_site", "golive.view_campaign", operations.MAY_DELETE)


@may_see
@conditional_page
@require_GET
def campaigns(request: HttpRequest) -> HttpResponseBase:
    at = now()
    prepare = lambda shown: queries.rows(shown, now=at)  # noqa: E731
    table = table_kit.page(request, tables.campaign_table(at), queries.campaigns(), prepare=prepare)
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "readiness/campaigns/list.html", table)
    context = {
        "table": table,
        "add_url": _add_url(request),
        "breadcrumbs": _breadcrumbs("Campaigns", first=True),
    }
    return answers.page(request, "readiness/campaigns/list.html", context)


@may_see
@conditional_page
@require_GET
def campaign(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _campaign_page(request, _campaign(pk), at=now())


@may_see
@conditional_page
@require_GET
def item(request: HttpRequest, pk: int) -> HttpResponse:
    return _item_page(request, _item(pk), at=now())


@may_add
@never_cache
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    at = now()
    asked = {name: request.GET[name] for name in ("site", "name") if name in request.GET}
    form = CampaignForm(request.POST or None, initial=asked, now=at)
    make = lambda: operations.create(**form.cleaned_data, by=_reader(request), now=at)  # noqa: E731
    made = _done(request, form, make, "The campaign is planned; its items are made from the framework.")
    if made is not None:
        return HttpResponseRedirect(reverse("campaign", args=[made.pk]))
    return _form(request, form, "Plan a validation campaign", reverse("campaigns"))


@may_change
@never_cache
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    at, campaign = now(), _campaign(pk)
    form = CampaignForm(request.POST or None, campaign=campaign, now=at)
    save = lambda: operations.change(campaign, **form.cleaned_data, by=_reader(request), now=at)  # noqa: E731
    here = reverse("campaign", args=[pk])
    if _done(request, form, save, "The campaign is changed.") is not None:
        return HttpResponseRedirect(here)
    return _form(request, form, "Change the campaign", here)


@may_add
@never_cache
@require_http_methods(["GET", "POST"])
def repeat(request: HttpRequest, pk: int) -> HttpResponse:
    at, campaign = now(), _campaign(pk)
    initial = {"name": campaign.name, "counts_from": at.date()}
    form = RepeatForm(request.POST or None, initial=initial, now=at)
    make = lambda: operations.clone(campaign, **form.cleaned_data, by=_reader(request), now=at)  # noqa: E731
    made = _done(request, form, make, "The campaign is planned again with the same items.")
    if made is not None:
        return HttpResponseRedirect(reverse("campaign", args=[made.pk]))
    return _form(request, form, "Repeat the campaign", reverse("campaign", args=[pk]))


@may_change
@never_cache
@require_http_methods(["GET", "POST"])
def add_item(request: HttpRequest, pk: int) -> HttpResponse:
    at, campaign = now(), _campaign(pk)
    _version, framework = framework_queries.current()
    asked = {name: request.GET[name] for name in ("check", "tool") if name in request.GET}
    form = ItemForm(request.POST or None, initial=asked, framework=framework)
    make = lambda: operations.add_item(campaign, **form.asked(), by=_reader(request), now=at)  # noqa: E731
    here = reverse("campaign", args=[pk])
    if _done(request, form, make, "The item is added.") is not None:
        return HttpResponseRedirect(here)
    return _form(request, form, "Add an item", here)


@may_change
@never_cache
@require_http_methods(["GET", "POST"])
def edit_item(request: HttpRequest, pk: int) -> HttpResponse:
    at, item = now(), _item(pk)
    form = AssignForm(request.POST or None, item=item)
    save = lambda: operations.change_item(item, **form.cleaned_data, by=_reader(request), now=at)  # noqa: E731
    here = reverse("campaign-item", args=[pk])
    if _done(request, form, save, "The item is changed.") is not None:
        return HttpResponseRedirect(here)
    return _form(request, form, "Assign the item", here)


@require_POST
@may_change
@never_cache
def start(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _stepped(request, pk, lambda campaign, given: operations.start(campaign, **given), "It runs.")


@require_POST
@may_change
@never_cache
def finish(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _noted(request, pk, operations.finish, "The campaign is finished.")


@require_POST
@may_change
@never_cache
def cancel(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _noted(request, pk, operations.cancel, "The campaign is cancelled.")


@require_POST
@may_delete
@never_cache
def delete(request: HttpRequest, pk: int) -> HttpResponseBase:
    step = lambda campaign, given: operations.delete(campaign, **given)  # noqa: E731
    return _stepped(request, pk, step, "The campaign is deleted.", to=reverse("campaigns"))


@require_POST
@may_change
@never_cache
def drop_item(request: HttpRequest, pk: int) -> HttpResponse:
    reason = request.POST.get("reason", "")
    step = lambda item, given: operations.drop_item(item, reason=reason, **given)  # noqa: E731
    return _stepped_item(request, pk, step, "The item is dropped.")


@require_POST
@may_change
@never_cache
def restore_item(request: HttpRequest, pk: int) -> HttpResponse:
    step = lambda item, given: operations.restore_item(item, **given)  # noqa: E731
    return _stepped_item(request, pk, step, "The item is back.")


def _done(request: HttpRequest, form: RefusedForm, act: Callable[[], Any], said: str) -> Any:
    """The result of the operation; None where there is still something to show on the form."""
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        made = act()
    except ValidationError as error:
        form.refused(error)
        return None
    except operations.CampaignNotInState as error:
        form.add_error(None, str(error))
        return None
    messages.success(request, said)
    return made


def _noted(request: HttpRequest, pk: int, step: Callable[..., Any], said: str) -> HttpResponseBase:
    note = request.POST.get("note", "")
    return _stepped(request, pk, lambda campaign, given: step(campaign, note=note, **given), said)


def _stepped(
    request: HttpRequest, pk: int, step: Callable[[Campaign, dict[str, Any]], Any], said: str, to: str = ""
) -> HttpResponseBase:
    """Take the step and show the campaign again, with what stood in the way."""
    at, campaign = now(), _campaign(pk)
    try:
        step(campaign, {"by": _reader(request), "now": at})
    except ValidationError as error:
        return _campaign_page(request, campaign, at=at, refusals=error.messages, status=422)
    except operations.CampaignNotInState as error:
        return _campaign_page(request, _campaign(pk), at=at, refusals=[str(error)], status=409)
    messages.success(request, said)
    return HttpResponseRedirect(to or reverse("campaign", args=[pk]))


def _stepped_item(
    request: HttpRequest, pk: int, step: Callable[[CampaignItem, dict[str, Any]], Any], said: str
) -> HttpResponse:
    at, item = now(), _item(pk)
    try:
        step(item, {"by": _reader(request), "now": at})
    except ValidationError as error:
        return _item_page(request, item, at=at, refusals=error.messages, status=422)
    except operations.CampaignNotInState as error:
        return _item_page(request, item, at=at, refusals=[str(error)], status=409)
    messages.success(request, said)
    return HttpResponseRedirect(reverse("campaign-item", args=[pk]))


def _campaign_page(
    request: HttpRequest,
    campaign: Campaign,
    *,
    at: datetime,
    refusals: list[str] | None = None,
    status: int = 200,
) -> HttpResponseBase:
    rows = queries.item_rows(campaign, now=at)
    table = table_kit.page(request, tables.item_table(campaign), rows)
    if status == 200 and table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "readiness/campaigns/campaign.html", table)
    [row] = queries.rows([campaign], now=at)
    gate = queries.gate_rows(campaign.site, [each.item for each in rows])
    context: dict[str, Any] = {
        "campaign": campaign,
        "row": row,
        "table": table,
        "kpis": lines.key_figures(row, now=at),
        "facts": lines.facts(campaign),
        "gate_words": lines.gate_words(gate),
        "gate": lines.gate_lines(gate or [], campaign.site.slug, _reader(request)),
        "refusals": refusals or [],
        "history": history_of(campaign, limit=10).rows,
        "finish_note": NoteForm(auto_id="id_finish_%s", required=False),
        "cancel_note": NoteForm(auto_id="id_cancel_%s"),
        "breadcrumbs": _breadcrumbs(campaign.name),
        **lines.choices_of(campaign, _reader(request)),
    }
    response = answers.page(request, "readiness/campaigns/campaign.html", context)
    response.status_code = status
    return response


def _item_page(
    request: HttpRequest,
    item: CampaignItem,
    *,
    at: datetime,
    refusals: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    above = item.campaign
    row = next(each for each in queries.item_rows(above, now=at) if each.item.pk == item.pk)
    reader = _reader(request)
    context: dict[str, Any] = {
        "item": item,
        "campaign": above,
        "row": row,
        "why": tables.why(row),
        "facts": lines.item_facts(row, above),
        "targets": lines.target_lines(
            item,
            above.site.slug,
            targets.targets_of(above.site),
            may_add=reader.has_perm("evidence.add_validationrun") and above.is_open,
        ),
        "refusals": refusals or [],
        "history": history_of(item, limit=10).rows,
        "drop_form": DropForm(auto_id="id_drop_%s"),
        "may_change": above.is_open and reader.has_perm(operations.MAY_CHANGE),
        "breadcrumbs": _breadcrumbs(row.check_name, above=above),
    }
    response = answers.page(request, "readiness/campaigns/item.html", context)
    response.status_code = status
    return response


def _form(request: HttpRequest, form: RefusedForm, here: str, cancel_url: str) -> HttpResponse:
    context = {
        "form": form,
        "heading": here,
        "submit": here,
        "cancel_url": cancel_url,
        "breadcrumbs": _breadcrumbs(here),
    }
    return render(request, "readiness/evidence/form.html", context, status=422 if form.errors else 200)


def _add_url(request: HttpRequest) -> str:
    """The address to add a campaign, for the site that the list is narrowed to, if any; "" where none may be added."""
    if not request.user.has_perm(operations.MAY_ADD):
        return ""
    sites = request.GET.getlist("site")
    return link("campaign-add", site=sites[0]) if len(sites) == 1 else link("campaign-add")


def _reader(request: HttpRequest) -> User:
    """The reader, who is signed in, as every page here asks."""
    return cast(User, request.user)


def _campaign(pk: int) -> Campaign:
    return get_object_or_404(queries.campaigns(), pk=pk)


def _item(pk: int) -> CampaignItem:
    items = CampaignItem.objects.select_related(
        "campaign__site", "campaign__created_by", "assignee", "dropped_by"
    )
    return get_object_or_404(items, pk=pk)


def _breadcrumbs(here: str, *, first: bool = False, above: Campaign | None = None) -> list[dict[str, str]]:
    between = [] if first else [{"label": "Campaigns", "url": reverse("campaigns")}]
    if above is not None:
        between.append({"label": above.name, "url": link("campaign", above.pk)})
    return [
        {"label": "Readiness", "url": reverse("readiness")},
        *between,
        {"label": here, "url": ""},
    ]
