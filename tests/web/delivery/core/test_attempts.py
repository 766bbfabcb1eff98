"""When an attempt that failed is made again."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NOW
from web.delivery.core.attempts import LONGEST_HOLD, LONGEST_S, SPREAD, hold_until, next_attempt_at

DAY = timedelta(hours=24)


def interval_s(attempts, *, retry_after_s=None, chance=0.5, left=DAY):
    at = next_attempt_at(
        attempts=attempts,
        ended_at=NOW,
        give_up_at=NOW + left,
        retry_after_s=retry_after_s,
        chance=chance,
    )
    return None if at is None else (at - NOW).total_seconds()


@pytest.mark.parametrize(
    ("options", "expected_s"),
    [
        pytest.param({"attempts": 1}, 5, id="the first after five seconds"),
        pytest.param({"attempts": 2}, 10, id="then twice as long"),
        pytest.param({"attempts": 5}, 80, id="and so on"),
        pytest.param({"attempts": 40}, LONGEST_S, id="never longer than an hour"),
        pytest.param({"attempts": 1, "chance": 0}, 4, id="jitter, sooner"),
        pytest.param({"attempts": 1, "chance": 1}, 6, id="jitter, later"),
        pytest.param({"attempts": 1, "retry_after_s": 120}, 120, id="as late as the receiver asks"),
        pytest.param({"attempts": 10, "retry_after_s": 1}, 2560, id="not sooner than it would be"),
        pytest.param({"attempts": 1, "retry_after_s": 1e9}, 86400, id="not after its time"),
        pytest.param({"attempts": 40, "left": timedelta(minutes=5)}, 300, id="once more when its time ends"),
        pytest.param({"attempts": 3, "left": timedelta()}, None, id="its time is up"),
    ],
)
def test_the_next_attempt(options, expected_s):
    assert interval_s(**options) == expected_s


@given(st.lists(st.floats(0, 1), min_size=60, max_size=60))
def test_a_receiver_that_never_answers_is_tried_some_thirty_times_within_a_day(chances):
    at, attempts = NOW, 0
    for chance in chances:
        attempts += 1
        following_at = next_attempt_at(
            attempts=attempts, ended_at=at, give_up_at=NOW + DAY, retry_after_s=None, chance=chance
        )
        if following_at is None:
            break
        assert following_at - at <= timedelta(seconds=LONGEST_S * (1 + SPREAD))
        at = following_at
    assert at == NOW + DAY
    assert 28 <= attempts <= 42


@pytest.mark.parametrize(
    ("retry_after_s", "expected"),
    [(None, None), (0, None), (-5, None), (30, timedelta(seconds=30)), (1e300, LONGEST_HOLD)],
)
def test_a_channel_is_held_for_an_hour_at_most(retry_after_s, expected):
    until = hold_until(ended_at=NOW, retry_after_s=retry_after_s)
    assert until == (None if expected is None else NOW + expected)
