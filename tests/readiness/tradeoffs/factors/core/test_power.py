"""IT power of an accelerator from the figures of its node's type."""

import pytest

from readiness.tradeoffs.factors.core.power import PowerBasis, accelerator_power, node_watts
from tests.cases import cases

H100 = {"typical_w": 8_000, "peak_w": 8_400, "accelerator_count": 8}


@cases(
    ("attributes", "nameplate_w", "found"),
    {
        "typical and peak": (H100, 10_200, (1.0, 1.05, PowerBasis.TYPE)),
        "the nameplate alone": ({"accelerator_count": 8}, 10_200, (1.275, 1.275, PowerBasis.NAMEPLATE)),
        "typical without a peak": (H100 | {"peak_w": None}, 10_200, (1.0, 1.275, PowerBasis.TYPE)),
        "typical alone": (H100 | {"peak_w": None}, None, (1.0, 1.0, PowerBasis.TYPE)),
        "as many as are in it": ({}, 8_000, (1.0, 1.0, PowerBasis.NAMEPLATE)),
        "words are no watts": ({"typical_w": "much"}, 8_000, (1.0, 1.0, PowerBasis.NAMEPLATE)),
    },
)
def test_power_of_one(attributes, nameplate_w, found):
    power = accelerator_power([node_watts("XE9680", attributes, nameplate_w, 16, 2)])
    assert (power.typical_kw, power.peak_kw, power.basis) == found
    assert power.source.startswith("nameplate of XE9680" if found[2] is PowerBasis.NAMEPLATE else "typical")


def test_nodes_of_two_products_count_by_their_accelerators():
    nodes = [node_watts("A", H100, None, 8, 1), node_watts("B", {}, 16_000, 24, 3)]
    power = accelerator_power(nodes)
    assert power.typical_kw == pytest.approx((8 * 1.0 + 24 * 2.0) / 32)
    assert power.source == "nameplate of A and B, an estimate"


def test_a_node_without_watts_makes_the_power_unknown():
    assert accelerator_power([node_watts("A", H100, None, 8, 1), node_watts("B", {}, None, 8, 1)]) is None
    assert accelerator_power([]) is None
