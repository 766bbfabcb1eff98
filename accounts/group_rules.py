"""Groups of the provider give the highest role that a rule gives, at the places of the rules that give it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Protocol

from accounts.roles import ROLES


class RoleRule(Protocol):
    group: str
    role: str
    scope_kind: str
    scope_slug: str


@dataclass(frozen=True, slots=True)
class Access:
    """`role` is "" without access; without `scopes` it is for all sites. `rules` are those that decided."""

    role: str
    scopes: tuple[tuple[str, str], ...] = ()
    rules: tuple[RoleRule, ...] = ()


def access_of(rules: Iterable[RoleRule], groups: Collection[str]) -> Access:
    """A user has one role. So a rule for a lower role, and its places, count only where no rule gives a higher one: a
    role of one site never spreads to the sites of a lower role."""
    matching = [rule for rule in rules if rule.group in groups]
    order = list(ROLES)
    role = max((rule.role for rule in matching), key=order.index, default="")
    deciding = tuple(rule for rule in matching if rule.role == role)
    is_everywhere = any(not rule.scope_kind for rule in deciding)
    places = set() if is_everywhere else {(rule.scope_kind, rule.scope_slug) for rule in deciding}
    return Access(role, tuple(sorted(places)), deciding)
