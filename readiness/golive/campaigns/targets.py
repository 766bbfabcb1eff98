"""The things at a site that runs can be made on, from the inventory as it is now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inventory.models import Device, Port, Site
from readiness.golive.campaigns.planning import RunTarget

RDMA = (Port.Kind.ROCE, Port.Kind.INFINIBAND)


@dataclass(frozen=True, slots=True)
class Targets:
    """`names` are as the form of a run takes them."""

    kind: RunTarget
    names: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(self.names)


def targets_of(site: Site) -> Mapping[RunTarget, Targets]:
    """Targets by kind; two statements. Devices and ports in service count, as they do for coverage."""
    nodes = tuple(
        Device.objects.in_service()
        .filter(site=site, role=Device.Role.NODE)
        .order_by("name")
        .values_list("name", flat=True)
    )
    ports = tuple(
        Port.objects.in_service()
        .filter(device__site=site, device__role=Device.Role.NODE, kind__in=RDMA)
        .order_by("device__name", "name")
        .values_list("device__name", "name")
    )
    names = {
        RunTarget.SITE: [site.name],
        RunTarget.NODE: nodes,
        RunTarget.PAIR: [f"{first} – {second}" for first, second in pairs(nodes)],
        # The first and the last node by name, which as a rule stand farthest apart.
        RunTarget.PATH: [f"{nodes[0]} – {nodes[-1]}"] if len(nodes) > 1 else [],
        RunTarget.FABRIC: [", ".join(nodes)] if nodes else [],
        RunTarget.PORT: [f"{device} {port}" for device, port in ports],
    }
    return {kind: Targets(kind, tuple(of_kind)) for kind, of_kind in names.items()}


def pairs(nodes: Sequence[str]) -> list[tuple[str, str]]:
    """The fewest pairs that touch every node: neighbours by name, and an odd one out with the first."""
    if len(nodes) < 2:
        return []
    neighbours = list(zip(nodes[::2], nodes[1::2], strict=False))
    return [*neighbours, (nodes[-1], nodes[0])] if len(nodes) % 2 else neighbours
