"""Which interfaces carry no traffic of their own, and so count in no figure."""

import pytest

from telemetry.core.registry import registry


@pytest.mark.parametrize(
    ("metric", "labels", "left_out"),
    [
        ("node_network_receive_bytes_total", {"device": "lo"}, True),
        ("node_network_receive_bytes_total", {"device": "veth12ab"}, True),
        ("node_network_up", {"device": "docker0"}, True),
        ("node_network_up", {"device": "eth0.100"}, True),
        ("node_network_receive_bytes_total", {"device": "eth0"}, False),
        ("node_network_receive_bytes_total", {"device": "lowlands0"}, False),
        ("node_network_receive_bytes_total", {"device": "ib0"}, False),
        ("node_disk_read_bytes_total", {"device": "lo"}, False),
        ("ifHCInOctets", {"ifName": "Loopback0"}, True),
        ("ifHCInOctets", {"ifDescr": "Null0"}, True),
        ("ifHCInOctets", {"ifName": "Ethernet1/1"}, False),
    ],
)
def test_interfaces_without_traffic_of_their_own_are_left_out(metric, labels, left_out):
    assert any(rule.applies_to(metric, labels) for rule in registry().left_out) is left_out


HOSTS_VIRTUAL = (
    *(
        "lo",
        "dummy0",
        "veth1a2b",
        "docker0",
        "br-5f1c",
        "br0",
        "vmbr0",
        "virbr0",
        "lxdbr0",
        "podman0",
        "cni0",
    ),
    *(
        "tun0",
        "tap1",
        "gre0",
        "sit0",
        "ip6tnl0",
        "wg0",
        "vxlan48",
        "vxlan.calico",
        "genev_sys_6081",
        "ovs-system",
    ),
    *("bond0", "bond0.100", "team0", "vlan100", "eth0.100", "ifb0", "macvtap0", "macvlan1"),
)
HOSTS_PHYSICAL = (
    *(
        "eth0",
        "enp3s0",
        "ens1f0np0",
        "eno1",
        "ib0",
        "ibp24s0",
        "green0",
        "taped",
        "sitka1",
        "teams",
        "bonded",
    ),
    *("brocade0", "lowlands0", "tunable0", "wlan0", "mlx5_0"),
)
SWITCHES_VIRTUAL = (
    *("Loopback0", "lo0", "lo0.0", "Null0", "Vlan100", "irb.100", "vxlan48", "Tunnel0"),
    *("Port-channel1", "port-channel20", "ae0", "ae0.100", "Bundle-Ether1"),
)
SWITCHES_PHYSICAL = (
    *("Ethernet1/1", "xe-0/0/1", "et-0/0/1:0", "GigabitEthernet1/0/1", "swp1", "mgmt0", "Management1"),
    *("HundredGigE0/0/0/1", "aerial0"),
)


@pytest.mark.parametrize(
    ("metric", "label", "name", "left_out"),
    [
        *(("node_network_receive_bytes_total", "device", name, True) for name in HOSTS_VIRTUAL),
        *(("node_network_receive_bytes_total", "device", name, False) for name in HOSTS_PHYSICAL),
        *(("ifHCInOctets", "ifName", name, True) for name in SWITCHES_VIRTUAL),
        *(("ifHCInOctets", "ifName", name, False) for name in SWITCHES_PHYSICAL),
    ],
)
def test_virtual_interfaces_are_told_from_physical_ones(metric, label, name, left_out):
    assert any(rule.applies_to(metric, {label: name}) for rule in registry().left_out) is left_out
