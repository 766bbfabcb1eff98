"""Scores over time: the page, and its chart, which a site's page shows too."""

from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.http import HttpRequest

from readiness.boards.params import region_named, site_named
from readiness.boards.trends import charts, queries
from readiness.boards.trends.queries import KINDS, Mark, Subject, Trend, marks
from readiness.framework import queries as framework_queries
from readiness.framework.core.definition import Framework
from web import answers
from web import tables as table_kit
from web.charts import Figure
from web.clock import now
from web.links import link
from web.reports import Report, chart_urls, choices
from web.tables import Column, RowFilter, Table
from web.timerange import BadParameter, TimeRange

DEFAULT_RANGE = "now-90d"
TRENDS = Report("readiness/trends/page.html", "inventory.view_site", "scoring.view_checkresult")


@dataclass(frozen=True, slots=True)
class AskedTrend:
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
        ends = {"start": trend.days[0].on, "end": trend.last.on} if len(trend.days) > 1 else {}
        return {
            "subject": subject,
            "trend": trend,
            "score": charts.moved(trend.scores),
            "plain": charts.moved(trend.plain),
            "finding": charts.finding(trend),
            "time_range": span.context,
            "explain_url": link("explain", **subject.place, **ends),
            "chart": chart_urls("trends-chart", **subject.query, **span.query),
            "api_url": link("scoring-api-score-point-list", **subject.place),
            **_choices(asked),
        }

    return table_kit.page(request, MARKS, asked.marks), context


@TRENDS.chart
def chart(request: HttpRequest) -> Figure:
    asked = _asked(request)
    return charts.trend(asked.trend, asked.marks, start=asked.span.start, end=asked.span.end)


def _asked(request: HttpRequest) -> AskedTrend:
    _, framework = framework_queries.current()
    slug, region, pillar = (request.GET.get(name, "") for name in ("site", "region", "pillar"))
    if pillar and pillar not in {each.id for each in framework.pillars}:
        raise BadParameter("pillar", "There is no pillar of that name.")
    site = site_named(slug)
    # A site is in a region of its own, so another one beside it says nothing.
    subject = Subject(site, None if site else region_named(region), pillar)
    return AskedTrend(subject, answers.time_range(request, now=now(), default=DEFAULT_RANGE), framework)


def _choices(asked: AskedTrend) -> dict[str, Any]:
    subject, span = asked.subject, asked.span.query
    kept = span | ({"pillar": subject.pillar} if subject.pillar else {})
    pillars = [("", "All pillars"), *((pillar.id, pillar.short_name) for pillar in asked.framework.pillars)]
    return {
        "pillars": choices(
            pillars,
            subject.pillar,
            lambda pillar: link("trends", **({"pillar": pillar} if pillar else {}), **subject.place, **span),
        ),
        **subject.others("trends", kept),
        "kept": kept,
    }


MARKS = Table(
    id="marks",
    noun=("mark", "marks"),
    label="What happened",
    title="What happened",
    columns=(
        Column("at", "When", template="readiness/cells/instant.html", sort=True, phone="status"),
        Column("told", "What", "sentence", url="url", sort=True, locked=True, phone="title"),
        Column("kind", "Kind", text=lambda row: KINDS[row.kind], sort=True),
        Column(
            "site",
            "Site",
            url=lambda row: link("site", row.site_slug) if row.site_slug else "",
            sort=True,
            export="site_slug",
        ),
        Column("detail", "Why", phone="full"),
    ),
    filters=(RowFilter("kind", "Kind", "kind", tuple(KINDS.items())),),
    row_id="id",
    row_name="sentence",
    default_sort="-at",
    nothing="readiness/nothing.html#marks",
    per_page=25,
)
