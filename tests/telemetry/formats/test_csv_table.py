"""Tables of samples: what the content type says of them is all that is taken for granted."""

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.core.columns import TakenTimes
from telemetry.core.labels import KeyCache, labels_of
from telemetry.formats import csv_table
from telemetry.formats.contract import BodyError, BodyHeaders, BodyLimits, WriteTooLarge
from tests.telemetry.core.wire import DAY_MS, NOW_MS

SAMPLE = Path(__file__).parents[4] / "shared" / "samples" / "telemetry" / "cbsugpu07_usage_stats.tsv"
WINDOW = TakenTimes(now_ms=NOW_MS, oldest_ms=NOW_MS - 2 * DAY_MS)


def decode(body, parameters="", *, window=WINDOW, limits=None):
    headers = BodyHeaders(f"text/csv; {parameters}")
    csv_table.check_headers(headers)
    return csv_table.decode(body, headers, window=window, limits=limits or BodyLimits(), cache=KeyCache())


def rows(columns):
    keys = [labels_of(key) for key in columns.keys]
    triples = zip(columns.series_index, columns.ts_ms.tolist(), columns.value.tolist(), strict=True)
    return [(keys[i], ts, value) for i, ts, value in triples]


@given(st.text(alphabet='time,metric,value\n1m,"; \t.-:T', max_size=80))
def test_no_text_raises_anything_but_a_named_error(text):
    for body in (text, f"time,metric,value\n{text}"):
        try:
            decode(body.encode())
        except BodyError:
            continue


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8).filter(
    lambda text: text == text.strip() and text
)
READINGS = st.tuples(CELLS, CELLS, st.floats(allow_nan=False), st.integers(NOW_MS - DAY_MS, NOW_MS))


@given(
    st.lists(READINGS, max_size=6),
    st.sampled_from([("comma", ","), ("semicolon", ";"), ("tab", "\t"), ("pipe", "|")]),
    st.sampled_from(["utf-8", "utf-16"]),
)
def test_what_is_written_is_what_is_read(readings, separator, charset):
    name, character = separator
    written = io.StringIO()
    table = csv.writer(written, delimiter=character)
    table.writerow(["metric", "gpu", "value", "time"])
    table.writerows(readings)
    columns = decode(written.getvalue().encode(charset), f"separator={name}; charset={charset}")
    sent = [({"__name__": metric, "gpu": gpu}, ts, value) for metric, gpu, value, ts in readings]
    assert columns.rejected.counts == {}
    assert sorted(map(repr, ((sorted(r[0].items()), *r[1:]) for r in rows(columns)))) == sorted(
        map(repr, ((sorted(s[0].items()), *s[1:]) for s in sent))
    )


@given(
    st.integers(0, 27 * 366 * 24 * 60).map(
        lambda minutes: datetime.fromisoformat("2000-01-01") + timedelta(minutes=minutes)
    ),
    st.sampled_from(["Europe/Lisbon", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]),
)
def test_a_local_time_is_one_instant_or_refused(local, zone):
    local = min(local, datetime.fromisoformat("2026-11-01"))
    body = f"time,metric,value\n{local.isoformat(' ')},m,1\n".encode()
    columns = decode(body, f"zone={zone}", window=TakenTimes(NOW_MS, 0))
    clocks = ZoneInfo(zone)
    # The instants, minute by minute around it, at which clocks there show this time.
    instants = [
        at
        for at in (local.replace(tzinfo=UTC) + timedelta(minutes=30 * step) for step in range(-30, 31))
        if at.astimezone(clocks).replace(tzinfo=None) == local
    ]
    read = [ts for _, ts, _ in rows(columns)]
    assert read == ([round(instants[0].timestamp() * 1000)] if len(instants) == 1 else [])
    assert columns.rejected.total == (len(instants) != 1)


def test_cells_without_end_are_bounded():
    with pytest.raises(WriteTooLarge):
        decode(b"time,a,b\n" + f"{NOW_MS},1,2\n".encode() * 6, 'labels=""', limits=BodyLimits(max_samples=10))
    with pytest.raises(WriteTooLarge):
        decode(
            b"time,metric,value\n" + b"".join(b"%d,m%d,1\n" % (NOW_MS, n) for n in range(11)),
            limits=BodyLimits(max_series=10),
        )


@pytest.mark.skipif(not SAMPLE.is_file(), reason="../shared/samples is not here")
def test_a_table_of_a_server_in_new_york():
    """A mark of the order of bytes, tabs, local times and a trailer; one hour of the two autumns occurs twice."""
    columns = decode(
        SAMPLE.read_bytes(), "zone=America/New_York; labels=name", window=TakenTimes(2 * NOW_MS, 0)
    )
    assert len(columns.keys) == 12
    assert {labels_of(key)["name"] for key in columns.keys} == {"cbsugpu07"}
    assert list(columns.rejected.counts) == ["bad_line"]
    assert "2024-11-03 01:00:00.000 occurs twice in America/New_York" in columns.rejected.examples["bad_line"]
