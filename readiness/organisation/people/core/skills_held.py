"""How people stand with skills: the best of what each of them showed, and where a site waits for them to learn it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from readiness.organisation.people.core.coverage import EXPIRING


class SkillStanding(StrEnum):
    QUALIFIED = "qualified"
    ENDING = "ending"
    DECLARED = "declared"
    OVER = "over"
    EXEMPT = "exempt"
    GAP = "gap"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSkill:
    """A skill that somebody showed at a level, from `shown_at` until `until` (None: without end). It counts from when
    its assessor confirmed it."""

    level: int
    shown_at: datetime
    until: datetime | None
    confirmed_at: datetime | None

    def lasts(self, now: datetime) -> bool:
        return self.shown_at <= now and (self.until is None or self.until > now)

    def counts(self, now: datetime) -> bool:
        return self.lasts(now) and self.confirmed_at is not None and self.confirmed_at <= now


@dataclass(frozen=True, slots=True)
class HeldSkill:
    """`level` 0: never shown. `until` is when it ends, or ended. `needed` is the level that a site is short of."""

    standing: SkillStanding
    level: int = 0
    until: datetime | None = None
    needed: int = 0


def held_skill(
    records: Iterable[ShownSkill], *, is_exempt: bool, needed: int, now: datetime
) -> HeldSkill | None:
    """The best of what a person showed of one skill; None without any of it. `needed` is the level that too few people
    have at a site they are assigned to, 0 where enough have it."""
    began = [each for each in records if each.shown_at <= now]
    best = max((each for each in began if each.counts(now)), key=_rank, default=None)
    if best is not None and best.level >= needed:
        is_ending = best.until is not None and best.until <= now + EXPIRING
        standing = SkillStanding.ENDING if is_ending else SkillStanding.QUALIFIED
        return HeldSkill(standing, best.level, best.until)
    if is_exempt:
        return HeldSkill(SkillStanding.EXEMPT)
    last = best or max(began, key=lambda each: (each.until or now, each.level), default=None)
    if needed:
        return HeldSkill(SkillStanding.GAP, best.level if best else 0, last.until if last else None, needed)
    declared = max((each for each in began if each.lasts(now)), key=_rank, default=None)
    if declared is not None:
        return HeldSkill(SkillStanding.DECLARED, declared.level, declared.until)
    return HeldSkill(SkillStanding.OVER, last.level, last.until) if last is not None else None


def _rank(record: ShownSkill) -> tuple[int, bool, datetime]:
    return record.level, record.until is None, record.until or record.shown_at
