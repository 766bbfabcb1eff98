"""Shapley values by hand, and what must hold of any game."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.assessment.scoring.core.explain import contributions, smallest

GAMES = st.integers(0, 4).flatmap(
    lambda players: st.lists(
        st.floats(-100, 100, allow_nan=False), min_size=1 << players, max_size=1 << players
    )
)


@pytest.mark.parametrize(
    ("worths", "expected"),
    [
        pytest.param([5], (), id="nobody plays"),
        pytest.param([1, 4], (3,), id="one player brings all of it"),
        pytest.param([0, 1, 2, 3], (1, 2), id="two who have nothing to do with each other"),
        pytest.param([0, 0, 0, 1], (0.5, 0.5), id="two who are both needed share"),
        pytest.param([0, 1, 1, 1], (0.5, 0.5), id="two of whom either is enough share"),
        pytest.param([0, 0, 0, 1, 0, 0, 0, 1], (0.5, 0.5, 0), id="the third makes no difference"),
    ],
)
def test_by_hand(worths, expected):
    assert contributions(worths) == pytest.approx(expected)


@given(worths=GAMES)
def test_it_is_the_mean_over_every_order_of_joining(worths):
    players = len(worths).bit_length() - 1
    orders = list(permutations(range(players)))
    expected = [0.0] * players
    for order in orders:
        joined = 0
        for player in order:
            expected[player] += (worths[joined | 1 << player] - worths[joined]) / len(orders)
            joined |= 1 << player
    assert contributions(worths) == pytest.approx(tuple(expected), abs=1e-9)


@given(worths=GAMES)
def test_contributions_add_up_to_the_change(worths):
    assert sum(contributions(worths)) == pytest.approx(worths[-1] - worths[0], abs=1e-9)


@given(worths=GAMES)
def test_who_never_changes_anything_contributes_exactly_nothing(worths):
    with_an_idler = [worths[coalition >> 1] for coalition in range(2 * len(worths))]
    assert contributions(with_an_idler)[0] == 0


@given(worths=GAMES)
def test_two_who_are_interchangeable_contribute_the_same(worths):
    twins = [worth + coalition.bit_count() ** 2 for coalition in range(4) for worth in worths]
    last, other = contributions(twins)[-2:]
    assert last == pytest.approx(other, abs=1e-9)


def test_a_game_of_no_whole_number_of_players_is_refused():
    with pytest.raises(ValueError, match="3 worths"):
        contributions([1, 2, 3])


@pytest.mark.parametrize(
    ("worths", "expected"),
    [
        pytest.param("aaaa", (), id="nothing changed"),
        pytest.param("abab", (0b01,), id="one alone"),
        pytest.param("aaab", (0b11,), id="only together"),
        pytest.param("abbb", (0b01, 0b10), id="either"),
        pytest.param("acbb", (0b10,), id="both, and one of them would have been enough"),
        pytest.param("aaaaabbb", (0b101, 0b110), id="one of two, with the third"),
    ],
)
def test_smallest_sets_that_are_enough(worths, expected):
    assert smallest(worths) == expected
