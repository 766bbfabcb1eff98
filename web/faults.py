"""Faults of Muster itself: it is behind, no worker lives, jobs are late or fail. Others add theirs with `register`."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from web import jobs, links, metrics, units, watch, workers
from web.jobs import JobStanding
from web.notices import StatusNotice

NAMED = 3


@dataclass(frozen=True, slots=True)
class MusterFault:
    """`key` names the fault for as long as it lasts, `since` is when it began, as far as known."""

    key: str
    title: str
    detail: str
    since: datetime | None
    is_bad: bool


GAUGES = (
    metrics.GaugeFamily("muster_lag_seconds", "How far Muster is behind what arrived"),
    metrics.GaugeFamily("muster_job_late_seconds", "Since the job should have ended next", ("name",)),
    metrics.GaugeFamily("muster_jobs_late", "Jobs that are later than they may be"),
    metrics.GaugeFamily("muster_tasks_waiting", "Tasks that no worker has taken yet", ("queue",)),
)


type ReadFaults = Callable[[datetime], Iterable[MusterFault]]

_readers: dict[str, ReadFaults] = {}


def register(name: str, read: ReadFaults) -> None:
    _readers[name] = read


def gauges(now: datetime) -> Mapping[str, metrics.Values]:
    standings = jobs.standings(now=now)
    return {
        "muster_lag_seconds": {(): watch.lag(now).seconds},
        "muster_job_late_seconds": {(job.name,): job.late_s for job in standings if job.late_s is not None},
        "muster_jobs_late": {(): sum(job.is_late for job in standings)},
        "muster_tasks_waiting": {(queue.name,): queue.waiting for queue in jobs.queues()},
    }


def faults(*, now: datetime) -> list[MusterFault]:
    standings = jobs.standings(now=now)
    others = (fault for read in _readers.values() for fault in read(now))
    return [*_lag(now), *_workers(now), *_late(standings), *_failing(standings), *others]


def notices(now: datetime) -> Iterator[StatusNotice]:
    lag = watch.lag(now)
    if lag.is_behind:
        text = (
            f"As of {units.instant(lag.as_of)}: Muster is {units.duration(lag.seconds)} behind. Pages show the state of"
            " that time; no source counts as silent because of it."
        )
        tone: Literal["warn", "bad"] = "bad" if lag.seconds >= watch.BAD_S else "warn"
        yield StatusNotice("lag", text, tone, links.link("muster-status"))


def _lag(now: datetime) -> Iterator[MusterFault]:
    lag = watch.lag(now)
    if lag.is_behind:
        detail = "What arrived is not all stored, judged and written down yet; pages are as of what is."
        yield MusterFault("lag", "Muster is behind", detail, None, is_bad=lag.seconds >= watch.BAD_S)


def _workers(now: datetime) -> Iterator[MusterFault]:
    if workers.seen(now=now, within=workers.FORGOTTEN_AFTER) and not workers.seen(now=now):
        detail = "No worker sent a heartbeat within a minute: nothing is stored or judged."
        yield MusterFault("workers", "No worker is at work", detail, None, is_bad=True)


def _late(standings: list[JobStanding]) -> Iterator[MusterFault]:
    late = [job for job in standings if job.is_late]
    if late:
        since = min((job.done_at for job in late if job.done_at), default=None)
        is_bad = any(job.is_urgent for job in late)
        yield MusterFault("jobs-late", f"{_many(late)} late", _names(late), since, is_bad=is_bad)


def _failing(standings: list[JobStanding]) -> Iterator[MusterFault]:
    failing = [job for job in standings if job.failure]
    if failing:
        since = min((job.done_at for job in failing if job.done_at), default=None)
        detail = f"{_names(failing)}. {failing[0].failure}"
        yield MusterFault("jobs-failing", f"{_many(failing)} failing", detail, since, is_bad=False)


def _many(standings: list[JobStanding]) -> str:
    return units.how_many(len(standings), "job is", "jobs are")


def _names(standings: list[JobStanding]) -> str:
    names = ", ".join(job.title for job in standings[:NAMED])
    more = len(standings) - NAMED
    return f"{names} and {more} more" if more > 0 else names
