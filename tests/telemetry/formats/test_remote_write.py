"""Remote write 1.0 as real senders speak it, and as broken or hostile ones do."""

import json
import random
import struct
import subprocess
import sys
from pathlib import Path

import cramjam
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.core.columns import STALE_BITS, SampleColumns, TakenTimes
from telemetry.core.labels import (
    KeyCache,
    LabelLimits,
    RefusalReason,
    encode_field,
    encode_varint,
    key_of,
    labels_of,
)
from telemetry.formats import remote_write
from telemetry.formats.contract import (
    BodyError,
    BodyHeaders,
    BodyLimits,
    MalformedBody,
    UnsupportedEncoding,
    WriteTooLarge,
)
from tests.telemetry.core.wire import DAY_MS, NOW_MS, metadata, request, sample, series, snappy

SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "protocol" / "remote_write"
WINDOW = TakenTimes(now_ms=NOW_MS, oldest_ms=NOW_MS - 2 * DAY_MS)
UP = {"__name__": "up", "job": "node"}
STALE = struct.pack("<Q", STALE_BITS)


def decode(body: bytes, *, encoding: str | None, limits: BodyLimits | None = None, **kwargs) -> SampleColumns:
    headers = BodyHeaders("application/x-protobuf", encoding)
    return remote_write.decode(body, headers, limits=limits or BodyLimits(), **kwargs)


def read(*all_series: bytes, cache: KeyCache | None = None, **kwargs) -> SampleColumns:
    body = snappy(request(*all_series))
    return decode(body, encoding="snappy", window=WINDOW, cache=cache or KeyCache(), **kwargs)


def rows(columns: SampleColumns) -> list[tuple[dict[str, str], int, float]]:
    keys = [labels_of(key) for key in columns.keys]
    triples = zip(columns.series_index, columns.ts_ms, columns.value, strict=True)
    return [(keys[i], int(ts), float(value)) for i, ts, value in triples]


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(sample(1.5, NOW_MS), id="as Prometheus writes it"),
        pytest.param(sample(1.5, NOW_MS, time_first=True), id="time before value"),
        pytest.param(sample(1.5, NOW_MS) + b"\x1a\x02\x10\x01", id="an exemplar after the sample"),
        pytest.param(b"\x1a\x02\x10\x01" + sample(1.5, NOW_MS), id="an exemplar before the sample"),
        pytest.param(sample(1.5, NOW_MS) + b"\x38\x05", id="a field of a later version"),
    ],
)
def test_a_sample_reads_the_same_however_it_is_written(one):
    cache = KeyCache()
    for _ in ("unknown labels", "known labels"):
        assert rows(read(series(UP, one), cache=cache)) == [(UP, NOW_MS, 1.5)]
    read(series(UP, sample(7.0, NOW_MS)), cache=cache)
    assert rows(read(series(UP, one), cache=cache)) == [(UP, NOW_MS, 1.5)]


@pytest.mark.parametrize("explicit_zero", [False, True])
def test_zero_is_a_value_written_or_left_out(explicit_zero):
    cache = KeyCache()
    for _ in ("unknown labels", "known labels"):
        one = series(UP, sample(0.0, NOW_MS, explicit_zero=explicit_zero))
        assert rows(read(one, cache=cache)) == [(UP, NOW_MS, 0.0)]


def test_many_samples_of_one_series_and_many_entries_of_it():
    several = series(UP, *(sample(float(i), NOW_MS + i) for i in range(4)))
    columns = read(several, series(UP, sample(9.0, NOW_MS + 9)))
    assert len(columns.keys) == 1
    assert sorted((ts, value) for _, ts, value in rows(columns)) == [
        *((NOW_MS + i, float(i)) for i in range(4)),
        (NOW_MS + 9, 9.0),
    ]


def test_label_order_and_empty_values_make_no_other_series():
    plain = series(UP, sample(1.0, NOW_MS))
    unsorted = series([("job", "node"), ("__name__", "up"), ("pod", "")], sample(2.0, NOW_MS))
    columns = read(plain, unsorted)
    assert columns.keys == [key_of(UP)]
    assert columns.samples == 2


def test_special_values_keep_their_bits():
    bits = [
        STALE,
        struct.pack("<Q", 0x7FF8000000000001),
        struct.pack("<d", np.inf),
        struct.pack("<d", -np.inf),
    ]
    for cache in (KeyCache(),) * 2:
        columns = read(
            *(series({"__name__": f"m{i}"}, sample(value, NOW_MS)) for i, value in enumerate(bits)),
            cache=cache,
        )
        assert columns.value.tobytes() == b"".join(bits)
        assert columns.stale.tolist() == [True, False, False, False]


def test_a_stale_marker_in_an_unusual_sample_keeps_its_bits():
    columns = read(series(UP, sample(STALE, NOW_MS, time_first=True)))
    assert columns.value.tobytes() == STALE


BAD = [
    (RefusalReason.NO_METRIC_NAME, [("job", "x")]),
    (RefusalReason.NO_METRIC_NAME, []),
    (RefusalReason.NO_METRIC_NAME, [("__name__", "")]),
    (RefusalReason.BAD_LABEL_NAME, [("", "x"), ("__name__", "up")]),
    (RefusalReason.BAD_LABEL_NAME, [("__name__", "up"), ("a", "x\0y")]),
    (RefusalReason.DUPLICATE_LABEL, [("__name__", "up"), ("a", "1"), ("a", "2")]),
    (RefusalReason.INVALID_UTF8, [("__name__", b"\xff\xfe")]),
    (RefusalReason.INVALID_UTF8, [("__name__", "up"), (b"\xc3\x28", "x")]),
    (RefusalReason.TOO_MANY_LABELS, [("__name__", "up"), *((f"l{i}", "x") for i in range(8))]),
    (RefusalReason.LABEL_TOO_LONG, [("__name__", "up"), ("a", "x" * 101)]),
    (RefusalReason.LABEL_TOO_LONG, [("__name__", "up"), ("a" * 51, "x")]),
]


@pytest.mark.parametrize(
    ("reason", "labels"), BAD, ids=[f"{reason}-{i}" for i, (reason, _) in enumerate(BAD)]
)
def test_a_bad_series_is_counted_and_its_neighbours_kept(reason, labels):
    limits = BodyLimits(labels=LabelLimits(max_labels=8, max_name_bytes=50, max_value_bytes=100))
    bad = series(labels, sample(1.0, NOW_MS), sample(2.0, NOW_MS + 1))
    cache = KeyCache()
    for _ in ("first time", "again"):
        columns = read(
            series(UP, sample(5.0, NOW_MS)),
            bad,
            series({"__name__": "z"}, sample(6.0, NOW_MS)),
            limits=limits,
            cache=cache,
        )
        assert sorted(value for *_, value in rows(columns)) == [5.0, 6.0]
        assert columns.rejected.counts == {reason: 2}
        assert reason in columns.rejected.message()


def test_samples_outside_the_window_are_counted_and_their_series_left_out():
    ahead, edge = NOW_MS + 600_001, NOW_MS + 600_000
    columns = read(
        series({"__name__": "ahead"}, sample(1.0, ahead)),
        series({"__name__": "edge"}, sample(2.0, edge), sample(3.0, WINDOW.oldest_ms)),
        series({"__name__": "old"}, sample(4.0, WINDOW.oldest_ms - 1)),
        series({"__name__": "ancient"}, sample(5.0, 0), sample(6.0, -5)),
        series({"__name__": "far"}, sample(5.0, 2**63 - 1)),
    )
    assert [labels_of(key)["__name__"] for key in columns.keys] == ["edge"]
    assert columns.value.tolist() == [2.0, 3.0]
    assert columns.rejected.counts == {RefusalReason.TOO_FAR_IN_FUTURE: 2, RefusalReason.TOO_OLD: 3}
    assert columns.rejected.examples[RefusalReason.TOO_FAR_IN_FUTURE].startswith("ahead at 2026-11-24T")


def test_native_histograms_are_refused_by_name_and_float_samples_kept():
    columns = read(series(UP, sample(1.0, NOW_MS), encode_field(0x22, b"\x08\x01")))
    assert columns.samples == 1
    assert columns.rejected.counts == {RefusalReason.NATIVE_HISTOGRAM: 1}


def test_a_series_of_a_megabyte_is_refused_before_it_is_parsed():
    columns = read(series(UP, *(sample(1.0, NOW_MS) for _ in range(60_000))), series(UP, sample(2.0, NOW_MS)))
    assert columns.value.tolist() == [2.0]
    assert columns.rejected.counts == {RefusalReason.SERIES_TOO_LARGE: 1}


def test_metadata_only_makes_nothing():
    body = snappy(request(metadata=metadata("up") + metadata("node_load1")))
    columns = decode(body, encoding="snappy", window=WINDOW, cache=KeyCache())
    assert (columns.samples, columns.keys, columns.rejected.total) == (0, [], 0)


def test_metadata_beside_samples_is_skipped():
    body = snappy(request(series(UP, sample(1.0, NOW_MS)), metadata=metadata("up")))
    assert decode(body, encoding="snappy", window=WINDOW, cache=KeyCache()).samples == 1


@pytest.mark.parametrize("encoding", [None, "", "snappy", "Snappy"])
def test_a_missing_content_encoding_means_snappy(encoding):
    body = snappy(request(series(UP, sample(1.0, NOW_MS))))
    assert decode(body, encoding=encoding, window=WINDOW, cache=KeyCache()).samples == 1


GOOD = request(series(UP, sample(1.0, NOW_MS)), series({"__name__": "b"}, sample(2.0, NOW_MS)))
BROKEN = [
    (b"", MalformedBody, "empty body"),
    (b"\x00", MalformedBody, "empty body once"),
    (snappy(GOOD)[:-3], MalformedBody, "snappy"),
    (snappy(GOOD)[:1], MalformedBody, "snappy"),
    (b"hello world", MalformedBody, "snappy"),
    (bytes(cramjam.snappy.compress(GOOD)), MalformedBody, "framed snappy"),
    (snappy(GOOD[:-4]), MalformedBody, "protobuf"),
    (snappy(b"\x0a\xff\xff\xff\xff\x0f"), MalformedBody, "protobuf"),
    (snappy(request(series(UP) + b"\x12\x09\x09\x00")), MalformedBody, "in a series"),
    (snappy(request(series(UP) + b"\x12\x02\x09\x00")), MalformedBody, "in a sample"),
    (snappy(request(b"\x0a\x03\x0a\x09x" + sample(1.0, NOW_MS))), MalformedBody, "in a series"),
    (snappy(encode_field(0x22, b"") + encode_field(0x22, b"up")), MalformedBody, "2.0"),
    (encode_varint(2**31) + b"\x00" * 10, WriteTooLarge, "once decompressed"),
    (encode_varint(30_000_000) + b"\x00" * 10, MalformedBody, "cannot fill"),
]


@pytest.mark.parametrize(
    ("body", "error", "text"), BROKEN, ids=[f"{i}-{text}" for i, (*_, text) in enumerate(BROKEN)]
)
def test_a_broken_body_stores_nothing_and_says_why(body, error, text):
    with pytest.raises(error) as caught:
        decode(body, encoding="snappy", window=WINDOW, cache=KeyCache())
    assert text in caught.value.reason


def test_another_encoding_is_named():
    with pytest.raises(UnsupportedEncoding, match="zstd"):
        remote_write.check_headers(BodyHeaders("application/x-protobuf", "zstd"))


BOMBS = {
    "zeros": lambda: bytes(200_000_000),
    "empty series": lambda: b"\x0a\x00" * 16_000_000,
    "empty series with overlong tags": lambda: b"\x8a\x00\x00" * 10_000_000,
    "tiny series": lambda: b"\x0a\x02\x0a\x00" * 1_500_000,
    "labels without end in one series": lambda: request(b"\x0a\x00" * 800_000),
    "metadata": lambda: b"\x1a\x00" * 16_000_000,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_in_bounded_memory(bomb):
    body = snappy(BOMBS[bomb]())
    assert len(body) < 10_000_000
    peak = _peak_memory_of(body)
    print(bomb, peak)
    assert peak < 160_000_000, f"{peak / 1e6:.0f} MB for a body of {len(body) / 1e6:.1f} MB"


def _peak_memory_of(body: bytes) -> int:
    """Bytes that decoding adds to the peak of a fresh process: what the C libraries take is in it."""
    program = f"""
import re, sys
from pathlib import Path
from telemetry.core.columns import TakenTimes
from telemetry.formats.contract import BodyError, BodyHeaders, BodyLimits
from telemetry.formats.remote_write import decode
from telemetry.core.labels import KeyCache
def kib(field):
    return int(re.search(field + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
body = sys.stdin.buffer.read()
before = kib("VmRSS")
try:
    window = TakenTimes({WINDOW.now_ms}, {WINDOW.oldest_ms})
    decode(body, BodyHeaders(), window=window, limits=BodyLimits(), cache=KeyCache())
except BodyError:
    pass
print((kib("VmHWM") - before) * 1024)
"""
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", program], input=body, capture_output=True, cwd=root, check=True
    )
    return int(done.stdout)


def test_the_cache_of_keys_is_bounded():
    cache = KeyCache(max_bytes=20_000)
    for i in range(500):
        read(series({"__name__": "m", "i": str(i)}, sample(1.0, NOW_MS)), cache=cache)
    assert 0 < len(cache.keys) < 100


@given(st.binary(max_size=400))
def test_no_bytes_raise_anything_but_a_named_error(body):
    for candidate in (body, snappy(body)):
        try:
            decode(candidate, encoding=None, window=WINDOW, cache=KeyCache())
        except BodyError:
            continue


@given(st.data())
def test_no_damage_to_a_good_body_raises_anything_but_a_named_error(data):
    cache = KeyCache()
    decode(snappy(GOOD), encoding=None, window=WINDOW, cache=cache)
    damaged = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    outcomes = []
    # A body must mean the same whether its labels were seen before or not.
    for each in (cache, KeyCache()):
        try:
            columns = decode(snappy(bytes(damaged)), encoding=None, window=WINDOW, cache=each)
            found = sorted((str(labels), ts, struct.pack("<d", value)) for labels, ts, value in rows(columns))
            outcomes.append((found, columns.rejected.counts))
        except BodyError as error:
            outcomes.append(type(error))
    assert outcomes[0] == outcomes[1]


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)


@given(
    st.lists(
        st.tuples(
            st.dictionaries(TEXT, TEXT, max_size=5),
            st.lists(
                st.tuples(st.floats(), st.integers(NOW_MS - DAY_MS, NOW_MS + 600_000)), min_size=1, max_size=3
            ),
        ),
        max_size=6,
    )
)
def test_what_is_sent_is_what_is_read(batch):
    cache = KeyCache()
    sent, bodies = [], []
    for labels, values in batch:
        labels = {**labels, "__name__": "m"}
        bodies.append(series(labels, *(sample(value, ts) for value, ts in values)))
        sent += [(sorted(labels.items()), ts, _bits(value)) for value, ts in values]
    if not bodies:
        return
    for _ in ("unknown labels", "known labels"):
        columns = read(*bodies, cache=cache)
        got = [(sorted(labels.items()), ts, _bits(value)) for labels, ts, value in rows(columns)]
        assert sorted(got) == sorted(sent)
        assert len(set(columns.keys)) == len(columns.keys)


def _bits(value: float) -> bytes:
    return struct.pack("<d", value)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="../shared/samples is not here")
@pytest.mark.parametrize(
    ("name", "samples"), [("000_api_v1_write", 238), ("001_api_v1_write", 0)], ids=["samples", "metadata"]
)
def test_bodies_that_prometheus_sent(name, samples):
    body = (SAMPLES / f"{name}.bin").read_bytes()
    headers = json.loads((SAMPLES / f"{name}.json").read_text())["headers"]
    wide = TakenTimes(now_ms=2**42, oldest_ms=0)
    cache = KeyCache()
    first = decode(body, encoding=headers["Content-Encoding"], window=wide, cache=cache)
    again = decode(body, encoding=None, window=wide, cache=cache)
    assert first.samples == again.samples == samples
    assert first.rejected.total == 0
    assert sorted(first.keys) == sorted(again.keys)
    assert all(labels_of(key)["job"] for key in first.keys)


def test_samples_stay_with_their_series_in_a_mixed_body():
    rng = random.Random(7)
    cache = KeyCache()
    sent, bodies = set(), []
    for i in range(300):
        labels = {"__name__": "m", "i": str(rng.randrange(100))}
        values = [(rng.choice([0.0, 1.0 + i]), NOW_MS + i) for _ in range(rng.choice([1, 1, 1, 2]))]
        values = list(dict.fromkeys(values))
        bodies.append(series(labels, *(sample(value, ts) for value, ts in values)))
        sent |= {(labels["i"], ts, value) for value, ts in values}
        if i % 50 == 0:
            bodies.append(series([("x", "y")], sample(1.0, NOW_MS)))
    for _ in range(2):
        assert {(labels["i"], ts, value) for labels, ts, value in rows(read(*bodies, cache=cache))} == sent


def test_a_label_value_that_looks_like_a_sample_is_no_sample():
    # The last label's value ends in the very bytes of a sample: only the known end of the labels tells them
    # apart.
    disguise = "\x12\x10\x09ABCDEFGH\x10€é\x10"
    labels = {"__name__": "m", "z": disguise}
    cache = KeyCache()
    for _ in range(2):
        assert rows(read(series(labels, sample(1.0, NOW_MS)), cache=cache))[0][0] == labels
        assert read(series(labels), cache=cache).samples == 0
