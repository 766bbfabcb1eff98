"""The proofs of a site, and for how long they hold."""

from datetime import datetime
from typing import NamedTuple

from readiness.assessment.evidence.core.proving.values import PartKey, Proof

REVALIDATED = ("p5-revalidation", "nodes-current")
"""Counts nodes at the time of asking, so its proof has that time."""

type SiteProofs = dict[PartKey, tuple[Proof, ...]]


class DatedProofs(NamedTuple):
    """The proofs of a site as they hold from `at` until `until`, as long as nobody enters anything."""

    proofs: SiteProofs
    at: datetime
    until: datetime | None

    @property
    def counts_nodes(self) -> bool:
        return any(
            proof.taken_at == self.at and proof.kind == "run" for proof in self.proofs.get(REVALIDATED, ())
        )

    def proofs_at(self, now: datetime) -> SiteProofs:
        """A count of nodes is as new as the question."""
        if now == self.at or not self.counts_nodes:
            return self.proofs
        node_proofs = self.proofs[REVALIDATED]
        of_now = (
            proof._replace(taken_at=now) if proof.taken_at == self.at else proof for proof in node_proofs
        )
        return self.proofs | {REVALIDATED: tuple(of_now)}
