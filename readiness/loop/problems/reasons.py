"""Read the reasons of objects for the problems of some sites: all of a few objects, and the worst few of a crowd."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from readiness.assessment.scoring.core.states import Health, ReasonStanding
from readiness.assessment.scoring.models import DomainHealth, HealthReason
from readiness.loop.problems.core.folding import DOWN, SUPPLY, Node
from readiness.loop.problems.core.health import CROWD_FROM, Crowd, DomainFacts
from readiness.loop.problems.core.problem import StoredReason

SETTLES = timedelta(seconds=30)
"""Scoring looks within seconds at a domain whose samples run out; only if it does not is the domain blind."""
OF_A_CROWD = 8
"""Reasons of a crowd that its problem repeats."""
COLUMNS = (
    *("object_kind", "object_id", "object", "metric", "part", "measure", "direction", "health", "title"),
    *("value", "unit", "threshold", "source", "since", "taken_at", "is_last_known", "standing"),
)
# An object belongs to the crowd of its worst reason. A crowd counts all objects that break its rule, also those of
# which something worse is known.
_REASONS = f"""
WITH counted AS MATERIALIZED (
    SELECT *, first_value(metric) OVER of_object AS worst_metric, row_number() OVER of_object AS place
    FROM scoring_healthreason WHERE site_id = ANY(%(sites)s) AND counts_from IS NOT NULL
    WINDOW of_object AS (PARTITION BY site_id, domain, object_kind, object_id ORDER BY rank, id)
), alike AS MATERIALIZED (
    SELECT site_id, domain, metric, count(DISTINCT (object_kind, object_id)) AS objects,
        count(*) FILTER (WHERE place = 1) AS worst_of, min(since) AS began_at, max(taken_at) AS sampled_at
    FROM counted GROUP BY site_id, domain, metric
), placed AS (
    SELECT counted.*, alike.objects, alike.worst_of, alike.began_at, alike.sampled_at,
        row_number() OVER (PARTITION BY counted.site_id, counted.domain, counted.worst_metric, counted.place > 1
            ORDER BY counted.rank, CASE counted.direction WHEN 'below' THEN value ELSE -value END, counted.id)
            AS place_in_crowd
    FROM counted JOIN alike ON alike.site_id = counted.site_id AND alike.domain = counted.domain
        AND alike.metric = counted.worst_metric
)
SELECT site_id, domain, worst_metric, worst_of, objects, began_at, sampled_at, {", ".join(COLUMNS)}
FROM placed WHERE worst_of < %(crowd)s OR place = 1 AND place_in_crowd <= %(few)s
ORDER BY site_id, domain, worst_metric, place_in_crowd, rank, id
"""


class _ReasonOfGroup(NamedTuple):
    site_id: int
    domain: str
    worst_metric: str
    worst_of: int
    objects: int
    began_at: datetime | None
    sampled_at: datetime | None
    reason: dict[str, Any]


@dataclass(slots=True)
class DomainReasons:
    reasons: list[StoredReason] = field(default_factory=list)
    crowds: list[Crowd] = field(default_factory=list)


def domains_of(
    site_ids: Collection[int], *, now: datetime
) -> dict[int, list[tuple[DomainFacts, datetime | None]]]:
    """The domains of each site, each with the instant at which the clock alone silences it; two statements, and one
    more where a crowd may follow from something."""
    stored = _reasons_of(site_ids)
    by_site: dict[int, list[tuple[DomainFacts, datetime | None]]] = defaultdict(list)
    for row in DomainHealth.objects.filter(site__in=site_ids).order_by("site", "domain"):
        turns_at = row.blind_at + SETTLES if row.blind_at is not None else None
        is_blind = turns_at is not None and turns_at <= now
        of_domain = stored.get((row.site_id, row.domain), DomainReasons())
        reasons, crowds = of_domain.reasons, of_domain.crowds
        if is_blind:
            reasons, crowds = _last_known(reasons), [_last_known_crowd(crowd) for crowd in crowds]
        facts = DomainFacts(
            domain=row.domain,
            health=row.health,
            since=row.blind_at if is_blind and row.blind_at is not None else row.since,
            heard_at=row.heard_at,
            last_health=row.health if is_blind else row.last_health,
            is_silent=is_blind or (row.blind_at is None and _is_unheard(row.health, reasons, crowds)),
            reasons=tuple(reasons),
            crowds=tuple(crowds),
        )
        by_site[row.site_id].append((facts, turns_at))
    return by_site


def _is_unheard(health: str, reasons: Iterable[StoredReason], crowds: Iterable[Crowd]) -> bool:
    """Whether a domain of which no object is heard is silent; one that is empty, or well, is not."""
    every = [*reasons, *(reason for crowd in crowds for reason in crowd.reasons)]
    if any(reason["standing"] == ReasonStanding.LIVE and reason["metric"] for reason in every):
        return False
    return health == Health.UNKNOWN or bool(every)


def _last_known(reasons: Iterable[StoredReason]) -> list[StoredReason]:
    return [{**reason, "is_last_known": True} for reason in reasons]


def _last_known_crowd(crowd: Crowd) -> Crowd:
    return Crowd(
        metric=crowd.metric,
        objects=crowd.objects,
        since=crowd.since,
        last_sample_at=crowd.last_sample_at,
        reasons=tuple(_last_known(crowd.reasons)),
        nodes=crowd.nodes,
    )


def _reasons_of(site_ids: Collection[int]) -> dict[tuple[int, str], DomainReasons]:
    values: dict[str, Any] = {"sites": sorted(site_ids), "crowd": CROWD_FROM, "few": OF_A_CROWD}
    with connection.cursor() as cursor:
        cursor.execute(_REASONS, values)
        rows = [_ReasonOfGroup._make((*row[:7], _stored_reason(row[7:]))) for row in cursor.fetchall()]
    by_domain: dict[tuple[int, str], DomainReasons] = defaultdict(DomainReasons)
    crowds: dict[tuple[int, str, str], list[_ReasonOfGroup]] = defaultdict(list)
    for row in rows:
        if row.worst_of < CROWD_FROM:
            by_domain[row.site_id, row.domain].reasons.append(row.reason)
        else:
            crowds[row.site_id, row.domain, row.worst_metric].append(row)
    nodes = _nodes_of(crowds)
    for (site_id, domain, metric), alike in crowds.items():
        crowd = Crowd(
            metric=metric,
            objects=alike[0].objects,
            since=alike[0].began_at,
            last_sample_at=alike[0].sampled_at,
            reasons=tuple(row.reason for row in alike),
            nodes=frozenset(nodes.get((site_id, domain, metric), ())),
        )
        by_domain[site_id, domain].crowds.append(crowd)
    return by_domain


def _stored_reason(values: Sequence[Any]) -> dict[str, Any]:
    reason = dict(zip(COLUMNS, values, strict=True))
    for name in ("since", "taken_at"):
        reason[name] = reason[name].isoformat() if reason[name] else None
    return reason


def _nodes_of(crowds: Iterable[tuple[int, str, str]]) -> Mapping[tuple[int, str, str], set[Node]]:
    """All objects of crowds that may have lost what they depend on."""
    nodes: dict[tuple[int, str, str], set[Node]] = defaultdict(set)
    lost = {place for place in crowds if not place[2] or place[2] in DOWN | SUPPLY}
    if lost:
        rows = (
            HealthReason.objects.counting()
            .filter(site__in={site_id for site_id, *_ in lost}, metric__in={metric for *_, metric in lost})
            .order_by()
        )
        for site_id, domain, metric, kind, object_id in rows.values_list(
            "site_id", "domain", "metric", "object_kind", "object_id"
        ):
            if (site_id, domain, metric) in lost:
                nodes[site_id, domain, metric].add((kind, object_id))
    return nodes


def metrics_of_objects(names: Collection[tuple[int, str]]) -> dict[tuple[int, str], frozenset[str]]:
    """The metrics of the reasons of objects, by site and name; one statement."""
    metrics: dict[tuple[int, str], set[str]] = defaultdict(set)
    if names:
        rows = (
            HealthReason.objects.counting()
            .filter(site__in={site_id for site_id, _ in names}, object__in={name for _, name in names})
            .order_by()
        )
        for site_id, name, metric in rows.exclude(metric="").values_list("site_id", "object", "metric"):
            metrics[site_id, name].add(metric)
    return {place: frozenset(of_object) for place, of_object in metrics.items()}
