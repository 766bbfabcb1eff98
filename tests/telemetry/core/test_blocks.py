"""What is packed into blocks comes back bit for bit, and damage never passes for a sample."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from telemetry.core import blocks
from telemetry.core.blocks import MOST_BYTES, MOST_SAMPLES, DamagedBlock, distinct, pack, unpack
from telemetry.core.columns import STALE_BITS

START_MS = 1_764_547_200_000
STALE = np.array([STALE_BITS], np.uint64).view(np.float64)[0]
random = np.random.default_rng(7)
MINUTES = np.arange(MOST_SAMPLES) * 60_000

SHAPES = {
    "a constant": np.full(MOST_SAMPLES, 3.5),
    "negative zeros": np.full(MOST_SAMPLES, -0.0),
    "zeros of both signs": np.where(MINUTES % 120_000, 0.0, -0.0),
    "a counter": np.cumsum(random.integers(0, 900, MOST_SAMPLES)).astype(float),
    "a gauge with one decimal": np.round(40 + random.normal(0, 2, MOST_SAMPLES), 1),
    "noise of full precision": random.random(MOST_SAMPLES),
    "stale markers alone": np.full(MOST_SAMPLES, STALE),
    "a series that ends": np.append(np.full(MOST_SAMPLES - 1, 7.0), STALE),
    "infinite values": np.where(MINUTES % 180_000, np.inf, -np.inf),
    "the largest and the smallest": np.where(MINUTES % 180_000, 1.7e308, 5e-324),
}


def series_of(*columns):
    return np.zeros(len(columns[0]), np.int64), *columns


def read(packed):
    parts = [unpack(block, block.checksum) for block in packed]
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def same_bits(first, second):
    return first.view(np.uint64).tolist() == second.view(np.uint64).tolist()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("jitter_ms", [0, 3], ids=["even times", "times with jitter"])
def test_every_shape_comes_back(shape, jitter_ms):
    ts_ms = START_MS + MINUTES + (random.integers(0, jitter_ms + 1, MOST_SAMPLES) if jitter_ms else 0)
    packed = list(pack(ts_ms, SHAPES[shape]))
    times, values = read(packed)
    assert times.tolist() == ts_ms.tolist()
    assert same_bits(values, SHAPES[shape])
    assert all(block.size_bytes <= MOST_BYTES and block.samples <= MOST_SAMPLES for block in packed)


@st.composite
def samples(draw):
    gaps = draw(st.lists(st.integers(1, 90_000), min_size=1, max_size=300))
    bits = draw(arrays.arrays(np.uint64, len(gaps), elements=st.integers(0, 2**64 - 1)))
    plain = draw(st.booleans())
    values = (bits % 1000).astype(np.float64) if plain else bits.view(np.float64)
    return START_MS + np.cumsum(gaps), values


@given(samples())
def test_any_bits_come_back(given_samples):
    ts_ms, values = given_samples
    times, unpacked_values = read(pack(ts_ms, values))
    assert times.tolist() == ts_ms.tolist()
    assert same_bits(unpacked_values, values)


@given(samples())
def test_the_figures_beside_are_those_of_the_values(given_samples):
    ts_ms, values = given_samples
    values = np.where(np.abs(values) < 1e100, values, np.nan)
    for block in pack(ts_ms, values):
        _, own = unpack(block, block.checksum)
        numbers = own[~np.isnan(own)]
        assert block.readings == len(numbers)
        assert np.array_equal([block.first, block.last], own[[0, -1]], equal_nan=True)
        if len(numbers):
            assert (block.least, block.greatest) == (numbers.min(), numbers.max())
            assert block.total == pytest.approx(numbers.sum())


def test_constants_and_even_times_take_no_bytes():
    (block,) = pack(START_MS + MINUTES, SHAPES["a constant"])
    assert (block.size_bytes, block.step_ms, block.samples) == (0, 60_000, MOST_SAMPLES)


def test_a_gap_is_kept_by_the_times():
    ts_ms = np.delete(START_MS + MINUTES, 700)
    (block,) = pack(ts_ms, SHAPES["a constant"][:-1])
    assert block.step_ms == 0
    assert unpack(block, block.checksum)[0].tolist() == ts_ms.tolist()


def test_what_does_not_fit_is_cut_and_each_part_is_nearly_full():
    packed = list(pack(START_MS + MINUTES, SHAPES["noise of full precision"]))
    assert len(packed) > 4
    assert all(block.size_bytes > 0.8 * MOST_BYTES for block in packed[:-1])


DAMAGED = {
    "a bit of the values": lambda block: replace(
        block, values=block.values[:40] + bytes([block.values[40] ^ 1]) + block.values[41:]
    ),
    "values that end early": lambda block: replace(block, values=block.values[:-3]),
    "another start": lambda block: replace(block, start_ms=block.start_ms + 1),
    "another number of samples": lambda block: replace(block, samples=block.samples - 1),
    "another step": lambda block: replace(block, step_ms=block.step_ms * 2),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_damage_is_recognised(damage):
    (block,) = pack(START_MS + MINUTES, SHAPES["a gauge with one decimal"])
    with pytest.raises(DamagedBlock):
        unpack(DAMAGED[damage](block), block.checksum)


@pytest.mark.parametrize("packed", [b"\0123", b"\1123", b"\1"], ids=["plain", "pcodec", "nothing"])
def test_bytes_that_are_no_numbers_are_refused_even_with_their_checksum(packed):
    (block,) = pack(START_MS + MINUTES, SHAPES["a gauge with one decimal"])
    wrong = replace(block, values=packed)
    with pytest.raises(DamagedBlock):
        unpack(wrong, wrong.checksum)


def test_numbers_that_pcodec_gives_back_otherwise_are_stored_as_they_are(monkeypatch):
    monkeypatch.setattr(blocks.standalone, "simple_compress", lambda numbers, config: b"nonsense")
    ts_ms, values = START_MS + MINUTES[:100], SHAPES["a counter"][:100]
    times, unpacked_values = read(pack(ts_ms, values))
    assert times.tolist() == ts_ms.tolist()
    assert same_bits(unpacked_values, values)


def test_of_several_samples_at_one_instant_the_largest_reading_stays():
    ts_ms = np.array([3, 1, 1, 1, 2, 2, 3])
    values = np.array([9.0, STALE, 1.0, 5.0, STALE, np.nan, -np.inf])
    _, times, kept = distinct(*series_of(ts_ms, values))
    assert times.tolist() == [1, 2, 3]
    assert np.array_equal(kept, [5.0, np.nan, 9.0], equal_nan=True)
