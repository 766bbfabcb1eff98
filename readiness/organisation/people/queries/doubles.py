"""Times ahead in which one person has, or would have, two levels of a domain at a site."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from readiness.organisation.people.core.doubles import DoubleDuty, WrittenShift, doubles_of
from readiness.organisation.people.core.rotations import AHEAD
from readiness.organisation.people.models import RotationSite, Shift
from web import scopes
from web.rows import rows_as


@dataclass(frozen=True, slots=True)
class DoublesAhead:
    """`shifts` are of the rotations, and of those that serve one of their sites in the same domain."""

    shifts: tuple[WrittenShift, ...]
    doubles: tuple[DoubleDuty, ...]


def doubles_ahead(rotation_ids: Collection[int], *, now: datetime) -> DoublesAhead:
    """Those in which one of the rotations takes part, at whatever site. Three statements."""
    with scopes.everything():
        neighbours = _neighbours(rotation_ids)
        rotations = {*rotation_ids, *(each for of_rotation in neighbours.values() for each in of_rotation)}
        ahead = Shift.objects.overlapping(now, now + AHEAD).filter(rotation__in=rotations)
        columns = {"rotation": "rotation_id", "person": "person_id"}
        shifts = tuple(rows_as(WrittenShift, ahead.order_by("level", "starts_at", "pk"), **columns))
    doubles = (
        double
        for double in doubles_of(shifts, neighbours)
        if {double.first.rotation, double.second.rotation}.intersection(rotation_ids)
    )
    return DoublesAhead(shifts, tuple(doubles))


def _neighbours(rotation_ids: Collection[int]) -> dict[int, set[int]]:
    columns = ("site_id", "rotation__domain", "rotation_id")
    served = RotationSite.objects.filter(rotation__in=rotation_ids).order_by().values_list(*columns)
    places = {(site_id, domain) for site_id, domain, _ in served}
    beside: dict[tuple[int, str], set[int]] = defaultdict(set)
    rows = RotationSite.objects.filter(site__in={site_id for site_id, _ in places}).order_by()
    for site_id, domain, rotation_id in rows.values_list(*columns):
        beside[site_id, domain].add(rotation_id)
    neighbours: dict[int, set[int]] = defaultdict(set)
    for place in places:
        for rotation_id in beside[place]:
            neighbours[rotation_id] |= beside[place]
    return neighbours
