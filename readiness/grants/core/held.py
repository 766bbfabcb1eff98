"""A grant as scoring counts it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class HeldGrant:
    """A decision, with an end, to treat something differently: a waiver, a declared `n-a`, a go-live exception.

    It counts from `starts_at` up to, and not at, `ends_at`, and only if someone other than the requester approved it.
    """

    id: str
    reason: str
    requested_by: str
    approved_by: str
    starts_at: datetime
    ends_at: datetime

    def is_live(self, now: datetime) -> bool:
        approved = bool(self.approved_by) and self.approved_by != self.requested_by
        return approved and self.starts_at <= now < self.ends_at
