"""How far a lesson has spread."""

from dataclasses import dataclass
from enum import StrEnum


class LessonState(StrEnum):
    """`DRAFT` while the framework in force does not ask it yet, `DROPPED` once nothing will."""

    DRAFT = "draft"
    ASKED = "asked"
    SPREAD = "spread"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class LessonSpread:
    """Numbers of sites: those that are asked, have answered, and say that it holds."""

    site_count: int
    answer_count: int
    holding_count: int

    @property
    def share(self) -> float:
        """The sites that have answered, of those that are asked, 0 to 1."""
        return self.answer_count / self.site_count if self.site_count else 0.0


def lesson_state(*, is_asked: bool, has_draft: bool, spread: LessonSpread) -> LessonState:
    if not is_asked:
        return LessonState.DRAFT if has_draft else LessonState.DROPPED
    is_everywhere = spread.site_count > 0 and spread.answer_count == spread.site_count
    return LessonState.SPREAD if is_everywhere else LessonState.ASKED
