"""The page of scores over time, and its chart, which the site's page also uses."""

from datetime import UTC
from typing import Any

from django.http import HttpRequest

from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Framework
from readiness.boards.params import region_named, site_named
from readiness.boards.trends import charts, queries
from readiness.boards.trends.queries import KINDS, Subject, Trend
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


@TRENDS.page
def page(request: HttpRequest) -> tuple[table_kit.TablePage, Any]:
    subject, span, framework = _read_request(request)

    def context() -> dict[str, Any]:
        trend = _trend(subject, span)
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
            **_choices(subject, framework, span.query),
        }

    marks = queries.marks(subject, framework, start=span.start, end=span.end)
    return table_kit.page(request, MARKS, marks), context


@TRENDS.chart
def chart(request: HttpRequest) -> Figure:
    subject, span, framework = _read_request(request)
    marks = queries.marks(subject, framework, start=span.start, end=span.end)
    return charts.trend(_trend(subject, span), marks, start=span.start, end=span.end)


def _read_request(request: HttpRequest) -> tuple[Subject, TimeRange, Framework]:
    _, framework = framework_queries.current()
    slug, region, pillar = (request.GET.get(name, "") for name in ("site", "region", "pillar"))
    if pillar and pillar not in {each.id for each in framework.pillars}:
        raise BadParameter("pillar", "There is no pillar of that name.")
    site = site_named(slug)
    # A site already has a region, so a region parameter beside it means nothing.
    subject = Subject(site, None if site else region_named(region), pillar)
    return subject, answers.time_range(request, now=now(), default=DEFAULT_RANGE), framework


def _trend(subject: Subject, span: TimeRange) -> Trend:
    first, last = (at.astimezone(UTC).date() for at in (span.start, span.end))
    return queries.trend(subject, first, last)


def _choices(subject: Subject, framework: Framework, span: dict[str, str]) -> dict[str, Any]:
    query = span | ({"pillar": subject.pillar} if subject.pillar else {})
    pillars = [("", "All pillars"), *((pillar.id, pillar.short_name) for pillar in framework.pillars)]
    return {
        "pillars": choices(
            pillars,
            subject.pillar,
            lambda pillar: link("trends", **({"pillar": pillar} if pillar else {}), **subject.place, **span),
        ),
        **subject.others("trends", query),
        "kept": query,
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
        Column("site", "Site", url=lambda row: link("site", row.site_slug) if row.site_slug else "", sort=True,
               export="site_slug"),
        Column("detail", "Why", phone="full"),
    ),
    filters=(RowFilter("kind", "Kind", "kind", tuple(KINDS.items())),),
    row_id="id",
    row_name="sentence",
    default_sort="-at",
    nothing="readiness/nothing.html#marks",
    per_page=25,
)  # fmt: skip
