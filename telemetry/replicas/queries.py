"""The replicas of sources, and what is told of each."""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from telemetry.core.replicas import MOST_REPLICAS
from telemetry.models import Replica, Source


@dataclass(frozen=True, slots=True)
class ReplicaStanding:
    """A replica that is in use: silent since an instant, or contradicting another one, or neither. `is_beyond` is a
    name beyond the most replicas, whose series count as others."""

    id: int
    name: str
    first_sample_at: datetime
    last_sample_at: datetime | None
    silent_since: datetime | None
    contradicts_since: datetime | None
    contradiction: str
    is_beyond: bool


def replica_standings(replicas: Iterable[Replica]) -> list[ReplicaStanding]:
    return [
        ReplicaStanding(
            id=replica.pk,
            name=replica.name,
            first_sample_at=replica.first_sample_at,
            last_sample_at=replica.last_sample_at,
            silent_since=replica.silent_since,
            contradicts_since=replica.contradicts_since,
            contradiction=replica.contradiction,
            is_beyond=replica.number == 0,
        )
        for replica in sorted(replicas, key=lambda each: each.number)
        if replica.removed_at is None
    ]


def troubled_replicas() -> QuerySet[Replica, Any]:
    """The sources of replicas of which there is something to tell."""
    troubled = Q(number=0) | Q(silent_since__isnull=False) | Q(contradicts_since__isnull=False)
    return Replica.objects.present().filter(troubled).values("source")


def numbered_names(source: Source, names: Set[str], *, waiting: Set[str]) -> set[str]:
    """Which of these names have a number, or get one when their samples are stored. Samples of new names that are
    `waiting` may be stored first."""
    replicas = list(Replica.objects.filter(source=source))
    numbered = {
        replica.name
        for replica in replicas
        if replica.number and (replica.removed_at is None or replica.name in names | waiting)
    }
    known_names = {replica.name for replica in replicas}
    new_names = [*sorted(waiting - known_names), *sorted(names - waiting - known_names)]
    return {*numbered, *new_names[: MOST_REPLICAS - len(numbered)]}.intersection(names)
