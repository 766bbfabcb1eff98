"""Key figures of sites and of the fleet: what a broken meter sends is no figure, and harms none of the others."""

import math

import pytest

from readiness.scoring.figures import FIGURES, HEADROOM, POWER, PUE, combined, of_site, stored
from tests.conftest import NOW

GIVEN = {"taken_at": NOW, "provenance": "measured"}
BEYOND = [math.inf, -math.inf, math.nan, 1e300]


@pytest.mark.parametrize("value", BEYOND)
@pytest.mark.parametrize("kind", FIGURES, ids=lambda kind: kind.key)
def test_what_is_no_number_is_not_kept(kind, value):
    assert stored(kind, value, **GIVEN) == {}
    assert stored(kind, 1.0, weight=value, **GIVEN) == {}


@pytest.mark.parametrize("kind", FIGURES, ids=lambda kind: kind.key)
def test_one_that_was_kept_empty_is_passed_over(kind):
    """JSON has null in the place of what is not finite."""
    well = stored(kind, 3.0, weight=2.0, **GIVEN)
    empty = {kind.key: well[kind.key] | {"value": None}}
    assert combined(kind, [empty, well]).value == 3.0
    assert of_site(kind, empty).value is None


def test_figures_add_up_as_their_kind_says():
    sites = [stored(PUE, 1.2, weight=300, **GIVEN), stored(PUE, 1.6, weight=100, **GIVEN), {}]
    assert combined(PUE, sites).value == pytest.approx(1.3)
    assert combined(POWER, [stored(POWER, 40, **GIVEN), stored(POWER, 2, **GIVEN)]).value == 42
    assert of_site(HEADROOM, stored(HEADROOM, -5, **GIVEN)).value == -5


def test_where_nothing_stands_behind_any_all_count_alike():
    sites = [stored(PUE, value, weight=0, **GIVEN) for value in (1.2, 1.4)]
    assert combined(PUE, sites).value == pytest.approx(1.3)
