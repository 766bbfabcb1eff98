"""Bodies such as senders post: many series with one sample each, in each format."""

import random
import struct
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

import cramjam

from agent.remote_write import SampleBatch, bodies
from telemetry.core.labels import encode_field, encode_varint, key_of
from tests.telemetry.core.wire import Symbols, sample, snappy
from tests.telemetry.otlp import gauge, message, number

type Row = tuple[dict[str, str], float]

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
        self.labels = [self._labels_of(name, number) for number in range(SERIES)]
        self._labels = [key_of(labels) for labels in self.labels]
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
        self._go_on()
        return write_body(zip(self._labels, self._values, strict=True), ts_ms)

    def rows(self) -> list[Row]:
        """The next value of each series."""
        self._go_on()
        return list(zip(self.labels, self._values, strict=True))

    def body_2(self, ts_ms: int) -> bytes:
        """The same as `body` by remote write 2.0."""
        self._go_on()
        return self._version_2(self._values, ts_ms)

    @cached_property
    def _version_2(self) -> Callable[[Iterable[float], int], bytes]:
        return version_2(self.labels)

    def _go_on(self) -> None:
        self._values = [value + self._random.random() for value in self._values]


def write_body(series: Iterable[tuple[bytes, float]], ts_ms: int) -> bytes:
    """Encoded labels with a value each, all at one time, as they go over the wire."""
    time = b"\x10" + encode_varint(ts_ms)
    parts = [
        encode_field(0x0A, labels + encode_field(0x12, b"\x09" + struct.pack("<d", value) + time))
        for labels, value in series
    ]
    return bytes(cramjam.snappy.compress_raw(b"".join(parts)))


def version_2(all_labels: Iterable[dict[str, str]]) -> Callable[[Iterable[float], int], bytes]:
    """Return a function that makes bodies of remote write 2.0 of these series, which refer to a table of symbols."""
    symbols = Symbols()
    series = [symbols.series(labels) for labels in all_labels]

    def make_body(values: Iterable[float], ts_ms: int) -> bytes:
        bodies = [refs + sample(value, ts_ms) for refs, value in zip(series, values, strict=True)]
        return snappy(symbols.request(*bodies))

    return make_body


def exposition(rows: Iterable[Row], ts_ms: int) -> bytes:
    """Text with a time in ms behind each value."""
    return _lines(rows, f"{ts_ms}").encode()


def open_metrics(rows: Iterable[Row], ts_ms: int) -> bytes:
    """Text with a time in seconds behind each value, and its end."""
    return f"{_lines(rows, f'{ts_ms / 1000:.3f}')}# EOF\n".encode()


def agent_body(rows: Iterable[Row], ts_ms: int) -> bytes:
    """Remote write 1.0 as the agent writes it; all rows fit into one body."""
    batch = SampleBatch()
    for labels, value in rows:
        batch.add(key_of(labels), ts_ms, value)
    [(body, _)] = bodies(batch)
    return body


def _lines(rows: Iterable[Row], time_text: str) -> str:
    return "".join(f"{_named(labels)} {value!r} {time_text}\n" for labels, value in rows)


def _named(labels: dict[str, str]) -> str:
    own = ",".join(f'{name}="{text}"' for name, text in labels.items() if name != "__name__")
    return f"{labels['__name__']}{{{own}}}"


def table(rows: Iterable[Row], ts_ms: int) -> bytes:
    """CSV; all series have labels of the same names."""
    rows = list(rows)
    columns = [name for name in rows[0][0] if name != "__name__"]
    lines = (
        f"{ts_ms},{labels['__name__']},{value!r},{','.join(labels[name] for name in columns)}\n"
        for labels, value in rows
    )
    return f"time,metric,value,{','.join(columns)}\n{''.join(lines)}".encode()


def otlp(rows: Iterable[Row], ts_ms: int, encode: Callable[..., bytes]) -> bytes:
    """Gauges, whose labels are attributes of their points."""
    points: dict[str, list[Any]] = {}
    for labels, value in rows:
        own = {name: text for name, text in labels.items() if name != "__name__"}
        points.setdefault(labels["__name__"], []).append(number(value, ts_ms, **own))
    return encode(message(*(gauge(name, *each) for name, each in points.items()), resource={}))
