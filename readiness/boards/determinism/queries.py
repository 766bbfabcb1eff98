"""Sites with their paths, idle and loaded, and one site with every run of a path.

Medians are computed on each read for the sites of one page, because only runs are stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import (
    Case,
    Exists,
    F,
    FilteredRelation,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)

from inventory.models import Site
from readiness.assessment.evidence import rows
from readiness.assessment.evidence.core.bearing import REGRESSION
from readiness.assessment.evidence.core.proving.latency import TOOLS, Path, values_of
from readiness.assessment.evidence.core.proving.values import SiteParts
from readiness.assessment.evidence.models import RunMeasure, ValidationRun
from readiness.assessment.evidence.parts import site_parts
from readiness.assessment.evidence.proofs import check_with_minimums
from readiness.assessment.evidence.runs import TailFigure, kept_latency_runs, tail_figures
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Check
from readiness.assessment.scoring.core.combine import SEVERITY
from readiness.assessment.scoring.gather import limits_of
from readiness.assessment.scoring.models import CheckResult
from readiness.assessment.scoring.queries.results import check_row, threshold_rows
from readiness.assessment.scoring.queries.rows import CheckRow, ThresholdRow
from readiness.boards.determinism.judging import CHECK, SERVING, JudgedPath, LeftOut, judged, paths_of

NO_PARTS = SiteParts(nodes={}, ports={})
SERVED = ("ttft", "tpot")


@dataclass(frozen=True, slots=True)
class SitePaths:
    """`state` and `reason` are the stored ones of the check, None and "" before the first evaluation.

    `paths` are sorted worst first. `limit_declared` says whether the site has a limit for the p99 under load.
    """

    site: Site
    state: str | None
    reason: str
    evaluated_at: datetime | None
    limit_declared: bool
    paths: Sequence[JudgedPath]


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """One run of a path: its time, its load, and its p99 in µs."""

    run_id: int
    path: str
    taken_at: datetime
    load: str
    p99: float


@dataclass(frozen=True, slots=True)
class SiteDeterminism:
    """`judged_path` is the path whose runs are shown, `left_out` its unused runs, `curve` every percentile of its used
    runs.

    `serving` is the stored p1-serving-latency, `served` the percentiles of its newest run.
    """

    site_paths: SitePaths
    check: Check
    thresholds: Sequence[ThresholdRow]
    judged_path: JudgedPath | None
    left_out: Sequence[LeftOut]
    curve: Sequence[TailFigure]
    history: Sequence[HistoryPoint]
    serving: CheckRow | None
    served: ValidationRun | None
    served_figures: Sequence[TailFigure] = field(default=())


def sites() -> QuerySet[Site]:
    """Sites that are not retired. Sites with latency runs come first, the worst of them on top.

    `latency_state` is the stored state of the check; `latency_taken_at` is when its deciding run was taken.
    """
    with_runs = ValidationRun.objects.filter(site=OuterRef("pk"), tool__in=sorted(TOOLS))
    severity = [When(latency__state=state, then=Value(place)) for state, place in SEVERITY.items()]
    return (
        Site.objects.exclude(stage=Site.Stage.RETIRED)
        .select_related("region")
        .annotate(latency=FilteredRelation("check_results", condition=Q(check_results__check_id=CHECK)))
        .annotate(
            latency_state=F("latency__state"),
            latency_taken_at=F("latency__taken_at"),
            latency_severity=Case(*severity, default=Value(0), output_field=IntegerField()),
            has_runs=Exists(with_runs),
        )
        .order_by("-has_runs", "-latency_severity", "name", "pk")
    )


def paths_of_sites(sites: Sequence[Site], *, now: datetime) -> list[SitePaths]:
    """The paths of each site, in the order of the sites; twelve statements for any number of sites and runs.

    Raises KeyError if the framework in force has no such check.
    """
    _, framework = framework_queries.current()
    check = check_with_minimums(framework, CHECK)
    ids = [site.pk for site in sites]
    runs = {site_id: each for site_id, each in rows.runs(ids, [], framework, now).items() if each.newest}
    regression = framework.checks_by_id.get(REGRESSION)
    parts = site_parts(sorted(runs), now)
    limits = limits_of(sorted(runs), framework, now=now)
    stored = {
        result.site_id: result
        for result in CheckResult.objects.filter(site_id__in=ids, check_id=CHECK).select_related(
            "site__score"
        )
    }
    site_paths = []
    for site in sites:
        result = stored.get(site.pk)
        here: list[JudgedPath] = []
        if site.pk in runs:
            parts_of_site = parts.get(site.pk, NO_PARTS)
            earlier = paths_of(check, runs[site.pk].earlier, parts_of_site, now=now)
            for key, path in paths_of(check, runs[site.pk].newest, parts_of_site, now=now).items():
                before = earlier[key].runs.get("loaded", ()) if key in earlier else ()
                here.append(judged(check, path, before, limits[site.pk], regression=regression, now=now))
        site_paths.append(
            SitePaths(
                site=site,
                state=result.state if result else None,
                reason=result.reason if result else "",
                evaluated_at=result.site.score.evaluated_at if result else None,
                limit_declared="fabric-latency" in limits.get(site.pk, {}),
                paths=sorted(here, key=_worst_first),
            )
        )
    return site_paths


def site_determinism(site: Site, *, path: str = "", now: datetime) -> SiteDeterminism:
    _, framework = framework_queries.current()
    check = check_with_minimums(framework, CHECK)
    [site_paths] = paths_of_sites([site], now=now)
    judged_path = next((each for each in site_paths.paths if each.path.key == path), None)
    judged_path = judged_path or (site_paths.paths[0] if site_paths.paths else None)
    every = paths_of(check, kept_latency_runs(site.pk, now=now), NO_PARTS, now=now)
    serving = CheckResult.objects.filter(site=site, check_id=SERVING).first()
    served = (
        ValidationRun.objects.taken_by(now)
        .filter(Exists(RunMeasure.objects.filter(run=OuterRef("pk"), name__in=SERVED)), site=site)
        .order_by("-taken_at", "-id")
        .first()
    )
    return SiteDeterminism(
        site_paths=site_paths,
        check=check,
        thresholds=threshold_rows(check, framework),
        judged_path=judged_path,
        left_out=_left_out(judged_path, every) if judged_path else (),
        curve=curve_of(judged_path),
        history=_history(every),
        serving=check_row(serving, framework, now=now) if serving else None,
        served=served,
        served_figures=tail_figures([served.pk], *SERVED) if served else (),
    )


def curve_of(judged_path: JudgedPath | None) -> list[TailFigure]:
    if judged_path is None:
        return []
    path = judged_path.path
    of_path = {"operation": path.operation, "subject": path.port, "size_bytes": path.size_bytes}
    return tail_figures([run.id for run in (*path.shown_runs, *path.idle)], **of_path)


def _left_out(judged_path: JudgedPath, every: Mapping[str, Path]) -> list[LeftOut]:
    used_ids = {run.id for of_load in judged_path.path.runs.values() for run in of_load}
    path = every.get(judged_path.path.key)
    runs = path.runs.values() if path else ()
    older = [run for of_load in runs for run in of_load if run.id not in used_ids]
    older.sort(key=lambda run: (run.taken_at, run.id), reverse=True)
    return [
        *judged_path.left_out,
        *(
            LeftOut(
                run, "For each path and load Muster reads the 40 newest runs are read; this one is older."
            )
            for run in older
        ),
    ]


def _history(every: Mapping[str, Path]) -> list[HistoryPoint]:
    points = [
        HistoryPoint(run.id, key, run.taken_at, load, value)
        for key, path in every.items()
        for load, runs in path.runs.items()
        for run in runs
        for value in values_of([run], 99.0)
    ]
    return sorted(points, key=lambda point: (point.taken_at, point.run_id))


def _worst_first(path: JudgedPath) -> tuple[int, float, str]:
    return (-SEVERITY.get(path.state, 0), -(path.tail or 0.0), path.path.key)
