"""Accelerators in service at sites by type, and the IT power of one of each with its share of the node."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from django.db.models import Count

from inventory.models import Accelerator, Device
from readiness.tradeoffs.factors.core.power import AcceleratorPower, NodeWatts, accelerator_power, node_watts

_NODE = "device__device_type__"


@dataclass(frozen=True, slots=True)
class SiteHardware:
    """`counts` and `power` are by slug of the type of accelerator; a type whose nodes state no watts has no power."""

    counts: Mapping[str, int] = field(default_factory=dict)
    power: Mapping[str, AcceleratorPower] = field(default_factory=dict)


NO_HARDWARE = SiteHardware()


def site_hardware(site_ids: Collection[int]) -> dict[int, SiteHardware]:
    """One statement for any number of sites."""
    rows = (
        Accelerator.objects.filter(device__site_id__in=site_ids, device__status=Device.Status.ACTIVE)
        .order_by("device__site_id", "device_type__slug", f"{_NODE}slug")
        .values_list(
            *("device__site_id", "device_type__slug", f"{_NODE}model", f"{_NODE}attributes"),
            f"{_NODE}nameplate_w",
        )
        .annotate(count=Count("pk"), nodes=Count("device", distinct=True))
    )
    products: dict[int, dict[str, list[NodeWatts]]] = defaultdict(lambda: defaultdict(list))
    for site_id, slug, model, attributes, nameplate_w, count, nodes in rows:
        products[site_id][slug].append(node_watts(model, attributes or {}, nameplate_w, count, nodes))
    return {site_id: _hardware(by_type) for site_id, by_type in products.items()}


def _hardware(by_type: Mapping[str, list[NodeWatts]]) -> SiteHardware:
    power = {slug: accelerator_power(nodes) for slug, nodes in by_type.items()}
    return SiteHardware(
        counts={slug: sum(node.accelerators for node in nodes) for slug, nodes in by_type.items()},
        power={slug: each for slug, each in power.items() if each is not None},
    )
