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


def measured_by(monkeypatch, at, primary, replica, reader="muster"):
    """A watch, and what it says of a replica once the primary wrote and the replica replayed so much."""

    def place(alias, _statement):
        is_replica = alias == "replica"
        byte = (replica if is_replica else primary).byte
        return _LogPlace(byte, 1, 1, reader if is_replica else "muster")

    monkeypatch.setattr(measuring, "_place", place)
    watch = ReplicaWatch(lambda: at.s)

    def measured(seconds, written, replayed):
        at.s, primary.byte, replica.byte = seconds, written, replayed
        watch.measure()
        return watch.age_s, watch.may_be_read

    return watch, measured


@pytest.fixture
def measured_watch(monkeypatch, settings):
    settings.DATABASE_REPLICA_LAG_S = 5
    at, primary, replica = (SimpleNamespace() for _ in range(3))
    return measured_by(monkeypatch, at, primary, replica)


def test_a_replica_with_writes_that_a_restore_took_away_is_not_read(measured_watch):
    watch, measured = measured_watch
    measured(100.0, 1000, 1000)
    assert measured(101.0, 1100, 1100) == (0.0, True)
    assert measured(102.0, 500, 1100) == (None, False)
    assert watch.trouble == measuring.AHEAD
    # The primary has written as much again, but not the same.
    assert measured(103.0, 1100, 1100) == (None, False)
    assert not measured(104.0, 1200, 1100)[1]
    # Made again from the primary, it is read again.
    assert measured(105.0, 1300, 1300) == (0.0, True)


def test_a_replica_is_not_read_after_one_measurement(measured_watch):
    _watch, measured = measured_watch
    assert not measured(100.0, 500, 1000)[1]
    assert not measured(101.0, 501, 1000)[1]


def test_a_replica_that_fails_a_reader_is_left_for_a_while(measured_watch):
    watch, measured = measured_watch
    measured(100.0, 1000, 1000)
    assert measured(101.0, 1000, 1000)[1]
    watch.lose()
    assert not measured(101.5, 1000, 1000)[1]
    assert not measured(110.5, 1000, 1000)[1]
    assert measured(111.0, 1000, 1000)[1]


def test_a_replica_is_read_as_the_user_of_the_primary(monkeypatch, settings):
    at, primary, replica = (SimpleNamespace() for _ in range(3))
    watch, measured = measured_by(monkeypatch, at, primary, replica, reader="readonly")
    measured(100.0, 1000, 1000)
    assert measured(101.0, 1000, 1000) == (None, False)
    assert watch.trouble == "it is read as another user than the primary"


def test_a_replica_grows_old_from_the_newest_mark_that_it_replayed(monkeypatch, settings):
    settings.DATABASE_REPLICA_LAG_S = 5
    at, primary, replica = SimpleNamespace(s=100.0), SimpleNamespace(byte=1000), SimpleNamespace(byte=900)
    watch, measured = measured_by(monkeypatch, at, primary, replica)

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
