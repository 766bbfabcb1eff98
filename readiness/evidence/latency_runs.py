"""Latency runs of one site for pages that show more than proving reads: every run kept, every percentile."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inventory.models import Device
from readiness.evidence.core.parsed import Figure
from readiness.evidence.core.proving.values import Run
from readiness.evidence.models import RunDevice, RunMeasure
from readiness.evidence.rows import KEPT, REPEATED

MOST_SHOWN = 2_000
"""Runs of one site that a page looks at, the newest first."""


@dataclass(frozen=True, slots=True)
class TailFigure:
    """One percentile of one run. `caution` says why it is not judged."""

    run_id: int
    name: str
    percentile: float
    value: float | None
    samples: int | None
    caution: str


def kept_latency_runs(site_id: int, *, now: datetime) -> list[Run]:
    """Each with its p99 alone, the newest first; two statements."""
    of_run = ("run__tool", "run__taken_at", "run__load", "run__voided_at", "run__void_reason")
    of_figure = ("value", "operation", "subject", "size_bytes", "caution")
    rows = list(
        RunMeasure.objects.filter(
            run__site_id=site_id,
            run__tool__in=REPEATED,
            run__taken_at__gt=now - KEPT,
            run__taken_at__lte=now,
            name="latency",
            percentile=99.0,
        )
        .order_by("-run__taken_at", "-run_id", "id")
        .values_list("run_id", *of_run, *of_figure)[:MOST_SHOWN]
    )
    devices: dict[int, list[tuple[int, str]]] = defaultdict(list)
    of_runs = RunDevice.objects.filter(run_id__in=[row[0] for row in rows]).order_by("device_id")
    for run_id, device_id, role in of_runs.values_list("run_id", "device_id", "device__role"):
        devices[run_id].append((device_id, role))
    return [
        Run(
            id=run_id,
            tool=tool,
            scope="",
            taken_at=taken_at,
            load=load,
            voided_at=voided_at,
            void_reason=reason,
            devices=tuple(device_id for device_id, _ in devices[run_id]),
            nodes=tuple(device_id for device_id, role in devices[run_id] if role == Device.Role.NODE),
            figures=(
                Figure(
                    name="latency",
                    percentile=99.0,
                    value=value,
                    operation=operation,
                    subject=subject,
                    size_bytes=size,
                    caution=caution,
                ),
            ),
        )
        for run_id, tool, taken_at, load, voided_at, reason, value, operation, subject, size, caution in rows
    ]


def tail_figures(run_ids: Collection[int], *names: str, **of_path: Any) -> list[TailFigure]:
    """Every percentile of the latency, or of these figures, that runs hold, not only those that are judged.

    `of_path` narrows them to one operation, subject and size. One statement.
    """
    rows = (
        RunMeasure.objects.filter(
            run_id__in=sorted(run_ids),
            name__in=names or ("latency",),
            percentile__isnull=False,
            **of_path,
        )
        .order_by("run_id", "percentile", "id")
        .values_list("run_id", "name", "percentile", "value", "samples", "caution")
    )
    return [
        TailFigure(run_id, name, percentile, value, samples, caution)
        for run_id, name, percentile, value, samples, caution in rows
        if percentile is not None
    ]
