"""Who is on call at every site now, kept while nothing changes: reading all of it takes longer than a page may."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.db.models import Min, Q, QuerySet

from inventory.models import Site
from readiness.people.fleet import FleetPeople, fleet_people
from readiness.people.models import Person, Shift
from readiness.people.queries.on_call import DutyRow, duties_at


@dataclass(frozen=True, slots=True)
class _Duties:
    """Rows that hold from `at` on until a shift begins or ends, or somebody leaves."""

    at: datetime
    until: datetime
    rows: Sequence[DutyRow]


def sites() -> QuerySet[Site]:
    return Site.objects.exclude(stage=Site.Stage.RETIRED).select_related("region").order_by("name", "pk")


def duties_now(*, now: datetime) -> Sequence[DutyRow]:
    people = fleet_people(now=now)
    if not people.sites:
        return ()
    kept = _kept_of(people)
    if not kept or not kept[-1].at <= now < kept[-1].until:
        kept[:] = [_read(people, now)]
    return kept[-1].rows


@lru_cache(maxsize=4)
def _kept_of(people: FleetPeople) -> list[_Duties]:
    """Return what was read for these people, who are others after every write; whoever asks first fills it."""
    return []


def _read(people: FleetPeople, now: datetime) -> _Duties:
    moments = Shift.objects.filter(ends_at__gt=now).aggregate(
        ends_at=Min("ends_at"), starts_at=Min("starts_at", filter=Q(starts_at__gt=now))
    )
    moments |= Person.objects.filter(left_at__gt=now).aggregate(left_at=Min("left_at"))
    until = min((people.until, *(moment for moment in moments.values() if moment is not None)))
    return _Duties(now, until, duties_at(sites(), at=now, covered=people.covered))
