"""Which changes had voided evidence by an instant: one that was made later had not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from readiness.framework.core.vocabulary import Change


@dataclass(frozen=True, slots=True)
class Voids:
    """Kinds of change that had been made, when the first was, and what was done."""

    changes: frozenset[Change] = frozenset()
    at: datetime | None = None
    reason: str = ""


STANDING = Voids()


def voids_at(
    changes: Sequence[str],
    by_kind: Mapping[str, Mapping[str, str]],
    at: datetime | None,
    reason: str,
    now: datetime,
) -> Voids:
    """Return the voids as of `now`. A kind of change that has no time of its own was made `at` the first."""
    if at is None or at > now:
        return STANDING
    made = {kind: datetime.fromisoformat(change["at"]) for kind, change in by_kind.items() if kind in changes}
    later = {kind for kind, when in made.items() if when > now}
    if not later:
        return Voids(frozenset(map(Change, changes)), at, reason)
    reasons = dict.fromkeys(by_kind[kind]["reason"] for kind in made if kind not in later)
    return Voids(
        frozenset(Change(kind) for kind in changes if kind not in later), at, " ".join(reasons) or reason
    )
