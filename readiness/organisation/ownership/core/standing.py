"""The standing of an item of a site, and the owned share of a site.

An item counts as owned if one accountable person accepted it and confirmed it in time, can answer for it, has a deputy
who has not left, and has written decision rights. While the owner is on leave, the deputy answers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

CONFIRM_EVERY = timedelta(days=180)
"""How long an acceptance or a confirmation counts. Operator-set default: `valid_for: 180d` of p4-orchestration-owner,
the check that uses it.
"""


class Item(StrEnum):
    ORCHESTRATION = "orchestration"
    COMPUTE_NETWORK = "compute-network"
    NETWORK_ENERGY = "network-energy"
    COMPUTE_ENERGY = "compute-energy"
    COMPUTE = "compute"
    NETWORK = "network"
    ENERGY = "energy"


DOMAINS = (Item.COMPUTE, Item.NETWORK, Item.ENERGY)
OF_DOMAINS = {
    **{frozenset({item.value}): item for item in DOMAINS},
    frozenset({"compute", "network"}): Item.COMPUTE_NETWORK,
    frozenset({"network", "energy"}): Item.NETWORK_ENERGY,
    frozenset({"compute", "energy"}): Item.COMPUTE_ENERGY,
}


def item_of(domains: Iterable[str]) -> Item:
    """Return the item whose owner answers for a check of these domains: a single domain, a pair, or orchestration
    overall."""
    return OF_DOMAINS.get(frozenset(domains) & {item.value for item in DOMAINS}, Item.ORCHESTRATION)


class ItemStanding(StrEnum):
    """Standings of an item, the best first."""

    OWNED = "owned"
    AWAY = "away"
    NO_DEPUTY = "no-deputy"
    OVERDUE = "overdue"
    UNANSWERED = "unanswered"
    WAITING = "waiting"
    UNOWNED = "unowned"


OWNING = (ItemStanding.OWNED, ItemStanding.AWAY)
"""Leave ends by itself, so an item whose owner and deputy are both away still counts as owned; a queue lists it."""


class Gone(StrEnum):
    """Why the owner of an item cannot answer for it any more."""

    LEFT = "left"
    DISABLED = "disabled"
    LINK_ENDED = "link-ended"
    NO_ACCOUNT = "no-account"


class Hindrance(StrEnum):
    """Why the deputy does not answer while the owner is on leave. A deputy of the deputy never does."""

    NO_DEPUTY = "no-deputy"
    LEFT = "left"
    NO_ACCOUNT = "no-account"
    AWAY = "away"
    DECLINED = "declined"


class TermStanding(StrEnum):
    """The standing of one assignment on pages: its state, and what an accepted one lacks."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    OVERDUE = "overdue"
    UNANSWERED = "unanswered"
    DECLINED = "declined"
    ENDED = "ended"


def term_standing(state: str, *, is_over: bool, is_due: bool, is_unanswered: bool) -> TermStanding:
    """Whoever has not confirmed in time, or cannot answer, is never shown as having simply accepted."""
    if is_over:
        return TermStanding.ENDED
    if state in (TermStanding.PROPOSED, TermStanding.ACCEPTED) and is_unanswered:
        return TermStanding.UNANSWERED
    if state == TermStanding.ACCEPTED and is_due:
        return TermStanding.OVERDUE
    return TermStanding(state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One accepted assignment as it was at an instant. `confirmed_at` is the newest confirmation up to then."""

    id: int
    item: Item
    confirmed_at: datetime
    is_unanswered: bool = False
    has_deputy: bool = True
    has_team: bool = True
    has_escalation: bool = True


def standing_of(term: Term | None, *, now: datetime, valid: timedelta = CONFIRM_EVERY) -> ItemStanding:
    if term is None:
        return ItemStanding.UNOWNED
    is_due = term.confirmed_at + valid <= now
    return standing_in_force(is_unanswered=term.is_unanswered, is_due=is_due, has_deputy=term.has_deputy)


def standing_in_force(
    *, is_unanswered: bool, is_due: bool, has_deputy: bool, nobody_stands_in: bool = False
) -> ItemStanding:
    if is_unanswered:
        return ItemStanding.UNANSWERED
    if is_due:
        return ItemStanding.OVERDUE
    if not has_deputy:
        return ItemStanding.NO_DEPUTY
    return ItemStanding.AWAY if nobody_stands_in else ItemStanding.OWNED


@dataclass(frozen=True, slots=True)
class Share:
    """The owned share in per cent.

    `since` is the oldest confirmation behind it, whose expiry lowers the share. `term_id` is the term of that
    confirmation; `missing` lists what is not owned and why.
    """

    percent: float
    since: datetime | None
    term_id: int | None
    missing: tuple[tuple[Item, ItemStanding], ...]


def items_owned(terms: Iterable[Term], *, now: datetime, valid: timedelta = CONFIRM_EVERY) -> Share:
    by_item = {term.item: term for term in terms}
    standings = {item: standing_of(by_item.get(item), now=now, valid=valid) for item in Item}
    return _share(by_item, standings, dict.fromkeys(Item, 1))


def assets_owned(terms: Iterable[Term], assets: Mapping[Item, int], *, now: datetime) -> Share | None:
    """Count a site's assets, by domain, whose domain has a team and an escalation route in force.

    None without assets. No deputy is required, because an alert goes to the team.
    """
    asset_counts = {domain: assets[domain] for domain in DOMAINS if assets.get(domain)}
    by_item = {term.item: term for term in terms}
    standings = {domain: _reached(by_item.get(domain), now) for domain in asset_counts}
    return _share(by_item, standings, asset_counts) if asset_counts else None


def _share(
    by_item: Mapping[Item, Term], standings: Mapping[Item, ItemStanding], counts: Mapping[Item, int]
) -> Share:
    owned = [by_item[item] for item, standing in standings.items() if standing is ItemStanding.OWNED]
    oldest = min(owned, key=lambda term: term.confirmed_at, default=None)
    return Share(
        100.0 * sum(counts[term.item] for term in owned) / sum(counts.values()),
        oldest.confirmed_at if oldest else None,
        oldest.id if oldest else None,
        tuple((item, standing) for item, standing in standings.items() if standing is not ItemStanding.OWNED),
    )


def _reached(term: Term | None, now: datetime) -> ItemStanding:
    standing = standing_of(term, now=now)
    if term is None or standing not in (ItemStanding.OWNED, ItemStanding.NO_DEPUTY):
        return standing
    return ItemStanding.OWNED if term.has_team and term.has_escalation else ItemStanding.NO_DEPUTY
