"""Latency of one path, measured often enough to count: idle and under load."""

from copy import copy
from datetime import timedelta

from readiness.assessment.evidence.models import RunDevice, RunMeasure, ValidationRun
from readiness.assessment.evidence.operations import RunContext, import_run
from tests.inventory import made
from tests.readiness.assessment.evidence import outputs


def pair(site, *names):
    """Two nodes of the site, by these names."""
    return [made.device(site=site, name=name) for name in names]


GBPS = 400.0
"""Line rate of the nodes' ports."""


def connect(devices):
    """A port of each device, from whose rate the share of a background load follows."""
    for device in devices:
        if not device.ports.exists():
            made.port(device=device, name="eth9", speed_gbps=GBPS)


def measure(site, devices, *, now, loads=("idle", "loaded"), repeats=20, idle_p99=2.0, ago=1.0, **tails):
    """A file of perftest of each load, `ago` days back, and its repeats a minute apart. Returns the runs."""
    runs = []
    connect(devices)
    for load in loads:
        given = tails if load == "loaded" else {"p50": 1.8, "p99": idle_p99, "p999": idle_p99 + 1}
        content = outputs.latency(mark=f"{site.pk} {devices[0].pk} {load} {ago}", **given)
        context = RunContext(
            load=load,
            load_gbps=0.8 * GBPS if load == "loaded" else None,
            devices=devices,
            taken_at=now - timedelta(days=ago),
        )
        file = {"tool": "perftest", "content": content, "file_name": f"{load}.log"}
        first = import_run(site=site, by=None, now=now, context=context, **file)
        runs += [first, *repeated(first, repeats - 1)]
    return runs


def repeated(first, count):
    """The run again and again, as importing would have stored it: a file each is not what is tested."""
    again = [
        copied(
            first,
            file_sha256=f"{place:08}{first.file_sha256[:56]}",
            content_digest=f"{place:08}{first.content_digest[:56]}",
        )
        for place in range(count)
    ]
    for place, run in enumerate(again, start=1):
        run.taken_at -= timedelta(minutes=place)
    ValidationRun.objects.bulk_create(again)
    for model in (RunMeasure, RunDevice):
        rows = list(model.objects.filter(run=first))
        model.objects.bulk_create(copied(row, run=run) for run in again for row in rows)
    return again


def copied(row, **changed):
    other = copy(row)
    other.pk = None
    for name, value in changed.items():
        setattr(other, name, value)
    return other
