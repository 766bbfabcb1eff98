"""Alternatives of critical workloads: which have one on record, and which was proven lately."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class RecordedAlternative:
    """`site_id` is where the workload runs, None for wherever it runs."""

    workload: str
    site_id: int | None
    name: str
    proven_on: date | None

    def is_at(self, site_id: int) -> bool:
        return self.site_id in (None, site_id)


@dataclass(frozen=True, slots=True)
class AlternativeStanding:
    """Critical workloads without an alternative on record, and those whose alternatives nobody proved lately."""

    without: tuple[str, ...]
    untested: tuple[str, ...]
    oldest_proof_on: date | None


def alternative_standing(
    critical: Collection[str], recorded: Iterable[RecordedAlternative], *, on: date, within: timedelta
) -> AlternativeStanding:
    """A workload counts as tested if the newest proof of one of its alternatives is at most `within` old; a proof of a
    later day does not count yet."""
    proofs: dict[str, list[date]] = {}
    for each in recorded:
        proofs.setdefault(each.workload, []).extend(
            [each.proven_on] if each.proven_on and each.proven_on <= on else []
        )
    newest = {workload: max(dates) for workload, dates in proofs.items() if dates}
    tested = {workload for workload, proven_on in newest.items() if on - proven_on <= within}
    return AlternativeStanding(
        without=tuple(sorted(set(critical) - proofs.keys())),
        untested=tuple(sorted((set(critical) & proofs.keys()) - tested)),
        oldest_proof_on=min((newest[workload] for workload in tested & set(critical)), default=None),
    )
