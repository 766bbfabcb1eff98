"""Runs of test tools at a few sites, imported through the product's own door with the time they were taken."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from inventory.models import Accelerator, Device, Site
from readiness.demo.core import outputs
from readiness.demo.core.plan import book
from readiness.evidence.operations import RunContext, import_run
from telemetry.models import SourceProvenance

REPEATS = 20
"""A latency needs this many repeats to be evidence."""
EVERY = timedelta(minutes=3)


def write_trials(sites: Mapping[str, Site], *, by: User | None, now: datetime) -> None:
    kept = book("records")
    for row in kept["latency"]:
        if row["site"] in sites:
            _write_path(sites[row["site"]], row, by=by, now=now)
    for row in kept["trials"]:
        if row["site"] in sites:
            _write_node(sites[row["site"]], row, by=by, now=now)


def _write_path(site: Site, row: Mapping[str, Any], *, by: User | None, now: datetime) -> None:
    ends = _devices(site, row["from"], row["to"])
    began = now - timedelta(days=row["ago"])
    for place, load in enumerate(("idle", "loaded")):
        p50, p99, p999 = row[load]
        for repeat in range(REPEATS):
            run = f"{row['from']} to {row['to']}, {load}, {repeat + 1} of {REPEATS}"
            content = outputs.latency(
                p50=p50, p99=p99, p999=p999, port=row["port"], run=f"{run}, {began:%Y-%m-%d}"
            )
            context = RunContext(
                load=load,
                load_gbps=row["load_gbps"] if load == "loaded" else None,
                devices=ends,
                taken_at=began + EVERY * (place * REPEATS + repeat),
                provenance=SourceProvenance.SIMULATED,
                note=run,
            )
            _import(site, "perftest", content, f"ib_write_lat-{load}-{repeat + 1:02}.txt", context, by, now)


def _write_node(site: Site, row: Mapping[str, Any], *, by: User | None, now: datetime) -> None:
    [node] = _devices(site, row["node"])
    gpus = Accelerator.objects.filter(device=node).count()
    taken_at = now - timedelta(days=row["ago"])
    run = f"{row['node']}, {taken_at:%Y-%m-%d}"
    context = RunContext(devices=[node], taken_at=taken_at, provenance=SourceProvenance.SIMULATED)
    collective = outputs.all_reduce(host=row["node"], busbw=row["busbw"], gpus=gpus, run=run)
    _import(site, "nccl-tests", collective, f"all_reduce-{row['node']}.log", context, by, now)
    diagnostic = outputs.diagnostic(gpus=gpus, severities=row["severities"], run=run)
    _import(site, "dcgm-diag", diagnostic, f"diag-{row['node']}.json", context, by, now)


def _devices(site: Site, *names: str) -> list[Device]:
    device_by_name = {
        device.name: device
        for device in Device.objects.filter(site=site, name__in=names).select_related("device_type")
    }
    return [device_by_name[name] for name in names]


def _import(
    site: Site,
    tool: str,
    content: bytes,
    file_name: str,
    context: RunContext,
    by: User | None,
    now: datetime,
) -> None:
    import_run(site=site, tool=tool, content=content, file_name=file_name, by=by, now=now, context=context)
