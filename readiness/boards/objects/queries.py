"""Health of inventoried objects, read from the evaluations of their sites: one statement for a page of objects."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any, NamedTuple

import orjson
from django.db import connection
from django.db.models import Model

from inventory.models import Accelerator, CoolingUnit, Device, DomainChoices, Link, Port, PowerFeed
from readiness.assessment.scoring.core.health import RANK
from readiness.assessment.scoring.core.states import KNOWN, Health
from readiness.assessment.scoring.models import HealthReason
from readiness.assessment.scoring.queries.rows import ReasonRow, reason_of_stored
from readiness.assessment.scoring.reasons import mark_last_known
from readiness.assessment.scoring.site_facts import ARRIVING, DOMAIN_OF_ROLE, GONE, metrics_with_rules
from readiness.boards.health.queries import reason_row
from readiness.boards.site.queries import KINDS
from telemetry.core.matching import OBJECT_COLUMNS, ObjectKind
from web import watch

MODELS: dict[type[Model], ObjectKind] = {
    Device: ObjectKind.DEVICE,
    Accelerator: ObjectKind.ACCELERATOR,
    Port: ObjectKind.PORT,
    PowerFeed: ObjectKind.FEED,
    Link: ObjectKind.LINK,
    CoolingUnit: ObjectKind.COOLING_UNIT,
}
DOMAINS: dict[type[Model], str] = {
    Accelerator: DomainChoices.COMPUTE,
    Port: DomainChoices.NETWORK,
    Link: DomainChoices.NETWORK,
    PowerFeed: DomainChoices.ENERGY,
    CoolingUnit: DomainChoices.ENERGY,
}
SITE_PATHS = dict(KINDS)


@dataclass(frozen=True, slots=True)
class ObjectHealth:
    """`reason` is the worst one why the object is not well; None if it is well or unknown. `note` says why it is not
    judged."""

    state: Health
    domain: str
    since: datetime | None = None
    reason: ReasonRow | None = None
    note: str = ""


class _Stored(NamedTuple):
    """One object in one domain, as stored by the evaluation of its site; without a domain before the first one."""

    object_id: int
    domain: str | None
    health: str | None
    blind_at: datetime | None
    reason: Any
    is_sent: bool
    is_judged: bool

    def is_blind(self, now: datetime) -> bool:
        return self.blind_at is not None and self.blind_at < now and self.health in KNOWN


_STORED = """
SELECT asked.id, health.domain, health.health, health.blind_at,
    (
        SELECT to_jsonb(reason)::text FROM scoring_healthreason AS reason
        WHERE reason.object_kind = %(kind)s AND reason.object_id = asked.id AND reason.site_id = asked.site_id
            AND reason.domain = health.domain AND reason.counts_from IS NOT NULL
        ORDER BY reason.rank, reason.id LIMIT 1
    ),
    EXISTS (SELECT FROM telemetry_series AS series WHERE series.{column} = asked.id AND series.ended_at IS NULL),
    EXISTS (
        SELECT FROM telemetry_series AS series WHERE series.{column} = asked.id AND series.metric = ANY(%(judged)s)
            AND series.first_seen_at <= score.evaluated_at + %(arriving)s
    )
FROM unnest(%(ids)s::bigint[], %(sites)s::bigint[]) AS asked (id, site_id)
LEFT JOIN scoring_domainhealth AS health ON health.site_id = asked.site_id
LEFT JOIN scoring_sitescore AS score ON score.site_id = asked.site_id
"""


def health_of(objects: Sequence[Any], *, now: datetime) -> dict[int, ObjectHealth]:
    """The health of objects of one kind, by id. The objects must have their device and its site joined in."""
    if not objects:
        return {}
    kind = MODELS[type(objects[0])]
    parameters: dict[str, Any] = {
        "kind": kind,
        "ids": [each.pk for each in objects],
        "sites": [site_id_of(each) for each in objects],
        "judged": sorted(metrics_with_rules()),
        "arriving": ARRIVING,
    }
    stored: dict[int, list[_Stored]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_STORED.format(column=OBJECT_COLUMNS[kind]), parameters)
        for row in map(_Stored._make, cursor.fetchall()):
            stored[row.object_id].append(row)
    judged_at = watch.instant_reached(now)
    return {each.pk: _health(each, stored[each.pk], judged_at) for each in objects}


def reasons_of(obj: Any) -> list[ReasonRow]:
    """All reasons of an object, the worst first."""
    rows = HealthReason.objects.counting().filter(
        site=site_id_of(obj), object_kind=MODELS[type(obj)], object_id=obj.pk
    )
    return [reason_row(reason) for reason in rows.order_by("rank", "pk")]


def site_id_of(obj: Any) -> int:
    """The id of the site that an object belongs to; for a link, the site of its first end."""
    *through, last = SITE_PATHS[type(obj)].split("__")
    return getattr(reduce(getattr, through, obj), f"{last}_id")


def _health(obj: Any, stored: Sequence[_Stored], now: datetime) -> ObjectHealth:
    domain = DOMAIN_OF_ROLE[Device.Role(obj.role)] if isinstance(obj, Device) else DOMAINS[type(obj)]
    if (state := _out_of_service(obj)) is not None:
        return ObjectHealth(state, domain, note="not in service")
    if reasons := [_reason(row, now) for row in stored if row.reason]:
        return min(reasons, key=lambda health: RANK[health.state])
    own = next((row for row in stored if row.domain == domain), None)
    if not stored[0].is_sent:
        return ObjectHealth(Health.NOT_MONITORED, domain, note="no source sends data about it")
    if own is None or not own.is_judged:
        return ObjectHealth(Health.NOT_JUDGED, domain, note="no rule has judged a sample of it yet")
    if own.is_blind(now):
        return ObjectHealth(Health.UNKNOWN, domain, own.blind_at, note="not heard from")
    return ObjectHealth(Health.OK, domain)


def _out_of_service(obj: Any) -> Health | None:
    """Follow the evaluation: planned or retired equipment and inactive ports are not monitored; other inactive
    equipment is in maintenance."""
    if not isinstance(obj, Device | Accelerator | Port):
        return None
    device = obj if isinstance(obj, Device) else obj.device
    is_active = obj.status == device.status == Device.Status.ACTIVE
    if (
        device.status in GONE
        or obj.status == Device.Status.RETIRED
        or (isinstance(obj, Port) and not is_active)
    ):
        return Health.NOT_MONITORED
    return None if is_active else Health.MAINTENANCE


def _reason(row: _Stored, now: datetime) -> ObjectHealth:
    stored = orjson.loads(row.reason)
    reason = reason_of_stored(mark_last_known(stored) if row.is_blind(now) else stored)
    return ObjectHealth(Health(reason.health), row.domain or "", reason.since or reason.taken_at, reason)
