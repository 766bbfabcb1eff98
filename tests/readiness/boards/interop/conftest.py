"""A site of two vendors: two leaves below a spine, on the back-end fabric, and records of their test."""

import pytest

from inventory.models import Device
from readiness.assessment.evidence.operations import RunContext, import_run
from tests.inventory import made
from tests.readiness.assessment.evidence import outputs

ASPECTS = ("link-fec", "incast", "failover", "telemetry")
HEAD = "measure,value,subject"


def record(*pairs, failed=(), without=(), packets=None):
    """A table of one row for each aspect of each pair, and of the packets sent, which tell two tests apart."""
    rows = [
        f"interop/{aspect},{0 if aspect in failed else 1},{pair}"
        for pair in pairs
        for aspect in ASPECTS
        if aspect not in without
    ]
    rows += [f"packets,{packets},"] if packets else []
    return outputs.table(*rows, head=HEAD)


def measured_record(pair, *, taken_at, failed=(), packets=9000):
    """A table that is a run: with its tool, the time of each row, and a raw figure."""
    rows = [f"interop/{aspect},{0 if aspect in failed else 1},{pair}" for aspect in ASPECTS]
    timed = [f"{row},{taken_at.isoformat()}" for row in (*rows, f"packets,{packets},")]
    return outputs.table(*timed, "# tool: link test 1.2", head=f"{HEAD},taken_at")


@pytest.fixture
def vendors(db):
    """Arista leaves, NVIDIA spines."""
    return {
        name: made.device_type(
            manufacturer=made.manufacturer(name=name, slug=name.lower()),
            model=model,
            slug=model.lower(),
            kind="switch",
            domain="network",
        )
        for name, model in (("Arista", "7060X6"), ("NVIDIA", "SN5600"))
    }


@pytest.fixture
def wired(vendors):
    """`wired(name)` is a site with leaf-1 and leaf-2 (EOS 4.33) linked to spine-1 (Cumulus 5.11), a link each."""

    def make(name="Porto", leaves=2, kind="roce"):
        site = made.site(name=name, slug=name.lower())
        made.capacity_event(site=site, it_kw=500, accelerators=64)
        switch = {"site": site, "role": Device.Role.SWITCH}
        spine = made.device(
            name="spine-1", device_type=vendors["NVIDIA"], software_version="Cumulus 5.11", **switch
        )
        for number in range(1, leaves + 1):
            leaf = made.device(
                name=f"leaf-{number}", device_type=vendors["Arista"], software_version="EOS 4.33", **switch
            )
            ends = [
                made.port(device=device, name=f"swp{number}", kind=kind, back_end=True)
                for device in (leaf, spine)
            ]
            made.link(site_a=site, site_b=site, port_a=ends[0], port_b=ends[1])
        return site

    return make


@pytest.fixture
def prove(frozen_now):
    """`prove(site, content)` imports a record of the site, now."""

    def one(site, content, **context):
        return import_run(
            site=site,
            tool="csv",
            content=content,
            file_name="interop.csv",
            by=None,
            now=frozen_now.at,
            context=RunContext(**context),
        )

    return one
