"""Samples come back the same from Muster's own blocks, Debian's Prometheus and VictoriaMetrics.

While a remote storage is away they wait, and what it refuses becomes blocks.
"""

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.conf import settings
from django.db import connection

from telemetry import operations, rollups, storage_notices, store
from telemetry.binary import binary_cursor
from telemetry.core.blocks import distinct
from telemetry.core.instants import floor
from telemetry.core.remote_storage import parse_remote_storage
from telemetry.core.replicas import sample_id
from telemetry.core.spec import Aggregation, QuerySpec
from telemetry.ingest import Fullness
from telemetry.models import DirtyWindow, Replica, Series, Source
from telemetry.store import forwarding, packing
from tests.inventory import made
from tests.peers.storages import STORAGES, TAKES_LATE, TOLERANCES, StorageProgram
from tests.telemetry.sending import STALE, hot_samples, ms, rolled_up

pytestmark = [pytest.mark.peers, pytest.mark.django_db, pytest.mark.timeout(300)]

GAUGE, COUNTER, ODD = 101, 102, 103
KINDS = {GAUGE: ("load", "gauge"), COUNTER: ("requests_total", "counter"), ODD: ("odd", "gauge")}
HOURS, STEP_S = 5, 60
# Minutes in which samples are sent, in which the storage goes away, and in which it returns.
SENDS, GONE, BACK = 34, 12, 22
# Until then all tables are dropped, an hour after they were sealed, or after they were sent again.
LAST_DROPPED = SENDS + 140


@pytest.fixture
def storage_of(peer, programs, tmp_path, settings):
    """`storage_of("prometheus")` is a new one that Muster has for its store."""

    def start(name, configuration=TAKES_LATE):
        storage = StorageProgram(name, programs, tmp_path, find=peer, configuration=configuration)
        settings.TELEMETRY_STORE = parse_remote_storage(storage.setting)
        return storage

    return start


@pytest.fixture
def now():
    """A remote storage takes no sample of its own future, and knows no other clock than the machine's."""
    return datetime.now(UTC).replace(second=0, microsecond=0)


@pytest.fixture
def source(now):
    source, _token = operations.create_source(
        site=made.site(name="Porto", slug="porto"), name="porto prometheus", by=None, now=now
    )
    Series.objects.bulk_create(
        Series(
            pk=number, source=source, site=source.site, metric=metric, labels={"instance": "node-1"}, kind=kind,
            digest=str(number).encode().ljust(16), first_seen_at=now,
        )
        for number, (metric, kind) in KINDS.items()
    )  # fmt: skip
    return source


def append(source, samples, *, now):
    series, ts_ms, values = (np.array(column) for column in zip(*samples, strict=True))
    columns = store.SampleArrays(series.astype(np.int64), ts_ms.astype(np.int64), values.astype(float))
    with binary_cursor() as cursor:
        store.append(cursor, {source.pk: columns}, now=now)


def past(now):
    """Five hours of three series: fractions, a counter that begins anew, extremes, a stale marker, a pause."""
    start = ms(now - timedelta(hours=HOURS))
    for number in range(HOURS * 3600 // STEP_S):
        at_ms = start + number * STEP_S * 1000 + number % 3
        yield GAUGE, at_ms, math.sin(number) * 1e6
        yield COUNTER, at_ms, float(number * 17 % 3001)
        if not 100 < number < 130:
            yield ODD, at_ms, {70: 1e4, 71: -1e-3, 100: STALE}.get(number, number / 3)


def pack(at):
    """One run of the task, without what only works outside of a transaction."""
    if settings.TELEMETRY_STORE is None:
        return packing.pack_due(now=at, oldest=at - timedelta(days=2))
    return forwarding.forward_due(settings.TELEMETRY_STORE, now=at)


def pack_until_gone(at, storage=None):
    """Run the task until nothing is hot: as the time comes to pack a table, and a few times more."""
    for minutes in (120, 181, 182, 183, 184):
        pack(at + timedelta(minutes=minutes))
        if storage is not None:
            storage.flush()
    with connection.cursor() as cursor:
        assert hot_samples(cursor) == []


def samples_in_blocks():
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(samples), 0) FROM telemetry_block")
        return cursor.fetchone()[0]


def window_of(source, now):
    """A window of four hours ago, rolled up now."""
    store.write_five_minutes(floor(now - timedelta(hours=4)), [source.pk], now=now)
    rows = rolled_up()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM telemetry_rollup_5m")
    return {
        "counts": [row["count"] for row in rows],
        "figures": np.array([[row["sum"], row["min"], row["max"], row["last"]] for row in rows]),
    }


def read_all(now):
    """What the public functions of the store read of everything."""
    ids, after = np.array(sorted(KINDS)), now - timedelta(hours=HOURS, minutes=1)
    series, ts_ms, values = distinct(*store.samples(ids, after=after, until=now))
    at = ms(now - timedelta(hours=3))
    spans = store.readings_in_spans(
        np.array([GAUGE, GAUGE, ODD]),
        np.array([at, at + 7_200_000, at]),
        np.array([at + 300_000, at + 7_500_000, at + 600_000]),
    )
    ranges = store.ranges(ids, since=now, five_minutes_from=now, samples_from=after, until=now)
    sketches = store.sketches(ids, start=now, hours_end=now, rolled_end=now, raw_start=after, raw_end=now)
    lines = [
        (line.ts_ms.tolist(), line.values)
        for aggregation in Aggregation
        if aggregation is not Aggregation.QUANTILE
        for metric, _kind in KINDS.values()
        for line in store.run(
            QuerySpec(metric=metric, start_ms=ms(after), end_ms=ms(now), step_s=240, aggregation=aggregation),
            now=now,
        )
    ]
    return {
        "places": list(zip(series.tolist(), ts_ms.tolist(), strict=True)),
        "values": values,
        "spans": list(zip(spans.series.tolist(), spans.ts_ms.tolist(), strict=True)),
        "ranges": np.concatenate(ranges),
        "sketches": [
            (each.series_id, each.newest_at, each.samples, each.counts.tolist()) for each in sketches
        ],
        "steps": [steps for steps, _values in lines],
        "lines": np.concatenate([values for _steps, values in lines]),
    }


def assert_same(read, expected, tolerance=0.0):
    for part, value in expected.items():
        if isinstance(value, np.ndarray):
            np.testing.assert_allclose(read[part], value, rtol=tolerance, err_msg=part)
        else:
            assert read[part] == value, part


@pytest.mark.parametrize("kind", ["postgres", *STORAGES])
def test_every_store_reads_the_same(kind, storage_of, source, now):
    samples = list(past(now))
    append(source, samples, now=now)
    before, window = read_all(now), window_of(source, now)
    assert len(before["places"]) == len(samples)
    storage = None if kind == "postgres" else storage_of(kind)
    # Late ones come after what is newer, and some come again.
    late, first = samples[200:300], samples[:200] + samples[300:]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM telemetry_samplebatch")
    append(source, first, now=now)
    pack_until_gone(now, storage)
    append(source, late + first[:40], now=now + timedelta(hours=5))
    pack_until_gone(now + timedelta(hours=5), storage)
    # Of what a remote storage keeps, blocks have the stale marker.
    assert samples_in_blocks() == (len(samples) if kind == "postgres" else 1)
    assert_same(read_all(now), before, TOLERANCES[kind])
    assert_same(window_of(source, now), window, TOLERANCES[kind])


def sent_by_pair(now):
    """Two replicas, of which the second lags by 20 s; the first one dies for an hour and returns."""
    for place, (series, at_ms, value) in enumerate(past(now)):
        if not 300 < place < 480:
            yield sample_id(series, 1), at_ms, value
        yield sample_id(series, 2), at_ms + 20_000, value


@pytest.mark.parametrize("kind", STORAGES)
def test_a_pair_of_replicas_reads_the_same(kind, storage_of, source, now):
    Source.objects.update(replica_label="prometheus_replica")
    for number, name in ((1, "a"), (2, "b")):
        Replica.objects.create(source=source, name=name, number=number, first_sample_at=now)
    samples = list(sent_by_pair(now))
    append(source, samples, now=now)
    before, window = read_all(now), window_of(source, now)
    # Nothing counts twice, and nothing is missing while one of both is away.
    assert len(list(past(now))) - 5 <= len(before["places"]) <= len(list(past(now))) + 5
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM telemetry_samplebatch")
    storage = storage_of(kind)
    # The one that returns brings its samples later.
    half = len(samples) // 2
    append(source, samples[:half], now=now)
    pack_until_gone(now, storage)
    append(source, samples[half:], now=now + timedelta(hours=5))
    pack_until_gone(now + timedelta(hours=5), storage)
    assert_same(read_all(now), before, TOLERANCES[kind])
    assert_same(window_of(source, now), window, TOLERANCES[kind])


@pytest.mark.parametrize("kind", STORAGES)
def test_a_storage_that_is_away_delays_and_loses_nothing(kind, storage_of, source, now, settings, client_of):
    storage = storage_of(kind)
    samples = list(past(now))
    append(source, samples, now=now)
    before = read_all(now)
    first, second = samples[:400], samples[400:]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM telemetry_samplebatch")
    append(source, first[:200], now=now)
    pack_until_gone(now, storage)
    storage.restart()
    append(source, first[200:], now=now + timedelta(hours=4))
    assert pack(now + timedelta(hours=4, minutes=6)) == 200
    # What VictoriaMetrics had only in its memory is gone with it.
    storage.kill()

    later = now + timedelta(hours=5)
    append(source, second, now=later)
    assert [pack(later + timedelta(minutes=minutes)) for minutes in (6, 7, 16)] == [0, 0, 0]
    [notice] = storage_notices.notices(later + timedelta(minutes=20))
    assert "does not answer" in notice.text
    assert not store.is_full()
    settings.TELEMETRY_STORE_WAITING_BYTES = 1
    assert store.is_full()
    is_full = Fullness()
    assert is_full(later)
    assert is_full.reason == "samples wait for the remote storage"
    client = client_of("viewer")
    client.raise_request_exception = False
    span = {"start": (now - timedelta(hours=5)).isoformat(), "end": now.isoformat(), "step": "60"}
    answer = client.get("/api/telemetry/query/", {"metric": "load"} | span)
    assert answer.status_code == 503
    assert "remote storage" in answer.json()["detail"]
    # What is hot alone is read and rolled up; a late window waits.
    hot_start, late_start = floor(now - timedelta(minutes=20)), floor(now - timedelta(hours=4))
    DirtyWindow.objects.bulk_create(
        DirtyWindow(source=source, start=start, width_s=300) for start in (hot_start, late_start)
    )
    rollups.roll_up(now=now)
    assert late_start in DirtyWindow.objects.filter(width_s=300).values_list("start", flat=True)
    assert hot_start in {row["start"] for row in rolled_up()}

    storage.start()
    pack_until_gone(later, storage)
    assert list(storage_notices.notices(later + timedelta(minutes=184))) == []
    # Lines come from the roll-up of the hot window too, and so do not end in raw samples.
    after = read_all(now) | {"lines": before["lines"], "steps": before["steps"]}
    assert_same(after, before, TOLERANCES[kind])
    rollups.roll_up(now=now)
    assert late_start in {row["start"] for row in rolled_up()}


def test_what_a_storage_refuses_is_kept_and_told(storage_of, source, now):
    """Prometheus without a window for late samples."""
    storage_of("prometheus", configuration="")
    samples = list(past(now))
    append(source, samples, now=now)
    before = read_all(now)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM telemetry_samplebatch")
    append(source, samples[600:], now=now)
    pack_until_gone(now)
    assert list(storage_notices.notices(now + timedelta(minutes=184))) == []
    append(source, samples[:600], now=now + timedelta(hours=5))
    pack_until_gone(now + timedelta(hours=5))
    [notice] = storage_notices.notices(now + timedelta(hours=5, minutes=184))
    assert "600 samples" in notice.text
    assert "out of bounds" in notice.text
    assert_same(read_all(now), before)


def test_samples_that_are_taken_and_not_given_back_stay(storage_of, source, now, settings):
    """A sender's samples are dropped only after some of them were read back."""
    storage_of("prometheus")
    append(source, list(past(now))[-60:], now=now)
    pack(now + timedelta(minutes=6))
    address = settings.TELEMETRY_STORE
    settings.TELEMETRY_STORE = parse_remote_storage(
        f"{address.query_url}".replace("http", "prometheus+http", 1)
    )
    assert [pack(now + timedelta(hours=2, minutes=minute)) for minute in range(2)] == [0, 60]
    pack_until_gone(now + timedelta(hours=2))
    assert samples_in_blocks() == 0


def test_what_is_hot_when_the_setting_changes_becomes_blocks(storage_of, source, now, settings):
    storage_of("prometheus")
    append(source, list(past(now))[-60:], now=now)
    assert pack(now + timedelta(minutes=6)) == 60
    settings.TELEMETRY_STORE = None
    pack_until_gone(now)
    assert samples_in_blocks() == 60


@pytest.mark.parametrize("kind", STORAGES)
def test_ten_minutes_without_a_storage_lose_nothing(kind, storage_of, source, now):
    """Each minute by a clock of its own, with the usual intervals and limits; `make bench storage_away` takes the ten
    minutes themselves."""
    storage, begin = storage_of(kind), now - timedelta(hours=3)
    sent_samples, forwarded = {}, []
    for minute in range(SENDS):
        if minute == GONE:
            storage.kill()
        if minute == BACK:
            storage.start()
        at = begin + timedelta(minutes=minute + 1)
        samples = list(samples_of_minute(at))
        append(source, samples, now=at)
        sent_samples |= {(series, at_ms): value for series, at_ms, value in samples}
        forwarded.append(pack(at))
        assert not store.is_full()
        assert read_since(begin, until=at) == sent_samples
    # Five minutes after the first of its samples a table is sealed and sent. The one that waited is sent when the
    # storage is back, and the one that was open beside it in the next minute.
    minutes_sent = {minute: count // len(samples) for minute, count in enumerate(forwarded) if count}
    assert minutes_sent == {5: 6, 10: 5, BACK: 5, BACK + 1: 8, 28: 5, 33: 5}

    # An hour later each table was read back and dropped, or sent again: a kill loses what VictoriaMetrics had in
    # memory.
    for minute in range(SENDS, LAST_DROPPED):
        storage.flush()
        forwarded.append(pack(begin + timedelta(minutes=minute + 1)))
    with connection.cursor() as cursor:
        assert hot_samples(cursor) == []
    assert samples_in_blocks() == 0
    assert store.refused_samples(since=begin).samples == 0
    assert (
        sum(forwarded) == len(sent_samples) if kind == "prometheus" else sum(forwarded) >= len(sent_samples)
    )
    assert read_since(begin, until=at) == pytest.approx(sent_samples, rel=TOLERANCES[kind])


def samples_of_minute(at):
    for series in KINDS:
        for before_s in (60, 45, 30, 15):
            yield series, ms(at) - 1000 * before_s, math.sin(ms(at) + series) * before_s


def read_since(begin, *, until):
    """{(series, ms): value} as the store reads it; an instant stands once."""
    series, ts_ms, values = store.samples(
        np.array(sorted(KINDS)), after=begin - timedelta(minutes=1), until=until
    )
    places = list(zip(series.tolist(), ts_ms.tolist(), strict=True))
    assert len(places) == len(set(places))
    return dict(zip(places, values.tolist(), strict=True))
