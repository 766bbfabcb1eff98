"""Read from inventory and series what the objects with problems depend on: six statements at most for any number."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from django.db.models import Q

from inventory.models import Accelerator, Device, Link, Port, PowerFeed
from readiness.loop.problems.core.folding import Dependencies, Loss, Need, NeedKind, Node, loss_of
from readiness.loop.problems.core.health import DomainFacts
from telemetry.core.matching import OBJECT_COLUMNS, ObjectKind
from telemetry.models import Series

ENERGY_ROLES = (Device.Role.PDU, Device.Role.UPS, Device.Role.METER)
"""Devices that power comes through: they do not need the feeds of their rack."""
SUPPLYING_ROLES = (Device.Role.PDU, Device.Role.UPS)
_SCRAPERS_OWN = Q(metric="up") | Q(metric__startswith="scrape_") | Q(metric__startswith="ALERTS")


@dataclass(slots=True)
class _Edges:
    """`nodes` are the objects with problems, `silent` those of them that are not heard."""

    nodes: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    silent: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    needs: dict[Node, list[Need]] = field(default_factory=lambda: defaultdict(list))
    suppliers: set[Node] = field(default_factory=set)
    roles: dict[Node, str] = field(default_factory=dict)

    def add(self, node: Node, kind: NeedKind, others: Iterable[Node]) -> None:
        self.needs[node].append(Need(kind, frozenset(others)))


def dependencies_of(
    domains: Mapping[int, Collection[DomainFacts]], *, mute_sources: Collection[int]
) -> Dependencies:
    """The needs of the objects that these sites have reasons of. `mute_sources` are silent or paused: without one,
    nothing follows from a source."""
    edges = _Edges()
    for facts in (facts for of_site in domains.values() for facts in of_site):
        _add_nodes(edges, facts)
    if edges.nodes:
        _add_links(edges)
        _add_wholes(edges)
        _add_power(edges, domains)
    if edges.silent and mute_sources:
        _add_sources(edges)
    return Dependencies(edges.needs, frozenset(edges.suppliers), edges.roles)


def _add_nodes(edges: _Edges, facts: DomainFacts) -> None:
    for reason in facts.reasons:
        kind, object_id = reason["object_kind"], reason["object_id"]
        edges.nodes[kind].add(object_id)
        if loss_of(reason) is Loss.SILENT:
            edges.silent[kind].add(object_id)
    for crowd in facts.crowds:
        for kind, object_id in crowd.nodes:
            edges.nodes[kind].add(object_id)
            if loss_of(crowd.reasons[0]) is Loss.SILENT:
                edges.silent[kind].add(object_id)


def _add_links(edges: _Edges) -> None:
    """A link needs both ports, and a port the device at the other end."""
    ports = edges.nodes[ObjectKind.PORT]
    touched = Q(pk__in=edges.nodes[ObjectKind.LINK]) | Q(port_a__in=ports) | Q(port_b__in=ports)
    columns = ("pk", "port_a", "port_b", "port_a__device", "port_b__device")
    for link_id, port_a, port_b, device_a, device_b in Link.objects.filter(touched).values_list(*columns):
        for port_id, device_id, far_device_id in ((port_a, device_a, device_b), (port_b, device_b, device_a)):
            if port_id is None:
                continue
            port = ObjectKind.PORT.value, port_id
            edges.add((ObjectKind.LINK.value, link_id), NeedKind.PATH, [port])
            edges.add(port, NeedKind.WHOLE, [(ObjectKind.DEVICE.value, device_id)])
            if far_device_id is not None:
                edges.add(port, NeedKind.PATH, [(ObjectKind.DEVICE.value, far_device_id)])


def _add_wholes(edges: _Edges) -> None:
    for kind, model in ((ObjectKind.PORT.value, Port), (ObjectKind.ACCELERATOR.value, Accelerator)):
        parts = model._default_manager.filter(pk__in=edges.nodes[kind]).order_by()
        for pk, device_id in parts.values_list("pk", "device_id"):
            edges.add((kind, pk), NeedKind.WHOLE, [(ObjectKind.DEVICE.value, device_id)])


def _add_power(edges: _Edges, site_ids: Iterable[int]) -> None:
    """A device needs the feeds of its rack, and a feed its power distribution."""
    of_rack: dict[int, list[Node]] = defaultdict(list)
    feeds = PowerFeed.objects.filter(site__in=site_ids).order_by("pk")
    for feed_id, fed_rack_id, pdu_id in feeds.values_list("pk", "rack_id", "device_id"):
        feed = ObjectKind.FEED.value, feed_id
        edges.suppliers.add(feed)
        if pdu_id is not None:
            edges.add(feed, NeedKind.POWER, [(ObjectKind.DEVICE.value, pdu_id)])
        if fed_rack_id is not None:
            of_rack[fed_rack_id].append(feed)
    for device_id, role, rack_id in _devices(edges):
        device = ObjectKind.DEVICE.value, device_id
        edges.roles[device] = role
        if role in SUPPLYING_ROLES:
            edges.suppliers.add(device)
        if role not in ENERGY_ROLES and rack_id in of_rack:
            edges.add(device, NeedKind.POWER, of_rack[rack_id])


def _devices(edges: _Edges) -> Iterator[tuple[int, str, int | None]]:
    """Devices that have problems, or that something with a problem needs."""
    ids = set(edges.nodes[ObjectKind.DEVICE])
    for needs in edges.needs.values():
        ids |= {pk for need in needs for kind, pk in need.of if kind == ObjectKind.DEVICE}
    yield from Device.objects.filter(pk__in=ids).order_by().values_list("pk", "role", "rack_id")


def _add_sources(edges: _Edges) -> None:
    """A silent object needs any of the sources that ever sent readings of it."""
    conditions = Q(pk__in=())
    for kind, ids in edges.silent.items():
        if (column := OBJECT_COLUMNS.get(ObjectKind(kind))) is not None:
            conditions |= Q(object_kind=kind, **{f"{column}__in": ids})
    senders: dict[Node, set[Node]] = defaultdict(set)
    rows = Series.objects.filter(conditions).exclude(_SCRAPERS_OWN).order_by()
    for source_id, kind, *ids in rows.values_list(
        "source_id", "object_kind", *OBJECT_COLUMNS.values()
    ).distinct():
        own = dict(zip(OBJECT_COLUMNS, ids, strict=True))
        senders[kind, own[ObjectKind(kind)]].add(("source", source_id))
    for node, sources in senders.items():
        edges.add(node, NeedKind.DATA, sources)
