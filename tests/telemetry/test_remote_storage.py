"""Muster loses nothing while a remote storage is slow, away, or loses samples. `tests/peers` tries real storages."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.conf import settings
from django.db import connection

from telemetry import operations, queries, rollups, storage_notices, store
from telemetry.binary import binary_cursor
from telemetry.core.instants import floor
from telemetry.core.remote_storage import parse_remote_storage
from telemetry.models import DirtyWindow, ScrapeTarget, Series, TargetState
from telemetry.store import forwarding
from telemetry.store.remote.reading import StorageRead
from telemetry.targets.operations import judge_targets
from tests.inventory import made
from tests.telemetry.sending import hot_samples, ms, rolled_up
from tests.telemetry.storage_stub import stub_storage

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SERIES = range(101, 141)


@pytest.fixture
def storage(settings):
    with stub_storage() as server:
        settings.TELEMETRY_STORE = parse_remote_storage(server.setting)
        yield server


@pytest.fixture
def source():
    source, _token = operations.create_source(
        site=made.site(name="Porto", slug="porto"), name="porto prometheus", by=None, now=NOW
    )
    Series.objects.bulk_create(
        Series(
            pk=number, source=source, site=source.site, metric="load", labels={"instance": f"node-{number}"},
            kind="gauge", digest=str(number).encode().ljust(16), first_seen_at=NOW,
        )
        for number in SERIES
    )  # fmt: skip
    return source


def append(source, samples, *, now):
    series, ts_ms, values = (np.array(column) for column in zip(*samples, strict=True))
    columns = store.SampleArrays(series.astype(np.int64), ts_ms.astype(np.int64), values.astype(float))
    with binary_cursor() as cursor:
        store.append(cursor, {source.pk: columns}, now=now)


def five_of_each(at):
    return [(series, ms(at) + second * 1000, second) for series in SERIES for second in range(5)]


def drop_hot_until(at):
    """Leave the state after tables were forwarded and dropped whose newest sample is of an instant."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM telemetry_samplebatch WHERE last_at <= %s", [at])
        cursor.execute(
            "INSERT INTO telemetry_hottable (opened_at, sealed_at, packed_at, newest_at) VALUES (%s, %s, %s, %s)",
            [at, at, at, at],
        )


def hot_count():
    with connection.cursor() as cursor:
        return len(hot_samples(cursor))


def forward(at, **limits):
    return forwarding.forward_due(settings.TELEMETRY_STORE, now=at, **limits)


def test_recent_windows_are_rolled_up_after_a_storage_used_up_the_budget(storage, source):
    late, recent = floor(NOW - timedelta(hours=4)), floor(NOW - timedelta(minutes=20))
    append(source, [(101, ms(recent) + 60_000, 1.0)], now=NOW)
    drop_hot_until(NOW - timedelta(hours=1))
    DirtyWindow.objects.bulk_create(
        DirtyWindow(source=source, start=start, width_s=300) for start in (late, recent)
    )
    storage.query_status, storage.delay_s = 503, 0.4
    rollups.roll_up(now=NOW, budget_s=0.3)
    assert storage.queries
    assert recent in {row["start"] for row in rolled_up()}
    assert late in DirtyWindow.objects.filter(width_s=300).values_list("start", flat=True)


def test_the_last_change_is_known_without_the_storage(storage, source, settings):
    changed_at = NOW - timedelta(hours=3) + timedelta(seconds=30)
    append(source, [(101, ms(changed_at) - 10_000, 0.0), (101, ms(changed_at), 79.0)], now=changed_at)
    settings.TELEMETRY_STORE = None
    rollups.roll_up(now=NOW - timedelta(hours=2))
    store.write_five_minutes(floor(changed_at), [source.pk], now=NOW)
    settings.TELEMETRY_STORE = parse_remote_storage(storage.setting)
    drop_hot_until(NOW - timedelta(hours=2))
    storage.query_status = 503
    assert queries.last_changed([101], start=NOW - timedelta(hours=24), now=NOW) == {101: changed_at}
    assert storage.queries == 0


def test_lost_samples_stay_although_the_storage_refused_as_many_others(storage, source):
    append(source, five_of_each(NOW - timedelta(minutes=1)), now=NOW)
    # The whole body, then its first half, of twenty series.
    storage.statuses = [400, 400]
    assert forward(NOW + timedelta(minutes=6)) == 200
    assert forward(NOW + timedelta(hours=2)) == 0
    assert hot_count() == 200
    # They are sent again, and taken whole.
    assert forward(NOW + timedelta(hours=2, minutes=1)) == 200
    assert hot_count() == 200


def test_samples_that_blocks_have_are_not_missed(storage, source):
    append(source, five_of_each(NOW - timedelta(minutes=1)), now=NOW)
    storage.statuses = [400] * 3
    forward(NOW + timedelta(minutes=6))
    forward(NOW + timedelta(hours=2))
    assert store.waiting_samples().failure == ""
    assert hot_count() == 0


def test_a_part_that_is_refused_whole_ends_in_time_and_goes_on_behind_its_last_whole_series(storage, source):
    samples_of_each = 300
    append(
        source,
        [
            (series, ms(NOW - timedelta(minutes=30)) + second * 1000, 1.0)
            for series in SERIES
            for second in range(samples_of_each)
        ],
        now=NOW,
    )
    storage.statuses = [400] * 10_000
    # 33 series are in the first body of 10,000 samples, and a part of the next.
    later = NOW + timedelta(minutes=6)
    assert forward(later, longest_s=-1, budget_s=0) == 33 * samples_of_each
    assert storage.writes == 1
    assert forward(later, longest_s=-1) == 7 * samples_of_each
    assert storage.writes == 2
    assert store.refused_samples(since=NOW).samples == 40 * samples_of_each
    forward(NOW + timedelta(hours=2))
    assert hot_count() == 0
    stored = store.samples(SERIES, after=NOW - timedelta(hours=1), until=NOW)
    assert len(stored.series) == 40 * samples_of_each


def test_samples_that_are_not_given_back_twice_become_blocks_and_are_told(storage, source):
    """Such as with a storage that thins samples: they are not sent for ever, and nothing is lost."""
    at = NOW - timedelta(minutes=1)
    append(source, five_of_each(at), now=NOW)
    # Sent; not given back; sent again; not given back again; packed into blocks.
    results = [forward(NOW + timedelta(minutes=minutes)) for minutes in (6, 120, 121, 122, 123)]
    assert results == [200, 0, 200, 0, 200]
    assert hot_count() == 0
    assert store.refused_samples(since=NOW).samples == 200
    [notice] = storage_notices.notices(NOW + timedelta(minutes=125))
    assert "did not keep 200 samples of the last day" in notice.text
    assert "it took them twice, and gave not all of them back" in notice.text
    storage.query_status = 200
    assert len(store.samples(SERIES, after=at - timedelta(minutes=1), until=NOW).series) == 200


def test_an_answer_that_is_too_large_is_asked_for_in_parts(storage, source):
    storage.most_series = 10
    StorageRead(settings.TELEMETRY_STORE).samples_of_series(SERIES, 0, 60_000)
    # 40, twice 20, four times 10.
    assert storage.queries == 7


def test_queries_of_one_read_end_together(storage, source):
    storage.delay_s = 0.3
    read = StorageRead(settings.TELEMETRY_STORE, limit_s=0.5)
    read.samples_of_series([101], 0, 60_000)
    with pytest.raises(store.RemoteStorageUnavailable):
        read.samples_of_series([101], 0, 60_000)


def test_targets_are_judged_while_the_storage_is_away(storage, source):
    """One that is scraped seldom needs the storage only if nothing of it is hot."""
    addresses = {201: "usual:1", 202: "seldom:1", 203: "silent:1"}
    Series.objects.bulk_create(
        Series(
            pk=number, source=source, site=source.site, metric="up", labels={"job": "node", "instance": address},
            kind="state", digest=str(number).encode().ljust(16), first_seen_at=NOW,
        )
        for number, address in addresses.items()
    )  # fmt: skip
    for address in addresses.values():
        target = ScrapeTarget.objects.create(
            site=source.site, job="node", address=address, interval_s=15 if address == "usual:1" else 3600
        )
        TargetState.objects.create(target=target, standing="up", since=NOW - timedelta(days=1), series_up=1)
    append(
        source,
        [(201, ms(NOW), 0.0), (202, ms(NOW) - 2_000_000, 0.0)],
        now=NOW,
    )
    drop_hot_until(NOW - timedelta(hours=1))
    storage.query_status = 503
    judge_targets(now=NOW)
    assert storage.queries == 1
    assert dict(TargetState.objects.values_list("target__address", "standing")) == {
        "usual:1": "down",
        "seldom:1": "down",
        "silent:1": "up",
    }
    storage.query_status = 200
    judge_targets(now=NOW)
    assert TargetState.objects.get(target__address="silent:1").standing == "absent"


def test_samples_of_a_series_that_is_gone_are_not_missed(storage, source):
    append(source, five_of_each(NOW - timedelta(minutes=1)), now=NOW)
    forward(NOW + timedelta(minutes=6))
    Series.objects.all().delete()
    forward(NOW + timedelta(hours=2))
    assert hot_count() == 0
