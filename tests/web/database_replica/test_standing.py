"""Muster tells how far the database replica is behind, and computes that from marks."""

from types import SimpleNamespace

import pytest

from tests.conftest import NOW
from web import clock
from web.database_replica import measuring, standing
from web.database_replica.measuring import ReplicaWatch, _end_of_records, _LogPlace


@pytest.mark.parametrize(
    ("byte", "end"),
    [
        pytest.param(8192 * 3 + 24, 8192 * 3, id="behind the header of a page"),
        pytest.param(8192 * 3 + 40, 8192 * 3, id="behind the header of a file"),
        pytest.param(8192 * 3 + 48, 8192 * 3 + 48, id="behind a record"),
    ],
)
def test_a_mark_is_where_the_last_record_ends(byte, end):
    assert _end_of_records(byte) == end


def test_a_replica_grows_old_from_the_newest_mark_that_it_replayed(monkeypatch, settings):
    settings.DATABASE_REPLICA_LAG_S = 5
    at, primary, replica = SimpleNamespace(s=100.0), SimpleNamespace(byte=1000), SimpleNamespace(byte=900)
    place = lambda alias, _sql: _LogPlace((replica if alias == "replica" else primary).byte, 1, 1)  # noqa: E731
    monkeypatch.setattr(measuring, "_place", place)
    watch = ReplicaWatch(lambda: at.s)

    def measured(seconds, written, replayed):
        at.s, primary.byte, replica.byte = seconds, written, replayed
        watch.measure()
        return watch.age_s, watch.may_be_read

    assert measured(100.0, 1000, 900) == (None, False)
    assert measured(101.0, 2000, 1000) == (1.0, True)
    # Nothing new on the primary: the replica has all of it, however long ago it was written.
    assert measured(200.0, 2000, 2000) == (0.0, True)
    assert measured(203.0, 3000, 2999) == (3.0, True)
    at.s = 205.5
    assert (watch.age_s, watch.may_be_read) == (5.5, False)
    assert measured(206.0, 4000, 3000) == (3.0, True)
    assert measured(207.0, 4000, None) == (4.0, False)


def test_the_page_of_muster_itself_says_that_the_replica_is_not_read(client_of, monkeypatch):
    client = client_of("admin")
    standing._client.delete(standing.KEY)
    assert standing.worst_standing(now=NOW) is None
    monkeypatch.setattr(standing.watch, "trouble", measuring.AWAY)
    standing.note(now=NOW)
    [fault] = standing.faults(NOW)
    assert (
        fault.detail
        == "1 web process reads the primary, because of the database replica: it does not answer."
    )
    standing.note(now=clock.now())
    assert "it does not answer" in client.get("/telemetry/status/").text
    monkeypatch.setattr(standing.watch, "trouble", "")
    standing.note(now=clock.now())
    assert standing.trouble() == "it is further behind than was measured yet"
    standing._client.delete(standing.KEY)
