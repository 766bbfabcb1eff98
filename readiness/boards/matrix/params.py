"""The part of the matrix that an address asks for: columns by pillar and gate, cells by state, tier and expiry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.http import QueryDict

from readiness.framework.core.definition import Check

EXPIRES_SOON = timedelta(days=14)
TRUE = {"true", "1"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Empty means any. With states, tiers or expiry, only sites and checks with such a cell are shown."""

    pillars: frozenset[str] = frozenset()
    gates: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    tiers: frozenset[str] = frozenset()
    expiring: bool = False

    @classmethod
    def of(cls, data: QueryDict) -> Wanted:
        return cls(
            pillars=frozenset(filter(None, data.getlist("pillar"))),
            gates=frozenset(filter(None, data.getlist("gate"))),
            states=frozenset(filter(None, data.getlist("state"))),
            tiers=frozenset(filter(None, data.getlist("tier"))),
            expiring=data.get("expiring", "").lower() in TRUE,
        )

    @property
    def picks_cells(self) -> bool:
        return bool(self.states) or self.picks_by_row

    @property
    def picks_by_row(self) -> bool:
        """Whether it takes more than the state to know if a cell is one of them."""
        return bool(self.tiers) or self.expiring

    def checks(self, every: Iterable[Check]) -> tuple[Check, ...]:
        """Checks of the pillars and gates. The gate is the definition's; a site's own may be another."""
        return tuple(
            check
            for check in every
            if (not self.pillars or check.pillar in self.pillars)
            and (not self.gates or check.gate in self.gates)
        )

    def cells(self, *, now: datetime) -> Q:
        """The condition on a result; the checks are chosen apart."""
        condition = Q(state__in=self.states) if self.states else Q()
        if self.tiers:
            condition &= Q(tier__in=self.tiers)
        if self.expiring:
            condition &= Q(expires_at__gt=now, expires_at__lte=now + EXPIRES_SOON)
        return condition
