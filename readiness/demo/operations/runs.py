"""Imports outputs of test tools as the product does: regular runs of some sites, and trials at a few others.

Runs count from the time they were taken, so all of the past can be imported before any scoring.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import User
from inventory.models import Accelerator, Device, Site
from readiness.assessment.evidence.operations import RunContext, Upload, import_runs
from readiness.demo.core import outputs
from readiness.demo.core.plan import FleetPlan, SitePlan, book
from readiness.demo.core.runs import (
    REPEATS,
    Day,
    DemoRun,
    failed_soak,
    interop_test,
    last_check,
    quick_checks,
    rounds,
)
from telemetry.models import SourceProvenance

EVERY = timedelta(minutes=3)
"""Time between two repeats of a trial."""


class Portion(Enum):
    """Which records and runs of a site to write: the newest of each kind, the earlier ones, or both."""

    ALL = "all"
    NEWEST = "newest"
    OLDER = "older"

    def has(self, *, newest: bool) -> bool:
        return self is Portion.ALL or newest == (self is Portion.NEWEST)


WITH_BASELINE = 2
"""Number of runs of a kind that today needs: the newest, and one earlier run as its baseline."""
SAY_WHEN = frozenset({"csv", "vllm-bench"})
"""Tools whose output states when it was taken."""


def write_runs(
    plan: FleetPlan,
    sites: Mapping[str, Site],
    *,
    nights: Collection[int],
    portion: Portion,
    by: User | None,
    now: datetime,
) -> None:
    """Write a portion of the past up to `now`, the time of loading. `nights` are the ages in days at which scores need
    a quick check."""
    for site in _keeping(plan):
        if site.name not in sites:
            continue
        day = _days(sites[site.name], now)
        begin = day(book("runs")["since"][site.name])
        times = {last_check(day, age, now - timedelta(days=age)) for age in nights} | {now}
        planned = [
            *rounds(site, day, first=book("runs")["since"][site.name], last=0),
            *quick_checks(site, times, since=begin),
        ]
        repeats: dict[str, list[DemoRun]] = defaultdict(list)
        for run in sorted(planned, key=lambda run: run.taken_at):
            if run.taken_at <= now:
                repeats[_repeated(run)].append(run)
        newest = {id(run) for runs in repeats.values() for run in runs[-WITH_BASELINE:]}
        portion_runs = [run for run in planned if portion.has(newest=id(run) in newest)]
        _import(sites[site.name], portion_runs, after=begin, by=by, now=now)


def _repeated(run: DemoRun) -> str:
    """The common name of a run and its successors: the file name of a round. A quick check is named by its time."""
    return "" if run.file_name.startswith("mndiag-") else run.file_name


def keep_runs(
    plan: FleetPlan,
    sites: Mapping[str, Site],
    *,
    by: User | None,
    loaded_at: datetime,
    last_at: datetime,
    now: datetime,
) -> int:
    """Import the rounds that were due since `last_at`, and a present quick check. Returns their number."""
    count = 0
    for site in _keeping(plan):
        if site.name not in sites:
            continue
        day = _days(sites[site.name], loaded_at)
        ages = [(day(0) - at).days for at in (last_at, now)]
        # Add a day at either end, because a round lasts for hours; the time of each run decides whether it is due.
        planned = [
            *rounds(site, day, first=ages[0] + 1, last=ages[1] - 1),
            *quick_checks(site, {now}, since=last_at),
        ]
        count += _import(sites[site.name], planned, after=last_at, by=by, now=now)
    return count


def _keeping(plan: FleetPlan) -> list[SitePlan]:
    return [site for site in plan.sites if site.name in book("runs")["since"]]


def _days(site: Site, loaded_at: datetime) -> Day:
    midnight = loaded_at.astimezone(ZoneInfo(site.time_zone)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    return lambda age: midnight - timedelta(days=age)


def _import(
    site: Site, planned: Iterable[DemoRun], *, after: datetime, by: User | None, now: datetime
) -> int:
    due = [run for run in planned if after < run.taken_at <= now]
    names = {name for run in due for name in run.nodes}
    devices: dict[str, Device] = {
        device.name: device
        for device in Device.objects.filter(site=site, name__in=names).select_related("device_type")
    }
    uploads = [
        Upload(
            tool=run.tool,
            content=run.content,
            file_name=run.file_name,
            context=RunContext(
                load=run.load,
                load_gbps=run.load_gbps,
                devices=[devices[name] for name in run.nodes],
                taken_at=None if run.tool in SAY_WHEN else run.taken_at,
                provenance=SourceProvenance.SIMULATED,
                note=run.note,
            ),
        )
        for run in due
    ]
    return len(import_runs(site=site, uploads=uploads, by=by, now=now))


def write_trials(plan: FleetPlan, sites: Mapping[str, Site], *, by: User | None, now: datetime) -> None:
    record_book = book("records")
    plans = {site.name: site for site in plan.sites}
    for row in record_book["tests"]:
        if row["site"] in sites:
            taken_at = now - timedelta(days=row["ago"])
            run = _test(plans[row["site"]], row, taken_at)
            _import(sites[row["site"]], [run], after=taken_at - EVERY, by=by, now=now)
    for rows, runs in (("latency", _path), ("trials", _node)):
        for row in record_book[rows]:
            if row["site"] in sites:
                taken_at = now - timedelta(days=row["ago"])
                _import(sites[row["site"]], runs(row, taken_at), after=taken_at - EVERY, by=by, now=now)


def _test(site: SitePlan, row: Mapping[str, Any], at: datetime) -> DemoRun:
    run = failed_soak(site, at, flaps=row["flaps"]) if "flaps" in row else interop_test(site, at)
    return replace(run, note=row["note"])


def _path(row: Mapping[str, Any], began: datetime) -> Iterator[DemoRun]:
    for place, load in enumerate(("idle", "loaded")):
        tail = dict(zip(("p50", "p99", "p999"), row[load], strict=True))
        for repeat in range(REPEATS):
            run = f"{row['from']} to {row['to']}, {load}, {repeat + 1} of {REPEATS}"
            yield DemoRun(
                "perftest",
                f"ib_write_lat-{load}-{repeat + 1:02}.txt",
                outputs.latency(**tail, port=row["port"], run=f"{run}, {began:%Y-%m-%d}"),
                began + EVERY * (place * REPEATS + repeat),
                (row["from"], row["to"]),
                load=load,
                load_gbps=row["load_gbps"] if load == "loaded" else None,
                note=run,
            )


def _node(row: Mapping[str, Any], taken_at: datetime) -> Iterator[DemoRun]:
    host = row["node"]
    gpus = Accelerator.objects.filter(device__name=host, device__site__name=row["site"]).count()
    run = f"{host}, {taken_at:%Y-%m-%d}"
    collective = outputs.all_reduce(host=host, busbw=row["busbw"], gpus=gpus, run=run)
    yield DemoRun("nccl-tests", f"all_reduce-{host}.log", collective, taken_at, (host,))
    diagnostic = outputs.diagnostic(gpus=gpus, severities=row["severities"], run=run)
    yield DemoRun("dcgm-diag", f"diag-{host}.json", diagnostic, taken_at, (host,))
