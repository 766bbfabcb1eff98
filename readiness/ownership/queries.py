"""How items stand: for scoring at any instant, for pages now. A fixed number of statements, however many sites."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Max, Q

from readiness.ownership.core.standing import Item, Standing, Term, standing_of
from readiness.ownership.models import Assignment, in_force

ITEM_LABELS: Mapping[str, Any] = dict(Assignment.Item.choices)


def terms_of(site_ids: Collection[int], *, now: datetime) -> dict[int, tuple[Term, ...]]:
    """By site id, of sites where anybody had accepted anything by `now`, which may lie in the past. Two statements."""
    accepted = Assignment.objects.filter(
        site_id__in=site_ids, confirmed_at__isnull=False, answered_at__lte=now
    ).order_by()
    found: dict[int, list[Term]] = {site_id: [] for site_id in accepted.values_list("site_id", flat=True)}
    if not found:
        return {}
    newest = Max("confirmations__confirmed_at", filter=Q(confirmations__confirmed_at__lte=now))
    rows = accepted.filter(in_force(now)).annotate(newest=newest).order_by("pk")
    for row in rows.values_list(
        *("pk", "site_id", "item", "newest", "answered_at"),
        *("accountable__left_at", "accountable__user__is_active"),
        *("deputy_id", "deputy__left_at", "deputy__user__is_active"),
        *("team__dissolved_at", "escalation"),
    ):
        pk, site_id, item, newest_at, answered_at, left_at, active, deputy, *rest = row
        deputy_left_at, deputy_active, dissolved_at, escalation = rest
        found[site_id].append(
            Term(
                id=pk,
                item=Item(item),
                confirmed_at=newest_at or answered_at,
                has_left=_left(left_at, active, now),
                has_deputy=deputy is not None and not _left(deputy_left_at, deputy_active, now),
                has_team=dissolved_at is None or dissolved_at > now,
                has_escalation=bool(escalation.strip()),
            )
        )
    return {site_id: tuple(terms) for site_id, terms in found.items()}


def _left(left_at: datetime | None, active: bool | None, now: datetime) -> bool:
    return active is False or (left_at is not None and left_at <= now)


class Live(NamedTuple):
    """A live assignment with what pages say of it."""

    id: int
    site_id: int
    item: str
    state: str
    effective_at: datetime
    ended_at: datetime | None
    confirmed_at: datetime | None
    due_at: datetime | None
    proposed_at: datetime
    person_id: int
    person: str
    left_at: datetime | None
    active: bool | None
    user_id: int | None
    team_id: int
    team: str
    deputy_id: int | None
    deputy: str | None
    deputy_left_at: datetime | None
    deputy_active: bool | None

    def has_left(self, now: datetime) -> bool:
        return _left(self.left_at, self.active, now)

    def is_in_force(self, now: datetime) -> bool:
        return self.confirmed_at is not None and self.effective_at <= now

    def as_term(self, now: datetime) -> Term:
        if self.confirmed_at is None:
            raise ValueError("What nobody accepted is no term.")
        return Term(
            id=self.id,
            item=Item(self.item),
            confirmed_at=self.confirmed_at,
            has_left=self.has_left(now),
            has_deputy=self.deputy_id is not None and not _left(self.deputy_left_at, self.deputy_active, now),
        )


_LIVE = (
    *("pk", "site_id", "item", "state", "effective_at", "ended_at", "confirmed_at", "due_at", "proposed_at"),
    *("accountable_id", "accountable__name", "accountable__left_at", "accountable__user__is_active"),
    *("accountable__user_id", "team_id", "team__name"),
    *("deputy_id", "deputy__name", "deputy__left_at", "deputy__user__is_active"),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One item of one site. `current` is in force; `coming` was asked, or accepted and begins later."""

    item: Item
    standing: Standing
    current: Live | None = None
    coming: Live | None = None

    @property
    def shown(self) -> Live | None:
        """Who is told of first."""
        return self.current or self.coming


UNOWNED = {item: Cell(item, Standing.UNOWNED) for item in Item}

type SiteCells = Mapping[Item, Cell]


def live(*, now: datetime, site_ids: Collection[int] | None = None) -> Iterator[Live]:
    """Live assignments of these sites, None of all; one statement."""
    found = Assignment.objects.live(now)
    if site_ids is not None:
        found = found.filter(site_id__in=site_ids)
    return (Live._make(row) for row in found.order_by("pk").values_list(*_LIVE))


def cells(*, now: datetime, site_ids: Collection[int] | None = None) -> dict[int, SiteCells]:
    """All seven items by site id, of sites where anything is live; `UNOWNED` for the others. One statement."""
    return cells_of(live(now=now, site_ids=site_ids), now=now)


def cells_of(found: Iterable[Live], *, now: datetime) -> dict[int, SiteCells]:
    by_site: dict[int, dict[str, list[Live]]] = defaultdict(lambda: defaultdict(list))
    for one in found:
        by_site[one.site_id][one.item].append(one)
    return {
        site_id: {item: _cell(item, items[item], now) if item in items else UNOWNED[item] for item in Item}
        for site_id, items in by_site.items()
    }


def _cell(item: Item, several: list[Live], now: datetime) -> Cell:
    current = next((one for one in several if one.is_in_force(now)), None)
    coming = next((one for one in several if one is not current), None)
    term = current.as_term(now) if current else None
    return Cell(item, standing_of(term, is_waiting=coming is not None, now=now), current, coming)


@dataclass(frozen=True, slots=True)
class SiteOwner:
    """Who is accountable for the orchestration of a site. `person` is personal data; the team is not."""

    person: str
    team: str
    standing: Standing


def owners(*, now: datetime, site_ids: Collection[int] | None = None) -> dict[int, SiteOwner]:
    """By site id, of sites where somebody is accountable for orchestration; one statement."""
    found = Assignment.objects.in_force(now).filter(item=Item.ORCHESTRATION)
    if site_ids is not None:
        found = found.filter(site_id__in=site_ids)
    rows = (Live._make(row) for row in found.order_by("pk").values_list(*_LIVE))
    return {
        one.site_id: SiteOwner(one.person, one.team, standing_of(one.as_term(now), now=now)) for one in rows
    }
