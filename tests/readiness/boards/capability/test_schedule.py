"""When trainings of a plan are taken: dates, places, leave, what is needed first, and what has no date."""

from datetime import date

import pytest

from readiness.boards.capability.core.schedule import CourseOffer, Diary, Undated, scheduled
from readiness.boards.capability.core.trainings import Learner, Learners, PlannedTraining

TODAY = date(2026, 11, 27)  # a Friday
MONDAY, WEDNESDAY, NEXT_MONDAY = date(2026, 11, 30), date(2026, 12, 2), date(2026, 12, 7)
CHAIN = (("fabrics", "switching", 1), ("switching", "basics", 1))
NOTHING_TO_DO = Diary()
FABRICS, SWITCHING, BASICS = (PlannedTraining(1, skill) for skill in ("fabrics", "switching", "basics"))


def offer(number, skill, *dates, places=None, **columns):
    return CourseOffer(
        id=number,
        name=f"Course {number}",
        skill=skill,
        is_dated=bool(dates),
        dates=dates,
        free=dict.fromkeys(dates, places),
        **columns,
    )


def planned(trainings, offers, prerequisites=(), people=(), diary=NOTHING_TO_DO, lasts=()):
    steps = scheduled(
        trainings,
        offers,
        Learners(tuple(people), tuple(prerequisites)),
        {1: diary},
        lasts=dict(lasts),
        today=TODAY,
    )
    return {(step.training.person_id, step.training.skill): step for step in steps}


@pytest.mark.parametrize(
    ("offers", "diary", "course", "days"),
    [
        ([offer(1, "basics", days=3)], Diary(), 1, (MONDAY, WEDNESDAY)),
        ([offer(1, "basics", days=3), offer(2, "basics", days=1)], Diary(), 2, (MONDAY, MONDAY)),
        ([offer(1, "basics", NEXT_MONDAY, days=2)], Diary(), 1, (NEXT_MONDAY, date(2026, 12, 8))),
        ([offer(1, "basics", days=3)], Diary(frozenset({WEDNESDAY})), 1, (date(2026, 12, 3), NEXT_MONDAY)),
        (
            [offer(1, "basics", MONDAY, NEXT_MONDAY, days=3)],
            Diary(frozenset({WEDNESDAY})),
            1,
            (NEXT_MONDAY, date(2026, 12, 9)),
        ),
        ([offer(1, "basics", MONDAY, NEXT_MONDAY, places=0), offer(2, "basics", days=9)], Diary(), 2, None),
        ([offer(1, "basics", level=2)], Diary(assigned={1: (None, NEXT_MONDAY)}), 1, (None, NEXT_MONDAY)),
    ],
    ids=[
        "on any day",
        "the one that ends first",
        "on its date",
        "around leave",
        "after leave",
        "no place",
        "assigned",
    ],
)
def test_a_training_is_taken_as_soon_as_it_can_be(offers, diary, course, days):
    step = planned([BASICS], offers, diary=diary)[1, "basics"]
    assert step.course.id == course
    assert step.undated is None
    assert days is None or (step.starts_on, step.due_on) == days
    assert step.is_assigned == bool(diary.assigned)


@pytest.mark.parametrize(
    ("offers", "diary", "reason"),
    [
        ([], Diary(), Undated.NO_COURSE),
        ([offer(1, "basics", level=1)], Diary(), Undated.NO_COURSE),
        ([offer(1, "basics", level=2, manufacturer="bolt")], Diary(), Undated.NO_COURSE),
        ([offer(1, "basics", NEXT_MONDAY, level=2, places=0)], Diary(), Undated.NO_DATE),
        ([offer(1, "basics", TODAY, level=2)], Diary(), Undated.NO_DATE),
        ([offer(1, "basics", level=2)], Diary(assigned={1: (None, TODAY)}), Undated.OVERDUE),
    ],
    ids=["no course", "too low", "of another vendor", "full", "begun already", "overdue"],
)
def test_what_has_no_date_says_why(offers, diary, reason):
    training = PlannedTraining(1, "basics", "acme", 2)
    step = planned([training], offers, diary=diary)[1, "basics"]
    assert (step.due_on, step.undated) == (None, reason)


def test_what_is_needed_first_comes_first():
    offers = [offer(1, "fabrics"), offer(2, "switching", NEXT_MONDAY, days=2), offer(3, "basics", days=2)]
    steps = planned([FABRICS, SWITCHING, BASICS], offers, CHAIN)
    assert [steps[1, skill].due_on for skill in ("basics", "switching", "fabrics")] == [
        date(2026, 12, 1),
        date(2026, 12, 8),
        date(2026, 12, 9),
    ]


def test_a_line_without_a_date_leaves_the_others_dated():
    """Only what waits for it has none either."""
    offers = [offer(1, "fabrics"), offer(2, "switching"), offer(4, "cooling")]
    steps = planned([FABRICS, SWITCHING, BASICS, PlannedTraining(1, "cooling")], offers, CHAIN)
    reasons = {skill: step.undated for (_, skill), step in steps.items()}
    assert reasons == {
        "basics": Undated.NO_COURSE,
        "switching": Undated.WAITS,
        "fabrics": Undated.WAITS,
        "cooling": None,
    }


def test_places_go_to_as_many_as_there_are():
    """Those who are to be trained first get them."""
    people = [Learner(1, weight=1), Learner(2), Learner(3)]
    offers = [offer(1, "basics", MONDAY, NEXT_MONDAY, places=2)]
    steps = planned([PlannedTraining(each, "basics") for each in (1, 2, 3)], offers, people=people)
    assert {person_id: step.starts_on for (person_id, _), step in steps.items()} == {
        1: NEXT_MONDAY,
        2: MONDAY,
        3: MONDAY,
    }


def test_nobody_is_at_two_courses_at_once():
    offers = [
        offer(1, "basics", MONDAY, NEXT_MONDAY, days=2),
        offer(2, "cooling", MONDAY, NEXT_MONDAY, days=5),
    ]
    steps = planned([BASICS, PlannedTraining(1, "cooling")], offers)
    assert {skill: step.starts_on for (_, skill), step in steps.items()} == {
        "basics": MONDAY,
        "cooling": NEXT_MONDAY,
    }


@pytest.mark.parametrize(
    ("diary", "lasts", "prerequisite"),
    [
        (Diary(held_until={"switching": date(2026, 12, 5)}), (), []),
        (Diary(), (("switching", 3),), [SWITCHING]),
    ],
    ids=["held until before", "gained for three days"],
)
def test_what_is_needed_first_holds_until_the_skill_is_shown(diary, lasts, prerequisite):
    holds = () if prerequisite else (("switching", 1),)
    offers = [offer(1, "fabrics", NEXT_MONDAY), offer(2, "switching")]
    steps = planned(
        [FABRICS, *prerequisite], offers, CHAIN[:1], people=[Learner(1, holds)], diary=diary, lasts=lasts
    )
    assert steps[1, "fabrics"].undated == Undated.ENDS_BEFORE
