"""From the inbox to samples: what a drain stores, whom it tells, and what it does with batches that fail."""

import math
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import SiteChange
from telemetry import drain, operations
from telemetry.core.registry import RegistryError
from telemetry.models import (
    DirtyWindow,
    InboxBatch,
    Rejection,
    Series,
    Source,
    SourceActivity,
    SourceStatus,
)
from tests.inventory import made
from tests.telemetry.sending import STALE, body_of, stored

pytestmark = pytest.mark.django_db

POWER = {"__name__": "DCGM_FI_DEV_POWER_USAGE", "gpu": "0", "UUID": "GPU-aa", "Hostname": "node-1"}


def test_a_batch_becomes_samples_of_new_series(sender):
    assert sender.deliver(("up", 1.0, 0), ({"__name__": "load", "job": "node"}, 0.5, -15)) == 1
    now = sender.clock.at.timestamp()
    assert stored() == [("load", now - 15, 0.5), ("up", now, 1.0)]
    assert not InboxBatch.objects.exists()
    series = Series.objects.get(metric="load")
    assert series.labels == {"job": "node"}
    assert series.site == sender.source.site
    assert drain.drain(now=sender.clock.at) == 0


def test_known_series_are_found_again_by_this_process_and_by_another(sender):
    sender.deliver(("up", 1.0, 0))
    sender.deliver(("up", 2.0, 60))
    sender.deliver(("up", 3.0, 120), memory=drain.Memory())
    assert Series.objects.count() == 1
    assert [value for _, _, value in stored()] == [1.0, 2.0, 3.0]


def test_memory_is_bounded(sender):
    memory = drain.Memory(bound=2)
    for second in range(3):
        sender.deliver(*[(f"metric_{n}", float(n), second) for n in range(5)], memory=memory)
    assert Series.objects.count() == 5
    assert len(stored()) == 15


def test_two_sources_may_send_the_same_labels(sender, sender_of, porto):
    other = sender_of(porto)
    sender.send(("up", 1.0, 0))
    other.send(("up", 2.0, 0))
    drain.drain(now=sender.clock.at)
    assert Series.objects.count() == 2
    assert len(stored()) == 2


def test_values_are_stored_in_the_registrys_unit(sender):
    energy = POWER | {"__name__": "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION"}
    sender.deliver((energy, 3.6e9, 0))
    assert stored()[0][2] == pytest.approx(1.0)


def test_a_source_may_have_units_of_its_own(sender):
    operations.update_source(
        sender.source, changes={"unit_scale": {"rack_power": 1000}}, by=None, now=sender.at(0)
    )
    sender.deliver(("rack_power", 2.5, 0))
    assert stored()[0][2] == 2500
    operations.update_source(
        sender.source, changes={"unit_scale": {"rack_power": 1}}, by=None, now=sender.at(0)
    )
    sender.deliver(("rack_power", 2.5, 60))
    assert stored()[1][2] == 2.5


def test_what_is_no_reading_is_dropped_and_counted(sender):
    sender.deliver(
        (POWER, 9223372036854775794.0, 0), ("up", math.nan, 0), ("load", math.inf, 0), ("ok", 1.0, 0)
    )
    assert [metric for metric, _, _ in stored()] == ["ok"]
    assert dict(Rejection.objects.values_list("reason", "count")) == {"no_reading": 1, "not_a_number": 2}
    example = Rejection.objects.get(reason="no_reading").example
    assert example.startswith("DCGM_FI_DEV_POWER_USAGE{")
    assert example.endswith(" 9.223372036854776e+18")
    activity = SourceActivity.objects.get()
    assert (activity.batches, activity.samples, activity.rejected, activity.ignored) == (1, 1, 0, 3)


def test_a_stale_marker_ends_a_series_until_it_comes_back(sender):
    sender.deliver(("up", 1.0, 0))
    sender.deliver(("up", STALE, 60))
    series = Series.objects.get()
    assert series.ended_at == sender.at(60)
    assert stored()[1][2] is None
    sender.deliver(("up", 1.0, 120))
    series.refresh_from_db()
    assert series.ended_at is None


def test_a_late_sample_does_not_bring_an_ended_series_back(sender):
    sender.deliver(("up", STALE, 60))
    sender.deliver(("up", 1.0, 0))
    assert Series.objects.get().ended_at == sender.at(60)


def test_a_reading_outranks_a_marker_of_the_same_instant(sender):
    sender.deliver(("up", STALE, 60), ("up", 1.0, 60))
    assert Series.objects.get().ended_at is None


def test_each_site_touched_is_claimed_once(sender, sender_of, porto):
    SiteChange.objects.all().delete()
    lisbon = made.site(slug="lisbon")
    SiteChange.objects.all().delete()
    many = sender_of(site_label="site")
    sender.send(("up", 1.0, 0), ("load", 1.0, 0))
    many.send(({"__name__": "up", "site": "lisbon"}, 1.0, 0), ({"__name__": "up", "site": "nowhere"}, 1.0, 0))
    drain.drain(now=sender.clock.at)
    claims = SiteChange.objects.values_list("site", "origin")
    assert sorted(claims) == sorted([(porto.pk, "telemetry"), (lisbon.pk, "telemetry")])


def test_windows_with_new_samples_are_claimed_for_the_roll_up(sender):
    sender.deliver(("up", 1.0, 0), ("up", 1.0, -15), ("up", 1.0, -301))
    at = sender.clock.at
    # A window holds what comes after its start, up to and with its end.
    assert at.minute % 5 == 0
    starts = DirtyWindow.objects.order_by("start").values_list("start", flat=True)
    assert list(starts) == [sender.at(-600), sender.at(-300)]


def test_the_status_keeps_the_newest_times(sender):
    sender.deliver(("up", 1.0, -30))
    first = sender.clock.at
    sender.clock.move(minutes=1)
    sender.deliver(("up", 1.0, -3600))
    status = SourceStatus.objects.get()
    assert status.first_sample_at == first
    assert status.last_sample_at == sender.at(-90)
    assert status.last_received_at == sender.at(0)


def test_the_lag_is_the_longest_wait_in_the_inbox(sender):
    sender.send(("up", 1.0, 0))
    sender.clock.move(seconds=7)
    sender.send(("up", 1.0, 0))
    drain.drain(now=sender.clock.at)
    assert 7 <= SourceActivity.objects.get().lag_max_s < 9


def test_samples_past_retention_when_drained_are_counted_as_too_old(sender, settings):
    sender.send(("up", 1.0, -47 * 3600))
    sender.clock.move(days=3)
    sender.send(("up", 1.0, 0))
    drain.drain(now=sender.clock.at)
    assert len(stored()) == 1
    assert Rejection.objects.get().reason == "too_old"


def test_the_longest_name_that_the_door_takes_can_be_stored(sender):
    longest = "m" * Series._meta.get_field("metric").max_length
    sender.deliver((longest, 1.0, 0))
    assert [metric for metric, _, _ in stored()] == [longest]
    assert sender.post(body_of((f"{longest}m", 1.0, sender.at(0)))).status_code == 400
    assert Rejection.objects.get(reason="label_too_long").count == 1


def test_a_damaged_batch_is_set_aside_and_the_others_pass(sender):
    sender.send(("up", 1.0, 0))
    InboxBatch.objects.update(columns=b"MC1 damaged")
    sender.send(("load", 1.0, 0))
    assert drain.drain(now=sender.clock.at) == 2
    assert [metric for metric, _, _ in stored()] == ["load"]
    dead = InboxBatch.objects.get()
    # The drain's own clock goes on while it works.
    assert timedelta() <= dead.failed_at - sender.clock.at < timedelta(seconds=20)
    assert dead.failure.startswith("CorruptBatch")
    assert drain.drain(now=sender.clock.at) == 0


def test_files_of_ours_that_cannot_be_read_set_no_batch_aside():
    """A worker that starts while a release is being installed may find new files beside old code."""
    assert not issubclass(RegistryError, drain.HOPELESS)


def test_a_batch_that_the_database_refuses_is_found_and_set_aside(sender):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE telemetry_series ADD CONSTRAINT no_poison CHECK (metric <> 'poison')")
    for metric in ("up", "poison", "load"):
        sender.send((metric, 1.0, 0))
    assert drain.drain(now=sender.clock.at) == 3
    assert [metric for metric, _, _ in stored()] == ["load", "up"]
    assert "no_poison" in InboxBatch.objects.get().failure


def test_a_drain_takes_a_bounded_number_of_samples(sender):
    for second in range(3):
        sender.send(*[(f"m{n}", 1.0, second) for n in range(4)])
    assert drain.drain_once(now=sender.clock.at, samples=5) == 1
    assert drain.drain_once(now=sender.clock.at, samples=8) == 2


def test_a_site_that_is_gone_stops_no_drain(sender_of):
    lisbon = made.site(slug="lisbon")
    many = sender_of(site_label="site")
    labels = {"__name__": "up", "site": "lisbon"}
    many.deliver((labels, 1.0, 0))
    lisbon.delete()
    many.deliver((labels, 2.0, 60))
    assert len(stored()) == 2


def test_a_source_that_is_deleted_takes_its_batches_along(sender):
    sender.send(("up", 1.0, 0))
    Source.objects.all().delete()
    assert drain.drain(now=sender.clock.at) == 0


def test_statements_do_not_grow_with_batches_or_series(sender, sender_of, porto):
    def statements(senders, batches, series, since=1):
        for one in senders:
            for second in range(since, since + batches):
                one.send(*[(f"m{n}", 1.0, second) for n in range(series)])
        with CaptureQueriesContext(connection) as seen:
            assert drain.drain_once(now=sender.clock.at) == len(senders) * batches
        return len(seen)

    senders = [sender, *(sender_of(porto) for _ in range(4))]
    # Each source costs two: what it has, and what it has by now.
    one = statements(senders[:1], 1, 1)
    assert statements(senders, 4, 50) <= one + 2 * 4
    assert statements(senders, 4, 50, since=10) < one


def test_the_same_samples_cut_otherwise_are_stored_again_and_told_apart_when_read(sender):
    """A sender killed before it read the answer sends the samples again, in bodies of another cut."""
    readings = [(f"m{n}", float(n), sender.at(0)) for n in range(6)]
    for part in (readings, readings[:3], readings[3:]):
        assert sender.post(body_of(*part)).status_code == 204
    drain.drain(now=sender.clock.at)
    assert len(stored()) == 12
    assert len(set(stored())) == 6


def test_times_keep_their_milliseconds(sender):
    sender.deliver(("up", 1.0, 0.123))
    assert stored()[0][1] == pytest.approx(sender.clock.at.timestamp() + 0.123, abs=1e-6)
