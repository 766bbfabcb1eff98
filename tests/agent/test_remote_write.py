"""Bodies that the agent writes hold what they were given, as Muster's own reader reads them."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from agent import remote_write
from agent.remote_write import SampleBatch, bodies
from telemetry.core.columns import TakenTimes
from telemetry.core.labels import KeyCache, key_of
from telemetry.formats import FORMATS, BodyHeaders, BodyLimits

NOW_MS = 1_795_500_000_000
WINDOW = TakenTimes(now_ms=2**41, oldest_ms=0)
READER = FORMATS[0].load()
KEYS = [key_of({"__name__": "m", "n": str(number), "long": "x" * number * 100}) for number in range(5)]


def read(body):
    columns = READER.decode(body, BodyHeaders(), window=WINDOW, limits=BodyLimits(), cache=KeyCache())
    assert columns.rejected.total == 0
    keys = [columns.keys[place] for place in columns.series_index]
    return [*zip(keys, columns.ts_ms.tolist(), map(bits, columns.value.tolist()), strict=True)]


def bits(value):
    return struct.pack("<d", value)


# Times that take six bytes: from 1971 to 2109.
TIMES = st.integers(2**36, 2**41)


@given(st.lists(st.tuples(st.sampled_from(KEYS), TIMES, st.floats(width=64)), max_size=30))
def test_a_body_holds_its_samples_in_order(samples):
    batch = SampleBatch()
    for sample in samples:
        batch.add(*sample)
    parts = [*bodies(batch)]
    assert [sample for body, _ in parts for sample in read(body)] == [
        (key, at_ms, bits(value)) for key, at_ms, value in samples
    ]
    assert sum(count for _, count in parts) == len(samples)


def test_a_body_is_never_large(monkeypatch):
    batch = SampleBatch()
    for number in range(7):
        batch.add(KEYS[4], NOW_MS + number, 1.0)
    monkeypatch.setattr(remote_write, "MOST_SAMPLES", 3)
    assert [count for _, count in bodies(batch)] == [3, 3, 1]
    monkeypatch.setattr(remote_write, "MOST_BYTES", 1000)
    assert [count for _, count in bodies(batch)] == [2, 2, 2, 1]
