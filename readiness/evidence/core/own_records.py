"""The checks whose source is Muster itself, and the records that they are computed from.

As soon as a site has such records, statements by hand (facts, attestations, tables) prove nothing for the check:
what Muster knows outweighs what somebody says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OwnRecords:
    """`words` names the records in a sentence; `refs` is how references to them begin."""

    words: str
    refs: tuple[str, ...]

    def are_behind(self, evidence: str) -> bool:
        return evidence.startswith(self.refs)


OWN_RECORDS: Mapping[str, OwnRecords] = {
    "p2-envelope-declared": OwnRecords("declared envelopes", ("envelopes:",)),
    "p2-placement-jurisdiction": OwnRecords("placements that envelopes and rules decide", ("placements:",)),
    "p4-orchestration-owner": OwnRecords("accepted owners", ("ownership:",)),
    "p4-asset-ownership": OwnRecords("accepted owners", ("owned-assets:",)),
    "p4-golive-review": OwnRecords("a go-live review", ("review:",)),
}
"""The records that each check is computed from."""


def is_own(check_id: str, evidence: str) -> bool:
    """Whether this evidence of the check is a record of Muster's own."""
    own = OWN_RECORDS.get(check_id)
    return own is not None and own.are_behind(evidence)
