"""Scores over time: the page, and its chart, which a site's page shows too."""

from datetime import UTC, date, datetime
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import conditional_page, require_GET

from inventory.models import Region, Site
from readiness.boards.trends import charts, lines, queries, tables
from readiness.boards.trends.marks import marks
from readiness.boards.trends.queries import Subject
from readiness.framework import queries as framework_queries
from readiness.framework.core.definition import Framework
from web import answers
from web import tables as table_kit
from web.clock import now
from web.links import link
from web.permissions import require
from web.timerange import TimeRange

TEMPLATE = "readiness/trends/page.html"
DEFAULT_RANGE = "now-90d"
may_see = require("inventory.view_site", "scoring.view_checkresult")


@may_see
@conditional_page
@require_GET
def page(request: HttpRequest) -> HttpResponseBase:
    at = now()
    _, framework = framework_queries.current()
    subject = _subject(request, framework)
    span = answers.time_range(request, now=at, default=DEFAULT_RANGE)
    every_mark = marks(subject, framework, start=span.start, end=span.end)
    table = table_kit.page(request, tables.MARKS, every_mark)
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, TEMPLATE, table, {})
    days, several = queries.days(subject, *_days(span)), subject.site is None
    context = {
        "table": table,
        "subject": subject,
        "kpis": lines.figures(days, several=several),
        "finding": lines.finding(days, several=several),
        "time_range": span.context,
        "explain_url": link("explain", **lines.explained(subject, days)),
        "breadcrumbs": [
            {"label": "Readiness", "url": reverse("readiness")},
            {"label": "Trends", "url": ""},
        ],
        **_choices(subject, framework, span),
    }
    return answers.page(request, TEMPLATE, context)


@may_see
@conditional_page
@require_GET
def chart(request: HttpRequest, form: str) -> HttpResponse:
    at = now()
    _, framework = framework_queries.current()
    subject = _subject(request, framework)
    span = answers.time_range(request, now=at, default=DEFAULT_RANGE)
    days = queries.days(subject, *_days(span))
    happened = marks(subject, framework, start=span.start, end=span.end)
    several = subject.site is None
    drawn = charts.trend(
        days,
        happened,
        finding=lines.finding(days, several=several),
        start=span.start,
        end=span.end,
        several=several,
    )
    return answers.chart(drawn, form)


def _subject(request: HttpRequest, framework: Framework) -> Subject:
    """The subject that the address names; an unknown name is answered with 400."""
    slug, region, pillar = (request.GET.get(name, "") for name in ("site", "region", "pillar"))
    if pillar and pillar not in {each.id for each in framework.pillars}:
        raise BadRequest("pillar: there is no pillar of that name")
    if slug:
        site = Site.objects.select_related("region").filter(slug=slug[:200]).first()
        if site is None:
            raise BadRequest("site: there is no site of that name")
        return Subject(site=site, pillar=pillar)
    of_region = Region.objects.filter(slug=region[:200]).first() if region else None
    if region and of_region is None:
        raise BadRequest("region: there is no region of that name")
    return Subject(region=of_region, pillar=pillar)


def _days(span: TimeRange) -> tuple[date, date]:
    return span.start.astimezone(UTC).date(), _last(span.end)


def _last(end: datetime) -> date:
    return end.astimezone(UTC).date()


def _choices(subject: Subject, framework: Framework, span: TimeRange) -> dict[str, Any]:
    asked = subject.query | span.query
    return {
        "pillars": lines.pillar_links(subject, framework, span.query),
        "regions": lines.region_links(subject, Region.objects.order_by("name", "pk"), span.query),
        "sites": Site.objects.order_by("name", "pk").values_list("slug", "name"),
        "kept": span.query | ({"pillar": subject.pillar} if subject.pillar else {}),
        "legend": lines.legend(several=subject.site is None),
        "chart_url": link("trends-chart", "json", **asked),
        "chart_csv": link("trends-chart", "csv", **asked),
        "api_url": link("scoring-api-score-point-list", **lines.api_query(subject)),
    }
