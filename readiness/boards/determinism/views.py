"""Determinism under load: over the fleet, and at one site."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from inventory.models import Site
from readiness.assessment.evidence.core.proving.values import Run
from readiness.assessment.scoring.core.states import CheckState, ReasonCode
from readiness.boards.determinism import charts, queries, tables
from readiness.boards.determinism.judging import CHECK, PARTS, JudgedPath
from readiness.boards.determinism.queries import SiteDeterminism
from readiness.boards.params import check_named
from web import tables as table_kit
from web.charts import Figure
from web.clock import now
from web.links import link
from web.reports import Report, chart_urls
from web.tables import TablePage

MAY_ADD = "evidence.add_validationrun"
MAY_SEE = ("inventory.view_site", "scoring.view_checkresult", "evidence.view_validationrun")
RUNS_SHOWN = 12
FLEET = Report("readiness/determinism/fleet.html", *MAY_SEE)
SITE = Report("readiness/determinism/site.html", *MAY_SEE)


@FLEET.page
def fleet(request: HttpRequest) -> tuple[TablePage, Any]:
    at = now()
    check = check_named(CHECK)
    may_add = request.user.has_perm(MAY_ADD)
    site_paths: list[queries.SitePaths] = []

    def prepare(sites: list[Site]) -> list[tables.PathRow]:
        site_paths[:] = queries.paths_of_sites(sites, now=at)
        return tables.rows(site_paths)

    table = table_kit.page(request, tables.table(at, may_add=may_add), queries.sites(), prepare=prepare)
    return table, lambda: {
        "check": check,
        "contrast": tables.contrast(site_paths),
        "any_runs": any(site.paths for site in site_paths),
        "chart": chart_urls("determinism-chart"),
        "add_url": link("validation-run-add") if may_add else "",
        **_figures([row.object for row in table.rows]),
    }


def _figures(rows: Sequence[tables.PathRow]) -> dict[str, Any]:
    paths = [row.path for row in rows if row.path]
    factors = [path.load_factor for path in paths if path.load_factor is not None]
    return {
        "measured": len(paths),
        "passing": sum(path.state is CheckState.PASS for path in paths),
        "failing": sum(path.state is CheckState.FAIL for path in paths),
        "worst_factor": max(factors, default=None),
        "without_run": len({row.site_paths.site.pk for row in rows if row.path is None}),
        "without_limit": len(
            {row.site_paths.site.pk for row in rows if row.path and not row.site_paths.limit_declared}
        ),
    }


@FLEET.chart
def tails_chart(request: HttpRequest) -> Figure:
    check_named(CHECK)
    sites = list(queries.sites()[: tables.table(now(), may_add=False).per_page])
    return charts.tails(tables.rows(queries.paths_of_sites(sites, now=now())))


@SITE.page
def site(request: HttpRequest, slug: str) -> tuple[None, Any]:
    at = now()
    determinism = _determinism(request, slug)
    judged_path = determinism.judged_path
    path = {"path": judged_path.path.key} if judged_path else {}
    return None, lambda: {
        "now": at,
        "site": determinism.site_paths.site,
        "determinism": determinism,
        "paths": [(path, tables.path_title(path)) for path in determinism.site_paths.paths],
        "contrast": tables.contrast([determinism.site_paths]),
        "percentiles": chart_urls("site-determinism-percentiles-chart", slug, **path),
        "history": chart_urls("site-determinism-history-chart", slug, **path),
        "add_url": link("validation-run-add", site=slug) if request.user.has_perm(MAY_ADD) else "",
        "left_out_more": max(len(determinism.left_out) - RUNS_SHOWN, 0),
        **(_path_context(determinism, judged_path) if judged_path else {}),
    }


def _path_context(determinism: SiteDeterminism, judged_path: JudgedPath) -> dict[str, Any]:
    names = {rule.part_id: rule.part for rule in determinism.thresholds}
    baseline, baseline_note = tables.baseline(judged_path)
    runs = sorted(judged_path.runs, key=lambda run: (run.taken_at, run.id), reverse=True)
    parts = [judged_path.parts[part_id] for part_id in PARTS if part_id in judged_path.parts]
    return {
        "chosen": judged_path,
        "about": tables.path_title(judged_path),
        "limit": judged_path.parts.get("loaded-p99"),
        "baseline": baseline,
        "baseline_note": baseline_note,
        "parts": [
            {
                "part": part,
                "name": names.get(part.part_id, part.part_id),
                "is_measured": part.value is not None and part.code is not ReasonCode.NO_EVIDENCE,
            }
            for part in parts
        ],
        "runs": [(run, _figures_of(run)) for run in runs[:RUNS_SHOWN]],
        "runs_more": max(len(runs) - RUNS_SHOWN, 0),
    }


def _figures_of(run: Run) -> list[str]:
    latencies = [figure for figure in run.figures if figure.name == "latency"]
    return [
        "not supported" if figure.caution else tables.micros(figure.value)
        for percentile in (50.0, 99.0, 99.9)
        for figure in latencies
        if figure.percentile == percentile
    ][:3]


@SITE.chart
def percentiles_chart(request: HttpRequest, slug: str) -> Figure:
    return charts.percentiles(_determinism(request, slug))


@SITE.chart
def history_chart(request: HttpRequest, slug: str) -> Figure:
    determinism = _determinism(request, slug)
    return charts.history_chart(determinism.history, determinism.judged_path)


def _determinism(request: HttpRequest, slug: str) -> SiteDeterminism:
    check_named(CHECK)
    site = get_object_or_404(Site.objects.select_related("region", "score"), slug=slug)
    return queries.site_determinism(site, path=request.GET.get("path", ""), now=now())
