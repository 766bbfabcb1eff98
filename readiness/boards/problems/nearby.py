"""Runs and changes at the site of a problem, near its beginning."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import DateTimeField, DurationField, F, Model, Q, Value
from django.db.models.functions import Greatest

from inventory.models import Site
from readiness.assessment.evidence.models import ValidationRun
from readiness.boards.objects.queries import MODELS
from readiness.boards.problems.rows import ProblemRow
from telemetry.core.matching import ObjectKind
from web.history.events import HistoryQuery, HistoryRow, nearest, visible_models
from web.links import page_url

NEAR = timedelta(hours=2)
MOST = 5
READ = 40
"""Entries that are read; those of one import are listed as one."""
SEES_RUNS = "evidence.view_validationrun"
APPS = frozenset({"inventory", "telemetry", "workloads"})
"""Apps whose changes are listed: those of the hardware, the sources and the workloads of a site."""
_TABLES = {kind.value: model._meta.db_table for model, kind in MODELS.items()}


@dataclass(frozen=True, slots=True)
class NearbyRun:
    at: datetime
    run: ValidationRun
    url: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class NearbyChange:
    """The change of an object; `has_others` if others of its kind changed in the same transaction."""

    at: datetime
    entry: HistoryRow
    has_others: bool
    number: int = 0


type NearbyEvent = NearbyRun | NearbyChange


@dataclass(frozen=True, slots=True)
class Nearby:
    """The closest events in the order of time."""

    began_at: datetime
    events: Sequence[NearbyEvent]
    sees_runs: bool
    sees_changes: bool


def nearby(problem: ProblemRow, *, user: Any, now: datetime) -> Nearby:
    began_at = problem.since or problem.first_seen_at
    models = tuple(model for model in visible_models(user) if model._meta.app_label in APPS)
    sees_runs = user.has_perm(SEES_RUNS)
    events: list[NearbyEvent] = [*_changes(problem, models, began_at)] if models else []
    if sees_runs:
        events += _runs(problem, began_at, now)
    closest = sorted(events, key=lambda event: abs(event.at - began_at))[:MOST]
    in_time = sorted(closest, key=lambda event: event.at)
    numbered = [replace(event, number=place) for place, event in enumerate(in_time, start=1)]
    return Nearby(began_at, numbered, sees_runs, bool(models))


def _runs(problem: ProblemRow, began_at: datetime, now: datetime) -> list[NearbyRun]:
    moment = Value(began_at, output_field=DateTimeField())
    distance = Greatest(F("taken_at") - moment, moment - F("taken_at"), output_field=DurationField())
    runs = (
        ValidationRun.objects.taken_by(now)
        .filter(site=problem.site_id, taken_at__range=(began_at - NEAR, began_at + NEAR))
        .order_by(distance, "-pk")
    )
    return [NearbyRun(run.taken_at, run, page_url(run) or "") for run in runs[:MOST]]


def _changes(problem: ProblemRow, models: tuple[type[Model], ...], began_at: datetime) -> list[NearbyChange]:
    query = HistoryQuery(models=models, start=began_at - NEAR, end=began_at + NEAR)
    entries = nearest(query, began_at, about=_is_about(problem), limit=READ)
    alike: dict[tuple[datetime, type[Model], str], list[HistoryRow]] = {}
    for entry in entries:
        alike.setdefault((entry.at, entry.model, entry.action), []).append(entry)
    return [NearbyChange(first.at, first, bool(rest)) for first, *rest in alike.values()]


def _is_about(problem: ProblemRow) -> Q:
    """Rows of the site, the object itself, and parts of a device."""
    site = problem.site_id
    about = Q(after__site_id=site) | Q(before__site_id=site) | Q(table=Site._meta.db_table, object_id=site)
    reason = problem.reasons[0] if problem.reasons else None
    if reason is None or not reason.object_id:
        return about
    if reason.object_kind == ObjectKind.DEVICE:
        return about | Q(after__device_id=reason.object_id) | Q(before__device_id=reason.object_id)
    if (table := _TABLES.get(reason.object_kind)) is not None:
        about |= Q(table=table, object_id=reason.object_id)
    return about
