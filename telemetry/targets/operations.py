"""Judge scrape targets by the newest `up` of their series; a target whose `up` comes and that has no row gets one."""

import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from telemetry import store
from telemetry.core.instants import instant, ms
from telemetry.core.replicas import series_of
from telemetry.core.scrapes import TargetJudgement, UpRun, judge_target
from telemetry.models import InboxBatch, Series
from telemetry.targets.models import MOST_ADDRESS_CHARS, MOST_JOB_CHARS, ScrapeTarget, TargetState
from telemetry.targets.queries import MOST_OF_SITE

log = logging.getLogger(__name__)

# A target is absent once it has missed so many scrapes, and not before this time: bodies come every few seconds.
SCRAPES_MISSED = 3
SHORTEST_SILENCE = timedelta(minutes=2)
# Targets that may be silent for longer are read by themselves: their batches of hours are those of all other series.
USUAL_SILENCE = timedelta(minutes=15)
# Between two rounds passes less, so that the last `up` of a target that just fell silent is still read.
READ_BEFORE = timedelta(minutes=10)
# What waits longer to be stored may hold the `up` that seems to be missing.
LONGEST_QUEUE = timedelta(seconds=30)
SERIES_AT_ONCE = 50_000
NEW_AT_ONCE = 5_000
# An older round that ends later would bring back what it read before.
_TAKE_TURN = "SELECT pg_try_advisory_xact_lock(hashtext(current_schema() || '.telemetry_targetstate'))"

type UpSample = tuple[datetime, bool]
type SamplesOfSeries = dict[int, dict[int, list[UpSample]]]
"""The samples of each series, by the replica that sent them."""
type TargetKey = tuple[int, str, str]
"""Site, job and address: the labels by which `up` belongs to a target."""


@dataclass(frozen=True, slots=True)
class UpSeries:
    """A series of `up`, and the target that its labels name."""

    series_id: int
    key: TargetKey
    source_id: int
    cadence: timedelta
    ended_at: datetime | None


class TargetRuns(NamedTuple):
    """The newest run of each series of a target that was read at all, and the targets of which only the remote storage
    may know, while it is unavailable."""

    runs: dict[TargetKey, list[UpRun]]
    unread_keys: set[TargetKey]


@transaction.atomic
def judge_targets(*, now: datetime, most_of_site: int = MOST_OF_SITE) -> int:
    """Store what changed; returns of how many targets, 0 while another round runs."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_TURN)
        if cursor.fetchone() == (False,):
            return 0
    up_series = _up_series(now)
    targets = {_key(target): target for target in ScrapeTarget.objects.select_related("state")}
    runs, unread_keys = _runs(up_series, targets, now)
    heard_keys = {key for key, of_target in runs.items() if any(run.is_fresh for run in of_target)}
    new_keys = _admissible_keys(heard_keys - targets.keys(), targets, most_of_site)
    targets |= _create(new_keys, after=max((target.pk for target in targets.values()), default=0))
    unheard_keys = (unread_keys | set(_keys_of_queues(up_series, now))) - heard_keys
    changes: dict[int, TargetJudgement] = {}
    for key, target in targets.items():
        before = None if target.state_if_heard is None else target.state_if_heard.judgement
        silence = max(SHORTEST_SILENCE, _scrapes_missed(target))
        judgement = judge_target(before, runs.get(key, ()), silent_since=now - silence)
        if judgement is not None and judgement != before and key not in unheard_keys:
            changes[target.pk] = judgement
    return _store(changes)


def _key(target: ScrapeTarget) -> TargetKey:
    return target.site_id, target.job, target.address


def _scrapes_missed(target: ScrapeTarget) -> timedelta:
    state = target.state_if_heard
    observed_s = 0 if state is None else state.interval_s or 0
    return SCRAPES_MISSED * timedelta(seconds=max(target.interval_s, observed_s))


def _up_series(now: datetime) -> list[UpSeries]:
    """The series of `up` whose labels fit a target, and that have not ended or did just now."""
    running = Q(ended_at=None) | Q(ended_at__gt=now - READ_BEFORE)
    columns = (
        "pk",
        "site",
        "labels__job",
        "labels__instance",
        "source",
        "source__cadence_s",
        "ended_at",
    )
    rows = Series.objects.filter(running, metric="up", site__isnull=False).order_by("pk")
    return [
        UpSeries(series_id, (site_id, job, address), source_id, timedelta(seconds=cadence_s), ended_at)
        for series_id, site_id, job, address, source_id, cadence_s, ended_at in rows.values_list(*columns)
        if job and address and len(job) <= MOST_JOB_CHARS and len(address) <= MOST_ADDRESS_CHARS
    ]


def _runs(
    up_series: Sequence[UpSeries], targets: Mapping[TargetKey, ScrapeTarget], now: datetime
) -> TargetRuns:
    runs: dict[TargetKey, list[UpRun]] = defaultdict(list)
    unread_keys: set[TargetKey] = set()
    for start in range(0, len(up_series), SERIES_AT_ONCE):
        part = up_series[start : start + SERIES_AT_ONCE]
        fresh_after = {each.series_id: now - _longest_silence(each, targets.get(each.key)) for each in part}
        samples, unread_series = _newest_samples(fresh_after, now)
        unread_keys |= {each.key for each in part if each.series_id in unread_series}
        for each in part:
            for of_replica in samples.get(each.series_id, {}).values():
                runs[each.key].append(_newest_run(each, of_replica, fresh_after[each.series_id]))
    return TargetRuns(runs, unread_keys)


def _longest_silence(each: UpSeries, target: ScrapeTarget | None) -> timedelta:
    by_interval = timedelta() if target is None else _scrapes_missed(target)
    return max(SHORTEST_SILENCE, SCRAPES_MISSED * each.cadence, by_interval)


def _newest_samples(
    fresh_after: Mapping[int, datetime], now: datetime
) -> tuple[SamplesOfSeries, Collection[int]]:
    """The samples of each series, and the series that cannot be read while the remote storage is unavailable. It is
    asked only for series that it may know more of: of one that was heard lately, the hot samples are enough."""
    hot_from = instant(store.remote_until_ms())
    begins = {series_id: after - READ_BEFORE for series_id, after in fresh_after.items()}
    usual_begin = now - USUAL_SILENCE - READ_BEFORE
    samples: SamplesOfSeries = {}
    for is_usual in (True, False):
        spans = {
            series_id: max(begin, hot_from)
            for series_id, begin in begins.items()
            if (begin >= usual_begin) == is_usual
        }
        samples |= _samples(spans, now)
    older_spans = {
        series_id: begin
        for series_id, begin in begins.items()
        if begin < hot_from and not _is_heard(samples.get(series_id, {}), fresh_after[series_id])
    }
    try:
        return samples | _samples(older_spans, now), ()
    except store.RemoteStorageUnavailable as error:
        log.warning("%d series of up are not judged: %s", len(older_spans), error)
        return samples, older_spans


def _is_heard(samples: Mapping[int, Sequence[UpSample]], fresh_after: datetime) -> bool:
    return any(of_replica[-1][0] > fresh_after for of_replica in samples.values())


def _samples(begins: Mapping[int, datetime], now: datetime) -> SamplesOfSeries:
    """When each `up` since an instant was taken and whether it is 1, in order of time. The clock of a site may be
    ahead."""
    begins_ms = [ms(begin) for begin in begins.values()]
    until_ms = ms(now) + settings.TELEMETRY_FUTURE_S * 1000
    spans = [np.array(column, np.int64) for column in ([*begins], begins_ms, [until_ms] * len(begins_ms))]
    samples: SamplesOfSeries = defaultdict(lambda: defaultdict(list))
    columns = (column.tolist() for column in store.readings_in_spans(*spans, of_replicas=True))
    for sample_id, taken_ms, value in zip(*columns, strict=True):
        samples[series_of(sample_id)][sample_id].append((instant(taken_ms), value == 1))
    return samples


def _newest_run(each: UpSeries, samples: Sequence[UpSample], fresh_after: datetime) -> UpRun:
    taken_at, is_up = samples[-1]
    since = taken_at
    for at, was_up in reversed(samples):
        if was_up != is_up:
            break
        since = at
    is_fresh = each.ended_at is None and taken_at > fresh_after
    gaps_s = [round((later - earlier).total_seconds()) for (earlier, _), (later, _) in pairwise(samples)]
    interval_s = max(1, min(gaps_s)) if gaps_s else None
    return UpRun(is_up, since, taken_at, is_fresh, each.ended_at, interval_s)


def _admissible_keys(
    new_keys: Iterable[TargetKey], targets: Mapping[TargetKey, ScrapeTarget], most_of_site: int
) -> list[TargetKey]:
    counts = Counter(site_id for site_id, _, _ in targets)
    admitted_keys: list[TargetKey] = []
    for key in sorted(new_keys):
        if counts[key[0]] < most_of_site and len(admitted_keys) < NEW_AT_ONCE:
            counts[key[0]] += 1
            admitted_keys.append(key)
    return admitted_keys


def _create(keys: Sequence[TargetKey], *, after: int) -> dict[TargetKey, ScrapeTarget]:
    """`after` is the greatest id of the targets that were read."""
    if not keys:
        return {}
    listing = ScrapeTarget.Listing.ELSEWHERE
    ScrapeTarget.objects.bulk_create(
        (
            ScrapeTarget(site_id=site, job=job, address=address, listing=listing)
            for site, job, address in keys
        ),
        ignore_conflicts=True,
    )
    created = ScrapeTarget.objects.select_related("state").filter(pk__gt=after)
    return {_key(target): target for target in created}


def _keys_of_queues(up_series: Iterable[UpSeries], now: datetime) -> Iterable[TargetKey]:
    """The targets of sources whose samples wait to be stored."""
    queues = InboxBatch.objects.waiting().filter(received_at__lt=now - LONGEST_QUEUE).order_by()
    source_ids = set(queues.values_list("source", flat=True).distinct())
    return (each.key for each in up_series if each.source_id in source_ids)


def _store(changes: Mapping[int, TargetJudgement]) -> int:
    if not changes:
        return 0
    # Somebody may have deleted a target meanwhile.
    rows = ScrapeTarget.objects.filter(pk__in=changes).order_by("pk").select_for_update()
    states = [_state(target_id, changes[target_id]) for target_id in rows.values_list("pk", flat=True)]
    TargetState.objects.bulk_create(
        states,
        update_conflicts=True,
        unique_fields=["target"],
        update_fields=[each.name for each in fields(TargetJudgement)],
    )
    return len(states)


def _state(target_id: int, judgement: TargetJudgement) -> TargetState:
    return TargetState(target_id=target_id, **asdict(judgement) | {"absence": judgement.absence or ""})
