"""The score of several sites by deployed kW, and why it moved. Expected figures are exact fractions."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.assessment.scoring.core.coalitions import CAUSES
from readiness.assessment.scoring.core.explain import NOTHING, Move
from readiness.assessment.scoring.core.explain_fleet import SiteEnds, fleet_move
from readiness.assessment.scoring.core.mean import Sums, sums_of
from readiness.assessment.scoring.core.states import FlipCause


def moved(start, end, **by):
    """A site's own move; what no cause is named for is data."""
    named = {FlipCause(cause.replace("_", "-")): share for cause, share in by.items()}
    rest = (end or 0.0) - (start or 0.0) - sum(named.values())
    return Move(start, end, NOTHING | {FlipCause.DATA: rest} | named)


def ends(start, end, start_kw, end_kw, **by):
    return SiteEnds(moved(start, end, **by), start_kw, end_kw)


def weighted(pairs):
    """By hand: the sum of score x kW over the sum of kW, of those that have both."""
    counted = [(Fraction(score), Fraction(kw)) for score, kw in pairs if score is not None and kw]
    kw = sum(kw for _, kw in counted)
    return sum(score * kw for score, kw in counted) / kw if kw else None


class TestMean:
    def test_it_is_weighted_by_kw_and_the_plain_mean_stands_beside(self):
        sums = sums_of([(0.9, 300.0), (0.3, 100.0)])
        assert (sums.kw_weighted, sums.plain) == (pytest.approx(0.75), pytest.approx(0.6))

    def test_a_site_without_a_verdict_is_in_neither(self):
        building = SiteEnds(moved(0.0, 0.8), 0.0, 50.0, is_judged=(False, True))
        move = fleet_move({"old": ends(0.6, 0.6, 50.0, 50.0), "new": building})
        assert (move.start, move.plain) == (0.6, (0.6, pytest.approx(0.7)))
        assert list(move.came) == ["new"]

    def test_sites_without_capacity_are_left_out_of_it_alone(self):
        sums = sums_of([(0.85, 2000.0), *[(0.1, 0.0)] * 8])
        assert (sums.kw_weighted, sums.plain) == (pytest.approx(0.85), pytest.approx(1.65 / 9))

    @pytest.mark.parametrize(
        ("sites", "by_kw", "plain"),
        [
            pytest.param([], None, None, id="no site"),
            pytest.param([(0.5, 0.0)], None, 0.5, id="no capacity"),
            pytest.param([(None, 500.0)], None, None, id="no score"),
            pytest.param([(None, 500.0), (0.5, 1.0)], 0.5, 0.5, id="capacity without a score"),
            pytest.param([(0.5, 10.0), (1.0, -10.0)], 0.5, 0.75, id="more taken out than was put in"),
        ],
    )
    def test_where_nothing_counts_there_is_none(self, sites, by_kw, plain):
        sums = sums_of(sites)
        assert (sums.kw_weighted, sums.plain) == (by_kw, plain)

    def test_parts_add_up_before_they_are_divided(self):
        sites = [(0.9, 300.0), (0.3, 100.0), (0.6, 0.0), (None, 7.0)]
        assert sum((sums_of([site]) for site in sites), Sums()) == sums_of(sites)


class TestEachLine:
    def test_a_cause_counts_by_the_kw_of_its_site(self):
        found = fleet_move({"large": ends(1.0, 0.5, 900.0, 900.0), "small": ends(1.0, 1.0, 100.0, 100.0)})
        assert (found.start, found.end) == (pytest.approx(1), pytest.approx(0.55))
        assert found.by[FlipCause.DATA] == pytest.approx(-0.45)
        assert found.capacity == pytest.approx(0)

    def test_a_change_of_capacity_is_a_cause_of_its_own(self):
        found = fleet_move({"good": ends(1.0, 1.0, 100.0, 300.0), "bad": ends(0.5, 0.5, 100.0, 100.0)})
        assert (found.start, found.end) == (pytest.approx(0.75), pytest.approx(0.875))
        assert not any(found.by.values())
        assert found.capacity == pytest.approx(0.125)
        # Both helped, each by a quarter of the kW x its distance from the middle score of 13/16.
        assert found.adds == {"good": pytest.approx(3 / 64), "bad": pytest.approx(5 / 64)}

    def test_a_site_that_comes_moves_it_by_its_part_and_distance(self):
        found = fleet_move({"old": ends(0.8, 0.8, 300.0, 300.0), "new": ends(None, 0.4, None, 100.0)})
        assert found.came == {"new": pytest.approx(-0.1)}
        assert (found.end, found.coming_and_going) == (pytest.approx(0.7), pytest.approx(-0.1))

    def test_sites_without_capacity_that_come_move_the_plain_mean_alone(self):
        new = {f"edge-{number}": ends(None, 0.1, None, 0.0) for number in range(8)}
        found = fleet_move({"old": ends(0.85, 0.85, 2000.0, 2000.0)} | new)
        assert (found.change, found.came) == (0, {})
        assert found.plain == (pytest.approx(0.85), pytest.approx(1.65 / 9))

    @pytest.mark.parametrize(
        ("site", "came", "went"),
        [
            pytest.param(ends(0.5, 0.5, 0.0, 100.0), ["site"], [], id="its first capacity"),
            pytest.param(ends(0.5, 0.5, 100.0, 0.0), [], ["site"], id="its last capacity"),
            pytest.param(ends(None, 0.5, 100.0, 100.0), ["site"], [], id="its first score"),
            pytest.param(ends(0.5, 0.5, 100.0, None), [], ["site"], id="retired"),
        ],
    )
    def test_a_site_that_counts_at_one_end_came_or_went(self, site, came, went):
        found = fleet_move({"other": ends(0.9, 0.9, 100.0, 100.0), "site": site})
        assert (list(found.came), list(found.went), found.sites) == (came, went, 1)

    def test_a_fleet_that_is_all_new(self):
        found = fleet_move({"oslo": ends(None, 0.25, None, 50.0), "porto": ends(None, 0.75, None, 50.0)})
        assert (found.start, found.end, found.coming_and_going) == (None, 0.5, 0.5)
        assert not any(found.by.values())

    def test_no_sites_and_sites_without_capacity_have_no_score(self):
        assert fleet_move({}).change == 0
        found = fleet_move({"planned": ends(0.2, 0.3, 0.0, 0.0)})
        assert (found.start, found.end, found.plain) == (None, None, (0.2, 0.3))
        assert found.adds == {"planned": 0}


scores = st.none() | st.integers(0, 20).map(lambda part: part / 20)
kw = st.none() | st.sampled_from([0.0, 0.5, 40.0, 1500.0])


@st.composite
def any_ends(draw):
    start, end = draw(scores), draw(scores)
    whole = (end or 0.0) - (start or 0.0)
    shares = draw(st.lists(st.integers(-3, 3), min_size=len(CAUSES) - 1, max_size=len(CAUSES) - 1))
    by = dict(zip(CAUSES[1:], (share / 10 for share in shares), strict=True))
    by[CAUSES[0]] = whole - sum(by.values())
    return SiteEnds(Move(start, end, by), draw(kw), draw(kw))


@given(st.lists(any_ends(), max_size=7))
def test_whatever_moved_the_lines_add_up_to_what_is_worked_out_by_hand(sites):
    found = fleet_move(dict(enumerate(sites)))
    start = weighted((one.move.start, one.start_kw or 0) for one in sites)
    end = weighted((one.move.end, one.end_kw or 0) for one in sites)
    assert (found.start, found.end) == (_near(start), _near(end))
    change = float((end or 0) - (start or 0))
    lines = sum(found.by.values()) + found.capacity + found.coming_and_going
    assert (lines, sum(found.adds.values())) == (_near(change), _near(change))
    assert found.adds.keys() == dict(enumerate(sites)).keys()


def _near(figure):
    return None if figure is None else pytest.approx(float(figure), abs=1e-9)
