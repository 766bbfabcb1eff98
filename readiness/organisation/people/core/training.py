"""How a person stands in what they were to learn."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

DOMAINS = ("compute", "network", "energy")
"""These border on each other."""
SHADOW_SHIFT = "shadow-shift"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """A course that a person was to complete by `due_at`; `valid_until` ends a completion."""

    person_id: int
    course_id: int
    kind: str
    domain: str
    skill_id: int | None
    assigned_at: datetime
    due_at: datetime
    completed_at: datetime | None
    valid_until: datetime | None

    def counts(self, now: datetime) -> bool:
        return (
            self.completed_at is not None
            and self.valid_until is not None
            and self.completed_at <= now < self.valid_until
        )

    def is_waiting(self, now: datetime) -> bool:
        """Still to be completed, and not late yet."""
        is_open = self.completed_at is None or self.completed_at > now
        return is_open and now < self.due_at

    def moments(self) -> tuple[datetime | None, ...]:
        return self.assigned_at, self.due_at, self.completed_at, self.valid_until


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonTraining:
    """`learned` and `shadowed` are domains with a course in date, and with a shift beside somebody there."""

    is_in_date: bool
    learned: frozenset[str] = frozenset()
    shadowed: frozenset[str] = frozenset()

    def crosses(self, own: Collection[str]) -> bool:
        """Whether they learned each domain that is not their own, and shadowed one of these."""
        others = frozenset(DOMAINS).difference(own)
        return others <= self.learned and (not others or bool(others & self.shadowed))


def standing_of(
    assigned: Iterable[Assigned], exempt: Collection[int], *, now: datetime
) -> PersonTraining | None:
    """How one person stands; a course that leads to a skill they are exempt from (ids) is not asked of them.

    In date is whoever was assigned to something and completed all of it: each course has a completion that still
    counts, or one that is not due yet. None where nothing was assigned by now.
    """
    assignments = [each for each in assigned if each.assigned_at <= now]
    if not assignments:
        return None
    good = {each.course_id for each in assignments if each.counts(now) or each.is_waiting(now)}
    required_courses = {each.course_id for each in assignments if each.skill_id not in exempt}
    in_date = [each for each in assignments if each.counts(now)]
    return PersonTraining(
        is_in_date=required_courses <= good,
        learned=frozenset(each.domain for each in in_date if each.kind != SHADOW_SHIFT),
        shadowed=frozenset(each.domain for each in in_date if each.kind == SHADOW_SHIFT),
    )
