"""Where accelerators stand, and which colours their values have."""

import pytest

from readiness.boards.heat.grid import (
    MOST_NODES,
    HeatLimits,
    PlacedAccelerator,
    colour_stops,
    heat_grid,
)


def placed(nodes, accelerators=2, rack=lambda node: f"R{node // 4}"):
    return [
        PlacedAccelerator(
            id=1 + node * accelerators + index, index=index, node=f"node-{node}", rack=rack(node)
        )
        for node in range(nodes)
        for index in range(accelerators)
    ]


def test_rows_are_nodes_and_columns_accelerators():
    grid = heat_grid(placed(3))
    assert (grid.rows, grid.columns) == (("node-0", "node-1", "node-2"), ("0", "1"))
    assert [[cell.id for cell in row] for row in grid.cells] == [[1, 2], [3, 4], [5, 6]]


def test_node_2_stands_before_node_10():
    assert heat_grid(placed(12)).rows[2:4] == ("node-2", "node-3")


def test_a_node_with_fewer_accelerators_leaves_places_free():
    grid = heat_grid([*placed(1, 1), PlacedAccelerator(id=9, index=1, node="node-7", rack="")])
    assert [[cell and cell.id for cell in row] for row in grid.cells] == [[1, None], [None, 9]]


def test_with_many_nodes_a_row_is_a_rack():
    grid = heat_grid(placed(MOST_NODES + 4))
    assert grid.by_rack
    assert len(grid.rows) == (MOST_NODES + 4) // 4
    assert {len(row) for row in grid.cells} == {8}
    assert sum(cell is not None for row in grid.cells for cell in row) == 2 * (MOST_NODES + 4)


ABOVE, BELOW = HeatLimits(warn=80, critical=90), HeatLimits(warn=20, critical=10, is_below=True)


@pytest.mark.parametrize(
    ("low", "high", "limits", "stops"),
    [
        pytest.param(30, 70, ABOVE, [(0, "accent-bg"), (1, "accent")], id="within its limits"),
        pytest.param(
            *(60, 85, ABOVE, [(0, "accent-bg"), (0.8, "accent"), (0.8, "warn-mark"), (1, "warn-mark")]),
            id="beyond the warning",
        ),
        pytest.param(
            *(70, 110, ABOVE),
            [
                *((0, "accent-bg"), (0.25, "accent"), (0.25, "warn-mark"), (0.5, "warn-mark")),
                *((0.5, "bad-mark"), (1, "bad-mark")),
            ],
            id="beyond both",
        ),
        pytest.param(95, 99, ABOVE, [(0, "bad-mark"), (1, "bad-mark")], id="all critical"),
        pytest.param(
            *(0, 40, BELOW),
            [
                *((0, "bad-mark"), (0.25, "bad-mark"), (0.25, "warn-mark"), (0.5, "warn-mark")),
                *((0.5, "accent-bg"), (1, "accent")),
            ],
            id="below both",
        ),
        pytest.param(50, 50, ABOVE, [(0, "accent"), (1, "accent")], id="all alike"),
        pytest.param(95, 95, ABOVE, [(0, "bad-mark"), (1, "bad-mark")], id="all alike and critical"),
        pytest.param(0, 9, HeatLimits(), [(0, "accent-bg"), (1, "accent")], id="without limits"),
    ],
)
def test_colours_follow_the_limits(low, high, limits, stops):
    assert colour_stops(low, high, limits) == [(pytest.approx(share), name) for share, name in stops]


@pytest.mark.parametrize(("value", "level"), [(80, ""), (80.1, "warn"), (91, "critical")])
def test_a_level_begins_beyond_its_limit(value, level):
    assert ABOVE.level_of(value) == level
