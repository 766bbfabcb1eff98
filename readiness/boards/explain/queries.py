"""Explanations from stored score inputs: one site in full, several sites by cause."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import OuterRef

from inventory.models import Region, Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.models import FrameworkVersion
from readiness.assessment.scoring.core.coalitions import Snapshot
from readiness.assessment.scoring.core.evaluate import STAGES_WITH_VERDICT
from readiness.assessment.scoring.core.explain import Explanation, Move, explain
from readiness.assessment.scoring.core.explain_fleet import FleetMove, SiteEnds, fleet_move
from readiness.assessment.scoring.core.kept import decode
from readiness.assessment.scoring.core.states import Stage
from readiness.assessment.scoring.models import ScoreInputs, ScorePoint
from readiness.assessment.scoring.queries.results import NEAR, Kept, kept_on
from readiness.assessment.scoring.queries.standing import event_kw
from web.cached import CachedAnswer

MOST_SITES = 1000
"""Largest number of sites explained at once; each costs about 5 ms the first time."""


@dataclass(frozen=True, slots=True)
class SiteExplained:
    site: Site
    start: Kept
    end: Kept
    explanation: Explanation

    @property
    def pillars(self) -> list[tuple[str, Move]]:
        every = [pillar for end in (self.start, self.end) for pillar in end.framework.pillars]
        names = {pillar.id: pillar.short_name for pillar in every}
        return [(names[pillar], move) for pillar, move in self.explanation.pillars.items()]


@dataclass(frozen=True, slots=True)
class NothingKept:
    """There are no inputs for `day`, the first such day that was asked for, nor for the two weeks before it."""

    site: Site
    day: date
    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class SiteMove:
    """One site of several.

    `weight` is its part of the change of the joint score by deployed kW, `by_capacity` the part of that caused by a
    change of its kW. `came` and `went` say that it counts at one end only: it was entered or retired, or had no
    capacity at the other end.
    """

    site: Site
    ends: SiteEnds
    verdicts: tuple[str, str]
    came: bool
    went: bool
    weight: float
    by_capacity: float

    @property
    def move(self) -> Move:
        return self.ends.move

    @property
    def change(self) -> float:
        return self.move.change


@dataclass(frozen=True, slots=True)
class FleetExplained:
    """`sites` are sorted by their effect on the score, the largest first. Sites without inputs near one of the days are
    left out.

    `too_many` is the number of sites if it exceeds the limit; `missing` is a day without any inputs although some sites
    had a score. In both cases there is no `move`.
    """

    start: date
    end: date
    move: FleetMove[int]
    sites: tuple[SiteMove, ...]
    left_out: tuple[Site, ...]
    versions: tuple[tuple[str, ...], tuple[str, ...]]
    too_many: int = 0
    missing: date | None = None


def site_explained(site: Site, start: date, end: date) -> SiteExplained | NothingKept:
    first, last = (kept_on([site.pk], day).get(site.pk) for day in (start, end))
    if first is None or last is None:
        days = ScoreInputs.objects.filter(site=site).order_by("on_date").values_list("on_date", flat=True)
        return NothingKept(site, end if first else start, days.first(), days.last())
    return SiteExplained(site, first, last, explain(first.snapshot, last.snapshot))


def fleet_explained(start: date, end: date, region: Region | None = None) -> FleetExplained:
    sites = Site.objects.select_related("region").order_by("name", "pk")
    if region is not None:
        sites = sites.filter(region=region)
    every = {site.pk: site for site in sites[: MOST_SITES + 1]}
    if len(every) > MOST_SITES:
        nothing: FleetMove[int] = fleet_move({})
        return FleetExplained(start, end, nothing, (), (), ((), ()), too_many=sites.count())
    both_days = (_kept_days(every, start), _kept_days(every, end))
    moves = _moves(_pairs(both_days), (start, end))
    unkept = every.keys() - both_days[0].keys()
    points = ScorePoint.objects.filter(site__in=unkept, on_date__lte=start).order_by()
    known_before = set(points.values_list("site", flat=True).distinct())
    explained = _together(every, both_days, moves, known_before, start, end)
    missing = start if not both_days[0] else end if not both_days[1] else None
    if missing is None or not explained.left_out:
        return explained
    # Sites with inputs on the other day only would otherwise count as added or removed.
    return replace(explained, move=fleet_move({}), sites=(), missing=missing)


@dataclass(frozen=True, slots=True)
class _Day:
    """A stored row of inputs without its content. `version` is the framework version's id, `kw` the capacity at the
    time."""

    pk: int
    key: str
    version: int
    kw: float


@dataclass(frozen=True, slots=True)
class _PairMove:
    """The comparison of a pair of days: scores, shares by cause, verdicts and stages at both ends."""

    move: Move
    verdicts: tuple[str, str]
    stages: tuple[str, str]


type _Pair = tuple[_Day, _Day]


def _kept_days(sites: Collection[int], day: date) -> dict[int, _Day]:
    rows = ScoreInputs.objects.filter(site__in=sites, on_date__lte=day, on_date__gt=day - NEAR)
    newest = rows.order_by("site_id", "-on_date").distinct("site_id")
    # Capacity is read only for the chosen days.
    taken = ScoreInputs.objects.filter(pk__in=newest.values("pk")).order_by()
    kw = event_kw(site="site_id", at=OuterRef("evaluated_at"))
    columns = ("pk", "site_id", "evaluated_at", "framework_version_id", "kw")
    return {
        site_id: _Day(pk, f"{pk}.{at.timestamp():.6f}", version, kw or 0.0)
        for pk, site_id, at, version, kw in taken.annotate(kw=kw).values_list(*columns)
    }


def _pairs(both_days: tuple[Mapping[int, _Day], Mapping[int, _Day]]) -> dict[int, _Pair]:
    """The two days to compare, by site id. A site that exists at one end only is compared with itself."""
    start, end = both_days
    return {
        site_id: (start.get(site_id) or end[site_id], end.get(site_id) or start[site_id])
        for site_id in {*start, *end}
    }


# Inputs of past days do not change; a day that is written anew has another key.
_MOVES: CachedAnswer[int, _PairMove] = CachedAnswer(
    "moves of scores between two days",
    versions=(ScoreInputs, FrameworkVersion),
    answers=(framework_queries.VERSIONS.documents,),
    most=8,
)


def _moves(pairs: Mapping[int, _Pair], days: tuple[date, date]) -> dict[int, _PairMove]:
    return _MOVES.values(
        {site_id: (first.key, last.key) for site_id, (first, last) in pairs.items()},
        lambda missing: dict(_explain_pairs({site_id: pairs[site_id] for site_id in missing})),
        key=days,
    )


def _explain_pairs(pairs: Mapping[int, _Pair]) -> Iterable[tuple[int, _PairMove]]:
    ids = sorted({day.pk for pair in pairs.values() for day in pair})
    rows = ScoreInputs.objects.filter(pk__in=ids).order_by().select_related("framework_version")
    snapshots = {
        row.pk: Snapshot(
            framework_queries.definition_of(row.framework_version),
            decode(bytes(row.content)),
            row.evaluated_at,
            row.rules,
        )
        for row in rows.defer("framework_version__definition")
    }
    for site_id, (first, last) in pairs.items():
        # A day that was rewritten or deleted between the statements is left out this time.
        if first.pk in snapshots and last.pk in snapshots:
            explanation = explain(snapshots[first.pk], snapshots[last.pk])
            verdicts = (explanation.verdict.start.verdict or "", explanation.verdict.end.verdict or "")
            yield (
                site_id,
                _PairMove(explanation.score, verdicts, (explanation.stages[0], explanation.stages[1])),
            )


def _together(
    every: Mapping[int, Site],
    both_days: tuple[Mapping[int, _Day], Mapping[int, _Day]],
    moves: Mapping[int, _PairMove],
    known_before: Collection[int],
    start: date,
    end: date,
) -> FleetExplained:
    ends: dict[int, SiteEnds] = {}
    left_out = []
    for site_id, site in every.items():
        pair_move = moves.get(site_id)
        at_start, at_end = (site_id in days for days in both_days)
        whereabouts = _whereabouts(site, pair_move, at_start, at_end, site_id in known_before)
        if whereabouts == "unknown":
            left_out.append(site)
        elif whereabouts and pair_move:
            ends[site_id] = SiteEnds(
                pair_move.move,
                None if whereabouts == "came" else _kw(both_days[0].get(site_id), pair_move.stages[0]),
                None if whereabouts == "went" else _kw(both_days[1].get(site_id), pair_move.stages[1]),
                (bool(pair_move.verdicts[0]), bool(pair_move.verdicts[1])),
            )
    move = fleet_move(ends)
    rows = [
        SiteMove(
            every[site_id],
            of_site,
            moves[site_id].verdicts,
            came=of_site.start_kw is None or site_id in move.came,
            went=of_site.end_kw is None or site_id in move.went,
            weight=move.adds[site_id],
            by_capacity=move.by_capacity.get(site_id, 0.0),
        )
        for site_id, of_site in ends.items()
    ]
    # Among equals, sites whose causes cancelled each other come first.
    stir = {row.site.pk: sum(map(abs, row.move.by.values())) for row in rows}
    rows.sort(key=lambda row: (-abs(row.weight), -stir[row.site.pk], row.site.name, row.site.pk))
    return FleetExplained(start, end, move, tuple(rows), tuple(left_out), _versions(both_days))


def _kw(day: _Day | None, stage: str) -> float:
    return day.kw if day is not None and stage in STAGES_WITH_VERDICT else 0.0


def _whereabouts(
    site: Site, pair_move: _PairMove | None, at_start: bool, at_end: bool, known_before: bool
) -> str:
    """Say whether a site exists on both days, came, went, exists on neither (""), or cannot be told ("unknown")."""
    if pair_move is None:
        return "unknown" if known_before or at_start or at_end else ""
    in_use = [
        has_inputs and stage != Stage.RETIRED
        for has_inputs, stage in zip((at_start, at_end), pair_move.stages, strict=True)
    ]
    if at_start and at_end:
        return {(True, True): "stayed", (False, True): "came", (True, False): "went"}.get(
            (in_use[0], in_use[1]), ""
        )
    if at_end:
        return "unknown" if known_before else "came" if in_use[1] else ""
    return "" if not in_use[0] else "went" if site.stage == Stage.RETIRED else "unknown"


def _versions(both_days: Sequence[Mapping[int, _Day]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    ids = [{day.version for day in days.values()} for days in both_days]
    names: dict[Any, str] = dict(
        FrameworkVersion.objects.filter(pk__in=ids[0] | ids[1]).values_list("pk", "version")
    )
    first, last = (tuple(sorted(names[each] for each in versions if each in names)) for versions in ids)
    return first, last
