"""Pages of site factors: what is known of all sites, of one, one entry, and the forms to enter more."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_GET, require_http_methods, require_POST

from inventory.models import Site
from readiness.evidence.refusals import FileTooLarge
from readiness.evidence.uploads import content_of, sender_of
from readiness.tradeoffs import charts, lines, operations, queries, rows, tables
from readiness.tradeoffs.core.entries import EntriesRefused, EntryError
from readiness.tradeoffs.forms import FactorForm, FactorTableForm, SeriesForm
from readiness.tradeoffs.models import HOURLY_KINDS, FactorKind, SiteFactor
from readiness.tradeoffs.queries import lists
from readiness.tradeoffs.queries.preview import preview
from web import answers
from web import tables as table_kit
from web.clock import now
from web.history import history_of
from web.permissions import require
from web.tables import TablePage

LIST, SITE = "readiness/tradeoffs/list.html", "readiness/tradeoffs/site.html"
MAY_ADD, MAY_DELETE = "tradeoffs.add_sitefactor", "tradeoffs.delete_sitefactor"
MAY_ADD_HOURS = "tradeoffs.add_factorday"
MAY_IMPORT = {
    "factors": MAY_ADD,
    "latencies": "tradeoffs.add_latencyfactor",
    "rates": "tradeoffs.add_exchangerate",
}
DEFAULT_RANGE = "now-30d"
may_see = require("inventory.view_site", "tradeoffs.view_sitefactor")
may_see_trips = require("inventory.view_site", "tradeoffs.view_latencyfactor")


@may_see
@conditional_page
@require_GET
def factors(request: HttpRequest) -> HttpResponseBase:
    at, in_file = now(), "export" in request.GET
    found = rows.factor_rows(queries.factors_of(None, at), at, every_source=in_file)
    table = table_kit.page(request, tables.factors(in_file=in_file), found)
    sub = "What each site costs, emits and has free, by every source, and what nobody knows"
    return _listed(request, table, "factors", "Site factors", sub)


@may_see_trips
@conditional_page
@require_GET
def latencies(request: HttpRequest) -> HttpResponseBase:
    at, in_file = now(), "export" in request.GET
    regions = lists.region_names()
    found = rows.latency_rows(queries.factors_of(None, at), regions, at, every_source=in_file)
    table = table_kit.page(request, tables.latencies(regions, in_file=in_file), found)
    sub = "From user regions to sites: measured, else published, else a band by distance"
    return _listed(request, table, "latencies", "Round trips", sub)


@require("tradeoffs.view_exchangerate")
@conditional_page
@require_GET
def rates(request: HttpRequest) -> HttpResponseBase:
    table = table_kit.page(request, tables.RATES, lists.exchange_rates())
    sub = "What currencies are worth in each other, by day"
    return _listed(request, table, "rates", "Exchange rates", sub)


def _listed(request: HttpRequest, table: TablePage, name: str, heading: str, sub: str) -> HttpResponseBase:
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, LIST, table)
    may = request.user.has_perm
    context = {
        "table": table,
        "heading": heading,
        "sub": sub,
        "tabs": lines.tabs(name),
        "add_url": lines.add_url(may(MAY_ADD)) if name == "factors" else "",
        "hours_url": reverse("factor-hours-add") if name == "factors" and may(MAY_ADD_HOURS) else "",
        "import_url": f"{reverse('factors-import')}?what={name}" if may(MAY_IMPORT[name]) else "",
        "breadcrumbs": [{"label": "Site factors", "url": ""}]
        if name == "factors"
        else lines.breadcrumbs((heading, "")),
    }
    return answers.page(request, LIST, context)


@may_see
@conditional_page
@require_GET
def site(request: HttpRequest, slug: str) -> HttpResponseBase:
    at = now()
    place = get_object_or_404(Site, slug=slug)
    table = table_kit.page(request, tables.ENTRIES, lists.entries(place))
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, SITE, table)
    span = answers.time_range(request, now=at, default=DEFAULT_RANGE)
    (known,) = queries.factors_of([place.pk], at)
    kinds = lists.hourly_kinds(place)
    asked = request.GET.get("hours", "")
    kind = asked if asked in kinds else kinds[0] if kinds else ""
    chart_query = urlencode({**span.query, "kind": kind})
    context = {
        "table": table,
        "site": place,
        "finding": lines.finding(known, at),
        "factors": lines.beside(known, at),
        "paths": lines.paths(known, lists.region_names(), at),
        "time_range": span.context if kind else None,
        "chart_title": FactorKind(kind).label if kind else "",
        "chart_views": lines.kind_views(kinds, kind, slug, span.query),
        "chart_url": f"{reverse('factor-hours', args=[slug, 'json'])}?{chart_query}" if kind else "",
        "chart_csv": f"{reverse('factor-hours', args=[slug, 'csv'])}?{chart_query}" if kind else "",
        "add_url": lines.add_url(request.user.has_perm(MAY_ADD), site=slug),
        "api_url": f"{reverse('tradeoffs-api-site-factor-known')}?{urlencode({'site': slug})}",
        "breadcrumbs": lines.breadcrumbs((place.name, "")),
    }
    return answers.page(request, SITE, context)


@may_see
@conditional_page
@require_GET
def hours(request: HttpRequest, slug: str, form: str) -> HttpResponse:
    place = get_object_or_404(Site, slug=slug)
    kind = request.GET.get("kind", "")
    if kind not in dict(HOURLY_KINDS):
        raise Http404
    span = answers.time_range(request, now=now(), default=DEFAULT_RANGE)
    found = queries.series_of(place.pk, kind, span.start, span.end)
    title = str(FactorKind(kind).label)
    message = lines.hours_finding(found, title)
    drawn = charts.hours(found, title=title, finding=message, start=span.start, end=span.end)
    return answers.chart(drawn, form)


@may_see
@conditional_page
@require_GET
def entry(request: HttpRequest, pk: int) -> HttpResponseBase:
    found = get_object_or_404(lists.entries(), pk=pk)
    may_delete = request.user.has_perm(MAY_DELETE)
    context = {
        "entry": found,
        "heading": found.get_kind_display(),
        "facts": lines.entry_facts(found),
        "rows": history_of(found).rows,
        "delete_url": reverse("site-factor-delete", args=[pk]) if may_delete else "",
        "again_url": lines.add_url(
            request.user.has_perm(MAY_ADD), site=found.site.slug, kind=found.kind, source=found.source
        ),
        "breadcrumbs": lines.breadcrumbs(
            (found.site.name, reverse("factor-site", args=[found.site.slug])), (str(found), "")
        ),
    }
    return answers.page(request, "readiness/tradeoffs/entry.html", context)


@require("inventory.view_site", "tradeoffs.view_sitefactor", MAY_ADD)
@never_cache
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Asks twice: what was filled in is shown as it would be kept, and kept when that is confirmed."""
    at = now()
    asked = {name: request.GET[name] for name in ("site", "kind", "source") if name in request.GET}
    form = FactorForm(request.POST or None, initial={"as_of_on": at.date().isoformat(), **asked})
    if request.method == "POST" and form.is_valid():
        try:
            if "confirmed" not in request.POST:
                return _confirm(request, form, preview(form.entry(), now=at))
            entered = operations.enter_factors(entries=[form.entry()], by=sender_of(request), now=at)
        except EntriesRefused as error:
            form.refused(error)
        else:
            messages.success(request, "The value is kept.")
            return HttpResponseRedirect(reverse("site-factor-detail", args=[entered.rows[0].pk]))
    heading = "Enter a factor"
    return _form(request, form, heading, reverse("factors"), "Check")


def _confirm(request: HttpRequest, form: FactorForm, shown: Any) -> HttpResponse:
    context = {
        "heading": "Is this right?",
        "facts": lines.preview_facts(form.entry(), shown, form.cleaned_data["site"].name),
        "caution": shown.checked.caution,
        "hidden": [(name, request.POST.get(name, "")) for name in form.fields],
        "breadcrumbs": lines.breadcrumbs(("Enter a factor", "")),
    }
    return render(request, "readiness/tradeoffs/confirm.html", context)


@require("tradeoffs.view_sitefactor")
@never_cache
@require_http_methods(["GET", "POST"])
def import_table(request: HttpRequest) -> HttpResponse:
    what = (request.POST or request.GET).get("what", "factors")
    permission = MAY_IMPORT.get(what, MAY_ADD)
    return require(permission)(_import_table)(request)  # type: ignore[return-value]


def _import_table(request: HttpRequest) -> HttpResponse:
    imports = {
        "factors": operations.import_factors,
        "latencies": operations.import_latencies,
        "rates": operations.import_rates,
    }
    form = FactorTableForm(
        request.POST or None, request.FILES or None, initial={"what": request.GET.get("what", "factors")}
    )
    if request.method == "POST" and form.is_valid():
        what = form.cleaned_data["what"]
        try:
            content = content_of(form.cleaned_data["file"])
            entered = imports[what](content=content, by=sender_of(request), now=now())
        except (EntriesRefused, FileTooLarge) as error:
            form.refused(_of_file(error))
        else:
            messages.success(request, f"Entered: {entered}.")
            return HttpResponseRedirect(reverse(what))
    return _form(request, form, "Import a table", reverse("factors"))


@require("inventory.view_site", "tradeoffs.view_sitefactor", MAY_ADD_HOURS)
@never_cache
@require_http_methods(["GET", "POST"])
def add_hours(request: HttpRequest) -> HttpResponse:
    asked = {name: request.GET[name] for name in ("site", "kind") if name in request.GET}
    form = SeriesForm(request.POST or None, request.FILES or None, initial=asked)
    if request.method == "POST" and form.is_valid():
        try:
            content = content_of(form.cleaned_data["file"])
            about = form.about()
            entered = operations.import_series(about=about, content=content, by=sender_of(request), now=now())
        except (EntriesRefused, FileTooLarge) as error:
            form.refused(_of_file(error))
        else:
            messages.success(request, f"Days entered: {entered}.")
            return HttpResponseRedirect(reverse("factor-site", args=[about.site.slug]))
    return _form(request, form, "Enter hours of a factor", reverse("factors"))


def _of_file(error: EntriesRefused | FileTooLarge) -> EntriesRefused:
    if isinstance(error, EntriesRefused):
        return error
    return EntriesRefused([EntryError(1, "file", error.reason)])


@require_POST
@require("inventory.view_site", "tradeoffs.view_sitefactor", MAY_DELETE)
@never_cache
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SiteFactor.objects.select_related("site"), pk=pk)
    operations.remove_factor(factor=found)
    messages.success(request, "The value is taken back; its history is kept.")
    return HttpResponseRedirect(reverse("factor-site", args=[found.site.slug]))


def _form(request: HttpRequest, form: Any, heading: str, cancel_url: str, submit: str = "") -> HttpResponse:
    context = {
        "form": form,
        "heading": heading,
        "cancel_url": cancel_url,
        "submit": submit,
        "breadcrumbs": lines.breadcrumbs((heading, "")),
    }
    status = 422 if form.errors else 200
    return render(request, "readiness/tradeoffs/form.html", context, status=status)
