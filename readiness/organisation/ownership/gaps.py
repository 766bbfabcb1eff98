"""Items that are not properly owned, with the capacity at stake, and the load of each owner."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import BooleanField, ExpressionWrapper, Q, TextChoices

from accounts.models import User
from inventory import queries as inventory
from inventory.models import Site
from readiness.organisation.ownership import deputies, queries
from readiness.organisation.ownership.core.standing import OWNING, Item, ItemStanding
from readiness.organisation.ownership.models import Assignment
from readiness.organisation.ownership.operations import MOST_ITEMS, REMIND_BEFORE
from readiness.organisation.ownership.queries import Live, OwnershipCell, SiteCells
from web.units import Formatted, power


class OwnershipQueue(TextChoices):
    UNOWNED = "unowned", "Unowned"
    WAITING = "waiting", "Waiting for acceptance"
    OVERDUE = "overdue", "Confirmation overdue"
    DUE_SOON = "due-soon", "Confirmation due soon"
    UNANSWERED = "unanswered", "Unanswered"
    AWAY = "away", "Away, nobody stands in"
    NO_DEPUTY = "no-deputy", "No deputy"
    OVERLOADED = "overloaded", "Owner overloaded"


class OwnedSite(NamedTuple):
    id: int
    slug: str
    name: str
    city: str
    region: str
    kind: str
    stage: str


class BoardSite(NamedTuple):
    """A site with its seven items. `kw` is its deployed capacity, `gaps` the number of items that are not owned."""

    site: OwnedSite
    kw: float
    cells: SiteCells
    gaps: int

    @property
    def kw_at_stake(self) -> float:
        return self.kw if self.gaps else 0.0


@dataclass(frozen=True, slots=True)
class QueuedItem:
    """One item in one queue. `since` is when it entered the queue, if known; `due_at` when it will."""

    queue: OwnershipQueue
    site: OwnedSite
    kw: float
    cell: OwnershipCell
    since: datetime | None
    due_at: datetime | None

    @property
    def key(self) -> str:
        """Slugs and items contain no dot."""
        return f"{self.site.slug}.{self.cell.item}"

    @property
    def assignment(self) -> Live | None:
        return self.cell.coming if self.queue is OwnershipQueue.WAITING else self.cell.current_or_coming

    @property
    def due_or_since(self) -> datetime | None:
        return self.due_at or self.since


@dataclass(frozen=True, slots=True)
class Load:
    person_id: int
    person: str
    team: str
    gone: str
    items: int
    sites: int
    kw: float
    overdue: int
    waiting: int

    @property
    def is_overloaded(self) -> bool:
        return self.items > MOST_ITEMS


@dataclass(frozen=True, slots=True)
class OwnershipCounts:
    """Counts over all items of all sites. `overloaded` counts people, `owned` counts sites by item, `changing` counts
    items with an owner and a proposal to somebody else."""

    items: int
    standings: Counter[ItemStanding]
    owned: Counter[Item]
    waiting: int
    changing: int
    due_soon: int
    at_stake_kw: float
    overloaded: int

    @property
    def owned_percent(self) -> str | None:
        return f"{100 * self.owned_items // self.items}" if self.items else None

    @property
    def owned_items(self) -> int:
        return sum(self.standings[standing] for standing in OWNING)

    @property
    def stake(self) -> Formatted:
        return power(self.at_stake_kw)


_COUNTED = (*OWNING, ItemStanding.NO_DEPUTY)


@dataclass(frozen=True, slots=True)
class OwnedFleet:
    """`gone_since` says since when owners cannot answer, by person."""

    now: datetime
    sites: tuple[BoardSite, ...]
    loads: tuple[Load, ...]
    gone_since: Mapping[int, datetime]

    def counts(self) -> OwnershipCounts:
        cells = [cell for site in self.sites for cell in site.cells.values()]
        soon = self.now + REMIND_BEFORE
        return OwnershipCounts(
            items=len(cells),
            standings=Counter([cell.standing for cell in cells]),
            owned=Counter([cell.item for cell in cells if cell.standing in OWNING]),
            waiting=sum(cell.coming is not None and not cell.coming.is_accepted for cell in cells),
            changing=sum(cell.current is not None and cell.coming is not None for cell in cells),
            due_soon=sum(
                cell.standing in _COUNTED
                and cell.current is not None
                and (cell.current.due_at or soon) < soon
                for cell in cells
            ),
            at_stake_kw=sum(site.kw_at_stake for site in self.sites),
            overloaded=sum(load.is_overloaded and not load.gone for load in self.loads),
        )

    def gaps(self) -> list[QueuedItem]:
        overloaded = {load.person_id for load in self.loads if load.is_overloaded and not load.gone}
        queued = [
            gap
            for site in self.sites
            for cell in site.cells.values()
            for gap in _gaps_of(site, cell, overloaded, self.gone_since, self.now)
        ]
        return sorted(queued, key=lambda gap: (-gap.kw, gap.site.name, gap.queue, gap.cell.item))


_SITE = ("pk", "slug", "name", "city", "region__name", "kind", "stage")


def fleet(*, now: datetime, site_ids: Collection[int] | None = None) -> OwnedFleet:
    """Takes three statements for any number of sites, and one more where an owner cannot answer. It uses plain values,
    because objects of a thousand sites would take most of the time."""
    sites = Site.objects.exclude(stage=Site.Stage.RETIRED)
    if site_ids is not None:
        sites = sites.filter(pk__in=site_ids)
    lines = [OwnedSite._make(row) for row in sites.order_by("name", "pk").values_list(*_SITE)]
    live = queries.live(now=now, site_ids=site_ids)
    capacity = inventory.deployed(site_ids, at=now)
    cells = queries.cells_of(live, now=now)
    kw = {site_id: of_site.it_kw for site_id, of_site in capacity.items()}
    board = tuple(
        _board_site(line, kw.get(line.id, 0.0), cells.get(line.id, queries.UNOWNED)) for line in lines
    )
    board_site_ids = {line.id for line in lines}
    on_board = [assignment for assignment in live if assignment.site_id in board_site_ids]
    return OwnedFleet(now, board, _loads(on_board, kw, now), queries.gone_since(on_board, now=now))


def _board_site(line: OwnedSite, kw: float, cells: SiteCells) -> BoardSite:
    open_items = sum(cell.standing not in OWNING for cell in cells.values())
    return BoardSite(line, kw, cells, open_items)


def queues_of(cell: OwnershipCell, now: datetime) -> Iterator[OwnershipQueue]:
    """All queues that follow from the cell alone; an overloaded owner only shows in the other cells."""
    current, coming = cell.current, cell.coming
    if cell.standing is ItemStanding.UNOWNED:
        yield OwnershipQueue.UNOWNED
    if coming is not None and not coming.is_accepted:
        yield OwnershipQueue.WAITING
    if current is None:
        if coming is not None and coming.gone:
            yield OwnershipQueue.UNANSWERED
        return
    if cell.standing in _QUEUES:
        yield _QUEUES[cell.standing]
    if current.nobody_stands_in:
        yield OwnershipQueue.AWAY
    if cell.standing in _COUNTED and current.due_at is not None and current.due_at <= now + REMIND_BEFORE:
        yield OwnershipQueue.DUE_SOON


_QUEUES = {
    ItemStanding.UNANSWERED: OwnershipQueue.UNANSWERED,
    ItemStanding.OVERDUE: OwnershipQueue.OVERDUE,
    ItemStanding.NO_DEPUTY: OwnershipQueue.NO_DEPUTY,
}


def _gaps_of(
    site: BoardSite,
    cell: OwnershipCell,
    overloaded: Collection[int],
    gone_since: Mapping[int, datetime],
    now: datetime,
) -> Iterator[QueuedItem]:
    for queue in queues_of(cell, now):
        yield QueuedItem(queue, site.site, site.kw, cell, *_dates(queue, cell, gone_since))
    if cell.current is not None and cell.standing in _COUNTED and cell.current.person_id in overloaded:
        yield QueuedItem(OwnershipQueue.OVERLOADED, site.site, site.kw, cell, None, None)


def _dates(
    queue: OwnershipQueue, cell: OwnershipCell, gone_since: Mapping[int, datetime]
) -> tuple[datetime | None, datetime | None]:
    current, coming = cell.current, cell.coming
    if queue is OwnershipQueue.UNANSWERED and (holder := cell.current_or_coming) is not None:
        return gone_since.get(holder.person_id), None
    if queue is OwnershipQueue.WAITING and coming is not None:
        return coming.proposed_at, coming.effective_at
    if current is None:
        return None, None
    if queue is OwnershipQueue.AWAY:
        return None, current.away_until
    if queue is OwnershipQueue.OVERDUE:
        return current.due_at, current.due_at
    return None, current.due_at if queue is OwnershipQueue.DUE_SOON else None


def _loads(assignments: list[Live], kw: dict[int, float], now: datetime) -> tuple[Load, ...]:
    by_person: dict[int, list[Live]] = defaultdict(list)
    for assignment in assignments:
        by_person[assignment.person_id].append(assignment)
    loads = [_load(several, kw, now) for several in by_person.values()]
    return tuple(sorted(loads, key=lambda load: (-load.items, -load.waiting, load.person, load.person_id)))


def _load(several: list[Live], kw: dict[int, float], now: datetime) -> Load:
    assignments_in_force = [assignment for assignment in several if assignment.is_in_force]
    sites = {assignment.site_id for assignment in assignments_in_force}
    first = several[0]
    return Load(
        person_id=first.person_id,
        person=first.person,
        team=first.team,
        gone=first.gone,
        items=len(assignments_in_force),
        sites=len(sites),
        kw=sum(kw.get(site_id, 0.0) for site_id in sites),
        overdue=sum(each.due_at is not None and each.due_at <= now for each in assignments_in_force),
        waiting=sum(not each.is_accepted for each in several),
    )


@dataclass(frozen=True, slots=True)
class Mine:
    """The user's live assignments by role. `is_person` says whether the user is linked to a person. `acting` are those
    for whose owner, on leave, they act now; `offered` wait for their answer to a hand-over during leave."""

    is_person: bool
    waiting: tuple[Assignment, ...] = ()
    offered: tuple[Assignment, ...] = ()
    acting: tuple[Assignment, ...] = ()
    overdue: tuple[Assignment, ...] = ()
    due_soon: tuple[Assignment, ...] = ()
    others: tuple[Assignment, ...] = ()
    deputy: tuple[Assignment, ...] = ()


def user_assignments(user: User, *, now: datetime) -> Mine:
    person = getattr(user, "person", None)
    if person is None:
        return Mine(is_person=False)
    assignments = list(
        Assignment.objects.live(now)
        .filter(Q(accountable=person) | Q(deputy=person))
        .select_related("site", "team", "accountable__user")
        .annotate(
            is_acting=ExpressionWrapper(deputies.acted_for_by(user, now), BooleanField()),
            is_offered=ExpressionWrapper(deputies.offered(now), BooleanField()),
        )
        .order_by("due_at", "site__name", "item", "pk")
    )
    own = [each for each in assignments if each.accountable_id == person.pk]
    accepted = [each for each in own if each.due_at is not None]
    overdue = [each for each in accepted if each.due_at is not None and each.due_at <= now]
    rest = [each for each in accepted if each not in overdue]
    due_soon = [each for each in rest if each.due_at is not None and each.due_at <= now + REMIND_BEFORE]
    return Mine(
        is_person=True,
        waiting=tuple(each for each in own if each.state == Assignment.State.PROPOSED),
        overdue=tuple(overdue),
        due_soon=tuple(due_soon),
        others=tuple(each for each in rest if each not in due_soon),
        offered=tuple(each for each in assignments if each.deputy_id == person.pk and each.is_offered),
        acting=tuple(each for each in assignments if each.is_acting),
        deputy=tuple(each for each in assignments if each.deputy_id == person.pk and not each.is_acting),
    )
