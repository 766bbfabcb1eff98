"""Remote write 2.0: series that refer to a table of symbols."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.core.columns import SampleColumns, TakenTimes
from telemetry.core.labels import KeyCache, LabelLimits, RefusalReason, encode_field, key_of, labels_of
from telemetry.formats import remote_write_2
from telemetry.formats.contract import BodyError, BodyHeaders, BodyLimits, MalformedBody, WriteTooLarge
from tests.telemetry.core.wire import DAY_MS, NOW_MS, Symbols, refs, request, sample, series, snappy, started

WINDOW = TakenTimes(now_ms=NOW_MS, oldest_ms=NOW_MS - 2 * DAY_MS)
UP = {"__name__": "up", "job": "node"}
ONE = sample(1.0, NOW_MS)


def decode(plain: bytes, *, cache: KeyCache | None = None, limits: BodyLimits | None = None) -> SampleColumns:
    headers = BodyHeaders("application/x-protobuf;proto=io.prometheus.write.v2.Request", "snappy")
    return remote_write_2.decode(
        snappy(plain), headers, window=WINDOW, limits=limits or BodyLimits(), cache=cache or KeyCache()
    )


def rows(columns: SampleColumns) -> list[tuple[dict[str, str], int, float]]:
    keys = [labels_of(key) for key in columns.keys]
    triples = zip(columns.series_index, columns.ts_ms, columns.value, strict=True)
    return [(keys[i], int(ts), float(value)) for i, ts, value in triples]


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(ONE, id="as Prometheus writes it"),
        pytest.param(started(ONE, NOW_MS - 60_000), id="with its start"),
        pytest.param(sample(1.0, NOW_MS, time_first=True), id="time before value"),
        pytest.param(ONE + encode_field(0x2A, b"\x08\x02\x18\x01"), id="with metadata"),
        pytest.param(ONE + b"\x78\x05", id="with a field of a later version"),
    ],
)
def test_a_sample_reads_the_same_however_it_is_written(one):
    cache = KeyCache()
    for _ in ("unknown labels", "known labels"):
        symbols = Symbols()
        assert rows(decode(symbols.request(symbols.series(UP, one)), cache=cache)) == [(UP, NOW_MS, 1.0)]


def test_a_series_of_1_0_is_the_same_series():
    symbols = Symbols()
    columns = decode(symbols.request(symbols.series([("job", "node"), ("pod", ""), ("__name__", "up")], ONE)))
    assert columns.keys == [key_of(UP)]


def test_exemplars_and_histograms_are_refused_by_name_and_samples_kept():
    symbols = Symbols()
    histogram, exemplar = encode_field(0x1A, b"\x08\x01"), encode_field(0x22, b"\x10\x01")
    columns = decode(symbols.request(symbols.series(UP, ONE, histogram, exemplar, exemplar)))
    assert columns.samples == 1
    assert columns.rejected.counts == {RefusalReason.NATIVE_HISTOGRAM: 1, RefusalReason.EXEMPLAR: 2}
    assert columns.rejected.examples[RefusalReason.EXEMPLAR] == 'up{job="node"}'


def test_a_bad_series_counts_all_that_it_has():
    symbols = Symbols()
    bad = symbols.series({"job": "x"}, ONE, ONE, encode_field(0x22, b""))
    columns = decode(symbols.request(bad, symbols.series(UP, ONE)))
    assert (columns.samples, columns.rejected.counts) == (1, {RefusalReason.NO_METRIC_NAME: 3})


TABLE = Symbols()
GOOD = TABLE.request(TABLE.series(UP, ONE), TABLE.series({"__name__": "b"}, sample(2.0, NOW_MS)))


@pytest.mark.parametrize(
    ("plain", "reason"),
    [
        (encode_field(0x22, b"x") + encode_field(0x2A, ONE), "first symbol"),
        (encode_field(0x2A, refs(0, 1) + ONE), "without a table"),
        (Symbols().request(refs(0, 7) + ONE), "symbol 7 of a table of 1"),
        (Symbols().request(refs(0, 0, 0) + ONE), "odd number"),
        (request(series(UP, ONE)), "1.0 body labelled as 2.0"),
        (GOOD[:-4], "damaged protobuf"),
        (TABLE.request(b"\x0a\x09\x01" + ONE), "in a series"),
        (TABLE.request(TABLE.series(UP, b"\x12\x02\x09\x00")), "in a sample"),
    ],
)
def test_a_broken_body_stores_nothing_and_says_why(plain, reason):
    with pytest.raises(MalformedBody) as caught:
        decode(plain)
    assert reason in caught.value.reason


def test_long_symbols_that_many_series_name_are_bounded():
    symbols = Symbols()
    long = [(f"l{n}", f"{n}" * 4000) for n in range(60)]
    bodies = [symbols.series([*long, ("__name__", f"m{n}")], ONE) for n in range(200)]
    limits = BodyLimits(max_decompressed_bytes=10_000_000)
    with pytest.raises(WriteTooLarge) as caught:
        decode(symbols.request(*bodies), limits=limits)
    assert "once written out" in caught.value.reason


@pytest.mark.parametrize(
    ("plain", "limits"),
    [
        (b"\x22\x00" * 50, BodyLimits(max_series=1)),
        (b"\x22\x00" + b"\x2a\x00" * 2, BodyLimits(max_series=1)),
    ],
)
def test_more_fields_than_a_body_may_have_are_refused_before_they_are_read(plain, limits):
    with pytest.raises(WriteTooLarge):
        decode(plain, limits=limits)


def test_more_labels_than_a_series_may_have_are_not_written_out():
    symbols = Symbols()
    labels = [("__name__", "up"), *((f"l{n}", "x") for n in range(3))]
    columns = decode(
        symbols.request(symbols.series(labels, ONE)), limits=BodyLimits(labels=LabelLimits(max_labels=3))
    )
    assert columns.rejected.counts == {RefusalReason.TOO_MANY_LABELS: 1}


@given(st.data())
def test_no_damage_to_a_good_body_raises_anything_but_a_named_error(data):
    damaged = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cache = KeyCache()
    decode(GOOD, cache=cache)
    outcomes = []
    # A body must mean the same whether its labels were seen before or not.
    for each in (cache, KeyCache()):
        try:
            columns = decode(bytes(damaged), cache=each)
            read = sorted((str(labels), ts, struct.pack("<d", value)) for labels, ts, value in rows(columns))
            outcomes.append((read, columns.rejected.counts))
        except BodyError as error:
            outcomes.append(type(error))
    assert outcomes[0] == outcomes[1]


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)
SAMPLES = st.lists(
    st.tuples(st.floats(allow_nan=False), st.integers(NOW_MS - DAY_MS, NOW_MS + 600_000)), max_size=3
)


@given(st.lists(st.tuples(st.dictionaries(TEXT, TEXT, max_size=5), SAMPLES), max_size=6))
def test_what_is_sent_is_what_is_read(batch):
    symbols, sent, bodies = Symbols(), [], []
    for labels, values in batch:
        labels = {**labels, "__name__": "m"}
        bodies.append(symbols.series(labels, *(sample(value, ts) for value, ts in values)))
        sent += [(sorted(labels.items()), ts, value) for value, ts in values]
    columns = decode(symbols.request(*bodies))
    assert sorted((sorted(labels.items()), ts, value) for labels, ts, value in rows(columns)) == sorted(sent)
