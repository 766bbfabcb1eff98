"""Who can find what. Apps register themselves, since search lies below them and knows none."""

from dataclasses import dataclass
from typing import Protocol

from accounts.models import User

A_FEW = 8
MANY = 100


@dataclass(frozen=True, slots=True)
class Hit:
    """One found object: `detail` says where it belongs, `kind` what it is where a group mixes several."""

    title: str
    url: str
    detail: str = ""
    kind: str = ""


class Find(Protocol):
    def __call__(self, query: str, *, user: User, limit: int) -> list[Hit]: ...


@dataclass(frozen=True, slots=True)
class Provider:
    """`name` is what `in:` takes. Without a `permission` the function itself looks after what the user may see."""

    name: str
    label: str
    find: Find
    permission: str = ""
    order: int = 100

    def serves(self, user: User) -> bool:
        return not self.permission or user.has_perm(self.permission)


@dataclass(frozen=True, slots=True)
class HitGroup:
    provider: Provider
    hits: list[Hit]
    more: bool


_providers: dict[str, Provider] = {}


def register(name: str, label: str, find: Find, *, permission: str = "", order: int = 100) -> None:
    """Registering a name again replaces what was there."""
    _providers[name] = Provider(name, label, find, permission, order)


def providers(user: User) -> list[Provider]:
    return sorted((each for each in _providers.values() if each.serves(user)), key=lambda each: each.order)


def search(query: str, *, user: User, scope: str = "") -> list[HitGroup]:
    if not query:
        return []
    limit = MANY if scope else A_FEW
    groups = []
    for provider in providers(user):
        if scope in ("", provider.name):
            hits = provider.find(query, user=user, limit=limit + 1)
            groups.append(HitGroup(provider, hits[:limit], more=len(hits) > limit))
    return [group for group in groups if group.hits]
