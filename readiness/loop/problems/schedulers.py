"""Problems of nodes about which a scheduler and something else differ: one of each kind at a site, with both sides."""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import Any

from readiness.assessment.scoring.core.states import Health
from readiness.loop.problems.core.problem import Identity, ObjectOfProblem, PresentProblem
from readiness.loop.problems.core.states import ProblemKind, ProblemState
from readiness.loop.problems.measurements import MOST_REASONS
from telemetry.core.matching import ObjectKind
from telemetry.models import SchedulerContradiction
from telemetry.schedulers import sentences
from telemetry.schedulers.queries import contradictions
from web.units import how_many

SCHEDULER = "scheduler"


def scheduler_problems(site_ids: Collection[int]) -> Iterator[tuple[int, PresentProblem]]:
    rows = contradictions(site_ids)
    for (site_id, kind), alike in groupby(rows, key=lambda row: (row.site_id, row.kind)):
        yield site_id, _problem(SchedulerContradiction.Kind(kind), list(alike))


def _problem(kind: SchedulerContradiction.Kind, rows: Sequence[SchedulerContradiction]) -> PresentProblem:
    first, is_single = rows[0], len(rows) == 1
    device = first.state.device
    others = "" if is_single else f" So do {how_many(len(rows) - 1, 'other node', 'other nodes')}."
    return PresentProblem(
        identity=Identity(ProblemKind.MEASUREMENT, f"{SCHEDULER}-{kind.value}"),
        state=ProblemState.WARN,
        subject=SCHEDULER,
        is_last_known=all(row.state.silent_since is not None for row in rows),
        since=first.since,
        title=sentences.TITLES[kind],
        detail=f"{sentences.contradiction(first)}{others} {sentences.ACTIONS[kind]}",
        value=first.scheduler_says if is_single else how_many(len(rows), "node", "nodes"),
        limit=first.other_says if is_single else "",
        reasons=tuple(_reason(row) for row in rows[:MOST_REASONS]),
        object=ObjectOfProblem(ObjectKind.DEVICE, device.pk, device.name) if is_single else None,
        objects=len({row.state.device_id for row in rows}),
    )


def _reason(row: SchedulerContradiction) -> dict[str, Any]:
    device = row.state.device
    return {
        "health": Health.WARN.value,
        "object_kind": ObjectKind.DEVICE.value,
        "object_id": device.pk,
        "object": device.name,
        "metric": "",
        "title": sentences.contradiction(row),
        "value": None,
        "unit": "",
        "source": "OD",
        "since": row.since.isoformat(),
        "taken_at": None,
    }
