"""IT power of a placement: by the type of the site's nodes, else as the envelope declares it."""

import pytest

from readiness.tradeoffs.factors.core.factors import HOURS_A_YEAR
from readiness.tradeoffs.models import SiteFactor
from tests.inventory import made
from tests.readiness.tradeoffs.placing.conftest import KNOWN

pytestmark = pytest.mark.django_db
HOURS = HOURS_A_YEAR / 12


@pytest.fixture
def installed(fleet):
    """`installed("porto", "nvidia-h100", typical_w=8000)`: one node with eight accelerators of that type."""

    def make(site, slug, *, nameplate_w=None, **watts):
        kind = made.device_type(slug=slug, kind="accelerator")
        attributes = {"accelerator_count": 8, **watts}
        node_type = made.device_type(kind="node", nameplate_w=nameplate_w, attributes=attributes)
        node = made.device(site=fleet[site], device_type=node_type)
        for _index in range(8):
            made.accelerator(device=node, device_type=kind)
        return node_type

    return make


def test_two_types_of_hardware_draw_what_their_nodes_draw(options, installed):
    installed("porto", "nvidia-h100", typical_w=8_000, peak_w=9_000, nameplate_w=10_200)
    b200 = installed("lulea", "nvidia-b200", nameplate_w=14_300)
    found = options()
    porto, lulea, lagos = (found[slug] for slug in ("porto", "lulea", "lagos"))
    assert (porto["it_power"]["value"], porto["power_basis"]) == (pytest.approx(8.0), "type")
    assert porto["it_power"]["provenance"] == "declared"
    assert porto["objectives"]["energy"]["value"] == pytest.approx(8.0 * KNOWN["porto"][1] * HOURS)
    # Four B200 do what eight H100 do; only the nameplate of their node is stated.
    count = lulea["accelerators"]["count"]
    assert count < 8
    assert lulea["it_power"]["value"] == pytest.approx(count * 14.3 / 8)
    assert (lulea["power_basis"], lulea["it_power"]["provenance"]) == ("nameplate", "estimated")
    assert f"nameplate of {b200.model}, an estimate" in lulea["objectives"]["energy"]["source"]
    # Lagos has no hardware in the inventory.
    assert (lagos["it_power"]["value"], lagos["power_basis"]) == (10.0, "declared")


def test_room_is_needed_for_the_peak_and_what_runs_there_leaves_its_own(options, installed, fleet):
    installed("porto", "nvidia-h100", typical_w=8_000, peak_w=80_000)
    installed("lulea", "nvidia-h200", typical_w=8_000, peak_w=600_000)
    SiteFactor.objects.filter(site=fleet["porto"], kind="pue").update(value=1.0)
    found = options()
    assert found["porto"]["capacity_after"]["power"]["value"] == pytest.approx(KNOWN["porto"][6])
    lulea = found["lulea"]
    assert (lulea["standing"], [reason["limit"] for reason in lulea["reasons"]]) == ("rejected", ["power"])
    assert lulea["reasons"][0]["bound"] == pytest.approx(600)


def test_a_changed_type_counts_at_once(options, installed):
    node_type = installed("porto", "nvidia-h100", typical_w=8_000)
    assert options()["porto"]["it_power"]["value"] == pytest.approx(8.0)
    node_type.attributes |= {"typical_w": 4_000}
    node_type.save()
    assert options()["porto"]["it_power"]["value"] == pytest.approx(4.0)
