from itertools import pairwise

import pytest

from web.drawing import LEAST_WIDTH, bar_width, spark_path, stacked


@pytest.mark.parametrize(
    ("values", "path"),
    [
        pytest.param([], "", id="nothing to draw"),
        pytest.param([None, None], "", id="nothing known"),
        pytest.param([0, 10], "M0.0 20.0L84.0 2.0", id="rises from the bottom to the top"),
        pytest.param([5, 5, 5], "M0.0 11.0L42.0 11.0L84.0 11.0", id="a constant runs in the middle"),
        pytest.param(
            [0, 10, None, 0, 10], "M0.0 20.0L21.0 2.0M63.0 20.0L84.0 2.0", id="a gap breaks the line"
        ),
        pytest.param([0, None, 10, None], "M0.0 20.0h.1M56.0 2.0h.1", id="a lone value is a dot"),
    ],
)
def test_spark_path(values, path):
    assert spark_path(values) == path


def test_missing_value_is_not_drawn_as_zero():
    assert spark_path([10, None, 12]).count("L") == 0


def test_parts_of_a_stack_fill_it_without_gap_or_overlap():
    parts = stacked({"ok": 18, "warn": 3, "critical": 2, "unknown": 1})
    assert [part.count for part in parts] == [18, 3, 2, 1]
    assert sum(part.width for part in parts) == pytest.approx(100, abs=0.05)
    for before, after in pairwise(parts):
        assert after.x == pytest.approx(before.x + before.width, abs=0.02)


def test_one_among_thousands_stays_visible_and_none_takes_no_room():
    parts = stacked({"ok": 5000, "warn": 0, "critical": 1})
    assert [part.state for part in parts] == ["ok", "critical"]
    assert parts[1].width >= LEAST_WIDTH * 0.98


def test_empty_stack():
    assert stacked({"ok": 0}) == []


@pytest.mark.parametrize(
    ("value", "of", "width"),
    [
        pytest.param(30, 60, 50.0, id="half"),
        pytest.param(90, 60, 100.0, id="never past the end"),
        pytest.param(-5, 60, 0.0, id="never before the start"),
        pytest.param(None, 60, 0.0, id="no value"),
        pytest.param(5, 0, 0.0, id="no whole"),
    ],
)
def test_bar_width(value, of, width):
    assert bar_width(value, of=of) == width
