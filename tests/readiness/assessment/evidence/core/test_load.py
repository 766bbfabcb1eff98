"""Loads from windows of meters."""

import numpy as np
import pytest

from readiness.assessment.evidence.core.load import (
    MeteredLevel,
    MeteringLevel,
    complete_sum,
    continuous,
    largest_step,
    peak,
    site_load,
)
from readiness.assessment.evidence.core.parsed import worst_provenance

NAN = np.nan


def windows(*values):
    return np.array(values, np.float64)


@pytest.mark.parametrize(
    ("meters", "total"),
    [
        ([[1, 2], [3, 4]], [4, 6]),
        ([[1, 2], [3, NAN]], [4, NAN]),
    ],
    ids=["every meter", "one meter silent in the second window"],
)
def test_a_sum_is_known_where_every_meter_is(meters, total):
    np.testing.assert_array_equal(complete_sum(np.array(meters, np.float64)), total)


def test_a_peak_tells_when_it_was_and_what_was_last_known():
    found = peak(windows(1, 5, NAN, 3, NAN))
    assert (found.value, found.at, found.last) == (5, 1, 3)
    assert peak(windows(NAN)) is None


@pytest.mark.parametrize(
    ("load", "means"),
    [
        (windows(3, 6, 9), [6]),
        (windows(3, NAN, 9), [6]),
        (windows(NAN, NAN, NAN, 1, 1, 1), [NAN, 1]),
        (windows(90, 90), []),
        (windows(3, 6, 9, 90), [6]),
    ],
    ids=["whole", "sparse", "nothing known", "not over yet", "the part that is not over is left out"],
)
def test_a_continuous_load_is_the_mean_of_a_quarter_of_an_hour(load, means):
    np.testing.assert_array_equal(continuous(load), means)


@pytest.mark.parametrize(
    ("load", "span", "step"),
    [
        (windows(1, 4, 2), 1, 3),
        (windows(1, NAN, 9), 1, None),
        (windows(1, NAN, 9), 2, 8),
        (windows(0, 1, 2, 3, 4), 3, 3),
        (windows(5), 1, None),
        (windows(5, 2), 10, 3),
    ],
    ids=[
        "neighbours",
        "a gap hides a step",
        "but not within two",
        "a slope adds up",
        "one",
        "shorter than the span",
    ],
)
def test_the_largest_step_within_a_span(load, span, step):
    assert largest_step(load, span) == step


def level(which, kw, *, expected=None):
    found = {number: windows(*values) for number, values in enumerate(kw)}
    return MeteredLevel(which, frozenset(expected or found), found)


class TestSiteLoad:
    def test_levels_are_never_added_up(self):
        load = site_load(
            [
                level(MeteringLevel.RACK_PDU, [[10], [12]]),
                level(MeteringLevel.UPS, [[24]]),
                level(MeteringLevel.METER, [[30]]),
            ]
        )
        assert (load.level, load.windows.tolist()) == (MeteringLevel.METER, [30])

    def test_a_level_that_lacks_a_meter_is_passed_over_for_the_next(self):
        load = site_load(
            [level(MeteringLevel.UPS, [[24]], expected={0, 1}), level(MeteringLevel.RACK_PDU, [[10], [12]])]
        )
        assert (load.level, load.windows.tolist()) == (MeteringLevel.RACK_PDU, [22])

    def test_where_no_level_is_complete_the_outermost_says_why(self):
        load = site_load(
            [
                level(MeteringLevel.UPS, [[24]], expected={0, 1}),
                level(MeteringLevel.NODE, [[1]], expected={0, 1, 2}),
            ]
        )
        assert (load.level, load.reason) == (None, "1 of 2 UPSs sent no power.")

    def test_meters_that_never_sent_together_give_no_load(self):
        load = site_load([level(MeteringLevel.UPS, [[24, NAN], [NAN, 24]])])
        assert (load.level, load.reason) == (None, "In no window did every UPS send power.")

    def test_no_meter_at_all_is_no_load(self):
        assert site_load([MeteredLevel(MeteringLevel.UPS, frozenset({1}), {})]) is None


@pytest.mark.parametrize(
    ("found", "worst"),
    [([], "measured"), (["measured", "estimated"], "estimated"), (["simulated", "measured"], "simulated")],
)
def test_a_figure_is_as_good_as_its_worst_part(found, worst):
    assert worst_provenance(found) == worst
