import pytest

from telemetry import drain, partitions
from tests.readiness.plant import Plant


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch):
    """Each test is a worker of its own: it knows no series from the one before."""
    monkeypatch.setattr(drain, "_memory", drain.Memory())


@pytest.fixture
def plant_of(db, frozen_now):
    """`plant_of(name="Faro")` is a site with everything metered; see tests/readiness/plant.py."""

    def make(**given):
        partitions.keep(now=frozen_now.at)
        return Plant(frozen_now, **given)

    return make


@pytest.fixture
def plant(plant_of):
    return plant_of()


@pytest.fixture
def well(plant):
    """The plant after half an hour in which all was well."""
    plant.run(30)
    return plant.evaluate()
