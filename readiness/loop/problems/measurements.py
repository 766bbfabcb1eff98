"""Problems of measurements that are not to be trusted: one for each metric of a site of which sensors are stuck."""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import Any

from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.scoring.core.states import Health
from readiness.loop.problems.core.problem import Identity, ObjectOfProblem, PresentProblem
from readiness.loop.problems.core.states import ProblemKind, ProblemState
from telemetry.core.matching import OBJECT_COLUMNS
from telemetry.stuck.queries import StuckRow, stuck_sensors
from web.units import format_value, how_many

STUCK = "stuck"
MOST_REASONS = 50
ACTION = "Read the sensor at the object itself, then restart its exporter or its controller."


def stuck_problems(site_ids: Collection[int], framework: Framework) -> Iterator[tuple[int, PresentProblem]]:
    def place(row: StuckRow) -> tuple[int, str]:
        return row.series.site_id or 0, row.series.metric

    rows = sorted(stuck_sensors(site_ids), key=lambda row: (*place(row), row.since, row.series.pk))
    for (site_id, metric), of_metric in groupby(rows, key=place):
        yield site_id, _stuck_problem(metric, list(of_metric), framework)


def _stuck_problem(metric: str, rows: Sequence[StuckRow], framework: Framework) -> PresentProblem:
    first, is_single = rows[0], len(rows) == 1
    resting = [
        check.name for check in framework.checks if any(metric in part.metrics for part in check.parts)
    ]
    trust = f" Do not trust what rests on it: {', '.join(resting)}." if resting else ""
    reasons = tuple(map(_reason, rows[:MOST_REASONS]))
    worst = reasons[0]
    return PresentProblem(
        identity=Identity(ProblemKind.MEASUREMENT, metric),
        state=ProblemState.WARN,
        subject=STUCK,
        since=first.since,
        title=f"{first.title} does not move",
        detail=ACTION + trust,
        value=str(format_value(first.value, first.unit))
        if is_single
        else how_many(len(rows), "sensor", "sensors"),
        limit=f"moves within {first.hours} h",
        reasons=reasons,
        object=ObjectOfProblem(worst["object_kind"], worst["object_id"], worst["object"]),
        objects=len(rows),
        metrics=frozenset({metric}),
    )


def _reason(row: StuckRow) -> dict[str, Any]:
    kind = row.series.object_kind
    column = OBJECT_COLUMNS.get(kind, "site_id")
    return {
        "health": Health.WARN.value,
        "object_kind": kind,
        "object_id": getattr(row.series, column),
        "object": row.object,
        "metric": row.series.metric,
        "title": f"{row.title} does not move",
        "value": row.value,
        "unit": row.unit,
        "source": row.source,
        "since": row.since.isoformat(),
        "taken_at": None,
    }
