"""Differences between two documents, by item and field, in words."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

ADDED, REMOVED = "added", "removed"
NONE = "none"


@dataclass(frozen=True, slots=True)
class DocumentChange:
    """`where` is `p1-rdma-port / bandwidth`, a pillar, a source, or "" for the whole document."""

    where: str
    field: str
    before: str = ""
    after: str = ""

    @property
    def text(self) -> str:
        """`p1-rdma-port / bandwidth: pass ≥ 0.95 × floor → ≥ 1.00 × floor`."""
        place = f"{self.where}: " if self.where else ""
        if self.field in (ADDED, REMOVED):
            return f"{place}{self.field}"
        return f"{place}{self.field} {self.before} → {self.after}"


class HasId(Protocol):
    @property
    def id(self) -> str: ...


def items_changed[T: HasId](
    kind: str, before: Sequence[T], after: Sequence[T], fields: Callable[[T], Mapping[str, str]]
) -> Iterator[DocumentChange]:
    earlier, later = {item.id: item for item in before}, {item.id: item for item in after}
    for item_id, item in later.items():
        where = f"{kind} {item_id}".strip()
        if item_id not in earlier:
            yield DocumentChange(where, ADDED)
        else:
            yield from fields_changed(where, fields(earlier[item_id]), fields(item))
    for item_id in earlier:
        if item_id not in later:
            yield DocumentChange(f"{kind} {item_id}".strip(), REMOVED)
    was = [item_id for item_id in earlier if item_id in later]
    now = [item_id for item_id in later if item_id in earlier]
    if was != now:
        yield DocumentChange(kind.removesuffix(" /"), "order", ", ".join(was), ", ".join(now))


def fields_changed(
    where: str, before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[DocumentChange]:
    for name in {**after, **before}:
        old, new = before.get(name, NONE), after.get(name, NONE)
        if old != new:
            yield DocumentChange(where, name, old or NONE, new or NONE)
