"""Counts of qualified people over many sites at many instants, as arrays: a span a row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

import numpy as np
from numpy.typing import NDArray

from readiness.organisation.people.core.growth import GROWTH_SPAN, QualifiedSite

Numbers = NDArray[np.int64]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PEOPLE = 2**32
"""More than there are ids of people: a group and a person are one number."""


def _us(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, eq=False)
class QualifiedFleet:
    """`recorded` are the sites of whose people anything is recorded. `site_ids` are the sites, and `sites` the place of
    that of each span among them. `first` and `last` are when anybody is on call at
    the site of the span, nobody ever: the last before the first. A person has one span at a time at a site."""

    recorded: frozenset[int]
    site_ids: tuple[int, ...]
    sites: Numbers
    people: Numbers
    begins: Numbers
    ends: Numbers
    is_on_call: NDArray[np.bool_]
    first: Numbers
    last: Numbers

    @classmethod
    def empty(cls) -> Self:
        return cls.build({}, recorded=frozenset())

    @classmethod
    def build(cls, sites: Mapping[int, QualifiedSite], *, recorded: frozenset[int]) -> Self:
        rows = [
            (
                *(place, span.person_id, _us(span.begins_at), _us(span.ends_at), is_on_call),
                *(map(_us, site.called) if site.called else (1, 0)),
            )
            for place, site in enumerate(sites.values())
            for is_on_call, spans in ((False, site.assigned), (True, site.on_call))
            for span in spans
        ]
        columns = np.array(rows, dtype=np.int64).reshape(len(rows), 7).T
        places, people, begins, ends, is_on_call, first, last = columns
        return cls(recorded, tuple(sites), places, people, begins, ends, is_on_call.astype(bool), first, last)

    def counts(self, group_of: Mapping[int, int], instants: Sequence[datetime], *, now: datetime) -> Numbers:
        """How many different people count, by group and instant; sites (ids) that are in no group do not count.

        Those on call count where there were any 180 days ago and are now; those assigned before the first of them, and
        elsewhere.
        """
        size = max(group_of.values(), default=-1) + 1
        groups = np.array([group_of.get(site_id, -1) for site_id in self.site_ids], np.int64)[self.sites]
        counting = (self.first <= _us(now - GROWTH_SPAN)) & (_us(now) < self.last)
        ends = np.where(counting & ~self.is_on_call, np.minimum(self.ends, self.first), self.ends)
        here = (groups >= 0) & (counting | ~self.is_on_call)
        keys, begins, ends = (groups * _PEOPLE + self.people)[here], self.begins[here], ends[here]
        numbers = np.zeros((size, len(instants)), np.int64)
        for column, at in enumerate(map(_us, instants)):
            counted = np.unique(keys[(begins <= at) & (at < ends)]) // _PEOPLE
            numbers[:, column] = np.bincount(counted, minlength=size)
        return numbers
