"""Key figures of sites and of the fleet: what a broken meter sends is no figure, and harms none of the others."""

import math

import pytest

from readiness.assessment.framework.core.definition import SUPERLATIVES
from readiness.assessment.framework.core.document import load
from readiness.assessment.scoring.figures import (
    FIGURES,
    HEADROOM,
    POWER,
    PUE,
    TAKEN_AS,
    combined,
    site_figure,
    stored,
)
from tests.conftest import NOW
from tests.readiness.assessment.scoring.core.builders import SHIPPED

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
    assert site_figure(kind, empty).value is None


def test_figures_add_up_as_their_kind_says():
    sites = [stored(PUE, 1.2, weight=300, **GIVEN), stored(PUE, 1.6, weight=100, **GIVEN), {}]
    assert combined(PUE, sites).value == pytest.approx(1.3)
    assert combined(POWER, [stored(POWER, 40, **GIVEN), stored(POWER, 2, **GIVEN)]).value == 42
    assert site_figure(HEADROOM, stored(HEADROOM, -5, **GIVEN)).value == -5


def test_where_nothing_stands_behind_any_all_count_alike():
    sites = [stored(PUE, value, weight=0, **GIVEN) for value in (1.2, 1.4)]
    assert combined(PUE, sites).value == pytest.approx(1.3)


@pytest.mark.parametrize("kind", FIGURES, ids=lambda kind: kind.key)
def test_the_name_of_a_figure_made_of_several_says_how(kind):
    """Whoever reads "Link flaps, 24 h" takes it for what the check says of the worst port."""
    how = str(TAKEN_AS[kind.over_sites])
    says_itself = str(kind.noun).startswith("Hottest")
    assert says_itself or how in kind.label(24)
    assert says_itself or not kind.within or how in kind.label(1)


def test_the_name_of_a_worst_figure_says_of_what():
    parts = [part for check in load(SHIPPED).checks for part in check.parts if part.worst_over]
    assert len(parts) > 30
    for part in parts:
        word = "worst " if part.name.partition(" ")[0] not in SUPERLATIVES else part.name.partition(" ")[0]
        assert word in part.figure_name, part.id
    names = {part.id: part.figure_name for part in parts}
    assert names["flaps"] == "Link flaps in 24 h, worst port"
