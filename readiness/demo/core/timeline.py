"""When the demo's past has samples and scores: dense near the present, sparse further back.

The reasons for these densities: docs/guides/demo.md. All instants are seconds since the epoch, counted back from the
loading.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from readiness.demo.core.plan import FleetPlan, SitePlan, book
from readiness.demo.core.shapes import DAY, HOUR
from readiness.demo.core.span import LONG_WEEKS
from readiness.demo.core.stories import (
    FLAPPING_PORTS,
    FLAPPING_SITE,
    HEAVY_SITE,
    HOT_SITE,
    SILENT_SITE,
    XID_SITE,
    Stories,
)

MINUTE = 60.0
# Scores are weekly back to here: with this week, enough for a sparkline of 24 weeks.
WEEKS = 23
# Before that, scores are every four weeks, back to the first sites.
LONG_STEP_WEEKS = 4
DAILY_DAYS = 7
# Daily measures look back this far: the 30-day peak, and the day in which it begins.
KEPT_DAYS = 31
WEEK_DAYS = 7
WEEK_STEP_H, MONTH_STEP_H = 2, 4
RECENT_STEP_S = 15 * MINUTE
LIVE_S = 10 * MINUTE


class SampleExtent(Enum):
    """Which part of the fleet has samples at an instant."""

    EVERYTHING = "everything"
    # Everything that varies; constant signals are left out.
    MOVING = "moving"
    # The same without accelerators, which have the most series: enough for daily curves.
    CURVES = "curves"
    # At least one series of every object, and every series that a check reads.
    CHECKED = "checked"
    # Everything that weekly measures and weekly charts need.
    WEEK = "week"
    # The same for a month.
    MONTH = "month"
    # Only latency histograms, twice within the last complete window before a site is scored.
    SERVED = "served"
    # Only the sites that are evaluated at this instant.
    NOTHING = "nothing"


# Metrics by how far back there are samples of them.
METRICS = {name: frozenset(metrics) for name, metrics in book("signals")["metrics"].items()}
SERVED_METRICS = "vllm:"
SERVED_BEFORE_S = (9 * MINUTE, 6 * MINUTE)


def holds(extent: SampleExtent, metric: str, labels: Mapping[str, str]) -> bool:
    if extent is SampleExtent.EVERYTHING:
        return True
    if extent is SampleExtent.NOTHING:
        return False
    if extent is SampleExtent.SERVED:
        return metric.startswith(SERVED_METRICS)
    if extent is SampleExtent.CURVES and metric in METRICS["accelerator"]:
        return False
    if extent in (SampleExtent.MOVING, SampleExtent.CURVES):
        return metric not in METRICS["still"] or _port(labels) in FLAPPING_PORTS
    if extent is SampleExtent.CHECKED:
        return metric not in METRICS["accelerator"] | METRICS["unchecked"]
    if metric in METRICS["of_first_alone"]:
        return labels.get("gpu", labels.get("gpu_id")) == "0"
    return metric in METRICS["month"] or (extent is SampleExtent.WEEK and metric in METRICS["week"])


def _port(labels: Mapping[str, str]) -> tuple[str, str]:
    return labels.get("instance", "").partition(":")[0], labels.get("device", "")


@dataclass(frozen=True, slots=True)
class TimelinePoint:
    """`scored` names the sites that are scored then; `whole` names the sites with all samples, whatever the extent for
    the others."""

    at_s: float
    extent: SampleExtent
    scored: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()

    def extent_of(self, site: str) -> SampleExtent:
        return SampleExtent.EVERYTHING if site in self.whole else self.extent


def timeline(
    plan: FleetPlan, stories: Stories, *, until_s: float, reach_s: float = LONG_WEEKS * 7 * DAY
) -> tuple[TimelinePoint, ...]:
    """The past in order of time: from `reach_s` before the loading to `until_s`, some minutes after it."""
    loaded_s = stories.loaded_s
    instants: dict[float, TimelinePoint] = {}
    for ago_s, extent, is_scored in (*_long_ago(), *_weeks_ago(), *_last_day()):
        at_s = loaded_s - ago_s
        scored = _commissioned(plan.sites, ago_s) if is_scored else ()
        instants[at_s] = TimelinePoint(at_s, extent, scored)
    for instant in list(instants.values()):
        if instant.extent is SampleExtent.CHECKED:
            for before_s in SERVED_BEFORE_S:
                served = TimelinePoint(instant.at_s - before_s, SampleExtent.SERVED)
                instants.setdefault(served.at_s, served)
    for at_s, sites in _story_evaluations(plan, stories).items():
        point = instants.get(at_s, TimelinePoint(at_s, SampleExtent.NOTHING))
        instants[at_s] = replace(point, scored=sites, whole=sites)
    instants |= {instant.at_s: instant for instant in minutes(plan, after_s=loaded_s, until_s=until_s)}
    return tuple(instants[at_s] for at_s in sorted(instants) if at_s >= loaded_s - reach_s)


def present(plan: FleetPlan, stories: Stories, *, until_s: float) -> tuple[TimelinePoint, ...]:
    """Return what today's verdicts need: the last minutes, and for sites of stories the day that the story takes.

    The silent site is scored in its last live minutes, because its state then is what remains known.
    """
    instants = timeline(plan, stories, until_s=until_s, reach_s=DAY)
    return tuple(
        instant
        if instant.at_s >= stories.loaded_s - RECENT_STEP_S
        else replace(
            instant,
            extent=SampleExtent.NOTHING,
            scored=tuple(name for name in instant.scored if name == SILENT_SITE),
        )
        for instant in instants
        if instant.at_s >= stories.loaded_s - RECENT_STEP_S or instant.whole
    )


def minutes(plan: FleetPlan, *, after_s: float, until_s: float) -> tuple[TimelinePoint, ...]:
    """Every minute after an instant, and the end, which is scored."""
    whole = np.arange(after_s + MINUTE, until_s - MINUTE / 2, MINUTE).tolist()
    end = TimelinePoint(until_s, SampleExtent.EVERYTHING, _commissioned(plan.sites, 0.0))
    return (*(TimelinePoint(at_s, SampleExtent.EVERYTHING) for at_s in whole), end)


type _Row = tuple[float, SampleExtent, bool]


def _long_ago() -> list[_Row]:
    first_daily = DAILY_DAYS // 7 + 1
    weeks = [*range(LONG_WEEKS, WEEKS, -LONG_STEP_WEEKS), *range(WEEKS, first_daily - 1, -1)]
    return [(7 * DAY * week, SampleExtent.CHECKED, True) for week in weeks]


def scored_days() -> frozenset[int]:
    """Ages in days of the records that past scores read: the days before each score, and all recent days."""
    before = {round(ago_s / DAY) + 1 for ago_s, _, is_scored in _long_ago() if is_scored}
    return frozenset(before | set(range(DAILY_DAYS + 3)))


def _weeks_ago() -> list[_Row]:
    thin = [
        *[
            (HOUR * hours, SampleExtent.MONTH, False)
            for hours in range(KEPT_DAYS * 24, WEEK_DAYS * 24, -MONTH_STEP_H)
        ],
        *[(HOUR * hours, SampleExtent.WEEK, False) for hours in range(WEEK_DAYS * 24, 24, -WEEK_STEP_H)],
    ]
    # Later rows of the same instant replace these.
    return [
        *[row for row in thin if row[0] % (7 * DAY) or row[0] < DAILY_DAYS * DAY],
        *[(DAY * days, SampleExtent.CHECKED, True) for days in range(DAILY_DAYS, 0, -1)],
    ]


def _last_day() -> list[_Row]:
    quarters = range(int(DAY - RECENT_STEP_S), 0, -int(RECENT_STEP_S))
    minutes = range(int(LIVE_S), 0, -int(MINUTE))
    return [
        *[
            (float(ago_s), SampleExtent.CURVES if ago_s % HOUR else SampleExtent.MOVING, False)
            for ago_s in quarters
        ],
        *[(float(ago_s), SampleExtent.EVERYTHING, False) for ago_s in minutes],
        (0.0, SampleExtent.EVERYTHING, False),
    ]


def _commissioned(sites: Collection[SitePlan], ago_s: float) -> tuple[str, ...]:
    """Sites whose first capacity was already added, and sites that have none yet."""
    return tuple(site.name for site in sites if not site.waves or site.waves[0][0] * DAY > ago_s)


def _story_evaluations(plan: FleetPlan, stories: Stories) -> dict[float, tuple[str, ...]]:
    """Which sites are evaluated when: soon after each story begins, then hourly up to the loading.

    The effect of a story is dated by the evaluation that sees it.
    """
    begin = {
        FLAPPING_SITE: stories.flaps_from,
        HEAVY_SITE: stories.heavy_from,
        HOT_SITE: stories.hot_from,
        XID_SITE: stories.xid_from,
    }
    looks: dict[float, list[str]] = defaultdict(list)
    for site in (site.name for site in plan.sites):
        if site in begin:
            soon_s = RECENT_STEP_S * ((stories.loaded_s - begin[site]) // RECENT_STEP_S)
            hours = np.arange(HOUR * (soon_s // HOUR), 0, -HOUR).tolist()
            for ago_s in {soon_s, *hours}:
                looks[stories.loaded_s - ago_s].append(site)
        elif site == SILENT_SITE:
            # The last sample, then late after cadence plus grace, and silent after three times that.
            for minutes in (-1, 2, 6):
                looks[stories.silent_from + minutes * MINUTE].append(site)
    return {at_s: tuple(sites) for at_s, sites in looks.items()}
