"""Samples that are packed into blocks are read as if they were rows still."""

import random
from datetime import timedelta

import numpy as np
import psycopg
import pytest
from django.db import connection

from telemetry import damage, intake, rollups, store
from telemetry.core.batches import DamagedBatch, pack_batch
from telemetry.core.spec import Aggregation, QuerySpec
from telemetry.models import Series
from telemetry.store import checking, hot, packing
from tests.telemetry.packed import (
    SERIES,
    a_day,
    append,
    damage_block,
    pack,
    pack_all,
    read,
    stored_rows,
    tuples_of,
)
from tests.telemetry.sending import STALE, ms, rolled_up


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_packed_when_is_read_as_if_it_were_rows(now, seed):
    """Late samples, duplicates, markers, noise and long pauses, packed at any time, a few series at once."""
    dice = random.Random(seed)
    sent, at = [], now
    for _ in range(14):
        at += timedelta(minutes=dice.randrange(200))
        begin = at - timedelta(minutes=dice.choice([5, 5, 90, 1800]))
        for series in dice.sample(SERIES, 3):
            step_ms = dice.choice([15_000, 60_000, 60_003])
            of_series = [
                (
                    series,
                    ms(begin) + step_ms * number,
                    dice.choice([1.0, float(number), dice.random(), STALE]),
                )
                for number in range(dice.randrange(1, 120))
            ]
            sent += of_series
            append(of_series + of_series[: dice.randrange(3)], now=at)
        if dice.random() < 0.6:
            pack(at)
        if dice.random() < 0.5:
            after, until = at - timedelta(minutes=dice.randrange(1, 3000)), at
            expected = [each for each in sent if ms(after) < each[1] <= ms(until)]
            rows = (
                tuples_of(*(np.array(column) for column in zip(*expected, strict=True))) if expected else []
            )
            assert read(after=after, until=until) == rows
    pack_all(at)
    everything = tuples_of(*(np.array(column) for column in zip(*sent, strict=True)))
    assert stored_rows("telemetry_samplebatch") == 0
    assert read(after=now - timedelta(days=3), until=at + timedelta(days=1)) == everything


@pytest.mark.django_db
def test_a_block_grows_with_each_packing_until_it_is_a_day(now):
    start = now.replace(hour=0, minute=0)
    for hours in range(0, 24, 3):
        begin = start + timedelta(hours=hours)
        append(a_day(11, begin, until=begin + timedelta(hours=3)), now=begin + timedelta(hours=3))
        pack_all(begin + timedelta(hours=3))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT start, step_ms, samples, readings, least, greatest, total FROM telemetry_block"
        )
        assert cursor.fetchall() == [
            (start, 60_000, 1440, 1440, 0.0, 6.0, sum(n % 7 for n in range(180)) * 8.0)
        ]
    assert len(read(after=start, until=start + timedelta(days=1))) == 1439


@pytest.mark.django_db
def test_a_late_sample_joins_its_block_and_a_repeated_one_adds_nothing(now):
    start = now - timedelta(hours=6)
    whole = a_day(11, start, until=start + timedelta(hours=2))
    append(whole[:50] + whole[60:], now=now)
    pack_all(now)
    append(whole[40:70], now=now + timedelta(hours=4))
    pack_all(now + timedelta(hours=4))
    assert stored_rows("telemetry_block") == 1
    assert len(read(after=start - timedelta(seconds=1), until=now)) == 120


@pytest.mark.django_db
def test_nothing_is_packed_before_its_time(now):
    """What verdicts read all the time stays in rows for an hour after its table was sealed."""
    append([(11, ms(now), 1.0)], now=now)
    assert pack(now + timedelta(hours=1, minutes=59)) == 0
    assert [table.sealed_at for table in hot.hot_tables()] == [None]
    assert pack(now + timedelta(hours=2)) == 0
    assert len(hot.hot_tables()) == 2
    assert pack(now + timedelta(hours=2, minutes=59)) == 0
    assert pack(now + timedelta(hours=3)) == 1
    assert len(hot.hot_tables()) == 1


@pytest.mark.django_db
def test_a_table_that_a_wrong_clock_opened_is_packed(now):
    append([(11, ms(now), 1.0)], now=now + timedelta(days=400))
    pack(now)
    assert pack(now + timedelta(hours=1)) == 1


@pytest.mark.django_db
def test_what_is_past_its_time_is_not_packed(now):
    append([(11, ms(now - timedelta(days=9)), 1.0), (11, ms(now), 2.0)], now=now)
    store.pack_samples(now=now + timedelta(hours=2), newest_at=now)
    store.pack_samples(now=now + timedelta(hours=3), newest_at=now)
    assert [at for _, at, _ in read(after=now - timedelta(days=30), until=now)] == [ms(now)]


@pytest.mark.django_db
def test_series_are_packed_a_part_at_a_time(now, monkeypatch):
    monkeypatch.setattr(packing, "SAMPLES", 5)
    monkeypatch.setattr(packing, "UNPACKED", 1)
    append([(series, ms(now) + number, 1.0) for series in SERIES for number in range(2)], now=now)
    pack(now + timedelta(hours=2))
    later = now + timedelta(hours=3)
    packed = [packing.pack_due(now=later, oldest=now - timedelta(days=1), budget_s=0) for _ in range(3)]
    assert packed == [4, 4, 0]
    assert stored_rows("telemetry_samplebatch") == 0
    assert len(read(after=now - timedelta(hours=1), until=later)) == 8


@pytest.mark.django_db
def test_a_row_that_was_not_packed_keeps_its_table(now, monkeypatch):
    append([(11, ms(now), 1.0)], now=now)
    pack(now + timedelta(hours=2))
    (table, _open) = hot.hot_tables()
    assert not hot.drop(table, now=now)
    assert pack(now + timedelta(hours=3)) == 1


def ask(now, **given):
    spec = QuerySpec(metric="load", start_ms=ms(now - timedelta(hours=4)), end_ms=ms(now), **given)
    # A NaN, which breaks a line, is equal to nothing.
    return [
        (line.ts_ms.tolist(), np.nan_to_num(line.values, nan=-1.0).tolist())
        for line in store.run(spec, now=now)
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("aggregation", [each for each in Aggregation if each is not Aggregation.QUANTILE])
def test_queries_and_roll_ups_are_the_same_from_blocks(sender, aggregation):
    end = sender.clock.at
    sender.deliver(*[("load", float(n % 13), -60 * n) for n in range(240) if n % 50])
    rollups.roll_up(now=sender.clock.move(minutes=6))
    before = [ask(end, aggregation=aggregation, step_s=step_s) for step_s in (60, 240, 300)], rolled_up()
    pack_all(sender.clock.at)
    now = sender.clock.move(hours=4)
    assert stored_rows("telemetry_samplebatch") == 0
    assert [ask(end, aggregation=aggregation, step_s=step_s) for step_s in (60, 240, 300)] == before[0]
    # A late sample rolls its window up again, from its block and the row.
    sender.deliver(("load", 5.0, end - timedelta(seconds=30)))
    rollups.roll_up(now=now + timedelta(minutes=1))
    changed = [row for row, old in zip(rolled_up(), before[1], strict=True) if row != old]
    assert [row["count"] for row in changed] == [5]


@pytest.mark.django_db
def test_erased_series_leave_no_block(now):
    append([(11, ms(now), 1.0), (12, ms(now), 1.0)], now=now)
    pack_all(now)
    store.erase([11])
    assert series_read(SERIES, until=now) == [12]


@pytest.mark.django_db
@pytest.mark.parametrize("erased", [[11, 13], [11, 14]], ids=["all of a source", "some of two sources"])
def test_hot_samples_of_erased_series_are_neither_read_nor_packed(now, erased):
    append([(series, ms(now), 1.0) for series in SERIES], now=now)
    left = sorted({*SERIES} - {*erased})
    store.erase(erased)
    assert series_read(SERIES, until=now) == left
    pack_all(now)
    assert stored_rows("telemetry_samplebatch") == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT series_id FROM telemetry_block")
        assert sorted(cursor.fetchall()) == [(series,) for series in left]


@pytest.mark.django_db
def test_a_damaged_batch_stays_until_somebody_has_seen_it(now, caplog):
    append([(11, ms(now), 1.0)], now=now)
    append([(12, ms(now), 1.0)], now=now)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE telemetry_samplebatch SET packed = set_byte(packed, 1, 7)"
            " WHERE source_id = (SELECT source_id FROM telemetry_series WHERE id = 11)"
        )
    assert series_read(SERIES, until=now) == [12]
    assert "a batch of hot samples is damaged" in caplog.text
    with pytest.raises(DamagedBatch):
        pack_all(now)
    assert stored_rows("telemetry_samplebatch") == 2


def series_read(ids, *, until):
    return [series for series, *_ in read(ids, after=until - timedelta(hours=3), until=until)]


@pytest.mark.django_db
def test_a_damaged_block_is_told_and_the_rest_is_served(sender, client_of, caplog):
    start = sender.clock.at
    sender.deliver(("load", 1.0, 0), ("up", 1.0, 0))
    pack_all(start)
    broken, whole = (Series.objects.get(metric=name).pk for name in ("load", "up"))
    damage_block(broken)
    assert series_read((broken, whole), until=start) == [whole]
    assert f"series {broken}" in caplog.text
    assert not list(damage.notices(start))
    # The next sample of the series meets it.
    sender.deliver(("load", 2.0, start + timedelta(seconds=60)))
    pack_all(start + timedelta(hours=4))
    [notice] = damage.notices(start)
    assert "1 block of samples cannot be read" in notice.text
    page = client_of("viewer").get("/telemetry/").content.decode()
    assert f"Porto, series {broken}" in page
    # The new sample is not lost with it.
    assert series_read((broken,), until=start + timedelta(hours=1)) == [broken]


@pytest.mark.django_db
def test_blocks_that_a_reader_may_not_see_take_no_room(sender, monkeypatch):
    sender.deliver(("load", 1.0, 0))
    at, own = sender.clock.at, Series.objects.get(metric="load").pk
    others = range(own + 1_000, own + 1_030)
    blocks = [store.LostBlock(series, at, at, 1, at) for series in (*others, own)]
    monkeypatch.setattr(store, "lost_blocks", lambda *, most: blocks[:most])
    assert [block.series_id for block, _series in intake.lost_samples(most=20)] == [own]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("emptied_samples")
class TestDaysThatAreOver:
    def test_a_day_is_written_anew_once_and_checked_every_day(self, now):
        for series in SERIES:
            append(a_day(series, now - timedelta(hours=3), until=now), now=now)
        pack_all(now)
        damage_block(12)
        store.keep_partitions(now=now)
        later = now.replace(hour=6, minute=1) + timedelta(days=1)
        assert checking.look_after(now=later - timedelta(minutes=2)) == 0
        assert checking.look_after(now=later) == 1
        assert [block.series_id for block in store.lost_blocks(most=9)] == [12]
        assert stored_rows("telemetry_block") == 3
        assert checking.look_after(now=later + timedelta(hours=23)) == 0
        damage_block(13)
        assert checking.look_after(now=later + timedelta(hours=24)) == 1
        assert [block.series_id for block in store.lost_blocks(most=9)] == [12, 13]
        store.keep_partitions(now=now + timedelta(days=4))
        assert store.lost_blocks(most=9) == []
        assert stored_rows("telemetry_block") == 0

    def test_a_writer_holds_up_sealing_and_loses_nothing(self, now):
        append([(11, ms(now), 1.0)], now=now)
        with psycopg.connect(
            **connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}
        ) as other:
            name = hot.writable(other.cursor(), now=now)
            pack(now + timedelta(hours=2))
            assert [table.sealed_at for table in hot.hot_tables()] == [None]
            batch = np.array([12]), np.array([ms(now)]), np.array([1.0])
            other.execute(
                f"INSERT INTO {name} SELECT source_id, %s, %s, 1, %s FROM telemetry_series WHERE id = 12",
                [now, now, pack_batch(*batch)],
            )
        pack_all(now)
        assert len(read(after=now - timedelta(hours=1), until=now)) == 2
        assert stored_rows("telemetry_samplebatch") == 0
