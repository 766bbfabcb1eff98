"""A site with nodes and a switch, runs of it, and a look at what voids them."""

import pytest

from inventory.models import Device
from readiness.assessment.evidence.operations import void_changed
from tests.inventory import made


@pytest.fixture
def nodes(porto):
    kind = made.device_type(kind="node")
    return [
        made.device(
            site=porto,
            name=f"node-{place}",
            device_type=kind,
            serial=f"CH{place}",
            firmware_version="1.2",
            software_version="560.35",
        )
        for place in (1, 2, 3)
    ]


@pytest.fixture
def leaf(porto, nodes):
    leaf = made.device(site=porto, name="leaf-1", role=Device.Role.SWITCH, software_version="4.30")
    for node in nodes:
        made.link(port_a=made.port(device=leaf), port_b=made.port(device=node), name=f"leaf-1 to {node.name}")
    return leaf


@pytest.fixture
def void(porto, frozen_now):
    """Looks at Porto once more and gives the evidence as it is then."""

    def look(evidence):
        void_changed(site_ids=[porto.pk], now=frozen_now.at)
        evidence.refresh_from_db()
        return evidence

    return look
