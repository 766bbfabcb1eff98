"""Outputs of six runs, cut down to what is read of them, and real configurations from a folder beside the repository.

Tests over that folder are skipped where it is not there; the six runs are always here.
"""

from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[5].parent / "shared" / "samples" / "validation"

COPIES = Path(__file__).parent / "run_files"

RUNS = {
    "nccl_allreduce.log": "nccl-tests",
    "ib_loopback_8M_size.log": "perftest",
    "iperf3_tcp_loopback.json": "iperf3",
    "iperf3_udp_sample.json": "iperf3",
    "sockperf_sample.txt": "sockperf",
    "fio_randread.json": "fio",
}
"""Each run file and the tool that wrote it."""


def sample(name: str) -> bytes:
    if name in RUNS:
        return (COPIES / name).read_bytes()
    return whole(name)


def whole(name: str) -> bytes:
    """As it came, from the folder beside the repository."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"{name} is not here: the samples are a folder beside the repository")
    return path.read_bytes()


def figure(parsed, name, **conditions):
    """The one figure of that name that meets the conditions."""
    found = [
        each
        for each in parsed.figures
        if each.name == name and all(getattr(each, key) == value for key, value in conditions.items())
    ]
    assert len(found) == 1, f"{len(found)} figures {name} {conditions}"
    return found[0]
