"""Names beside points: none covers a point or another name."""

from readiness.tradeoffs.placing.core.labels import label_places
from tests.cases import cases


@cases(
    ("points", "places"),
    {
        "alone": ([(0.5, 0.5)], ["top center"]),
        "no room above": ([(0.5, 0.99)], ["bottom center"]),
        "at the left edge": ([(0.01, 0.5)], ["middle right"]),
        "one above the other": ([(0.5, 0.5), (0.5, 0.54)], ["bottom center", "top center"]),
        "one over the other": ([(0.5, 0.5), (0.51, 0.5)], ["top center", "bottom center"]),
        "side by side": ([(0.5, 0.5), (0.55, 0.5)], ["top center", "bottom center"]),
    },
)
def test_a_name_goes_where_it_covers_nothing(points, places):
    assert label_places(points, ["PAR-1"] * len(points)) == places


def test_a_name_that_fits_nowhere_is_left_out_and_earlier_ones_go_first():
    crowd = [(0.5 + 0.01 * (at % 5), 0.5 + 0.01 * (at // 5)) for at in range(25)]
    places = label_places(crowd, ["PAR-1"] * 25)
    assert places[0] != ""
    assert "" in places
    # Points after the last name are not covered.
    assert label_places([(0.5, 0.5), (0.5, 0.54)], ["PAR-1"]) == ["bottom center"]
