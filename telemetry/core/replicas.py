"""Replicas: two senders of one source that scrape the same targets, told apart by a label.

A sample is stored with the id of its series, whose labels are those without the replica's, and the number of the
replica above it. So all samples are kept, and a reader takes those of one replica for each series and five minutes.
"""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemetry.core.instants import FIVE_MINUTES
from telemetry.core.labels import key_of, labels_of
from telemetry.core.rollup import SeriesReadings, once

# Series ids stay far below.
NUMBER_AT = 48
MOST_REPLICAS = 4
MOST_NAME_CHARS = 400
CELL_MS = int(FIVE_MINUTES.total_seconds() * 1000)
# Of two replicas in order, one may have a sample more in a cell because of where the cell begins.
FEWER = 1
# A hole between samples is this many times as long as what mostly lies between two.
HOLE = 2.5
NEAREST = 0.75
# By so much may the clocks of two replicas differ when both see that a counter begins again.
SEEN_WITHIN_MS = 60_000

type Ints = NDArray[np.int64]


def split_key(key: bytes, label: str) -> tuple[bytes, str]:
    """The key of a series without the replica's label, and the name of the replica. The key stays as it is and the name
    is empty without that label, or where the name is too long for a replica."""
    if not label or label.encode() not in key:
        return key, ""
    labels = labels_of(key)
    name = labels.pop(label, "")
    return (key_of(labels), name) if 0 < len(name) <= MOST_NAME_CHARS else (key, "")


def sample_id(series_id: int, number: int) -> int:
    return series_id + (number << NUMBER_AT)


def series_of[Ids: (int, Ints)](sample_ids: Ids) -> Ids:
    return sample_ids & ((1 << NUMBER_AT) - 1)


def numbers_of(sample_ids: Ints) -> Ints:
    return sample_ids >> NUMBER_AT


def are_of_replicas(sample_ids: Ints) -> bool:
    return bool(len(sample_ids)) and int(sample_ids.max()) >> NUMBER_AT > 0


class _ReplicaCells(NamedTuple):
    """The samples of one replica in one cell of a series: where they begin in order of series, cell, replica and time,
    and how many they are. `place` is the number of the series and cell."""

    begins: NDArray[np.intp]
    counts: NDArray[np.intp]
    place: NDArray[np.intp]


def choose(
    series: Ints, ts_ms: Ints, value: NDArray[np.float64], counters: Collection[int]
) -> SeriesReadings:
    """The readings of each series, of one replica in each cell, and of another one where that has a hole. The replica
    with the lowest number is read unless another one has more samples by two or more, so it seldom changes.

    `counters` are series that only rise. A reading of the next replica that is below the last one is left out, because
    it would count as a restart.
    """
    by_replica = once(series, ts_ms, value)
    series, number = series_of(by_replica.series), numbers_of(by_replica.series)
    cell = (by_replica.ts - 1) // CELL_MS
    order = np.lexsort((by_replica.ts, number, cell, series))
    series, number, cell, ts = series[order], number[order], cell[order], by_replica.ts[order]
    if not len(series):
        return by_replica
    is_kept = _are_read(_cells(series, cell, number), cell, ts)
    by_time = np.flatnonzero(is_kept)
    by_time = by_time[np.lexsort((ts[by_time], series[by_time]))]
    places = order[by_time]
    read = _ReadSeries(series[by_time], number[by_time], by_replica.value[places], places)
    is_kept = _are_no_step_back(read, by_replica, np.isin(read.series, list(counters)))
    places = places[is_kept]
    return once(read.series[is_kept], by_replica.ts[places], by_replica.value[places])


def _cells(series: Ints, cell: Ints, number: Ints) -> _ReplicaCells:
    is_new_place = np.append(True, (series[1:] != series[:-1]) | (cell[1:] != cell[:-1]))
    begins = np.flatnonzero(is_new_place | np.append(True, number[1:] != number[:-1]))
    counts = np.diff(np.append(begins, len(series)))
    return _ReplicaCells(begins, counts, (np.cumsum(is_new_place) - 1)[begins])


def _are_read(cells: _ReplicaCells, cell: Ints, ts: Ints) -> NDArray[np.bool_]:
    firsts = np.flatnonzero(np.append(True, cells.place[1:] != cells.place[:-1]))
    most = np.maximum.reduceat(cells.counts, firsts)
    able = np.flatnonzero(cells.counts >= most[cells.place] - FEWER)
    leaders = able[np.append(True, cells.place[able][1:] != cells.place[able][:-1])]
    is_leader = np.zeros(len(cells.begins), np.bool_)
    is_leader[leaders] = True
    is_kept: NDArray[np.bool_] = np.repeat(is_leader, cells.counts)
    # Of the others, the one with most samples fills the holes.
    others = np.flatnonzero(~is_leader)
    others = others[np.lexsort((-cells.counts[others], cells.place[others]))]
    others = others[np.append(True, cells.place[others][1:] != cells.place[others][:-1])[: len(others)]]
    begins, ends = cells.begins, cells.begins + cells.counts
    cell_begins = cell[begins] * CELL_MS
    # Most have no hole, and are not looked at one by one.
    since = np.append(0, ts[1:] - ts[:-1])
    since[begins] = ts[begins] - cell_begins
    longest = np.maximum(np.maximum.reduceat(since, begins), cell_begins + CELL_MS - ts[ends - 1])
    apart = np.full(len(begins), np.inf)
    several = cells.counts > 1
    apart[several] = ((ts[ends - 1] - ts[begins]) / np.maximum(cells.counts - 1, 1))[several]
    leader = leaders[cells.place[others]]
    apart_here = np.minimum(apart[leader], apart[others])
    has_hole = longest[leader] > HOLE * apart_here
    for read, other, distance in zip(
        leader[has_hole].tolist(), others[has_hole].tolist(), apart_here[has_hole].tolist(), strict=True
    ):
        is_kept[begins[other] : ends[other]] = _fill_holes(
            ts[begins[read] : ends[read]], ts[begins[other] : ends[other]], int(cell_begins[read]), distance
        )
    return is_kept


def _fill_holes(read: Ints, offered: Ints, begin_ms: int, apart_ms: float) -> NDArray[np.bool_]:
    """Which offered samples lie in a hole between those that are read, no nearer to one than these mostly are."""
    edges = np.concatenate(([begin_ms], read, [begin_ms + CELL_MS]))
    place = np.searchsorted(read, offered)
    since, until = offered - edges[place], edges[place + 1] - offered
    is_far_since = (since >= NEAREST * apart_ms) | (place == 0)
    is_far_until = (until >= NEAREST * apart_ms) | (place == len(read))
    fills: NDArray[np.bool_] = (since + until > HOLE * apart_ms) & is_far_since & is_far_until
    return fills


class _ReadSeries(NamedTuple):
    """The readings that were chosen, in order of series and time, and their places among those of all replicas."""

    series: Ints
    number: Ints
    value: NDArray[np.float64]
    place: NDArray[np.intp]


def _are_no_step_back(
    line: _ReadSeries, by_replica: SeriesReadings, is_counter: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    series, number, value, place = line
    is_kept = np.ones(len(series), np.bool_)
    is_switch = (series[1:] == series[:-1]) & (number[1:] != number[:-1]) & (value[1:] < value[:-1])
    for first in (np.flatnonzero(is_switch & is_counter[1:]) + 1).tolist():
        if _did_restart(by_replica, int(place[first - 1]), int(place[first])):
            continue
        step, reached, last = first, value[first - 1], -np.inf
        while (
            step < len(series)
            and (series[step], number[step]) == (series[first], number[first])
            and last <= value[step] < reached
        ):
            is_kept[step], last = False, value[step]
            step += 1
    return is_kept


def _did_restart(by_replica: SeriesReadings, left: int, reached: int) -> bool:
    """Whether a counter that is lower by the replica that is read next began again: its own readings from about then
    say so, or those that follow by the one that was read."""
    since = by_replica.ts[left] - SEEN_WITHIN_MS
    begin = reached
    while (
        begin and by_replica.series[begin - 1] == by_replica.series[reached] and by_replica.ts[begin] >= since
    ):
        begin -= 1
    if begin < reached:
        return bool((np.diff(by_replica.value[begin : reached + 1]) < 0).any())
    follows = left + 1
    does_follow = follows < len(by_replica.series) and by_replica.series[follows] == by_replica.series[left]
    return not (does_follow and by_replica.value[follows] >= by_replica.value[left])


class ReplicaComparison(NamedTuple):
    """The series of a replica that were compared with those of the first one, how many of them contradict it, and one
    of these: the series, the number of the first replica, and the values of both."""

    number: int
    compared: int
    contradicting: int
    example: tuple[int, int, float, float] | None


# Ranges that do not meet, by a part of the larger value: noise and clocks do not do that.
FAR_APART = 0.2
LEAST_SAMPLES = 2


def compare(series: Ints, ts_ms: Ints, value: NDArray[np.float64]) -> list[ReplicaComparison]:
    """Compare the replicas of some series over a time that all of them cover. Two contradict each other where the
    ranges of their values do not meet and lie far apart."""
    readings = once(series, ts_ms, value)
    if not len(readings.series):
        return []
    starts = readings.starts
    ids = readings.series[starts]
    least, most = (each.reduceat(readings.value, starts) for each in (np.minimum, np.maximum))
    counts = np.diff(np.append(starts, len(readings.series)))
    order = np.lexsort((numbers_of(ids), series_of(ids)))
    order = order[counts[order] >= LEAST_SAMPLES]
    logical, number = series_of(ids)[order], numbers_of(ids)[order]
    least, most = least[order], most[order]
    firsts = np.flatnonzero(np.append(True, logical[1:] != logical[:-1])[: len(logical)])
    first = np.repeat(firsts, np.diff(np.append(firsts, len(logical))))
    apart = np.maximum(least - most[first], least[first] - most)
    size = np.maximum(np.maximum(np.abs(least), np.abs(most)), np.maximum(np.abs(least), np.abs(most))[first])
    is_far = apart > FAR_APART * size
    is_other = np.arange(len(logical)) != first
    comparisons = []
    for each in np.unique(number[is_other]).tolist():
        is_of_it = is_other & (number == each)
        contradicting = np.flatnonzero(is_of_it & is_far)
        example = None
        if len(contradicting):
            place = int(contradicting[0])
            of_first, of_other = (float((least[at] + most[at]) / 2) for at in (first[place], place))
            example = (int(logical[place]), int(number[first[place]]), of_first, of_other)
        comparisons.append(ReplicaComparison(each, int(is_of_it.sum()), len(contradicting), example))
    return comparisons
