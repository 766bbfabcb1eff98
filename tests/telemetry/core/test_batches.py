"""Hot batches give back each sample bit for bit, and refuse damaged bytes."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.core.batches import BatchReader, DamagedBatch, pack_batch, unpack_batch
from telemetry.core.columns import STALE_BITS
from telemetry.core.replicas import series_of

STALE = struct.unpack("<d", struct.pack("<Q", STALE_BITS))[0]
BITS = st.one_of(st.just(STALE_BITS), st.integers(0, 2**64 - 1))
SAMPLES = st.lists(
    st.tuples(st.integers(1, 2**62), st.integers(-(2**40), 2**60), BITS), min_size=1, max_size=200
)
# Written by the Muster of 1 December 2026. Never change one: add one for each new form.
STORED = {
    "ids and times of 4 bytes": (
        "01030000000700000000000000008435d79a0100001100000013000100130c08008060ea0000a015ffff000000000000f03f0000000000000440"
        "020000000000f07f",
        [(7, 1_764_547_200_000, 1.0), (7, 1_764_547_260_000, 2.5), (19, 1_764_547_200_000, STALE)],
    ),
    "of 8 bytes": (
        "02020000000700000000000000008435d79a010000180000001300010053f9ffffffff0c000002008060ea000000000000000000000000f03f00"
        "00000000000440",
        [(7, 1_764_547_200_000, 1.0), (2**40, 1_764_547_260_000, 2.5)],
    ),
}


def columns(samples):
    series, ts_ms, bits = zip(*samples, strict=True)
    values = np.array(bits, np.uint64).view(np.float64)
    return np.array(series, np.int64), np.array(ts_ms, np.int64), values


def rows(series, ts_ms, values):
    return list(zip(series.tolist(), ts_ms.tolist(), values.view(np.uint64).tolist(), strict=True))


@given(SAMPLES)
def test_samples_come_back_by_series_in_the_order_they_came_in(samples):
    expected = sorted(samples, key=lambda sample: sample[0])
    assert rows(*unpack_batch(pack_batch(*columns(samples)))) == expected


@given(SAMPLES, st.sets(st.integers(0, 9)), st.lists(st.integers(-(2**40), 2**40), max_size=3))
def test_some_series_of_batches_that_are_alike_are_those_of_each(samples, chosen, pauses):
    series, ts_ms, values = columns(samples)
    ids = series_of(series[[place for place in chosen if place < len(series)]])
    reader, expected = BatchReader(ids), []
    for pause_ms in (0, *pauses):
        packed = pack_batch(series, ts_ms + pause_ms, values)
        reader.add(packed)
        expected += [row for row in rows(*unpack_batch(packed)) if series_of(row[0]) in ids]
    (read,) = reader.samples()
    assert sorted(rows(*read)) == sorted(expected)
    assert read[0].tolist() == sorted(row[0] for row in expected)


def test_a_body_of_a_usual_sender_takes_little_more_than_its_values():
    series, ts_ms = np.arange(5000, 7000), np.full(2000, 1_764_547_200_000)
    assert len(pack_batch(series, ts_ms, np.random.default_rng(1).random(2000))) < 2000 * 8.1


def test_rows_that_sql_wrote_together_are_read():
    samples = [(7, 1000, 1.5), (2**40, -1, -0.0)]
    batch = b"\0" + b"".join(struct.pack(">qqd", *sample) for sample in samples)
    assert rows(*unpack_batch(batch)) == rows(
        *columns([(*sample[:2], bits(sample[2])) for sample in samples])
    )
    with pytest.raises(DamagedBatch):
        unpack_batch(batch[:-1])


@pytest.mark.parametrize("form", STORED)
def test_what_an_earlier_version_packed_is_read(form):
    packed, samples = STORED[form]
    expected = [(series, at_ms, bits(value)) for series, at_ms, value in samples]
    assert rows(*unpack_batch(bytes.fromhex(packed))) == expected


def bits(value):
    return struct.unpack("<Q", struct.pack("<d", value))[0]


@given(SAMPLES, st.data())
def test_a_batch_that_was_cut_or_grew_is_damaged(samples, data):
    batch = pack_batch(*columns(samples))
    with pytest.raises(DamagedBatch):
        unpack_batch(batch[: data.draw(st.integers(1, len(batch) - 1))])
    with pytest.raises(DamagedBatch):
        unpack_batch(batch + bytes(8))


def test_an_unknown_kind_is_damaged():
    with pytest.raises(DamagedBatch):
        unpack_batch(b"\x07" + pack_batch(*columns([(1, 1, 0)]))[1:])
