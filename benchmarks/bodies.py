"""Remote write bodies such as a Prometheus sends: many series with one sample each."""

import random
import struct
from collections.abc import Iterable

import cramjam

from telemetry.core.labels import encode_field, encode_varint, key_of

SERIES = 2000
HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
METRICS = (
    "DCGM_FI_DEV_GPU_UTIL",
    "DCGM_FI_DEV_POWER_USAGE",
    "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION",
    "DCGM_FI_DEV_GPU_TEMP",
    "node_infiniband_port_data_received_bytes_total",
    "node_network_receive_bytes_total",
    "node_cpu_seconds_total",
    "node_memory_MemAvailable_bytes",
    "node_filesystem_avail_bytes",
    "node_load1",
)


class Family:
    """The series of one sender: 2,000, each with 10 labels."""

    def __init__(self, name: str, seed: int) -> None:
        self._random = random.Random(seed)
        self._labels = [key_of(self._labels_of(name, number)) for number in range(SERIES)]
        self._values = [self._random.uniform(1, 1000) for _ in range(SERIES)]

    def _labels_of(self, name: str, number: int) -> dict[str, str]:
        host = number // 40
        return {
            "__name__": METRICS[number % len(METRICS)],
            "instance": f"{name}-node-{host:03}.example.org:9100",
            "job": "node",
            "cluster": name,
            "region": "eu-west",
            "rack": f"r{host // 4:02}",
            "device": f"mlx5_{number % 8}",
            "gpu": str(number % 8),
            "UUID": f"GPU-{self._random.getrandbits(128):032x}",
            "series": str(number),
        }

    def body(self, ts_ms: int) -> bytes:
        """One sample of each series at this time."""
        self._values = [value + self._random.random() for value in self._values]
        return write_body(zip(self._labels, self._values, strict=True), ts_ms)


def write_body(series: Iterable[tuple[bytes, float]], ts_ms: int) -> bytes:
    """Encoded labels with a value each, all at one time, as they go over the wire."""
    time = b"\x10" + encode_varint(ts_ms)
    parts = [
        encode_field(0x0A, labels + encode_field(0x12, b"\x09" + struct.pack("<d", value) + time))
        for labels, value in series
    ]
    return bytes(cramjam.snappy.compress_raw(b"".join(parts)))
