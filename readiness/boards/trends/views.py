"""Scores over time: the page, and its chart, which a site's page shows too."""

from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.http import HttpRequest

from inventory.models import Region, Site
from readiness.boards.trends import charts, queries, sentences, tables
from readiness.boards.trends.marks import Mark, marks
from readiness.boards.trends.queries import Subject, Trend
from readiness.framework import queries as framework_queries
from readiness.framework.core.definition import Framework
from web import answers
from web import tables as table_kit
from web.charts import Figure
from web.clock import now
from web.links import link
from web.reports import Report, chart_urls, choices
from web.timerange import BadParameter, TimeRange

DEFAULT_RANGE = "now-90d"
TRENDS = Report("readiness/trends/page.html", "inventory.view_site", "scoring.view_checkresult")


@dataclass(frozen=True, slots=True)
class AskedTrend:
    """The subject and the time that an address asks for."""

    subject: Subject
    span: TimeRange
    framework: Framework

    @property
    def trend(self) -> Trend:
        first, last = (at.astimezone(UTC).date() for at in (self.span.start, self.span.end))
        return queries.trend(self.subject, first, last)

    @property
    def marks(self) -> list[Mark]:
        return marks(self.subject, self.framework, start=self.span.start, end=self.span.end)


@TRENDS.page
def page(request: HttpRequest) -> tuple[table_kit.TablePage, Any]:
    asked = _asked(request)
    subject, span = asked.subject, asked.span

    def context() -> dict[str, Any]:
        trend = asked.trend
        place = {key: value for key, value in subject.query.items() if key != "pillar"}
        ends = {"start": trend.days[0].on, "end": trend.last.on} if len(trend.days) > 1 else {}
        return {
            "subject": subject,
            "trend": trend,
            "score": sentences.moved(trend.scores),
            "plain": sentences.moved(trend.plain),
            "finding": sentences.finding(trend),
            "time_range": span.context,
            "explain_url": link("explain", **place, **ends),
            "chart": chart_urls("trends-chart", **subject.query, **span.query),
            "api_url": link("scoring-api-score-point-list", **place),
            **_choices(asked, place),
        }

    return table_kit.page(request, tables.MARKS, asked.marks), context


@TRENDS.chart
def chart(request: HttpRequest) -> Figure:
    asked = _asked(request)
    return charts.trend(asked.trend, asked.marks, start=asked.span.start, end=asked.span.end)


def _asked(request: HttpRequest) -> AskedTrend:
    _, framework = framework_queries.current()
    slug, region, pillar = (request.GET.get(name, "") for name in ("site", "region", "pillar"))
    if pillar and pillar not in {each.id for each in framework.pillars}:
        raise BadParameter("pillar", "there is no pillar of that name")
    site = Site.objects.select_related("region").filter(slug=slug[:200]).first() if slug else None
    if slug and site is None:
        raise BadParameter("site", "there is no site of that name")
    of_region = Region.objects.filter(slug=region[:200]).first() if region and not slug else None
    if region and not slug and of_region is None:
        raise BadParameter("region", "there is no region of that name")
    span = answers.time_range(request, now=now(), default=DEFAULT_RANGE)
    return AskedTrend(Subject(site=site, region=of_region, pillar=pillar), span, framework)


def _choices(asked: AskedTrend, place: dict[str, str]) -> dict[str, Any]:
    subject, span = asked.subject, asked.span.query
    kept = span | ({"pillar": subject.pillar} if subject.pillar else {})
    pillars = [("", "All pillars"), *((pillar.id, pillar.short_name) for pillar in asked.framework.pillars)]
    regions = [("", "Fleet"), *Region.objects.order_by("name", "pk").values_list("slug", "name")]
    region = subject.region.slug if subject.region else "" if subject.site is None else None
    return {
        "pillars": choices(
            pillars,
            subject.pillar,
            lambda pillar: link("trends", **({"pillar": pillar} if pillar else {}), **place, **span),
        ),
        "regions": choices(
            regions, region, lambda slug: link("trends", **({"region": slug} if slug else {}), **kept)
        ),
        "sites": Site.objects.order_by("name", "pk").values_list("slug", "name"),
        "kept": kept,
    }
