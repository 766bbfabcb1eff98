import pytest

from telemetry.core.labels import digest_of_key, key_of
from telemetry.core.metric import MetricKind, guess_kind


def digest(labels):
    return digest_of_key(key_of(labels))


def test_a_digest_is_16_bytes_whatever_the_order_of_labels():
    forward = digest({"__name__": "up", "job": "node", "a": "b"})
    backward = digest({"a": "b", "job": "node", "__name__": "up"})
    assert forward == backward
    assert len(forward) == 16


@pytest.mark.parametrize(
    ("left", "right"),
    [({"a": "bc"}, {"ab": "c"}), ({"a": "1"}, {"a": "2"}), ({"a": "1", "b": "2"}, {"a": "2", "b": "1"})],
)
def test_different_labels_have_different_digests(left, right):
    assert digest(left) != digest(right)


def test_an_empty_label_is_no_label():
    assert digest({"__name__": "up", "pod": ""}) == digest({"__name__": "up"})


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("node_network_receive_bytes_total", MetricKind.COUNTER),
        ("http_request_duration_seconds_bucket", MetricKind.HISTOGRAM),
        ("http_request_duration_seconds_sum", MetricKind.COUNTER),
        ("http_request_duration_seconds_count", MetricKind.COUNTER),
        ("ipmi_temperature_state", MetricKind.STATE),
        ("up", MetricKind.STATE),
        ("ipmi_temperature_celsius", MetricKind.GAUGE),
        ("node_load1", MetricKind.GAUGE),
        ("gnmic_port_stats_interfaces_interface_state_counters_in_errors", MetricKind.COUNTER),
        ("qos_interfaces_interface_output_queues_queue_state_dropped_pkts", MetricKind.COUNTER),
        ("node_ethtool_rx_prio3_pause", MetricKind.COUNTER),
        ("node_ethtool_info", MetricKind.STATE),
    ],
)
def test_kind_by_name(name, kind):
    assert guess_kind(name) is kind
