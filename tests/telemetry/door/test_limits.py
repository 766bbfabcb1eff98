"""How many series and how much waiting work a source may bring, and what is counted: through the running server."""

import re

import pytest

from telemetry import drain
from telemetry.models import InboxBatch, Rejection, Series, SourceActivity
from telemetry.series_limits import SeriesLimits
from tests.telemetry.sending import STALE, body_of, columns_of, stored

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied_samples")]


@pytest.fixture
def bring(post, sender):
    """Post one sample of each of these series, and drain: the status and what is said."""

    def run(*names, value=1.0):
        status, _, says = post(body_of(*((name, value, sender.clock.at) for name in names)))
        drain.drain(now=sender.clock.at)
        sender.clock.move(seconds=1)
        return status, says

    return run


def names():
    return sorted(Series.objects.values_list("metric", flat=True))


def test_new_series_come_at_a_limited_rate_and_known_ones_go_on(bring, settings, frozen_now):
    settings.TELEMETRY_NEW_SERIES = 3
    assert bring("a", "b")[0] == 204
    status, says = bring("a", "c", "d", "e")
    assert status == 400
    assert (says["stored"], says["rejected"]) == (2, {"too_many_new_series": 2})
    assert says["examples"] == {"too_many_new_series": "d"}
    assert bring("d")[1]["rejected"] == {"too_many_new_series": 1}
    assert bring("a", "b", "c")[0] == 204
    assert names() == ["a", "b", "c"]
    assert Rejection.objects.get().count == 3
    frozen_now.move(minutes=5)
    assert bring("a", "d", "e")[0] == 204
    assert names() == ["a", "b", "c", "d", "e"]


def test_a_source_has_so_many_series_in_all_and_those_that_ended_make_room(bring, settings, frozen_now):
    settings.TELEMETRY_SERIES = 3
    status, says = bring("a", "b", "c", "d")
    assert (status, says["stored"], says["rejected"]) == (400, 3, {"too_many_series": 1})
    assert bring("a", "b", "c")[0] == 204
    assert bring("b", value=STALE)[0] == 204
    frozen_now.move(minutes=1)
    assert bring("d")[0] == 204
    assert bring("e")[1]["rejected"] == {"too_many_series": 1}
    # One that ended is known: when it goes on, nobody refuses it.
    assert bring("b")[0] == 204


def test_both_limits_at_once_are_told_apart(bring, settings):
    settings.TELEMETRY_NEW_SERIES, settings.TELEMETRY_SERIES = 2, 3
    _, says = bring("a", "b", "c", "d", "e")
    assert says["stored"] == 2
    assert says["rejected"] == {"too_many_new_series": 1, "too_many_series": 2}


def test_a_source_that_brings_too_many_leaves_others_alone(bring, settings, sender_of, porto, post):
    settings.TELEMETRY_NEW_SERIES = 1
    other = sender_of(porto)
    assert bring("a", "b")[0] == 400
    body = body_of(("a", 1.0, other.at(0)))
    assert post(body, {"Authorization": f"Bearer {other.source.plain_token}"})[0] == 204


@pytest.mark.parametrize("given", [{}, {"most_bytes": 1}], ids=["by another process", "by one that forgets"])
def test_series_that_were_let_in_before_are_looked_up_and_not_counted_again(bring, settings, sender, given):
    limits = SeriesLimits(**given)

    def let_in(*names):
        columns = columns_of(*((name, {}, 1.0, sender.clock.at) for name in names))
        return limits.let_in(columns, source=sender.source, now=sender.clock.at)

    settings.TELEMETRY_NEW_SERIES = 2
    assert bring("a", "b")[0] == 204
    assert [let_in("a", "b").samples for _ in range(3)] == [2, 2, 2]
    assert let_in("a", "c").rejected.counts == {"too_many_new_series": 1}
    assert SourceActivity.objects.get().new_series == 3


def test_series_let_in_and_not_yet_drained_are_not_counted_again(post, sender, settings):
    settings.TELEMETRY_NEW_SERIES = settings.TELEMETRY_SERIES = 2
    for second in range(3):
        assert post(body_of(("a", 1.0, sender.at(second)), ("b", 1.0, sender.at(second))))[0] == 204
    drain.drain(now=sender.clock.at)
    assert len(stored()) == 6


def test_a_body_refused_for_its_new_series_is_taken_whole_when_they_are_let_in(post, sender, settings):
    """A sender that lost the answer may come with the same bytes after the limit has gone on."""
    settings.TELEMETRY_NEW_SERIES = 1
    body = body_of(("a", 1.0, sender.at(0)), ("b", 2.0, sender.at(0)))
    assert [post(body)[2]["stored"] for _ in range(2)] == [1, 0]
    sender.clock.move(minutes=5)
    assert post(body)[0] == 204
    drain.drain(now=sender.clock.at)
    assert sorted({(metric, value) for metric, _, value in stored()}) == [("a", 1.0), ("b", 2.0)]


def host_series(name, count, at, first=0):
    labels = {"job": "node", "instance": f"{name}:9100"}
    return [({"__name__": f"node_{n}", **labels}, 1.0, at) for n in range(first, first + count)]


def test_a_burst_of_one_host_leaves_room_for_the_new_series_of_others(post, sender, settings):
    """In five minutes 100: of what the others left, each may have half."""
    settings.TELEMETRY_NEW_SERIES = 100
    for scrape in range(4):
        status, _, says = post(body_of(*host_series("storm", 120, sender.at(scrape))))
        assert (status, says["rejected"]) == (400, {"too_many_new_series": 70})
    assert post(body_of(*host_series("gpu-17", 20, sender.at(4))))[0] == 204
    assert post(body_of(*host_series("also-a-storm", 60, sender.at(5))))[2]["stored"] == 15
    assert post(body_of(*host_series("gpu-18", 2, sender.at(6))))[0] == 204
    assert post(body_of(*host_series("gpu-17", 20, sender.at(7))))[0] == 204

    sender.clock.move(minutes=5)
    assert post(body_of(*host_series("storm", 120, sender.at(0))))[2]["stored"] == 100
    sender.clock.move(minutes=5)
    assert post(body_of(*host_series("storm", 120, sender.at(0))))[0] == 204


def test_a_full_disk_tells_senders_to_wait(post, sender, settings, frozen_now):
    settings.DISK_RESERVE_MB = 10**9
    frozen_now.move(seconds=2)
    status, headers, says = post(body_of(("up", 1.0, sender.at(0))))
    assert (status, says) == (429, {"detail": "Muster's disk is nearly full"})
    assert int(headers["retry-after"]) > 0
    settings.DISK_RESERVE_MB = 0
    frozen_now.move(seconds=2)
    assert post(body_of(("up", 1.0, sender.at(0))))[0] == 204


def test_what_is_no_reading_is_ignored_and_not_refused(bring, post, sender, client_of):
    """A stock Prometheus sends NaN for the quantiles of a summary, ends of series, and bodies again."""
    body = body_of(
        ({"__name__": "rpc_seconds", "quantile": "0.9"}, float("nan"), sender.at(0)),
        ("up", 1.0, sender.at(0)),
    )
    assert [post(body)[0] for _ in range(2)] == [204, 204]
    bring("up", value=STALE)
    assert {row.reason: row.count for row in Rejection.objects.all()} == {
        "not_a_number": 1,
        "series_ended": 1,
        "sent_before": 2,
    }
    counted = SourceActivity.objects.get()
    assert (counted.samples, counted.rejected, counted.ignored) == (1, 0, 4)
    [row] = client_of("ops").get("/api/telemetry/status/").json()["sources"]
    assert (row["rejected_24h"], row["ignored_24h"]) == (0, 4)
    page = client_of("ops").get(f"/telemetry/sources/{sender.source.pk}/").content.decode()
    assert "Nothing was refused" in page
    assert 'id="ignored-not_a_number"' in page


@pytest.mark.parametrize("limit", ["TELEMETRY_INBOX_BATCHES", "TELEMETRY_INBOX_BYTES"])
def test_a_full_inbox_tells_senders_to_wait_until_it_is_drained(post, sender, settings, limit):
    setattr(settings, limit, 2 if limit.endswith("BATCHES") else 100)
    for second in range(2):
        assert post(body_of(("up", 1.0, sender.at(second))))[0] == 204
    sender.clock.move(seconds=2)
    for _ in range(2):
        status, headers, says = post(body_of(("up", 1.0, sender.at(3))))
        assert (status, says) == (429, {"detail": "the inbox is full"})
        assert int(headers["retry-after"]) > 0
    drain.drain(now=sender.clock.at)
    sender.clock.move(seconds=2)
    assert post(body_of(("up", 1.0, sender.at(3))))[0] == 204


@pytest.fixture
def figures(client_of):
    """`figures()` is what `/metrics` says, by name and labels."""

    def read():
        text = client_of("ops").get("/metrics").content.decode()
        return {
            name: float(value)
            for name, value in re.findall(r"^(muster_\S+(?:\{.*\})?) (\S+)$", text, re.MULTILINE)
        }

    return read


def test_writes_are_counted_by_status_samples_by_reason(post, sender, figures):
    route = 'muster_http_requests_total{method="POST",route="api/v1/write",status="%s"}'
    refused = 'muster_telemetry_refused_total{reason="%s"}'
    before = figures()
    mixed = body_of(("up", 1.0, sender.at(0)), ({"job": "x"}, 1.0, sender.at(0)), ("up", 1.0, 0))
    for body in (mixed, mixed, b"malformed", body_of(("load", 1.0, sender.at(0)))):
        post(body)
    post(b"", {"Authorization": None})
    post(b"", {"Content-Type": "text/plain"})
    after = figures()
    grown = {name: after[name] - before.get(name, 0) for name in after}
    assert [grown[route % status] for status in (204, 400, 401, 415)] == [1, 3, 1, 1]
    assert grown["muster_telemetry_samples_total"] == 2
    assert grown["muster_telemetry_duplicates_total"] == 1
    assert grown[refused % "no_metric_name"] == grown[refused % "too_old"] == 1
    assert grown[refused % "malformed_body"] == grown[refused % "wrong_content_type"] == 1


def test_the_inbox_is_measured(post, sender, figures, frozen_now):
    names = ("batches", "bytes", "oldest_seconds")
    assert [figures()[f"muster_telemetry_inbox_{name}"] for name in names] == [0, 0, 0]
    for second in range(2):
        post(body_of(("up", 1.0, sender.at(second))))
    frozen_now.move(seconds=7)
    batches, size, oldest = (figures()[f"muster_telemetry_inbox_{name}"] for name in names)
    assert (batches, oldest) == (2, 7)
    assert size > 50
    InboxBatch.objects.update(failed_at=frozen_now.at)
    assert figures()["muster_telemetry_inbox_batches"] == 0
    assert figures()["muster_telemetry_set_aside_batches"] == 2
