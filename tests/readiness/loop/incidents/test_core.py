"""Which incidents are reviewed and by when, which repeat another, and what a site learned from its own."""

from datetime import UTC, date, datetime, timedelta

import pytest

from readiness.loop.incidents.core.learning import ActionRecord, IncidentRecord, Learning, learning
from readiness.loop.incidents.core.rules import (
    IncidentFacts,
    IncidentSeverity,
    PastIncident,
    ReviewState,
    cause_key_of,
    repeat_of,
    review_due_on,
    review_rule,
    severity_of_alert,
)
from readiness.loop.lessons.core.drafting import check_id_for
from readiness.loop.lessons.core.spread import LessonSpread, LessonState, lesson_state

NOW = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
TODAY = NOW.date()
DAY = timedelta(days=1)
ONE, THREE = IncidentSeverity.ONE, IncidentSeverity.THREE


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        pytest.param({"severity": ONE}, "required", id="severity 1 always"),
        pytest.param({"severity": IncidentSeverity.TWO}, "required", id="severity 2 always"),
        pytest.param({"severity": THREE}, "skipped", id="severity 3 alone not"),
        pytest.param({"severity": THREE, "is_repeat": True}, "required", id="a repeat"),
        pytest.param({"severity": THREE, "is_review_wanted": True}, "required", id="somebody asks"),
        pytest.param(
            {"severity": THREE, "affected_kw": 100, "site_kw": 1000}, "required", id="10 % of the site"
        ),
        pytest.param({"severity": THREE, "affected_kw": 99, "site_kw": 1000}, "skipped", id="less than 10 %"),
        pytest.param(
            {"severity": THREE, "affected_kw": 99, "site_kw": None}, "skipped", id="nobody knows the site"
        ),
    ],
)
def test_a_rule_says_whether_it_is_reviewed(facts, state):
    rule = review_rule(IncidentFacts(**facts))
    assert rule.state is ReviewState(state)
    assert rule.reason


@pytest.mark.parametrize(
    ("ended_on", "due_on"),
    [
        pytest.param(date(2026, 11, 24), date(2026, 12, 8), id="a Tuesday: two weeks"),
        pytest.param(date(2026, 11, 28), date(2026, 12, 11), id="a Saturday: the second Friday after it"),
    ],
)
def test_ten_working_days(ended_on, due_on):
    assert review_due_on(ended_on) == due_on


def test_only_people_call_it_severity_1():
    assert {severity_of_alert(each) for each in ("critical", "error", "warning", "info")}.isdisjoint({ONE})


def past(number=1, *, ended=-2 * DAY, **values):
    ended_at = NOW + ended if ended is not None else None
    return PastIncident(id=number, began_at=NOW - 200 * DAY, ended_at=ended_at, **values)


def new(**values):
    return PastIncident(id=9, began_at=NOW, ended_at=None, **values)


KEY, CHECK = frozenset({"problem:1:health:pdu"}), frozenset({"p1-power"})


@pytest.mark.parametrize(
    ("incident", "earlier", "is_repeat"),
    [
        pytest.param(new(keys=KEY), past(keys=KEY), True, id="the same alert"),
        pytest.param(new(checks=CHECK), past(checks=CHECK), True, id="the same check"),
        pytest.param(new(keys=KEY), past(checks=CHECK), False, id="nothing in common"),
        pytest.param(new(cause_key="pump"), past(cause_key="pump"), True, id="the same root cause"),
        pytest.param(
            new(cause_key="pump", keys=KEY),
            past(cause_key="fan", keys=KEY),
            False,
            id="alike, with other causes",
        ),
        pytest.param(new(keys=KEY), past(keys=KEY, ended=-90 * DAY), True, id="90 days ago"),
        pytest.param(new(keys=KEY), past(keys=KEY, ended=-91 * DAY), False, id="longer ago"),
        pytest.param(new(keys=KEY), past(keys=KEY, ended=None), False, id="still under way"),
        pytest.param(new(keys=KEY), past(keys=KEY, ended=DAY), False, id="over only after it began"),
    ],
)
def test_what_repeats_another(incident, earlier, is_repeat):
    assert (repeat_of(incident, [earlier]) is not None) is is_repeat


def test_the_newest_is_the_one_that_is_repeated():
    older = PastIncident(id=3, began_at=NOW - 30 * DAY, ended_at=NOW - 29 * DAY, keys=KEY)
    newer = PastIncident(id=2, began_at=NOW - 9 * DAY, ended_at=NOW - 8 * DAY, keys=KEY)
    repeat = repeat_of(new(keys=KEY), [older, newer])
    assert repeat is not None
    assert repeat.id == 2


@pytest.mark.parametrize(
    "cause", ["Expired certificate", "expired  certificate.", "EXPIRED-CERTIFICATE", "Éxpired certificate"]
)
def test_the_same_words_are_one_cause(cause):
    assert cause_key_of(cause) == "expired-certificate"


def record(ended=-10 * DAY, reviewed=None, **values):
    ended_at = NOW + ended
    usual = {"severity": ONE, "review_due_on": review_due_on(ended_at.date()), "reviewed_on": reviewed}
    return IncidentRecord(ended_at=ended_at, **usual | values)


def action(due, closed=None, *, has_owner=True):
    return ActionRecord(has_owner=has_owner, due_on=due, closed_on=closed)


@pytest.mark.parametrize(
    ("incidents", "actions", "expected"),
    [
        pytest.param([], [], (100, 100, 100, 0), id="nothing happened"),
        pytest.param([record()], [], (100, 100, 100, 0), id="a review that is not due yet"),
        pytest.param([record(-30 * DAY)], [], (0, 100, 100, 0), id="a review that is overdue"),
        pytest.param([record(-30 * DAY, TODAY)], [], (0, 100, 100, 0), id="a review too late"),
        pytest.param([record(-30 * DAY, TODAY - 20 * DAY)], [], (100, 100, 100, 0), id="a review in time"),
        pytest.param(
            [record(-30 * DAY), record(-30 * DAY, TODAY - 20 * DAY)], [], (50, 100, 100, 0), id="one of two"
        ),
        pytest.param(
            [record(-30 * DAY, severity=THREE)], [], (100, 100, 100, 0), id="severity 3 is not counted"
        ),
        pytest.param([record(-91 * DAY)], [], (100, 100, 100, 0), id="out of the window"),
        pytest.param([record(is_repeat=True)], [], (100, 100, 100, 1), id="a repeat"),
        pytest.param([], [action(TODAY, has_owner=False)], (100, 0, 100, 0), id="an action of nobody"),
        pytest.param([], [action(TODAY)], (100, 100, 100, 0), id="due today is not late"),
        pytest.param([], [action(TODAY - DAY)], (100, 100, 0, 0), id="due yesterday is"),
        pytest.param(
            [],
            [action(TODAY - DAY, TODAY - DAY), action(TODAY - DAY, TODAY)],
            (100, 100, 50, 0),
            id="a day late",
        ),
    ],
)
def test_what_a_site_learned(incidents, actions, expected):
    assert learning(incidents, actions, now=NOW, today=TODAY) == Learning(*expected)


def test_a_check_of_a_lesson_has_a_free_name():
    claim = "Each UPS reports the temperature of its batteries"
    name = check_id_for("p1", claim, ())
    assert name == "p1-ups-reports-temperature-batteries"
    assert check_id_for("p1", claim, {name}) == f"{name}-2"


@pytest.mark.parametrize(
    ("is_asked", "has_draft", "numbers", "state"),
    [
        (False, True, (0, 0, 0), LessonState.DRAFT),
        (False, False, (0, 0, 0), LessonState.DROPPED),
        (True, False, (0, 0, 0), LessonState.ASKED),
        (True, True, (4, 3, 3), LessonState.ASKED),
        (True, False, (4, 4, 1), LessonState.SPREAD),
    ],
)
def test_how_far_a_lesson_has_spread(is_asked, has_draft, numbers, state):
    spread = LessonSpread(*numbers)
    assert lesson_state(is_asked=is_asked, has_draft=has_draft, spread=spread) is state
