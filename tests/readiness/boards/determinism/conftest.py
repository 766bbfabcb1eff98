"""A site with two paths of one median under load, of which one has a long tail."""

import pytest

from tests.inventory import made
from tests.readiness.assessment.evidence.repeated import measure, pair


@pytest.fixture
def porto(db):
    return made.site(name="Porto", slug="porto")


@pytest.fixture
def calm(porto, frozen_now):
    """node-1 to node-2: its p99 is 1.5 times that of the idle path."""
    return measure(porto, pair(porto, "node-1", "node-2"), now=frozen_now.at, p50=2.0, p99=3.0, p999=5.0)


@pytest.fixture
def wild(porto, frozen_now):
    """node-3 to node-4: the same median, and a p99 that load stretches by 15."""
    return measure(porto, pair(porto, "node-3", "node-4"), now=frozen_now.at, p50=2.0, p99=30.0, p999=50.0)
