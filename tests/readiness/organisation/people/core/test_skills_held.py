"""How people stand with skills."""

from datetime import UTC, datetime, timedelta

import pytest

from readiness.organisation.people.core.skills_held import HeldSkill, ShownSkill, SkillStanding, held_skill

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LONG, SOON, PAST = NOW + 90 * DAY, NOW + 20 * DAY, NOW - DAY


def shown(level=1, until=LONG, shown_at=NOW - 300 * DAY, confirmed_at=NOW - 299 * DAY):
    return ShownSkill(level=level, shown_at=shown_at, until=until, confirmed_at=confirmed_at)


CASES = {
    "nothing was shown": ([], False, 0, None),
    "in force": ([shown()], False, 0, HeldSkill(SkillStanding.QUALIFIED, 1, LONG)),
    "without end": ([shown(until=None)], False, 0, HeldSkill(SkillStanding.QUALIFIED, 1)),
    "the highest level counts": ([shown(3, SOON), shown(1)], False, 0, HeldSkill(SkillStanding.ENDING, 3, SOON)),
    "the later end counts": ([shown(until=SOON), shown()], False, 0, HeldSkill(SkillStanding.QUALIFIED, 1, LONG)),
    "it ended": ([shown(2, PAST)], False, 0, HeldSkill(SkillStanding.OVER, 2, PAST)),
    "it begins later": ([shown(shown_at=NOW + DAY)], False, 0, None),
    "nobody confirmed it": ([shown(2, confirmed_at=None)], False, 0, HeldSkill(SkillStanding.DECLARED, 2, LONG)),
    "a lower level is confirmed": (
        [shown(2, confirmed_at=None), shown()], False, 0, HeldSkill(SkillStanding.QUALIFIED, 1, LONG),
    ),
    "a site is short, and nobody confirmed it": (
        [shown(2, confirmed_at=None)], False, 2, HeldSkill(SkillStanding.GAP, 0, LONG, 2),
    ),
    "exempt": ([], True, 0, HeldSkill(SkillStanding.EXEMPT)),
    "exempt from what a site is short of": ([], True, 2, HeldSkill(SkillStanding.EXEMPT)),
    "exempt, and qualified": ([shown()], True, 0, HeldSkill(SkillStanding.QUALIFIED, 1, LONG)),
    "a site is short": ([], False, 1, HeldSkill(SkillStanding.GAP, needed=1)),
    "a site is short of a higher level": ([shown()], False, 2, HeldSkill(SkillStanding.GAP, 1, LONG, 2)),
    "a site is short of what ended": ([shown(2, PAST)], False, 2, HeldSkill(SkillStanding.GAP, 0, PAST, 2)),
    "a site is short, but not of this person": ([shown(2)], False, 2, HeldSkill(SkillStanding.QUALIFIED, 2, LONG)),
}  # fmt: skip


@pytest.mark.parametrize(("held", "is_exempt", "needed", "expected"), CASES.values(), ids=CASES)
def test_the_best_of_what_was_shown(held, is_exempt, needed, expected):
    assert held_skill(held, is_exempt=is_exempt, needed=needed, now=NOW) == expected
