"""Text exposition and OpenMetrics: any text gives samples and named lines."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from telemetry.core.columns import TakenTimes
from telemetry.core.labels import KeyCache, RefusalReason, labels_of
from telemetry.formats import exposition
from telemetry.formats.contract import BodyError, BodyHeaders, BodyLimits, WriteTooLarge
from tests.telemetry.core.wire import DAY_MS, NOW_MS

SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "telemetry"
WINDOW = TakenTimes(now_ms=NOW_MS, oldest_ms=NOW_MS - 2 * DAY_MS)
TEXT, OPEN = "text/plain", "application/openmetrics-text"


def decode(body, kind=TEXT, *, cache=None, limits=None):
    cache = KeyCache() if cache is None else cache
    return exposition.decode(
        body, BodyHeaders(kind), window=WINDOW, limits=limits or BodyLimits(), cache=cache
    )


def rows(columns):
    keys = [labels_of(key) for key in columns.keys]
    triples = zip(columns.series_index, columns.ts_ms.tolist(), columns.value.tolist(), strict=True)
    return [(keys[i], ts, value) for i, ts, value in triples]


@given(st.text(alphabet='m{}a="\\,1.e+-#\n \t:NI', max_size=60))
def test_each_line_is_a_sample_or_refused_or_skipped(text):
    """Nothing is lost: what is neither empty nor a comment is counted on one side or the other."""
    lines = [line.strip(" \t\r") for line in text.split("\n")]
    expected = sum(bool(line) and not line.startswith("#") for line in lines)
    if not text:
        return
    columns = decode(text.encode())
    refused = sum(
        count for reason, count in columns.rejected.counts.items() if reason != RefusalReason.EXEMPLAR
    )
    assert columns.samples + refused == expected


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_named_error(body):
    for kind in (TEXT, OPEN):
        for candidate in (body, body + b"\n# EOF"):
            try:
                decode(candidate, kind)
            except BodyError:
                continue


NAMES = st.from_regex(r"[a-zA-Z_:][a-zA-Z0-9_:]{0,5}", fullmatch=True)
LABELS = st.dictionaries(
    st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,5}", fullmatch=True).filter(lambda name: name != "__name__"),
    st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=8),
    max_size=4,
)
READINGS = st.tuples(NAMES, LABELS, st.floats(allow_nan=False), st.integers(NOW_MS - DAY_MS, NOW_MS))


def quoted(text):
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


@given(st.lists(READINGS, min_size=1, max_size=6), st.sampled_from([TEXT, OPEN]))
def test_what_is_sent_is_what_is_read(readings, kind):
    lines = []
    for name, labels, value, ts_ms in readings:
        inside = ",".join(f"{label}={quoted(text)}" for label, text in labels.items())
        time = ts_ms if kind == TEXT else f"{ts_ms // 1000}.{ts_ms % 1000:03}"
        lines.append(f"{name}{{{inside}}} {value!r} {time}\n")
    body = "".join(lines) + ("# EOF\n" if kind == OPEN else "")
    cache = KeyCache()
    sent = sorted(
        repr((sorted((labels | {"__name__": name}).items()), ts, value))
        for name, labels, value, ts in readings
    )
    for _ in ("unknown labels", "known labels"):
        columns = decode(body.encode(), kind, cache=cache)
        assert columns.rejected.counts == {}
        assert (
            sorted(repr((sorted(labels.items()), ts, value)) for labels, ts, value in rows(columns)) == sent
        )


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b'm{a="b"' + b" " * 500_000, id="spaces"),
        pytest.param(b"m{" + b'a="b",' * 100_000, id="labels"),
        pytest.param(b'm{a="' + b"\\" * 500_000, id="escapes"),
        pytest.param(b"m" * 500_000, id="a name"),
        pytest.param(b"m 1 " + b"# " * 250_000, id="marks"),
    ],
)
def test_a_line_is_read_once_however_it_is_made(line):
    """An expression that goes back over what it read would take hours: the limit of time of a test tells."""
    assert decode(line).rejected.counts == {RefusalReason.BAD_LINE: 1}


def test_samples_without_end_are_bounded():
    with pytest.raises(WriteTooLarge):
        decode(b"m 1\n" * 11, limits=BodyLimits(max_samples=10))
    with pytest.raises(WriteTooLarge):
        decode(b"\n" * 20, limits=BodyLimits(max_samples=10))


def test_many_bad_lines_are_not_all_named():
    example = decode(b"m\n" * 30).rejected.examples[RefusalReason.BAD_LINE]
    assert example.startswith("line 1: ")
    assert example.endswith(" 20, 21 and 9 more")


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="../shared/samples is not here")
@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.prom")), ids=lambda path: path.name)
def test_what_exporters_show_reads_as_the_client_of_prometheus_reads_it(path):
    text = path.read_text()
    columns = decode(text.encode())
    assert columns.rejected.counts == {}
    published = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    expected = [comparable(each.labels | {"__name__": each.name}, float(each.value)) for each in published]
    assert sorted(comparable(labels, value) for labels, _, value in rows(columns)) == sorted(expected)


def comparable(labels, value):
    """The client of Prometheus ends the names of counters in _total, and keeps labels without a value."""
    pairs = sorted((name, text.removesuffix("_total")) for name, text in labels.items() if text)
    return repr((pairs, value))
