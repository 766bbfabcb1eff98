"""The power that a rack may still take agrees with a calculation by hand."""

import pytest

from readiness.boards.power.paths import FeedPath, RackPath


def feed(leg, capacity_kw=20.0, load_percent: float | None = 30.0, **more):
    return FeedPath(
        id=1, name=f"feed {leg}", leg=leg, capacity_kw=capacity_kw, load_percent=load_percent, **more
    )


def rack(*feeds, **more):
    return RackPath(id=1, name="R01", feeds=feeds, **more)


def test_the_load_of_a_rack_is_that_of_its_feeds():
    assert rack(feed("A"), feed("B", load_percent=40)).load_kw == pytest.approx(6 + 8)


def test_without_a_reading_of_a_feed_no_load_is_known():
    path = rack(feed("A"), feed("B", load_percent=None))
    assert (path.load_kw, path.headroom_kw, path.failover_percent) == (None, None, None)


def test_the_smaller_leg_must_carry_all_when_the_larger_one_is_lost():
    path = rack(feed("A", 20), feed("B", 30, load_percent=20))
    assert path.failover_percent == pytest.approx(100 * (6 + 6) / 20)
    assert path.headroom_kw == pytest.approx(0.8 * 20 - 12)


def test_two_feeds_of_a_leg_stand_together():
    path = rack(feed("A", 10, 20), feed("A", 10, 20), feed("B", 20, 10))
    assert path.failover_percent == pytest.approx(100 * 6 / 20)


def test_a_rack_with_one_leg_has_no_second():
    path = rack(feed("single", 20, 50))
    assert (path.is_dual, path.failover_percent) == (False, None)
    assert path.headroom_kw == pytest.approx(0.8 * 20 - 10)
    assert path.leg("A") == list(path.feeds)


def test_a_rack_takes_no_more_than_it_is_rated_for():
    assert rack(feed("A"), feed("B"), rated_kw=13.0).headroom_kw == pytest.approx(13 - 12)


def test_a_rack_that_cannot_lose_a_leg_has_less_than_no_headroom():
    path = rack(feed("A", 20, 60), feed("B", 20, 60))
    assert path.headroom_kw == pytest.approx(16 - 24)
    assert path.tone == "bad"


def test_a_rack_without_feeds_has_no_load():
    assert rack().load_kw is None
    assert rack().headroom_kw is None


@pytest.mark.parametrize(
    ("percent", "level"), [(None, "unknown"), (80, "energy"), (81, "warn"), (101, "bad")]
)
def test_a_feed_warns_above_80_percent(percent, level):
    assert feed("A", load_percent=percent).level == level
