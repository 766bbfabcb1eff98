"""The inbox's compact form: it gives back what it was given, and damage is named."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.core.columns import (
    STALE_BITS,
    CorruptBatch,
    Rejections,
    SampleColumns,
    is_stale,
    pack,
    unpack,
)
from telemetry.core.labels import RefusalReason, describe_key, key_of, labels_of
from tests.telemetry.core.wire import NOW_MS


def columns_of(*rows: tuple[str, int, float]) -> SampleColumns:
    keys = list(dict.fromkeys(key_of({"__name__": name}) for name, *_ in rows))
    index = [keys.index(key_of({"__name__": name})) for name, *_ in rows]
    times = np.array([ts for _, ts, _ in rows], np.int64)
    return SampleColumns(
        keys, np.array(index, np.int32), times, np.array([v for *_, v in rows], np.float64), Rejections()
    )


def same(left: SampleColumns, right: SampleColumns) -> bool:
    return (
        left.keys == right.keys
        and left.series_index.tolist() == right.series_index.tolist()
        and left.ts_ms.tolist() == right.ts_ms.tolist()
        and left.value.tobytes() == right.value.tobytes()
    )


ROWS = st.tuples(st.sampled_from(["up", "load", "temperature"]), st.integers(-(2**62), 2**62), st.floats())


@given(st.lists(ROWS, max_size=20))
def test_unpack_gives_back_what_was_packed(rows):
    columns = columns_of(*rows)
    again = unpack(pack(columns))
    assert same(columns, again)
    assert again.value.flags.writeable


def test_stale_markers_and_other_nans_survive():
    value = np.frombuffer(struct.pack("<QQd", STALE_BITS, 0x7FF8000000000000, 1.0), "<f8")
    columns = SampleColumns(
        [key_of({"__name__": "up"})], np.zeros(3, np.int32), np.full(3, NOW_MS), value, Rejections()
    )
    assert unpack(pack(columns)).stale.tolist() == [True, False, False]
    assert is_stale(np.array([np.nan, 0.0])).tolist() == [False, False]


def test_a_usual_batch_takes_less_than_30_bytes_a_sample():
    rng = np.random.default_rng(1)
    keys = [
        key_of(
            {
                "__name__": "DCGM_FI_DEV_GPU_TEMP",
                "UUID": f"GPU-{i:032x}",
                "Hostname": f"gpu-{i // 8}",
                "gpu": str(i % 8),
            }
        )
        for i in range(2000)
    ]
    times = NOW_MS + rng.integers(0, 15_000, 2000)
    columns = SampleColumns(keys, np.arange(2000, dtype=np.int32), times, rng.random(2000), Rejections())
    assert len(pack(columns)) / 2000 < 30


def test_a_batch_that_would_take_too_much_memory_is_refused_before_it_takes_it():
    blob = pack(columns_of(("up", NOW_MS, 1.0)))
    with pytest.raises(CorruptBatch, match="more than 10"):
        unpack(blob, max_bytes=10)


@pytest.mark.parametrize("blob", [b"", b"MC1", b"XX1" + bytes(20), b"MC1\x00\x10\x00\x00\x00junk"])
def test_what_is_no_batch_is_named(blob):
    with pytest.raises(CorruptBatch):
        unpack(blob)


@given(st.data())
def test_damage_never_raises_anything_else(data):
    blob = bytearray(
        pack(columns_of(("up", NOW_MS, 1.0), ("load", NOW_MS + 1, 2.0), ("up", NOW_MS + 2, 3.0)))
    )
    blob[data.draw(st.integers(0, len(blob) - 1))] = data.draw(st.integers(0, 255))
    try:
        columns = unpack(bytes(blob[: data.draw(st.integers(0, len(blob)))]), max_bytes=1_000_000)
    except CorruptBatch:
        return
    assert all(0 <= i < len(columns.keys) for i in columns.series_index)


def test_rejections_add_up_and_keep_the_first_example():
    rejected = Rejections()
    rejected.add(RefusalReason.TOO_OLD, 2, "first")
    rejected.add(RefusalReason.TOO_OLD, 3, "second")
    rejected.add(RefusalReason.INVALID_UTF8, 1, "third")
    assert rejected.total == 6
    assert rejected.message() == "1 invalid_utf8 (e.g. third); 5 too_old (e.g. first)"


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.text(min_size=1, max_size=300), max_size=6))
def test_a_key_gives_back_its_labels(labels):
    try:
        key = key_of(labels)
    except UnicodeEncodeError:
        return
    assert labels_of(key) == labels


@given(st.binary(max_size=60))
def test_what_is_no_key_is_a_value_error(data):
    try:
        labels_of(data)
    except ValueError:
        return


def test_long_labels_are_shortened_where_people_read_them():
    assert describe_key(key_of({"__name__": "up", "job": "node"})) == 'up{job="node"}'
    assert describe_key(key_of({"__name__": "up"})) == "up"
    assert len(describe_key(key_of({"__name__": "up", "a": "x" * 1000}))) == 200
