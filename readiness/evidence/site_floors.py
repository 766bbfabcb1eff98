"""Floors for figures that name no platform: what a fact, an attestation or a table says of a whole site."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from inventory.models import Device
from readiness.evidence.core.proving.floors import OF_LIMIT, strictest
from readiness.evidence.core.proving.values import FloorValue, PartKey, Proof
from readiness.framework.core.definition import Framework, SubMeasure

type SiteProofs = dict[PartKey, tuple[Proof, ...]]


def with_floors(
    proofs_by_site: Mapping[int, SiteProofs], framework: Framework, floors: Sequence[FloorValue]
) -> dict[int, SiteProofs]:
    """Each such figure with the strictest floor of the platforms that the site's nodes are; one statement at most."""
    of_platforms = {
        (check.id, part.id): part
        for check in framework.checks
        for part in check.parts
        if part.limit_from in OF_LIMIT
    }
    without = {
        site_id
        for site_id, of_site in proofs_by_site.items()
        if any(_lacks_floor(proof) for key in of_platforms.keys() & of_site for proof in of_site[key])
    }
    platforms = _platforms(without) if without and floors else {}
    return {
        site_id: of_site
        | {
            key: tuple(_floored(proof, part, floors, platforms.get(site_id, ())) for proof in of_site[key])
            for key, part in of_platforms.items()
            if key in of_site
        }
        for site_id, of_site in proofs_by_site.items()
    }


def _lacks_floor(proof: Proof) -> bool:
    return proof.floor is None and not proof.cannot_judge


def _floored(
    proof: Proof, part: SubMeasure, floors: Sequence[FloorValue], platforms: Collection[str]
) -> Proof:
    if not _lacks_floor(proof):
        return proof
    floor = strictest(floors, platforms, part.limit_from, part.unit)
    if floor is None:
        return proof
    return proof._replace(floor=floor.value, floor_source=floor.source or f"floor of {floor.platform}")


def _platforms(site_ids: Collection[int]) -> dict[int, set[str]]:
    nodes = Device.objects.in_service().filter(site_id__in=site_ids, role=Device.Role.NODE)
    platforms_by_site: dict[int, set[str]] = defaultdict(set)
    for site_id, slug in nodes.order_by().values_list("site_id", "device_type__slug").distinct():
        platforms_by_site[site_id].add(slug)
    return platforms_by_site
