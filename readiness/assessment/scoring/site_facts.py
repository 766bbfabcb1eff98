"""The inventory and the telemetry of sites, as the facts that checks and health use, read for all sites at once."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from itertools import batched
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q

from inventory.models import Accelerator, CoolingUnit, Device, DomainChoices, Link
from inventory.queries import power_feeds
from readiness.assessment.evidence.measures import FLOW_ALARM_METRICS, POWER_METRICS, SITE_POWER_METRICS
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.scoring.checks import HELD_OF, LATEST_OF, RISES_OF, metrics_of, placements
from readiness.assessment.scoring.checks.hardware import ROW_REMAP_METRICS, XID_METRICS
from readiness.assessment.scoring.core.reasons import ObjectKey
from readiness.assessment.scoring.facts import JUST_GONE_S, LIVE_CADENCES, WINDOW, CircuitFact, Thing
from readiness.assessment.scoring.figures import GPU_TEMPERATURE_METRICS, UTILISATION_METRICS
from readiness.assessment.scoring.preconditions import companions
from telemetry import queries as telemetry
from telemetry.binary import fetched
from telemetry.core.metric import ComparedValue
from telemetry.core.registry import registry
from telemetry.schedulers.queries import withdrawn_since
from web.audit import steps_of

GONE = (Device.Status.PLANNED, Device.Status.RETIRED)
DOMAIN_OF_ROLE = {
    Device.Role.NODE: DomainChoices.COMPUTE,
    Device.Role.SERVER: DomainChoices.COMPUTE,
    Device.Role.STORAGE: DomainChoices.COMPUTE,
    Device.Role.SWITCH: DomainChoices.NETWORK,
    Device.Role.ROUTER: DomainChoices.NETWORK,
    Device.Role.GATEWAY: DomainChoices.NETWORK,
    Device.Role.PDU: DomainChoices.ENERGY,
    Device.Role.UPS: DomainChoices.ENERGY,
    Device.Role.METER: DomainChoices.ENERGY,
}
# Storage has no exporter of its own as a rule, and a meter is the site's: neither is among the objects of
# the check.
UNCOVERED = (Device.Role.STORAGE, Device.Role.METER)


@dataclass(slots=True)
class SiteObjects:
    """`names` also has feeds and links, which are subjects of series but not of coverage. `counts` is by domain,
    `withdrawn_by_scheduler` since when each device in service takes no work."""

    things: dict[ObjectKey, Thing] = field(default_factory=dict)
    names: dict[ObjectKey, str] = field(default_factory=dict)
    circuits: list[CircuitFact] = field(default_factory=list)
    loops: dict[int, str] = field(default_factory=dict)
    linked_ports: set[ObjectKey] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    withdrawn_by_scheduler: dict[int, datetime] = field(default_factory=dict)

    @property
    def domain_counts(self) -> Counter[str] | None:
        return self.counts if self.things else None

    def add(self, thing: Thing) -> None:
        self.things[thing.key] = thing
        self.names[thing.key] = thing.name
        self.counts[thing.domain] += thing.in_service and thing.covered


_OBJECTS = """
SELECT 1 AS nth, device.id, site_id, device.id AS device_id, name, NULL::int AS number, NULL AS part,
    role AS is_a, status, NULL AS device_status, rack_id IS NOT NULL AS in_rack
FROM inventory_device device WHERE site_id = ANY(%(sites)s) AND status <> ALL(%(gone)s)
UNION ALL
SELECT 2, accelerator.id, device.site_id, device_id, name, index, NULL, '', accelerator.status, device.status, false
FROM inventory_accelerator accelerator JOIN inventory_device device ON device.id = device_id
WHERE device.site_id = ANY(%(sites)s) AND accelerator.status <> 'retired' AND device.status <> ALL(%(gone)s)
UNION ALL
SELECT 3, port.id, device.site_id, device_id, device.name, NULL, port.name, '', port.status, device.status, false
FROM inventory_port port JOIN inventory_device device ON device.id = device_id
WHERE device.site_id = ANY(%(sites)s) AND port.status = 'active' AND device.status <> ALL(%(gone)s)
UNION ALL
SELECT 4, id, site_id, NULL, name, NULL, NULL, medium, NULL, NULL, false
FROM inventory_coolingunit WHERE site_id = ANY(%(sites)s)
ORDER BY nth, name, number, part, id
"""


class _Row(NamedTuple):
    """A device (1), accelerator (2), port (3) or cooling unit (4), by `nth`; `name` is the device's for a part of
    one."""

    nth: int
    id: int
    site_id: int
    device_id: int | None
    name: str
    number: int | None
    part: str | None
    is_a: str
    status: str | None
    device_status: str | None
    in_rack: bool


def things_of(site_ids: Collection[int]) -> dict[int, SiteObjects]:
    by_site = {site_id: SiteObjects() for site_id in site_ids}
    with connection.cursor() as cursor:
        cursor.execute(_OBJECTS, {"sites": list(by_site), "gone": [str(status) for status in GONE]})
        for row in map(_Row._make, cursor.fetchall()):
            by_site[row.site_id].add(_THING_OF[row.nth](row))
            if row.is_a == CoolingUnit.Medium.LIQUID:
                by_site[row.site_id].loops[row.id] = row.name
    _add_circuits(by_site, site_ids)
    _withdraw(by_site)
    links = Link.objects.filter(Q(site_a__in=site_ids) | Q(site_b__in=site_ids)).order_by()
    for link_id, name, *ends in links.values_list(
        "id", "name", "site_a_id", "port_a_id", "site_b_id", "port_b_id"
    ):
        for site_id, port_id in batched(ends, 2):
            if site_id in by_site:
                by_site[site_id].names["link", link_id] = name
                by_site[site_id].linked_ports.add(("port", port_id))
    return by_site


def _withdraw(by_site: Mapping[int, SiteObjects]) -> None:
    """A node that its scheduler keeps out of work takes none; it must still be heard from."""
    withdrawn = withdrawn_since(by_site)
    for site in by_site.values():
        for key, thing in site.things.items():
            if thing.takes_work and thing.device_id in withdrawn:
                site.things[key] = replace(thing, takes_work=False)
                site.withdrawn_by_scheduler[thing.device_id] = withdrawn[thing.device_id]


def _device(row: _Row) -> Thing:
    active = row.status == Device.Status.ACTIVE
    domain = DOMAIN_OF_ROLE[Device.Role(row.is_a)]
    return Thing(
        key=("device", row.id),
        name=row.name,
        domain=domain,
        role=row.is_a,
        device_id=row.id,
        in_service=active,
        covered=row.is_a not in UNCOVERED,
        in_rack=row.in_rack,
        takes_work=active and domain == DomainChoices.COMPUTE,
    )


def _accelerator(row: _Row) -> Thing:
    active = row.status == Accelerator.Status.ACTIVE and row.device_status == Device.Status.ACTIVE
    return Thing(
        key=("accelerator", row.id),
        name=f"{row.name} #{row.number}",
        domain=DomainChoices.COMPUTE,
        device_id=row.device_id,
        in_service=active,
        takes_work=active,
    )


def _port(row: _Row) -> Thing:
    return Thing(
        key=("port", row.id),
        name=f"{row.name} {row.part}",
        domain=DomainChoices.NETWORK,
        device_id=row.device_id,
        in_service=row.device_status == Device.Status.ACTIVE,
    )


def _cooling_unit(row: _Row) -> Thing:
    return Thing(key=("cooling-unit", row.id), name=row.name, domain=DomainChoices.ENERGY)


_THING_OF = {1: _device, 2: _accelerator, 3: _port, 4: _cooling_unit}


def _add_circuits(by_site: Mapping[int, SiteObjects], site_ids: Collection[int]) -> None:
    feeds = power_feeds(site_ids)
    legs: dict[int, set[str]] = defaultdict(set)
    for feed in feeds:
        if feed.rack_id is not None:
            legs[feed.rack_id].add(feed.leg)
    for feed in feeds:
        dual_fed = feed.rack_id is not None and legs[feed.rack_id] >= {"A", "B"}
        by_site[feed.site_id].circuits.append(CircuitFact(feed.id, feed.name, dual_fed))
        by_site[feed.site_id].names["feed", feed.id] = feed.name


def withdrawn_at(sites: Mapping[int, SiteObjects]) -> dict[int, dict[ObjectKey, datetime]]:
    """When each device and accelerator of a site that takes no work now was last withdrawn, from the change history.
    Two statements. An object entered in that state was withdrawn at its entry."""
    site_of: dict[str, dict[int, int]] = {"device": {}, "accelerator": {}}
    for site_id, site in sites.items():
        for (kind, object_id), thing in site.things.items():
            if kind in site_of and not thing.in_service:
                site_of[kind][object_id] = site_id
    withdrawn: dict[int, dict[ObjectKey, datetime]] = defaultdict(dict)
    for kind, sites_of_kind in site_of.items():
        for object_id, at in _left_service(kind, list(sites_of_kind)).items():
            withdrawn[sites_of_kind[object_id]][kind, object_id] = at
    for site_id, site in sites.items():
        for device_id, at in site.withdrawn_by_scheduler.items():
            withdrawn[site_id]["device", device_id] = at
    return withdrawn


def _left_service(kind: str, ids: Sequence[int]) -> dict[int, datetime]:
    left: dict[int, datetime] = {}
    was_active: dict[int, bool] = {}
    for step in steps_of(Device if kind == "device" else Accelerator, ["status"], ids=ids):
        active = step.values == ("active",)
        if not active and was_active.get(step.object_id, True):
            left[step.object_id] = step.at
        was_active[step.object_id] = active
    return left


ARRIVING = timedelta(minutes=1)
"""A series is created when its samples are stored, which may be a moment after the `now` of the evaluation."""
LAST_CODES = frozenset({*XID_METRICS, *ROW_REMAP_METRICS})


def sent_by(
    site_ids: Sequence[int],
    framework: Framework,
    *,
    standing: Collection[str] = (),
    now: datetime,
    live_floor_s: float,
) -> dict[int, dict[str, Any]]:
    """`standing` are metrics with an open reason, of which only a live sample ends it."""
    sources = {
        site_id: {source.source_id: source for source in standings}
        for site_id, standings in telemetry.source_states(site_ids).items()
    }
    lives = {site_id: _live_s(sources.get(site_id, {}), live_floor_s) for site_id in site_ids}
    live_s = max(lives.values(), default=live_floor_s)
    # A site is judged by its own sources, whichever are evaluated with it.
    gone = {site_id: now - timedelta(seconds=live + JUST_GONE_S) for site_id, live in lives.items()}
    # One snapshot serves all queries, so that the newest samples are read once.
    at_now = telemetry.snapshot(site_ids, None, now=now, markers_within_s=live_s)
    latest_of_day = at_now.latest(held_metrics(framework), within_s=WINDOW.total_seconds(), with_ended=True)
    codes = [each.series_id for each in latest_of_day if each.value != 0 and each.metric in code_metrics()]
    rises = at_now.increase_since(rising_metrics(framework), start=now - WINDOW)
    by_site: dict[str, Mapping[int, Any]] = {
        "sources": sources,
        "seen": _seen(at_now.last_seen(within_s=live_s + JUST_GONE_S), gone),
        "sources_of": _sources_of(at_now.speakers(first_seen_by=now + ARRIVING)),
        "judged": _sources_of(at_now.speakers(metrics_with_rules(), first_seen_by=now + ARRIVING)),
        "latest": _group_by_metric(at_now.latest(live_metrics(framework) | {*standing}, within_s=live_s)),
        "latest_of_day": _group_by_metric(latest_of_day),
        "rises": _group_by_metric(rises),
    }
    of_series = {
        "changed_at": telemetry.last_changed(codes, start=now - WINDOW, now=now),
        "rises_within": _rises_within(at_now, rises, now),
    }
    return {
        site_id: {name: each.get(site_id, {}) for name, each in by_site.items()} | of_series
        for site_id in site_ids
    }


_SERIES = """
SELECT site_id, count(*), bit_xor(hashtidextended(ctid, xmin::text::bigint)) FROM telemetry_series
WHERE site_id = ANY(%s) GROUP BY site_id
"""


def series_stamps(site_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """A stamp by site that differs after any of its series came, ended, moved or left. One statement."""
    return {site_id: (count, digest) for site_id, count, digest in fetched(_SERIES, [list(site_ids)])}


def _live_s(sources: Mapping[int, telemetry.SourceStanding], floor_s: float) -> float:
    cadence_s = max([each.cadence_s for each in sources.values()], default=0)
    return max(LIVE_CADENCES * cadence_s, floor_s)


def live_metrics(framework: Framework) -> set[str]:
    shown_metrics = {*SITE_POWER_METRICS, *POWER_METRICS, *UTILISATION_METRICS, *GPU_TEMPERATURE_METRICS}
    return (
        metrics_of(framework, LATEST_OF)
        | _judged_by(ComparedValue.VALUE)
        | companions()
        | shown_metrics
        | placements.COUNTS
    )


def held_metrics(framework: Framework) -> set[str]:
    return metrics_of(framework, HELD_OF) | code_metrics() | set(FLOW_ALARM_METRICS)


def rising_metrics(framework: Framework) -> set[str]:
    return metrics_of(framework, RISES_OF) | _judged_by(ComparedValue.INCREASE)


def code_metrics() -> frozenset[str]:
    """States that hold a last code; whether it still counts depends on when it changed."""
    return _judged_by(ComparedValue.CHANGED) | LAST_CODES


def _rises_within(
    at_now: telemetry.SeriesSnapshot, rises: Sequence[telemetry.Rise], now: datetime
) -> dict[tuple[int, int], telemetry.Rise]:
    """Rises in windows shorter than a day, by window and series. Nothing is read for counters that did not rise."""
    within: dict[tuple[int, int], telemetry.Rise] = {}
    for window_s, metrics in _shorter_windows().items():
        start = now - timedelta(seconds=window_s)
        risen = {rise.metric for rise in rises if rise.metric in metrics and rise.last_bad_at > start}
        if risen:
            for rise in at_now.increase_since(risen, start=start):
                within[window_s, rise.series_id] = rise
    return within


@cache
def _shorter_windows() -> dict[int, frozenset[str]]:
    metrics: dict[int, set[str]] = defaultdict(set)
    for metric in registry().judged():
        for rule in metric.health:
            if rule.measure is ComparedValue.INCREASE and rule.window_s < WINDOW.total_seconds():
                metrics[rule.window_s].update((metric.name, *metric.aliases))
    return {window_s: frozenset(names) for window_s, names in metrics.items()}


@cache
def metrics_with_rules() -> frozenset[str]:
    return frozenset().union(*map(_judged_by, ComparedValue))


@cache
def _judged_by(measure: ComparedValue) -> frozenset[str]:
    return frozenset(
        name
        for metric in registry().judged()
        if any(rule.measure is measure for rule in metric.health)
        for name in (metric.name, *metric.aliases)
    )


def _seen(
    rows: Iterable[telemetry.Seen], gone: Mapping[int, datetime]
) -> dict[int, dict[ObjectKey, dict[int, datetime]]]:
    by_site: dict[int, dict[ObjectKey, dict[int, datetime]]] = {}
    for site_id, kind, object_id, source_id, newest_at in rows:
        if newest_at >= gone[site_id]:
            by_site.setdefault(site_id, {}).setdefault((kind, object_id), {})[source_id] = newest_at
    return by_site


def _sources_of(rows: Iterable[telemetry.Speaker]) -> dict[int, dict[ObjectKey, frozenset[int]]]:
    by_site: dict[int, dict[ObjectKey, frozenset[int]]] = {}
    # Most objects have one source, and most sources many objects.
    alone: dict[int, frozenset[int]] = {}
    for site_id, kind, object_id, source_id in rows:
        of_site = by_site.setdefault(site_id, {})
        source = alone.setdefault(source_id, frozenset((source_id,)))
        key = (kind, object_id)
        of_site[key] = of_site[key] | source if key in of_site else source
    return by_site


def _group_by_metric[Row: (telemetry.Latest, telemetry.Rise)](
    rows: Iterable[Row],
) -> dict[int, dict[str, list[Row]]]:
    by_site: dict[int, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        by_site[row.site_id][row.metric].append(row)
    return by_site
