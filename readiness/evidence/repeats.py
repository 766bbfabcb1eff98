"""Latency runs of sites as `proofs` reads them, for pages that show what was read and what was left out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from readiness.evidence.core.proving.latency import LEAST_REPEATS
from readiness.evidence.core.proving.values import Run
from readiness.evidence.models import RunMeasure, ValidationRun
from readiness.evidence.proofs import KEPT, READ, REPEATED, REPEATS, runs_of

MOST_SHOWN = 2_000
"""Runs of one site that a page looks at, the newest first."""


@dataclass(frozen=True, slots=True)
class LatencyRuns:
    """`newest` are those that scoring reads, `first` the oldest loaded ones that are kept, of each thing."""

    newest: Sequence[Run]
    first: Sequence[Run]


@dataclass(frozen=True, slots=True)
class TailFigure:
    """One percentile of one run. `caution` says why it is not judged."""

    run_id: int
    name: str
    percentile: float
    value: float | None
    samples: int | None
    caution: str


def latency_runs(site_ids: Collection[int], *, now: datetime) -> dict[int, LatencyRuns]:
    """By site, of those that have any; four statements whatever the number of sites and runs."""
    there = (
        ValidationRun.objects.taken_by(now)
        .filter(site_id__in=sorted(site_ids), tool__in=REPEATED, taken_at__gt=now - KEPT)
        .order_by("id")
        .only(*READ)
    )
    newest = list(there.annotate(place=_place(newest=True)).filter(place__lte=REPEATS))
    first = list(
        there.filter(load=ValidationRun.Load.LOADED)
        .annotate(place=_place(newest=False))
        .filter(place__lte=LEAST_REPEATS)
    )
    found = runs_of(list({row.pk: row for row in (*newest, *first)}.values()))
    newest_ids, first_ids = {row.pk for row in newest}, {row.pk for row in first}
    return {
        site_id: LatencyRuns(
            [run for run in runs if run.id in newest_ids], [run for run in runs if run.id in first_ids]
        )
        for site_id, runs in found.items()
    }


def all_latency_runs(site_id: int, *, now: datetime) -> list[Run]:
    """The newest runs of one site that are kept, oldest first; three statements."""
    rows = (
        ValidationRun.objects.taken_by(now)
        .filter(site_id=site_id, tool__in=REPEATED, taken_at__gt=now - KEPT)
        .order_by("-taken_at", "-id")
        .only(*READ)
    )
    return list(reversed(runs_of(list(rows[:MOST_SHOWN])).get(site_id, [])))


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
    return [TailFigure(*row) for row in rows]


def _place(*, newest: bool) -> Window:
    """Of a run among those of the same thing."""
    order = [F("taken_at").desc(), F("id").desc()] if newest else [F("taken_at").asc(), F("id").asc()]
    return Window(RowNumber(), partition_by=[F("site_id"), F("about")], order_by=order)
