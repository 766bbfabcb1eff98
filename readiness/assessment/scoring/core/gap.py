"""Capacity deployed, ready and conditional over time, and what holds the rest.

Deployed is what dated events commissioned minus decommissioned, at sites in commissioning or production. A site's whole
figure goes into one band, by its verdict; there are no fractions of a site.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cached_property
from itertools import accumulate
from operator import itemgetter

from readiness.assessment.scoring.core.evaluate import STAGES_WITH_VERDICT
from readiness.assessment.scoring.core.states import Stage, Verdict


@dataclass(frozen=True, slots=True)
class CapacityFigures:
    it_kw: float = 0.0
    accelerators: int = 0

    def __add__(self, other: CapacityFigures) -> CapacityFigures:
        return CapacityFigures(self.it_kw + other.it_kw, self.accelerators + other.accelerators)

    def __sub__(self, other: CapacityFigures) -> CapacityFigures:
        return CapacityFigures(self.it_kw - other.it_kw, self.accelerators - other.accelerators)

    @property
    def rounded(self) -> CapacityFigures:
        """Whole milliwatts, since sums of thirds leave dust; and never below zero, whatever went."""
        return CapacityFigures(max(round(self.it_kw, 6), 0.0), max(self.accelerators, 0))


NOTHING = CapacityFigures()


def total_of(capacities: Iterable[CapacityFigures]) -> CapacityFigures:
    """Sum the columns at once: adding a thousand sites one by one makes a thousand values."""
    listed = list(capacities)
    return CapacityFigures(
        sum((each.it_kw for each in listed), 0.0), sum(each.accelerators for each in listed)
    )


_WHOLE = 1_000_000
"""Power is summed and compared in whole milliwatts, so that a removal exactly cancels an addition in any order."""


class CapacityMeasure(StrEnum):
    POWER = "kw"
    ACCELERATORS = "accelerators"

    def of(self, capacity: CapacityFigures) -> float:
        return capacity.it_kw if self is CapacityMeasure.POWER else capacity.accelerators

    def whole(self, capacity: CapacityFigures) -> int:
        return round(capacity.it_kw * _WHOLE) if self is CapacityMeasure.POWER else capacity.accelerators

    def amount_from_whole(self, value: int) -> float:
        return value / _WHOLE if self is CapacityMeasure.POWER else value


@dataclass(frozen=True, slots=True)
class CapacityChange:
    """Signed: positive commissioned, negative decommissioned."""

    at: datetime
    change: CapacityFigures


@dataclass(frozen=True, slots=True)
class StageChange:
    at: datetime
    stage: Stage


@dataclass(frozen=True, slots=True)
class VerdictStep:
    """The verdict from `at` on, and the first blocker's check id while it is not-ready."""

    at: datetime
    verdict: Verdict | None
    first_blocker: str = ""


type DatedStep = tuple[datetime, CapacityChange | StageChange | VerdictStep]


@dataclass(frozen=True)
class SiteHistory:
    """A site's dated inputs, each sequence in order of `at`; equal instants count in the given order."""

    site: str
    changes: Sequence[CapacityChange] = ()
    stages: Sequence[StageChange] = ()
    verdicts: Sequence[VerdictStep] = ()

    @cached_property
    def steps(self) -> list[DatedStep]:
        """All of them in order of time."""
        dated = [(step.at, step) for steps in (self.changes, self.stages, self.verdicts) for step in steps]
        return sorted(dated, key=itemgetter(0))


@dataclass(frozen=True, slots=True)
class SiteCapacity:
    """One site at one instant. `verdict` None means never evaluated by then, which counts as not ready."""

    site: str
    deployed: CapacityFigures
    verdict: Verdict | None
    first_blocker: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """Capacity of several sites at one instant, by band."""

    at: datetime
    deployed: CapacityFigures
    ready: CapacityFigures
    conditional: CapacityFigures

    @property
    def gap(self) -> CapacityFigures:
        return self.deployed - self.ready

    @property
    def not_ready(self) -> CapacityFigures:
        return self.deployed - self.ready - self.conditional


@dataclass(frozen=True, slots=True)
class BlockerGroup:
    """Not-ready sites that share a first blocker; `check_id` is empty for sites never evaluated."""

    check_id: str
    sites: tuple[str, ...]
    capacity: CapacityFigures


def deployed_at(history: SiteHistory, at: datetime) -> CapacityFigures:
    place = bisect_right(history.stages, at, key=lambda step: step.at)
    if not place or history.stages[place - 1].stage not in STAGES_WITH_VERDICT:
        return NOTHING
    return commissioned_by(history.changes, at)


def commissioned_by(changes: Iterable[CapacityChange], at: datetime) -> CapacityFigures:
    """The capacity that these changes leave, wherever the site stands."""
    return total_of(step.change for step in changes if step.at <= at).rounded


def site_capacity(history: SiteHistory, at: datetime) -> SiteCapacity:
    deployed = deployed_at(history, at)
    place = bisect_right(history.verdicts, at, key=lambda step: step.at)
    if not place:
        return SiteCapacity(history.site, deployed, None)
    step = history.verdicts[place - 1]
    return SiteCapacity(history.site, deployed, step.verdict, step.first_blocker)


def gap_of(sites: Iterable[SiteCapacity], *, at: datetime) -> Gap:
    by_verdict: dict[Verdict | None, list[CapacityFigures]] = {Verdict.READY: [], Verdict.CONDITIONAL: []}
    deployed = []
    for site in sites:
        deployed.append(site.deployed)
        if site.verdict in by_verdict:
            by_verdict[site.verdict].append(site.deployed)
    return Gap(at, total_of(deployed), *map(total_of, by_verdict.values()))


type GroupOf = Callable[[SiteCapacity], str]


def gap_over_time(histories: Iterable[SiteHistory], instants: Sequence[datetime]) -> tuple[Gap, ...]:
    groups = gaps_by_group(spans_of(histories, instants), instants, group_of=lambda _site: "")
    return groups.get("") or tuple(Gap(at, NOTHING, NOTHING, NOTHING) for at in instants)


@dataclass(frozen=True, slots=True)
class Span:
    """A site from the instant at index `first` up to, but not including, that at `last`."""

    first: int
    last: int
    site: SiteCapacity


def spans_of(histories: Iterable[SiteHistory], instants: Sequence[datetime]) -> list[Span]:
    return [
        span for history in histories for span in _spans(history, instants) if span.site.deployed != NOTHING
    ]


def gaps_by_group(
    spans: Iterable[Span], instants: Sequence[datetime], *, group_of: GroupOf
) -> dict[str, tuple[Gap, ...]]:
    """The bands of each group at each instant. At every instant the groups add up to the whole. `group_of` is called
    again whenever a site changes, so that a site may change its group."""
    sums: dict[str, _Sums] = {}
    for span in spans:
        group = group_of(span.site)
        if group not in sums:
            sums[group] = _Sums(len(instants))
        sums[group].add(span)
    return {group: totals.gaps(instants) for group, totals in sums.items()}


def largest_groups(
    spans: Iterable[Span], *, group_of: GroupOf, measure: CapacityMeasure, most: int
) -> tuple[tuple[str, ...], int]:
    gap_sums: dict[str, int] = {}
    for span in spans:
        group = group_of(span.site)
        gap = 0 if span.site.verdict is Verdict.READY else measure.whole(span.site.deployed)
        gap_sums[group] = gap_sums.get(group, 0) + gap * (span.last - span.first)
    ranked = sorted(gap_sums, key=lambda group: (-gap_sums[group], group))
    # A single remaining group takes no more room than a group of others.
    largest = ranked if len(ranked) <= most + 1 else ranked[:most]
    return tuple(largest), len(ranked) - len(largest)


def _spans(history: SiteHistory, instants: Sequence[datetime]) -> Iterator[Span]:
    total, counts, verdict, blocker = NOTHING, False, None, ""
    first = 0
    for at, step in history.steps:
        # The first instant at or after the step; nothing changes before.
        place = bisect_left(instants, at, lo=first)
        if first < place:
            deployed = total.rounded if counts else NOTHING
            yield Span(first, place, SiteCapacity(history.site, deployed, verdict, blocker))
            first = place
        if isinstance(step, CapacityChange):
            total += step.change
        elif isinstance(step, StageChange):
            counts = step.stage in STAGES_WITH_VERDICT
        else:
            verdict, blocker = step.verdict, step.first_blocker
    if first < len(instants):
        deployed = total.rounded if counts else NOTHING
        yield Span(first, len(instants), SiteCapacity(history.site, deployed, verdict, blocker))


@dataclass(slots=True)
class _Sums:
    """Amounts added and removed at each index, by band; running totals give the bands."""

    length: int
    bands: dict[str, tuple[list[int], list[int]]] = field(default_factory=dict)

    def add(self, span: Span) -> None:
        whole, count = CapacityMeasure.POWER.whole(span.site.deployed), span.site.deployed.accelerators
        self._add("deployed", span, whole, count)
        if span.site.verdict in (Verdict.READY, Verdict.CONDITIONAL):
            self._add(span.site.verdict, span, whole, count)

    def _add(self, band: str, span: Span, whole: int, count: int) -> None:
        if band not in self.bands:
            self.bands[band] = ([0] * (self.length + 1), [0] * (self.length + 1))
        power, accelerators = self.bands[band]
        power[span.first] += whole
        power[span.last] -= whole
        accelerators[span.first] += count
        accelerators[span.last] -= count

    def gaps(self, instants: Sequence[datetime]) -> tuple[Gap, ...]:
        columns = [self._capacities(band) for band in ("deployed", Verdict.READY, Verdict.CONDITIONAL)]
        return tuple(Gap(at, *bands) for at, *bands in zip(instants, *columns, strict=True))

    def _capacities(self, band: str) -> list[CapacityFigures]:
        if band not in self.bands:
            return [NOTHING] * self.length
        power, accelerators = (list(accumulate(column[:-1])) for column in self.bands[band])
        return [
            CapacityFigures(whole / _WHOLE, count) for whole, count in zip(power, accelerators, strict=True)
        ]


def add_blockers(
    verdicts: Sequence[VerdictStep], days: Sequence[tuple[date, str]]
) -> tuple[VerdictStep, ...]:
    """Verdicts with the first blocker of each day, where only the verdict was recorded at its instant.

    `days` are the first blockers at the end of UTC days, oldest first, "" if none. A day's blocker holds from its first
    instant until the next recorded day, while the site is not ready. Before the first recorded day it is "": not
    recorded.
    """
    dated: list[tuple[datetime, str | VerdictStep]] = [
        (datetime(day.year, day.month, day.day, tzinfo=UTC), blocker) for day, blocker in days
    ]
    dated += [(step.at, step) for step in verdicts]
    steps: list[VerdictStep] = []
    verdict, day_blocker, is_known = None, "", False
    for at, entry in sorted(dated, key=itemgetter(0)):
        if isinstance(entry, VerdictStep):
            verdict, is_known = entry.verdict, True
        else:
            day_blocker = entry or day_blocker
        blocker = day_blocker if verdict is Verdict.NOT_READY else ""
        last = steps[-1] if steps else None
        if is_known and (last is None or last.verdict is not verdict or last.first_blocker != blocker):
            steps.append(VerdictStep(at, verdict, blocker))
    return tuple(steps)


def group_by_first_blocker(sites: Iterable[SiteCapacity]) -> tuple[BlockerGroup, ...]:
    """Not-ready capacity by first blocker, each site counted once, most kW first. Ready and conditional sites are in no
    group, so the groups add up to the gap less its conditional band."""
    groups: dict[str, list[SiteCapacity]] = {}
    for site in sites:
        if site.verdict in (Verdict.READY, Verdict.CONDITIONAL) or site.deployed == NOTHING:
            continue
        groups.setdefault(site.first_blocker, []).append(site)
    blocker_groups = [
        BlockerGroup(
            check_id,
            tuple(sorted(site.site for site in members)),
            total_of(site.deployed for site in members),
        )
        for check_id, members in groups.items()
    ]
    return tuple(sorted(blocker_groups, key=lambda group: (-group.capacity.it_kw, group.check_id)))
