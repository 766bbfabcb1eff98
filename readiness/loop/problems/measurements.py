"""Problems of measurements that are not to be trusted: one for each metric of a site of which sensors are stuck, and
one for each meter that contradicts what is behind it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from readiness.assessment.evidence.core.load import WORDS, MeteringLevel
from readiness.assessment.evidence.models import MeterContradiction
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.scoring.core.states import Health
from readiness.assessment.scoring.figures import PUE
from readiness.assessment.scoring.models import DomainHealth
from readiness.loop.problems.core.problem import Identity, ObjectOfProblem, PresentProblem
from readiness.loop.problems.core.states import ProblemKind, ProblemState
from telemetry.core.matching import OBJECT_COLUMNS
from telemetry.core.trust import trust_rules
from telemetry.stuck.queries import StuckRow, stuck_sensors
from web.units import format_value, how_many, number, power

STUCK, METERS = "stuck", "meters"
MOST_REASONS = 50
DOUBT_LASTS = timedelta(hours=2)
"""Without a sample, what is in doubt is last known."""
LOOK_AGAIN = timedelta(minutes=30)
CHECK_METERS = (
    "Check the scale and the phases of the meter, its feeds, and whether the inventory has all that it feeds."
)
ACTION = "Read the sensor at the object itself, then restart its exporter or its controller."


def stuck_problems(
    site_ids: Collection[int], framework: Framework, *, now: datetime
) -> Iterator[tuple[int, PresentProblem]]:
    def place(row: StuckRow) -> tuple[int, str]:
        return row.site_id, row.series.metric

    rows = sorted(stuck_sensors(site_ids, now=now), key=lambda row: (*place(row), row.since, row.series.pk))
    for (site_id, metric), of_metric in groupby(rows, key=place):
        yield site_id, _stuck_problem(metric, list(of_metric), framework)


def _stuck_problem(metric: str, rows: Sequence[StuckRow], framework: Framework) -> PresentProblem:
    first, is_single = rows[0], len(rows) == 1
    resting = [
        check.name for check in framework.checks if any(metric in part.metrics for part in check.parts)
    ]
    trust = f" Do not trust what rests on it: {', '.join(resting)}." if resting else ""
    reasons = tuple(map(_reason, rows[:MOST_REASONS]))
    first_reason = reasons[0]
    return PresentProblem(
        identity=Identity(ProblemKind.MEASUREMENT, metric),
        state=ProblemState.WARN,
        subject=STUCK,
        is_last_known=all(row.is_silent for row in rows),
        since=first.since,
        title=f"{first.title} does not move",
        detail=ACTION + trust,
        value=str(format_value(first.value, first.unit))
        if is_single
        else how_many(len(rows), "sensor", "sensors"),
        limit=f"moves within {first.hours} h",
        reasons=reasons,
        object=ObjectOfProblem(first_reason["object_kind"], first_reason["object_id"], first_reason["object"])
        if is_single
        else None,
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


def meter_problems(site_ids: Collection[int], *, now: datetime) -> Iterator[tuple[int, PresentProblem]]:
    rows = MeterContradiction.objects.filter(site__in=site_ids).select_related("site", "device")
    contradictions = list(rows.order_by("site", "level", "pk"))
    energy = DomainHealth.objects.filter(domain="energy", site__in={row.site_id for row in contradictions})
    figures = dict(energy.values_list("site", "figures")) if contradictions else {}
    for row in contradictions:
        is_old = row.seen_at + DOUBT_LASTS <= now
        pue = figures.get(row.site_id, {}).get(PUE.key)
        yield row.site_id, _meter_problem(row, "" if is_old else f" {_effect(row, pue)}", is_old=is_old)


def meter_key(level: str, device_id: int | None, behind: str) -> str:
    return f"{METERS}-{level}-{device_id or 'site'}-{behind}"


def _meter_problem(row: MeterContradiction, effect: str, *, is_old: bool) -> PresentProblem:
    behind = row.get_behind_display()
    share = f"{number(abs(row.percent), 0)} % " if row.behind_kw > 0 else ""
    more = f"{share}{'more' if row.percent > 0 else 'less'}"
    both = f"{power(row.kw)} against {power(row.behind_kw)}"
    kind, object_id, name = ("site", row.site_id, row.site.name)
    if row.device is not None:
        kind, object_id, name = ("device", row.device.pk, row.device.name)
    title = f"Meters disagree: {row.meter} and {behind}"
    reason = {
        "health": Health.WARN.value,
        "object_kind": kind,
        "object_id": object_id,
        "object": name,
        "metric": row.metric,
        "title": title,
        "value": row.kw * 1000,
        "unit": "W",
        "source": trust_rules().meters.source,
        "since": row.since.isoformat(),
        "taken_at": row.seen_at.isoformat(),
    }
    return PresentProblem(
        identity=Identity(ProblemKind.MEASUREMENT, meter_key(row.level, row.device_id, row.behind)),
        state=ProblemState.WARN,
        subject=METERS,
        is_last_known=is_old,
        since=row.since,
        last_sample_at=row.seen_at,
        title=title,
        detail=f"{row.meter}: {more} than the sum of {behind}, {both}.{effect} {CHECK_METERS}",
        value=both,
        limit=f"limit {trust_rules().meters.percent} % apart",
        reasons=(reason,),
        object=ObjectOfProblem(kind, object_id, name),
        objects=1,
        metrics=frozenset(filter(None, [row.metric])),
    )


def _effect(row: MeterContradiction, pue: Mapping[str, Any] | None) -> str:
    """Compute the PUE, and how cost and carbon change with it, if not the meter is right but what is behind it."""
    level = MeteringLevel(row.level)
    if level is MeteringLevel.METER:
        return "No PUE is computed meanwhile: cost and carbon count with one that somebody entered, or with none."
    it_kw = pue["weight"] + row.behind_kw - row.kw if pue else 0.0
    if pue is None or it_kw <= 0 or not pue["source"].endswith(f"over {WORDS[level]}s"):
        return "PUE, cost and carbon do not count with it."
    other = pue["value"] * pue["weight"] / it_kw
    change = number(100 * abs(other / pue["value"] - 1), 1)
    return (
        f"PUE is {number(pue['value'], 2)} by the site meter, and {number(other, 2)} with what is behind {row.meter}:"
        f" cost and carbon of work placed here would be {change} %"
        f" {'higher' if other > pue['value'] else 'lower'}."
    )
