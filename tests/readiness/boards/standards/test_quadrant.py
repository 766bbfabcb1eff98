"""Concentration, drift and quadrant against an independent calculation, and the pages that show them."""

from collections import Counter
from datetime import date, timedelta
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.models import Accelerator, Device
from readiness.assessment.scoring import operations as scoring
from readiness.assessment.standards.models import Alternative, Conformance, FlexibleArea
from readiness.boards.standards.core import ConformanceChange, Quadrant, drift, quadrant
from readiness.boards.standards.queries import drift_of, layers
from readiness.demand.workloads.models import WorkloadClass
from readiness.tradeoffs.flexibility.core import concentration
from tests.inventory import made
from tests.readiness.assessment.standards.conftest import FIRMWARE, draft, standard_of

__all__ = ["standard_of"]


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=40))
def test_flexible_is_the_chance_that_two_units_are_of_different_suppliers(units):
    chance = Fraction(sum(one != two for one, two in product(units, units)), len(units) ** 2)
    assert 100 - concentration(Counter(units)).hhi / 100 == pytest.approx(float(100 * chance))


@pytest.mark.parametrize(
    ("standard", "flexible", "expected"),
    [
        (95, 50, Quadrant.BOTH),
        (100, 49.9, Quadrant.LOCKED),
        (94.9, 80, Quadrant.SCATTERED),
        (0, 0, Quadrant.NEITHER),
        (None, 80, Quadrant.UNKNOWN),
        (95, None, Quadrant.UNKNOWN),
    ],
)
def test_a_layer_is_in_one_quadrant(standard, flexible, expected):
    assert quadrant(standard, flexible) is expected


def test_drift_adds_changes_up_by_day():
    day = date(2026, 11, 1)
    days = [day + timedelta(days=number) for number in range(3)]
    changes = [
        ConformanceChange(days[1], -1, 0),
        ConformanceChange(days[1], 0, 2),
        ConformanceChange(days[2], 3, 0),
    ]
    assert drift((2, 2), changes, days) == [100, 25, 100]
    assert drift((0, 0), [], days) == [None, None, None]


@pytest.mark.django_db
def test_layers_equal_what_the_inventory_says(well, standard_of, frozen_now, planner, client):
    amd, nvidia = (made.manufacturer.row(name=name) for name in ("AMD", "NVIDIA"))
    amd.save()
    nvidia.save()
    types = [made.device_type(kind="accelerator", manufacturer=maker) for maker in (amd, nvidia)]
    Accelerator.objects.filter(device=well.node).delete()
    for index, device_type in enumerate([types[0], *3 * [types[1]]]):
        Accelerator.objects.create(device=well.node, index=index, device_type=device_type)
    Device.objects.filter(pk=well.switch.pk).update(firmware_version="4.3")
    standard = standard_of(FIRMWARE)
    scoring.evaluate(site_ids=[well.site.pk], now=frozen_now.at)
    area = FlexibleArea.objects.create(
        name="Backup fuel", kind="vendor", layer="fuel", why="Two fuels", shares="diesel 75, gas 25",
        leaving_cost=40_000, currency="EUR", leaving_days=90,
    )  # fmt: skip
    Alternative.objects.create(
        workload_class=WorkloadClass.objects.get(), kind="vendor", name="AMD", area=area,
        proven_on=frozen_now.at.date(), proof="Run 12",
    )  # fmt: skip
    by_id = {layer.id: layer for layer in layers(now=frozen_now.at)}
    hhi = 25**2 + 75**2
    assert by_id["accelerators"].concentration.hhi == by_id["fuel"].concentration.hhi == hhi
    assert (by_id["network"].standard, by_id["network"].flexible) == (100, 0)
    assert by_id["network"].quadrant is Quadrant.LOCKED
    assert by_id["accelerators"].quadrant is Quadrant.UNKNOWN  # no rule is of compute
    assert by_id["fuel"].areas[0].leaving == "40,000 EUR, 90 days"
    assert drift_of(("network",), now=frozen_now.at).percents[-1] == 100
    client.force_login(planner)
    version = draft(standard, FIRMWARE | {"values": ["5"]}, version="2", by=planner, now=frozen_now.at)
    for path, word in (
        ("/standards/", "Fabric"),
        (f"/standards/{standard.pk}/", "Fabric"),
        ("/standards/conformance/", "Network"),
        ("/standards/conformance/charts/drift.json", "100"),
        ("/standards/flexible/", "25 %"),
        ("/standards/flexible/charts/quadrant.json", "Network devices"),
        (f"/standards/versions/{version.pk}/", "switch-firmware"),
        (f"/standards/versions/{version.pk}/preview/", "1 deviation begins"),
        ("/standards/deviations/", "Nothing deviates"),
        ("/standards/waivers/", "No waiver yet"),
        ("/standards/waivers/add/", "Request a waiver"),
        (f"/standards/{standard.pk}/draft/", "switch-firmware"),
        ("/api/readiness/conformance/?present=true", '"conforming":1'),
    ):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert word in answer.content.decode(), path
    assert Conformance.objects.filter(until_at=None).count() == 1
