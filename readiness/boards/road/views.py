"""The road to ready: the page, its chart and its PDF."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count
from django.http import HttpRequest, HttpResponse

from inventory.models import Site
from readiness.assessment.scoring.gap.queries import regions
from readiness.boards.road import charts, comparing, fixes, queries, sentences, tables
from readiness.boards.road.core.sums import RoadFix
from readiness.boards.road.document import written
from readiness.boards.road.figures import figures_of, quantity
from readiness.boards.road.params import BY, FIX, MAY_SEE, NARROWING, PLAN, read
from readiness.boards.road.picture import picture_of, script
from readiness.boards.road.planning import may_plan
from readiness.boards.road.queries import RoadStanding
from readiness.boards.road.tables import FILTERS, Around, MayPlan
from readiness.golive.models import WorkPlan
from readiness.golive.worklist import operations as worklist
from readiness.golive.worklist.params import MEASURES
from readiness.golive.worklist.plans import MAY_REMOVE
from readiness.organisation.ownership.rules import MAY_PROPOSE
from web import tables as table_kit
from web.charts import Figure
from web.clock import now
from web.links import link
from web.reports import Report, choices
from web.saved_views.queries import View, views_of
from web.tables import TablePage
from web.tables.addresses import EXPORT, PAGE, Address
from web.tables.filtering import panel_of
from web.visibility import sees_names
from web.workflows.pages import reader

MORE = "more"
MOST_LISTED = 10
SLIDE_DAYS = 365
"""The slider of the day ends so many days ahead; the field takes later ones."""
ROAD = Report("readiness/road/page.html", *MAY_SEE)


@ROAD.page
def page(request: HttpRequest) -> tuple[TablePage, Any]:
    at = now()
    standing = _standing(request, at)
    address = Address(request, path=request.path, filters=(*NARROWING, *FILTERS))
    rows = tables.lines(Around(standing, address, _may(request)))
    selected = tables.selected(standing, address)
    table = table_kit.page(
        request, tables.road_table(standing, rows, in_file=bool(request.GET.get(EXPORT))), rows
    )

    def context() -> dict[str, Any]:
        offered = fixes.offered(standing, selected, more=MORE in request.GET)
        return {
            "standing": standing,
            "road": standing.road,
            "has_sites": bool(standing.fleet.sites),
            "picture": script(picture_of(standing, offered)),
            "heading": sentences.headline(standing.road.planned),
            "figures": figures_of(standing.road),
            "chart": _chart_urls(address),
            "chart_finding": sentences.chart_finding(standing),
            "api_url": f"{link('readiness-road')}?{standing.question.query}",
            "csv_url": address.url(export="csv"),
            "pdf_url": f"{link('road-pdf')}?{urlencode(address.pairs)}",
            **_switches(standing, address),
            **_form(standing, offered, address, may_change=request.user.has_perm(worklist.MAY_CHANGE)),
            **_plans(request, standing, address),
        }

    return table, context


@ROAD.chart
def months_chart(request: HttpRequest) -> Figure:
    at = now()
    standing = _standing(request, at)
    selected = tables.selected(standing, Address(request, path=request.path, filters=FILTERS))
    standing = replace(standing, road=standing.road.among(selected))
    ways = comparing.compared(standing, _views(request), now=at) if standing.question.plans else []
    return charts.ready_by_month(standing, [(way.name, way.sums) for way in ways[1:]])


@ROAD.reads
def pdf(request: HttpRequest) -> HttpResponse:
    # Import late: the library loads slowly, and few processes ever make a PDF.
    from readiness.boards.packs.pdf import pdf_of

    at = now()
    standing = _standing(request, at)
    address = Address(request, path=link("road"), filters=(*NARROWING, *FILTERS))
    rows = tables.lines(Around(standing, address, _may(request)))
    selected = tables.selected(standing, address)
    ticked = [fix for fix in standing.road.fixes if fix.key in standing.road.ticks]
    document = written(
        standing,
        [row for row in rows if row.ref.slug in selected],
        fixes.fix_lines(standing, ticked),
        by=str(reader(request)),
        now=at,
    )
    response = HttpResponse(pdf_of(document), content_type="application/pdf")
    response["Content-Disposition"] = 'attachment; filename="road-to-ready.pdf"'
    return response


def _standing(request: HttpRequest, at: datetime) -> RoadStanding:
    names = regions() if "region" in request.GET else {}
    return queries.road_of(read(request.GET, regions=names, now=at), now=at)


def _may(request: HttpRequest) -> MayPlan:
    user = request.user
    return MayPlan(
        add=user.has_perm(worklist.MAY_ADD), propose=user.has_perm(MAY_PROPOSE) and sees_names(user)
    )


def _chart_urls(address: Address) -> dict[str, str]:
    query = urlencode([pair for pair in address.pairs if pair[0] not in (PAGE, MORE)])
    return {form: f"{link('road-chart', form)}?{query}" for form in ("json", "csv")}


def _switches(standing: RoadStanding, address: Address) -> dict[str, Any]:
    of = standing.question.of
    return {
        "measure_views": choices(MEASURES.items(), of.measure, lambda name: address.anew(measure=name)),
        "filters": panel_of("road-sites", address, [
            ("region", "Region", regions().items(), of.regions),
            ("kind", "Kind", Site.Kind.choices, of.kinds),
            ("profile", "Profile", Site.Profile.choices, of.profiles),
        ]),
    }  # fmt: skip


def _views(request: HttpRequest) -> list[View]:
    """The reader's views of roads, which can be compared."""
    return [view for view in views_of(reader(request)) if view.table == "road"]


def _plans(request: HttpRequest, standing: RoadStanding, address: Address) -> dict[str, Any]:
    user, views = reader(request), _views(request)
    ways = comparing.compared(standing, views, now=standing.fleet.at) if standing.question.plans else []
    return {
        "may_plan": may_plan(user),
        "may_remove": user.has_perm(MAY_REMOVE),
        "plans": WorkPlan.objects.annotate(steps_total=Count("steps")).select_related("added_by")[
            :MOST_LISTED
        ],
        "views": [(view, view.id in standing.question.plans) for view in views],
        "ways": ways,
        "compare_fields": [pair for pair in address.pairs if pair[0] not in (PLAN, PAGE)],
    }


def _form(
    standing: RoadStanding, offered: list[RoadFix], address: Address, *, may_change: bool
) -> dict[str, Any]:
    lines, road = fixes.fix_lines(standing, offered), standing.road
    ticked = [fix for fix in road.fixes if fix.key in road.ticks]
    by_days = (road.by - road.today).days
    return {
        "fixes": lines,
        "has_costs": any(line.cost.sites for line in lines),
        "ticked_cost": fixes.cost_of(standing, ticked),
        "may_cost": may_change,
        "by_days": by_days,
        "slide_days": max(SLIDE_DAYS, by_days),
        "fixes_total": len(standing.road.fixes),
        "more_url": address.anew(more="1") if len(offered) < len(standing.road.fixes) else "",
        "fields": [pair for pair in address.pairs if pair[0] not in (FIX, BY, PAGE)],
        "clear_url": address.url(without=[FIX, PAGE]),
        "freed": quantity(standing.road.gained, standing.road),
    }
