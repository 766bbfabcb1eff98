"""Who answers for a check at a site."""

from dataclasses import dataclass
from datetime import datetime

from inventory.models import Site
from readiness.assessment.framework.core.definition import Check
from readiness.organisation.ownership import queries as ownership
from readiness.organisation.ownership.core.standing import Item, item_of
from readiness.organisation.ownership.models import Assignment
from readiness.organisation.ownership.queries import UNOWNED, OwnershipCell, SiteCells


@dataclass(frozen=True, slots=True)
class Answering:
    """The owner of a check at a site.

    `who` is empty without an owner; `item` is the item that the check belongs to, `standing` the state of its
    ownership.
    """

    who: str
    item: Item
    standing: str

    @property
    def item_label(self) -> str:
        return str(Assignment.Item(self.item).label)


def cells_of(site: Site, *, now: datetime) -> SiteCells:
    return ownership.cells(now=now, site_ids=[site.pk]).get(site.pk, UNOWNED)


def answering(site: Site, check: Check | None, cells: SiteCells, *, names: bool) -> Answering:
    """The owner of the check's own item; if nobody has accepted it, the owner of the whole site's orchestration."""
    item = item_of(check.domains if check else ())
    cell = cells[item]
    owning_cell = cell if cell.current else cells[Item.ORCHESTRATION]
    return Answering(_held_by(owning_cell, names=names) or site.owner.strip(), item, cell.standing)


def _held_by(cell: OwnershipCell, *, names: bool) -> str:
    if cell.current is None:
        return ""
    return cell.current.answers if names else cell.current.team
