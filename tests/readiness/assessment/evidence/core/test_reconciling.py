"""One comparison of every run with the inventory: agreement, contradiction, unknown hosts, and what cannot be said."""

from dataclasses import replace

import pytest

from inventory.catalogue import ceilings_of
from readiness.assessment.evidence.core.identity import (
    Claim,
    FileIdentity,
    InstalledAccelerator,
    InstalledDevice,
    InstalledPort,
    Matches,
    SeenRate,
)
from readiness.assessment.evidence.core.parsed import SeenAccelerator
from readiness.assessment.evidence.core.parsers import parse
from readiness.assessment.evidence.core.reconciling import reconciled
from tests.readiness.assessment.evidence import outputs

MODEL = "H100 SXM 80 GB"


def node(number, *, count=8, model=MODEL, platform="h100-8", software="580.95.05", buses=False, ports=True):
    ceilings = ceilings_of(model, {}, "")
    return InstalledDevice(
        id=number,
        name=f"node-{number}",
        is_node=True,
        platform=platform,
        software=software,
        accelerators={
            index: InstalledAccelerator(model, ceilings, bus_id=f"0000:{index:02}:00.0" if buses else "")
            for index in range(count)
        },
        ports={
            f"mlx5_{port}": InstalledPort(gbps=400.0, is_rdma=True, is_back_end=True)
            for port in range(8 if ports else 0)
        },
    )


ONE, TWO = node(1), node(2)


def of_file(tool, content):
    return FileIdentity.extract(parse(tool, content))


def compared(tool, content, *devices, platform="", versions=None, here=(ONE, TWO), elsewhere=()):
    """A file that was sent with these devices, compared with a site of two nodes."""
    file = content if isinstance(content, FileIdentity) else of_file(tool, content)
    claim = Claim(devices=devices, platform=platform, versions=versions or {})
    matches = Matches(
        here={device.name: device for device in here},
        elsewhere=frozenset(elsewhere),
        platforms=frozenset(device.platform for device in here),
    )
    return reconciled(tool, file, claim, matches)


def log(**given):
    return outputs.collective(**{"gpus": 8, **given})


AGREES = {
    "the host that the file names": (log(), ()),
    "the host that both name": (log(), (ONE,)),
    "two hosts": (log(hosts=("node-1", "node-2"), operation="all_gather"), (ONE, TWO)),
}


@pytest.mark.parametrize(("content", "devices"), AGREES.values(), ids=AGREES)
def test_a_file_that_agrees_proves_what_it_shows(content, devices):
    result = compared("nccl-tests", content, *devices)
    assert not result.objections
    assert (result.mismatch, result.implausible, result.is_sender_named) == ("", "", False)
    assert result.platform == "h100-8"


AGREEING_VERSIONS = {
    "the word of the library": (log(), "NCCL 2.27.3"),
    "without the build": (log() + b"NCCL version 2.27.3+cuda12.9\n", "2.27.3"),
}


@pytest.mark.parametrize(("content", "version"), AGREEING_VERSIONS.values(), ids=AGREEING_VERSIONS)
def test_one_version_may_be_written_in_several_ways(content, version):
    assert not compared("nccl-tests", content, ONE, versions={"library": version}).objections


OBJECTIONS = {
    "another known host": (log(hosts=("node-2",)), (ONE,), {}, "devices", "The file is of node-2"),
    "one host for a pair": (log(gpus=16), (ONE, TWO), {}, "devices", "The file lists 1 host (node-1)"),
    "two hosts for one node": (
        log(hosts=("pod-a", "pod-b")),
        (ONE,),
        {},
        "devices",
        "The file lists 2 hosts (pod-a, pod-b)",
    ),
    "another platform": (log(), (ONE,), {"platform": "l4-2"}, "platform", "The upload names l4-2"),
    "another platform without devices": (
        log(hosts=("localhost",)),
        (),
        {"platform": "l4-2"},
        "platform",
        "the inventory has h100-8",
    ),
    "another library": (
        log(),
        (ONE,),
        {"versions": {"library": "2.99.9"}},
        "library",
        "The file says library 2.27.3; the upload says 2.99.9",
    ),
    "a host of another site": (
        log(hosts=("far-1",)),
        (),
        {"elsewhere": ("far-1",)},
        "site",
        "far-1, which the inventory has at another site",
    ),
}


@pytest.mark.parametrize(
    ("content", "devices", "said", "field", "reason"), OBJECTIONS.values(), ids=OBJECTIONS
)
def test_a_contradicting_sender_is_refused_with_both_sides(content, devices, said, field, reason):
    result = compared("nccl-tests", content, *devices, **said)
    assert [each.field for each in result.objections] == [field]
    assert reason in result.objections[0].reason


MISMATCHES = {
    "another model": (
        log(model="NVIDIA L4"),
        ONE,
        "The file names NVIDIA L4; the inventory has H100 SXM 80 GB",
    ),
    "more accelerators than installed": (
        log(gpus=16),
        ONE,
        "counts 16 accelerators on node-1; the inventory has 8",
    ),
    "a node without accelerators": (log(gpus=1), node(1, count=0), "no accelerators in node-1"),
    "another bus": (
        log(gpus=8).replace(b"[0000:07:00]", b"[0000:9a:00]"),
        node(1, buses=True),
        "The file names the bus id 0000:9a:00",
    ),
    "an unknown host with more than any node": (
        log(hosts=("localhost",), gpus=16),
        ONE,
        "counts 16 accelerators on localhost",
    ),
}


@pytest.mark.parametrize(("content", "device", "reason"), MISMATCHES.values(), ids=MISMATCHES)
def test_other_hardware_than_installed_proves_nothing(content, device, reason):
    result = compared("nccl-tests", content, device, here=(device,))
    assert reason in result.mismatch
    assert not result.objections


PAIR_MISMATCHES = {
    "two unknown hosts for a large and a small node": (
        ("pod-a", "pod-b"),
        (ONE, node(2, count=4)),
        "counts 8 accelerators on pod-a; the inventory has 4 in node-2",
    ),
    "two unknown hosts for nodes of two models": (
        ("pod-a", "pod-b"),
        (ONE, node(2, model="L4 24 GB")),
        "The file names NVIDIA H100; the inventory has L4 24 GB in node-2",
    ),
    "one node by two names": (
        ("node-1", "NODE-1"),
        (ONE, TWO),
        "lists node-1, NODE-1; the inventory has one device",
    ),
}


@pytest.mark.parametrize(("hosts", "devices", "reason"), PAIR_MISMATCHES.values(), ids=PAIR_MISMATCHES)
def test_each_node_of_a_pair_is_a_host_of_the_file(hosts, devices, reason):
    content = log(hosts=hosts, operation="all_gather")
    assert reason in compared("nccl-tests", content, *devices, here=devices).mismatch


@pytest.mark.parametrize("host", ["localhost", "10.1.2.3", "trainer-0", "pod-7f9c"])
def test_an_unknown_host_is_named_by_the_sender(host):
    result = compared("nccl-tests", log(hosts=(host,)), ONE)
    assert not result.objections
    assert (result.mismatch, result.is_sender_named, [each.id for each in result.devices]) == ("", True, [1])


def test_an_unknown_host_without_a_device_is_of_no_node():
    result = compared("nccl-tests", log(hosts=("trainer-0",)))
    assert result.devices == ()
    assert "No device of this site is named trainer-0." in result.remarks


def test_both_ends_on_one_device_cross_no_network():
    file = FileIdentity(hosts=("10.0.0.1", "10.0.0.2"))
    matches = Matches(here={"10.0.0.1": ONE, "10.0.0.2": ONE})
    mismatch = reconciled("iperf3", file, Claim(), matches).mismatch
    assert (
        mismatch == "The file lists 10.0.0.1, 10.0.0.2; the inventory has one device for two of these names."
    )


def test_a_serial_number_names_the_device():
    file = FileIdentity(accelerators=(SeenAccelerator(index=0, serial="165012"),))
    matches = Matches(here={"165012": TWO}, platforms=frozenset({"h100-8"}))
    result = reconciled("dcgm-diag", file, Claim(devices=(ONE,)), matches)
    assert result.objections[0].reason == "The file is of node-2; the upload names node-1."
    assert not reconciled("dcgm-diag", file, Claim(devices=(TWO,)), matches).is_sender_named


CEILINGS = {
    "the one-way rate may be passed": ("nccl-tests", log(busbw=480.0), ONE, ""),
    "the two-way rate may not": (
        "nccl-tests",
        log(busbw=4736.0),
        ONE,
        "which is more than the hardware can do: 900 GB/s",
    ),
    "a port above its rate": ("perftest", outputs.write_bandwidth(gbps=788.0), ONE, "788 Gb/s"),
    "a port at its rate": ("perftest", outputs.write_bandwidth(gbps=396.0), ONE, ""),
    "both ways of a port": (
        "perftest",
        outputs.write_bandwidth(gbps=780.0).replace(b"RDMA_Write BW", b"RDMA_Write Bidirectional BW"),
        ONE,
        "",
    ),
    "more than both ways": (
        "perftest",
        outputs.write_bandwidth(gbps=812.0).replace(b"RDMA_Write BW", b"RDMA_Write Bidirectional BW"),
        ONE,
        "812 Gb/s",
    ),
}


@pytest.mark.parametrize(("tool", "content", "device", "reason"), CEILINGS.values(), ids=CEILINGS)
def test_nothing_passes_a_physical_ceiling(tool, content, device, reason):
    result = compared(tool, content, device)
    assert reason in result.implausible
    assert bool(result.implausible) == bool(reason)


def test_between_nodes_the_ports_are_the_ceiling():
    content = log(busbw=850.0, hosts=("node-1", "node-2"), operation="all_gather")
    slow = replace(ONE, ports={"eth0": InstalledPort(gbps=25.0)})
    assert "1 port of node-1, 25 Gb/s each way" in compared("nccl-tests", content, slow, TWO).implausible


def test_a_link_that_goes_on_to_other_nodes_is_the_ceiling_between_them():
    trays = [node(number, count=4, model="NVIDIA GB200") for number in (1, 2)]
    content = log(
        hosts=("node-1", "node-2"), gpus=4, busbw=840.0, operation="all_gather", model="NVIDIA GB200"
    )
    assert compared("nccl-tests", content, *trays, here=trays).implausible == ""


def test_joined_ports_reach_the_rate_of_all():
    ports = {name: InstalledPort(gbps=200.0, is_rdma=True) for name in ("eth0", "eth1")}
    joined = replace(ONE, ports=ports)
    for gbps, reason in ((391.0, ""), (409.0, "400 Gb/s")):
        content = outputs.write_bandwidth(gbps=gbps, device="mlx5_bond_0")
        implausible = compared("perftest", content, joined).implausible
        assert (reason in implausible, bool(reason)) == (True, bool(implausible))


def test_without_a_known_ceiling_it_proves_with_a_remark():
    unknown = node(1, model="Some new card")
    result = compared("nccl-tests", log(model="Some new card"), unknown, here=(unknown,))
    assert (result.implausible, result.mismatch) == ("", "")
    assert any("No ceiling is known for h100-8" in remark for remark in result.remarks)


def test_other_software_is_a_remark_and_a_drift():
    file = FileIdentity(hosts=("node-1",), versions=(("driver", "550.54.15"),))
    result = compared("nccl-tests", file, ONE)
    [software] = result.software
    assert (software.inventory, software.seen, software.agrees) == ("580.95.05", "550.54.15", False)
    assert "The file names software 550.54.15; the inventory has 580.95.05 for node-1." in result.remarks
    assert not result.mismatch


def test_a_row_keeps_what_the_file_says():
    file = FileIdentity(
        hosts=("node-1",),
        accelerators=(SeenAccelerator("node-1", 0, "0000:01:00", model="NVIDIA H100"),),
        ranks={"node-1": 8},
        rates=(SeenRate("busbw", "all_reduce", "", 470.0),),
        versions=(("library", "2.27.3"),),
    )
    assert FileIdentity.read(file.written()) == file
    assert FileIdentity.read({}) == FileIdentity()
