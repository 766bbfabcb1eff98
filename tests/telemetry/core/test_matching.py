import pytest

from telemetry.core.matching import By, MatchCandidate, ObjectKind, host_forms, uuid_form
from telemetry.core.registry import registry


@pytest.mark.parametrize(
    ("value", "forms"),
    [
        ("gpu-node-1:9100", ["gpu-node-1"]),
        ("GPU-Node-1.dc.example.org:9100", ["gpu-node-1.dc.example.org", "gpu-node-1"]),
        ("gpu-node-1.example.org.", ["gpu-node-1.example.org", "gpu-node-1"]),
        ("10.1.2.3:9400", ["10.1.2.3"]),
        ("10.1.2.3", ["10.1.2.3"]),
        ("[2001:db8::1]:9100", ["2001:db8::1"]),
        ("2001:db8::1", ["2001:db8::1"]),
        ("2001:0DB8:0:0::1", ["2001:db8::1"]),
        ("https://edge.example.org:8443/health?x=1", ["edge.example.org", "edge"]),
        ("  ", []),
        (":9100", []),
        (".", []),
    ],
)
def test_a_host_is_tried_in_full_and_without_its_domain(value, forms):
    assert list(host_forms(value)) == forms


@pytest.mark.parametrize(
    "written",
    ["GPU-c452", "c452", "gpu-C452", "GPU-c452::2", "MIG-GPU-c452/7/0"],
    ids=["nvidia-smi", "nvidia_gpu_exporter", "another case", "a time slice", "an instance, before R470"],
)
def test_a_uuid_is_one_however_a_tool_writes_it(written):
    assert uuid_form(written) == "c452"


def found(**labels: str) -> list[tuple]:
    return [
        tuple(candidate) for candidate in registry().candidates({"__name__": labels.pop("metric"), **labels})
    ]


def test_a_gpu_is_known_by_uuid_then_by_host_and_index_then_by_its_host():
    assert found(
        metric="DCGM_FI_DEV_GPU_TEMP",
        gpu="3",
        UUID="GPU-A65A773D",
        Hostname="gpu-node-1.example.org",
        instance="10.0.0.5:9400",
    ) == [
        ("accelerator", "uuid", ("a65a773d",)),
        ("accelerator", "host_index", ("10.0.0.5", "3")),
        ("accelerator", "host_index", ("gpu-node-1.example.org", "3")),
        ("accelerator", "host_index", ("gpu-node-1", "3")),
        ("device", "host", ("10.0.0.5",)),
        ("device", "host", ("gpu-node-1.example.org",)),
        ("device", "host", ("gpu-node-1",)),
    ]


def test_an_alias_matches_as_its_metric_does():
    labels = {"gpu": "0", "UUID": "GPU-1"}
    assert found(metric="DCGM_FI_DEV_XID_ERROR", **labels) == found(metric="DCGM_FI_DEV_XID_ERRORS", **labels)


def test_an_infiniband_port_is_known_with_and_without_its_number():
    assert found(
        metric="node_infiniband_link_downed_total", device="mlx5_0", port="1", instance="n1:9100"
    ) == [
        ("port", "host_port", ("n1", "mlx5_0/1")),
        ("port", "host_port", ("n1", "mlx5_0")),
        ("device", "host", ("n1",)),
    ]


@pytest.mark.parametrize(
    ("labels", "first"),
    [
        (
            {"metric": "node_network_receive_errs_total", "device": "eth0", "instance": "n1:9100"},
            (ObjectKind.PORT, By.HOST_PORT, ("n1", "eth0")),
        ),
        (
            {"metric": "ifHCInOctets", "ifName": "Ethernet1/1", "ifDescr": "x", "instance": "leaf-1"},
            (ObjectKind.PORT, By.HOST_PORT, ("leaf-1", "ethernet1/1")),
        ),
        (
            {"metric": "upsOutputSource", "instance": "ups-a.example.org"},
            (ObjectKind.DEVICE, By.HOST, ("ups-a.example.org",)),
        ),
        (
            {"metric": "rPDU2DeviceStatusPower", "feed": "A1", "instance": "pdu-1"},
            (ObjectKind.FEED, By.NAME, ("a1",)),
        ),
        (
            {"metric": "probe_success", "link": "FRA-AMS", "instance": "10.9.9.9"},
            (ObjectKind.LINK, By.NAME, ("fra-ams",)),
        ),
        (
            {"metric": "probe_success", "instance": "https://web.example.org/"},
            (ObjectKind.DEVICE, By.HOST, ("web.example.org",)),
        ),
        (
            {
                "metric": "gpu_package_power",
                "gpu_id": "2",
                "serial_number": "692247001282",
                "hostname": "mi300-1",
            },
            (ObjectKind.ACCELERATOR, By.SERIAL, ("692247001282",)),
        ),
        (
            {"metric": "ipmi_temperature_celsius", "name": "Inlet Temp", "instance": "n1"},
            (ObjectKind.DEVICE, By.HOST, ("n1",)),
        ),
        (
            {"metric": "cooling_supply_temperature_celsius", "unit": "CDU-1", "instance": "10.0.0.9:502"},
            (ObjectKind.COOLING_UNIT, By.NAME, ("cdu-1",)),
        ),
        ({"metric": "something_of_our_own", "instance": "n1:1234"}, (ObjectKind.DEVICE, By.HOST, ("n1",))),
        ({"metric": "something_of_our_own", "UUID": "GPU-9"}, (ObjectKind.ACCELERATOR, By.UUID, ("9",))),
    ],
)
def test_the_best_candidate(labels, first):
    assert found(**labels)[0] == first


@pytest.mark.parametrize("labels", [{}, {"instance": ""}, {"job": "node"}])
def test_a_series_that_names_nothing_matches_nothing(labels):
    assert found(metric="node_load1", **labels) == []


def test_a_missing_part_of_a_key_gives_no_key():
    names = registry().candidates(
        {"__name__": "node_infiniband_state_id", "device": "mlx5_0", "instance": "n1"}
    )
    assert MatchCandidate(ObjectKind.PORT, By.HOST_PORT, ("n1", "mlx5_0")) == names[0]
