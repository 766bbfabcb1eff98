"""The page of cover by shift: a heat map, and one shift beside it; each part can be loaded alone."""

from dataclasses import replace
from datetime import datetime
from heapq import nsmallest
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.timezone import localtime

from readiness.boards.cover import params, queries, sentences, tables
from readiness.boards.cover.core import Half, ShiftCounts, Window, counted, window_ahead
from readiness.boards.cover.offers import takers
from readiness.boards.cover.queries import CoveredSite
from readiness.organisation.people.core.cover import COVER_DAYS, PROBLEM_DAYS
from readiness.organisation.people.kinds.tabs import tabs
from web import answers
from web import tables as table_kit
from web.clock import now
from web.links import link
from web.reports import Report, choices
from web.tables import TablePage
from web.tables.addresses import Address
from web.visibility import sees_names

TEMPLATE = "readiness/cover/page.html"
COVER = Report(TEMPLATE, "inventory.view_site", "people.view_staffing", "people.view_rotation")
CELL, SITE_IN_VIEW, PANEL_REGION = "cell", "on", "evidence"
SHORT_NEXT = 4


@COVER.reads
def page(request: HttpRequest) -> HttpResponseBase:
    at, days = now(), params.days_of(request.GET)
    address = Address(request, path=request.path, filters=tables.FILTERS)
    if address.one("view") == "short":
        return redirect(short_url(address, days))
    if request.headers.get("HX-Target", "").partition("#")[2] == PANEL_REGION:
        return answers.page(request, f"{TEMPLATE}#evidence", _panel(request, address, at))
    ahead = queries.sites_ahead(now=at)
    window = window_ahead((shifts for _, shifts in ahead.values()), days=days, now=at)
    rows = tables.covered_sites(ahead.values(), address.many("domain"), window)
    definition = tables.sites_table(rows, days=days, chosen_slugs=address.many("site"))
    sites = table_kit.page(request, definition, rows)
    matching = [row for chunk in sites.source.chunks() for row in chunk]
    if sites.export:
        shifts = table_kit.page(request, tables.SHIFTS, list(tables.shift_rows(matching, window)))
        return table_kit.respond(request, TEMPLATE, shifts)
    counts = counted((row.shifts for row in matching), address.many("domain"), window)
    context = _around(address, matching, counts, window, at) | _grid(address, sites, matching, counts, window)
    context |= {"table": sites}
    if table_kit.wants_table_only(request, sites):
        return answers.page(request, f"{TEMPLATE}#matrix", context)
    return answers.page(request, TEMPLATE, context | _panel(request, address, at))


def short_url(address: Address, days: int) -> str:
    """Return the address of the list of what is short of the same sites and domains."""
    query = {name: address.many(name) for name in ("site", "domain") if address.many(name)}
    far = {"days": COVER_DAYS} if days > PROBLEM_DAYS else {}
    return link("cover-ahead", **query, **far, standing="short")


def _around(
    address: Address, matching: list[CoveredSite], counts: ShiftCounts, window: Window, at: datetime
) -> dict[str, Any]:
    facts = {row.site.id: row.site for row in matching}
    return {
        "tabs": tabs("cover"),
        "summary": sentences.summary(counts, facts, window.days),
        "counts": counts,
        "totals": [counts.by_place[place] for place in window.places],
        "days": tables.headings(window, localtime(at).date()),
        "sees_names": sees_names(),
        "short_url": short_url(address, window.days),
        "day_choices": choices(
            params.DAYS.items(), window.days, lambda number: address.url(without=["page"], days=number)
        ),
        "cell_fields": [pair for pair in address.pairs if pair[0] != CELL],
        "site_fields": [pair for pair in address.pairs if pair[0] not in (CELL, SITE_IN_VIEW)],
    }


def _grid(
    address: Address, sites: TablePage, matching: list[CoveredSite], counts: ShiftCounts, window: Window
) -> dict[str, Any]:
    shift_words = tables.ShiftWords(window, current_key=address.one(CELL))
    rows: list[CoveredSite] = [row.object for row in sites.rows]
    in_view = next(
        (row for row in rows if row.site.slug == address.one(SITE_IN_VIEW)), rows[0] if rows else None
    )
    short = nsmallest(
        SHORT_NEXT,
        tables.shift_rows(matching, _first_short(window, counts), only_short=True),
        key=lambda row: (row.half.place, row.site.name, row.line.domain),
    )
    return {
        "rows": [(row, shift_words.lines(row)) for row in rows],
        "in_view": in_view,
        "by_day": tables.day_rows(in_view, shift_words) if in_view else [],
        "short_next": [
            (
                row,
                sentences.half_words(row.half),
                f"{address.url(without=[CELL], cell=row.key)}#{PANEL_REGION}",
            )
            for row in short
        ],
    }


def _first_short(window: Window, counts: ShiftCounts) -> Window:
    """The days on which the first short shifts lie: a large fleet may have thousands."""
    days = [Half.unpacked(place).day for place in sorted(counts.by_place)[:SHORT_NEXT]] or [window.first]
    return replace(window, first=days[0], days=(days[-1] - days[0]).days + 1)


def _panel(request: HttpRequest, address: Address, at: datetime) -> dict[str, Any]:
    key = address.one(CELL)
    if not key:
        return {"evidence": None}
    cell = params.shift_named(key)
    site_ids = {site.slug: site.id for site, _ in queries.sites_ahead(now=at).values()}
    detail = None
    if cell is not None and cell[0] in site_ids:
        detail = queries.shift_detail(site_ids[cell[0]], cell[1], cell[2], user=request.user, now=at)
    if detail is None:
        raise Http404(
            f"cell: {key} names no shift of the next {COVER_DAYS} days, as in porto.network.2026-12-02-night."
        )
    span, half = detail.span, detail.half_day
    return {
        "evidence": detail,
        "domain_label": tables.DOMAINS[detail.domain],
        "title": f"{detail.site.name} {tables.DOMAINS[detail.domain].lower()}, {sentences.half_words(detail.half)}",
        "ahead": sentences.ahead_words(half.starts_at, half.ends_at, now=at),
        "times": sentences.times_words(half.starts_at, half.ends_at, detail.site.time_zone),
        "span_times": sentences.times_words(span.starts_at, span.ends_at, detail.site.time_zone),
        "present": sentences.present_people(detail),
        "missing": sentences.missing(detail),
        "takers": takers(detail, request.user, now=at),
        "again": [
            (
                sentences.half_words(other),
                address.url(without=[CELL], cell=params.shift_key(detail.site.slug, detail.domain, other)),
            )
            for other in detail.again
        ],
        "sees_names": sees_names(),
        "close_url": address.url(without=[CELL]),
        "check_url": link("site-check", detail.site.slug, queries.CHECK),
    }
