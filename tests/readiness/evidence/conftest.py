from datetime import UTC, datetime

import pytest
from django.test import Client

from accounts.operations import create_token
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


@pytest.fixture
def form_of(user_of):
    """A program that sends forms with a token of that role."""

    def one(role, scope="write"):
        _, plain = create_token(user=user_of(role), name="forms", scope=scope, by=None, now=datetime.now(UTC))
        return Client(headers={"authorization": f"Bearer {plain}"}, raise_request_exception=False)

    return one
