"""Pages of site factors: all sites, one site, one entry, and the forms for new values."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from inventory.models import Site
from readiness.assessment.evidence.refusals import FileTooLarge
from readiness.assessment.evidence.uploads import content_of, sender_of
from readiness.tradeoffs.factors import charts, operations, queries, tables
from readiness.tradeoffs.factors.core import entries
from readiness.tradeoffs.factors.core.entries import EntriesRefused, EntryError
from readiness.tradeoffs.factors.forms import FactorForm, FactorsForm, FactorTableForm, SeriesForm
from readiness.tradeoffs.factors.queries import stored
from readiness.tradeoffs.models import HOURLY_KINDS, FactorKind
from web import answers
from web import tables as table_kit
from web.charts import Figure
from web.clock import now
from web.history.events import history_of
from web.links import crumbs, link
from web.permissions import asks, require
from web.reports import Report, chart_urls, choices

MAY_ADD, MAY_DELETE = "tradeoffs.add_sitefactor", "tradeoffs.delete_sitefactor"
MAY_ADD_HOURS = "tradeoffs.add_factorday"
SEE = ("inventory.view_site", "tradeoffs.view_sitefactor")
IMPORTS: dict[str, tuple[str, Callable[[bytes], list[Any]], Callable[..., operations.Entered]]] = {
    "factors": (MAY_ADD, entries.factors, operations.enter_factors),
    "latencies": ("tradeoffs.add_latencyfactor", entries.latencies, operations.enter_latencies),
    "rates": ("tradeoffs.add_exchangerate", entries.rates, operations.enter_rates),
}
DEFAULT_RANGE = "now-30d"
FACTORS = Report("readiness/tradeoffs/factors.html", *SEE)
LATENCIES = Report(
    "readiness/tradeoffs/latencies.html", "inventory.view_site", "tradeoffs.view_latencyfactor"
)
RATES = Report("readiness/tradeoffs/rates.html", "tradeoffs.view_exchangerate")
SITE = Report("readiness/tradeoffs/site.html", *SEE)
ENTRY = Report("readiness/tradeoffs/entry.html", *SEE)


@FACTORS.page
def factors(request: HttpRequest) -> Any:
    at, in_file = now(), "export" in request.GET
    sites = queries.factors_of(None, at, regions=())
    rows = tables.factor_rows(sites, at, every_source=in_file)
    return table_kit.page(request, tables.factors(in_file=in_file), rows), dict


@LATENCIES.page
def latencies(request: HttpRequest) -> Any:
    at, in_file = now(), "export" in request.GET
    regions = queries.region_names()
    sites = queries.factors_of(None, at, kinds=())
    rows = tables.latency_rows(sites, regions, at, every_source=in_file)
    return table_kit.page(request, tables.latencies(regions, in_file=in_file), rows), dict


@RATES.page
def rates(request: HttpRequest) -> Any:
    return table_kit.page(request, tables.RATES, stored.exchange_rates()), dict


@SITE.page
def site(request: HttpRequest, slug: str) -> Any:
    at = now()
    place = get_object_or_404(Site.objects.select_related("score"), slug=slug)
    table = table_kit.page(request, tables.ENTRIES, stored.entries(place))

    def context() -> dict[str, Any]:
        span = answers.time_range(request, now=at, default=DEFAULT_RANGE)
        (site_factors,) = queries.factors_of([place.pk], at)
        kinds = stored.hourly_kinds(place)
        requested_kind = request.GET.get("hours", "")
        kind = requested_kind if requested_kind in kinds else next(iter(kinds), "")
        labels = [(each, FactorKind(each).label) for each in kinds]
        here = reverse("factor-site", args=[slug])
        return {
            "site": place,
            "finding": tables.finding(site_factors, at),
            "factors": tables.factor_rows([site_factors], at, every_source=True),
            "paths": [
                *tables.latency_rows([site_factors], queries.region_names(), at, every_source=True),
                *tables.rows_of(
                    site_factors,
                    dict(sorted(site_factors.between.items())),
                    queries.site_names(site_factors.between),
                    at,
                    True,
                ),
            ],
            "time_range": span.context if kind else None,
            "chart_title": FactorKind(kind).label if kind else "",
            "chart_views": choices(
                labels, kind, lambda each: f"{here}?{urlencode({**span.query, 'hours': each})}"
            ),
            "chart": chart_urls("factor-hours", slug, **span.query, kind=kind) if kind else None,
        }

    return table, context


@SITE.chart
def hours(request: HttpRequest, slug: str) -> Figure:
    place = get_object_or_404(Site, slug=slug)
    kind = request.GET.get("kind", "")
    if kind not in dict(HOURLY_KINDS):
        raise Http404
    span = answers.time_range(request, now=now(), default=DEFAULT_RANGE)
    series = queries.series_of(place.pk, kind, span.start, span.end)
    title = str(FactorKind(kind).label)
    message = tables.hours_finding(series, title)
    return charts.hours(series, title=title, finding=message, start=span.start, end=span.end)


@ENTRY.page
def entry(request: HttpRequest, pk: int) -> Any:
    factor = get_object_or_404(stored.entries(), pk=pk)
    above = (("Site factors", "factors"), (factor.site.name, link("factor-site", factor.site.slug)))
    return None, lambda: {
        "entry": factor,
        "rows": history_of(factor).rows,
        "breadcrumbs": crumbs(str(factor), *above),
    }


@asks(*SEE, MAY_ADD)
def add(request: HttpRequest) -> HttpResponse:
    """Asks twice: first shows the value as it would be stored, then stores it when confirmed."""
    at = now()
    initial = {name: request.GET[name] for name in ("site", "kind", "source") if name in request.GET}
    form = FactorForm(request.POST or None, initial={"as_of_on": at.date().isoformat(), **initial})
    if request.method == "POST" and form.is_valid():
        try:
            if "confirmed" not in request.POST:
                return _confirm(request, form, stored.preview(form.entry(), now=at))
            entered = operations.enter_factors(entries=[form.entry()], by=sender_of(request), now=at)
        except EntriesRefused as error:
            form.refused(error)
        else:
            messages.success(request, "The value is saved.")
            return HttpResponseRedirect(reverse("site-factor-detail", args=[entered.rows[0].pk]))
    return _form(request, form, "Enter a factor", "Check")


def _confirm(request: HttpRequest, form: FactorForm, preview: dict[str, Any]) -> HttpResponse:
    context = {
        "form": form,
        "kind": FactorKind(form.cleaned_data["kind"]).label,
        "preview": preview,
        "hidden": [(name, request.POST.get(name, "")) for name in form.fields],
    }
    return render(request, "readiness/tradeoffs/confirm.html", context)


@require("tradeoffs.view_sitefactor")
@never_cache
def import_table(request: HttpRequest) -> HttpResponseBase:
    what = (request.POST or request.GET).get("what", "factors")
    return asks(IMPORTS.get(what, IMPORTS["factors"])[0])(_import_table)(request)


def _import_table(request: HttpRequest) -> HttpResponse:
    form = FactorTableForm(
        request.POST or None, request.FILES or None, initial={"what": request.GET.get("what", "factors")}
    )

    def take(content: bytes) -> HttpResponse:
        what = form.cleaned_data["what"]
        _permission, parse, enter = IMPORTS[what]
        entered = enter(entries=parse(content), by=sender_of(request), now=now())
        messages.success(request, f"Entered: {entered}.")
        return HttpResponseRedirect(reverse(what))

    return _import_file(form, take) or _form(request, form, "Import a table")


@asks(*SEE, MAY_ADD_HOURS)
def add_hours(request: HttpRequest) -> HttpResponse:
    initial = {name: request.GET[name] for name in ("site", "kind") if name in request.GET}
    form = SeriesForm(request.POST or None, request.FILES or None, initial=initial)

    def take(content: bytes) -> HttpResponse:
        about = form.description()
        rows = entries.series(content)
        entered = operations.enter_series(about=about, rows=rows, by=sender_of(request), now=now())
        messages.success(request, f"Days entered: {entered}.")
        return HttpResponseRedirect(reverse("factor-site", args=[about.site.slug]))

    return _import_file(form, take) or _form(request, form, "Enter hours of a factor")


def _import_file(form: FactorsForm, take: Callable[[bytes], HttpResponse]) -> HttpResponse | None:
    if not form.is_valid():
        return None
    try:
        return take(content_of(form.cleaned_data["file"]))
    except FileTooLarge as error:
        form.refused(EntriesRefused([EntryError(1, "file", error.reason)]))
    except EntriesRefused as error:
        form.refused(error)
    return None


@require_POST
@require(*SEE, MAY_DELETE)
@never_cache
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    factor = get_object_or_404(stored.entries(), pk=pk)
    factor.delete()
    messages.success(request, "The value is deleted; its history is kept.")
    return HttpResponseRedirect(reverse("factor-site", args=[factor.site.slug]))


def _form(request: HttpRequest, form: FactorsForm, heading: str, submit: str = "") -> HttpResponse:
    context = {"form": form, "heading": heading, "cancel_url": link("factors"), "submit": submit}
    return render(request, "readiness/tradeoffs/form.html", context, status=422 if form.errors else 200)
