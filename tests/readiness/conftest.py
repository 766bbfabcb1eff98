import pytest

from readiness.demand.workloads import operations
from readiness.demand.workloads.models import UserRegion
from telemetry import store
from tests.inventory import made
from tests.readiness.plant import Plant, half_an_hour


@pytest.fixture
def h100(db):
    return made.device_type(
        slug="h100", model="H100", kind="accelerator", domain="compute", attributes={"tdp_w": 700}
    )


@pytest.fixture
def iberia(db):
    return UserRegion.objects.create(name="Iberia", slug="iberia", latitude=40.4168, longitude=-3.7038)


@pytest.fixture
def whole(h100, iberia):
    """All that a class may declare."""
    return {
        "name": "Chat",
        "slug": "chat",
        "kind": "interactive",
        "criticality": "critical",
        "accelerators": [(h100, 8)],
        "it_kw": 10.2,
        "bandwidth_gbps": 2.0,
        "users": [(iberia, 12.5)],
        "latency_limit_ms": 50.0,
        "cost_ceiling": 2.5,
        "cost_currency": "EUR",
        "cost_unit": "accelerator-hour",
        "allowed_jurisdictions": ["EEA", "GB"],
        "residency": "EEA",
        "data_categories": ["personal"],
        "carbon_g_per_kwh": 300.0,
        "min_verdict": "conditional",
        "min_score": 0.7,
        "source": "Catalogue 3",
    }


@pytest.fixture
def chat(whole, planner, frozen_now):
    return operations.declare(**whole, by=planner, now=frozen_now.at)


@pytest.fixture
def plant_of(db, frozen_now):
    """`plant_of(name="Faro")` is a site with everything metered; see tests/readiness/plant.py."""

    def make(**given):
        store.keep_partitions(now=frozen_now.at)
        return Plant(frozen_now, **given)

    return make


@pytest.fixture
def plant(plant_of):
    return plant_of()


@pytest.fixture
def well(frozen_now, on_scene):
    """The plant after half an hour in which all was well."""
    plant = on_scene(half_an_hour)
    frozen_now.at = plant.clock.at
    plant.clock = frozen_now
    return plant
