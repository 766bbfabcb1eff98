"""The archive of the log: which instants it leads to, what is deleted, when it is due."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stack.backups import archive, replaying
from stack.backups.archive import LogArchive, LogChain
from stack.backups.catalogue import BackupFolder, BackupRecord, digest_of_file, file_name

NOW = datetime(2026, 12, 2, 10, 0, tzinfo=UTC)
DAY, MINUTE, SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)


@pytest.fixture
def log(tmp_path: Path) -> LogArchive:
    folder = BackupFolder(tmp_path / "backups")
    folder.make()
    return LogArchive(folder)


def begin(log: LogArchive, at: datetime) -> LogChain:
    chain = log.chain(f"{at:%Y%m%dT%H%M%SZ}")
    chain.path.mkdir()
    return chain


def add_piece(chain: LogChain, begins: int, ends: int, until: datetime) -> None:
    chain.piece_path(begins=begins, ends=ends, until=until).write_bytes(b"sealed")


def add_backup(log: LogArchive, made_at: datetime, chain: LogChain | None, log_from: int = 0) -> BackupRecord:
    name = file_name(made_at)
    log.folder.file(name).write_bytes(b"sealed")
    digest = digest_of_file(log.folder.file(name))
    record = BackupRecord(
        name, made_at, 6, digest=digest, chain=chain.name if chain else "", log_from=log_from
    )
    return log.folder.verify(record, now=made_at)


def spans(log: LogArchive) -> list[tuple[datetime, datetime]]:
    return archive.join(log.spans())


def test_a_folder_that_is_not_there_leads_nowhere(tmp_path: Path) -> None:
    log = LogArchive(BackupFolder(tmp_path / "nowhere"))
    assert log.newest(now=NOW) is None
    assert spans(log) == []
    assert not log.lacks_backup(now=NOW + DAY)
    assert log.delete_unneeded(keeps_waiting=True, now=NOW) == 0


def test_what_is_no_piece_is_left_out(log: LogArchive) -> None:
    chain = begin(log, NOW)
    (chain.path / "notes.piece").write_text("")
    (chain.path / f"{1:016X}-{2:016X}-20261341T256199Z.piece").write_text("an instant that there is not")
    (log.folder.path / "log-of-mine").mkdir()
    (log.folder.path / "log-failure.json").write_text("{}")
    assert [each.name for each in log.chains()] == [chain.name]
    assert chain.pieces() == []
    assert chain.until == NOW


def test_instants_from_a_backup_to_the_end_of_its_chain(log: LogArchive) -> None:
    chain = begin(log, NOW)
    add_piece(chain, 0, 100, NOW + 5 * MINUTE)
    assert log.lacks_backup(now=NOW + DAY)
    add_backup(log, NOW + 2 * MINUTE, chain, log_from=50)
    assert not log.lacks_backup(now=NOW + DAY)
    assert spans(log) == [(NOW + 2 * MINUTE + SECOND, NOW + 5 * MINUTE)]
    add_piece(chain, 100, 300, NOW + 9 * MINUTE)
    assert spans(log) == [(NOW + 2 * MINUTE + SECOND, NOW + 9 * MINUTE)]


def test_a_gap_ends_what_can_be_restored_until_the_next_backup(log: LogArchive) -> None:
    chain = begin(log, NOW)
    for number in (0, 1, 3, 4):
        add_piece(chain, 100 * number, 100 * number + 100, NOW + (number + 1) * MINUTE)
    add_backup(log, NOW, chain, log_from=10)
    add_backup(log, NOW + 3.5 * MINUTE, chain, log_from=350)
    assert spans(log) == [
        (NOW + SECOND, NOW + 2 * MINUTE),
        (NOW + 3.5 * MINUTE + SECOND, NOW + 5 * MINUTE),
    ]


def test_a_backup_that_is_damaged_or_of_another_chain_leads_nowhere(log: LogArchive) -> None:
    first, second = begin(log, NOW), begin(log, NOW + 5 * MINUTE)
    add_piece(second, 0, 100, NOW + 9 * MINUTE)
    add_backup(log, NOW + MINUTE, first, log_from=50)
    add_backup(log, NOW + 2 * MINUTE, None)
    damaged = add_backup(log, NOW + 6 * MINUTE, second, log_from=50)
    log.folder.file(damaged.name).write_bytes(b"sealec")
    log.folder.verify(damaged, now=NOW + 7 * MINUTE)
    assert spans(log) == []
    assert log.lacks_backup(now=NOW + DAY)


def test_a_chain_that_ended_before_the_newest_backup_asks_for_no_other(log: LogArchive) -> None:
    chain = begin(log, NOW)
    add_piece(chain, 0, 100, NOW + 5 * MINUTE)
    add_backup(log, NOW + 4 * MINUTE, None)
    assert log.lacks_backup(now=NOW + DAY)
    add_backup(log, NOW + 6 * MINUTE, None)
    assert not log.lacks_backup(now=NOW + DAY)


def test_a_chain_that_a_wrong_clock_named_stops_nothing(log: LogArchive) -> None:
    """The log goes on in a chain that the right clock named, is due in time, and waits for its backup."""
    wrong = begin(log, NOW + DAY)
    add_piece(wrong, 0, 100, NOW + DAY)
    add_backup(log, NOW - MINUTE, None)
    assert not log.lacks_backup(now=NOW)
    assert archive.is_due(log, every=5 * MINUTE, now=NOW)
    right = begin(log, NOW)
    add_piece(right, 100, 200, NOW + 5 * MINUTE)
    later = NOW + 10 * MINUTE
    assert log.newest(now=later) == right
    assert archive.is_due(log, every=5 * MINUTE, now=later)
    assert log.lacks_backup(now=later)
    assert log.delete_unneeded(keeps_waiting=True, now=later) == 1
    assert [each.name for each in log.chains()] == [right.name]


def test_a_chain_that_goes_on_after_the_clock_was_set_right_is_the_newest(log: LogArchive) -> None:
    chain = begin(log, NOW + DAY)
    add_piece(chain, 0, 100, NOW)
    assert log.newest(now=NOW) == chain
    assert not archive.is_due(log, every=5 * MINUTE, now=NOW + 4 * MINUTE)


def test_the_pieces_of_a_chain_that_ended_are_deleted_with_the_next_backup(log: LogArchive) -> None:
    """Even the newest chain is deleted if it no longer waits for a backup."""
    chain = begin(log, NOW)
    add_piece(chain, 0, 100, NOW + MINUTE)
    add_backup(log, NOW + 2 * MINUTE, None)
    assert log.delete_unneeded(keeps_waiting=True, now=NOW + DAY) == 1
    assert not chain.path.exists()


@pytest.mark.parametrize(
    ("at", "number"),
    [(NOW + 2 * MINUTE, 1), (NOW + 5 * MINUTE, 1), (NOW + 5 * MINUTE + SECOND, 2), (NOW + 15 * MINUTE, 3)],
    ids=["within a piece", "the end of a piece", "after it", "the last instant"],
)
def test_only_the_log_up_to_an_instant_is_replayed(log: LogArchive, at: datetime, number: int) -> None:
    chain = begin(log, NOW)
    for place in range(3):
        add_piece(chain, 100 * place, 100 * place + 100, NOW + 5 * (place + 1) * MINUTE)
    add_backup(log, NOW, chain)
    assert len(replaying.find_span(log, at).pieces) == number


def test_pieces_are_deleted_with_the_backups_that_need_them(log: LogArchive) -> None:
    first, second, third = begin(log, NOW), begin(log, NOW + MINUTE), begin(log, NOW + 2 * MINUTE)
    for chain in (first, second, third):
        add_piece(chain, 0, 100, NOW)
        add_piece(chain, 100, 200, NOW + 3 * MINUTE)
    add_backup(log, NOW + 2 * MINUTE, second, log_from=150)
    assert log.delete_unneeded(keeps_waiting=True, now=NOW + DAY) == 3
    assert not first.path.exists()
    assert [piece.begins for piece in second.pieces()] == [100]
    assert len(third.pieces()) == 2, "the newest chain waits for its backup"
    log.delete_unneeded(keeps_waiting=False, now=NOW + DAY)
    assert not third.path.exists()


def test_a_chain_that_waits_for_a_backup_keeps_its_last_piece_alone(log: LogArchive) -> None:
    chain = begin(log, NOW)
    for place in range(3):
        add_piece(chain, 100 * place, 100 * place + 100, NOW + place * MINUTE)
    with log.folder.lock():
        log.delete_waiting(chain)
        assert len(chain.pieces()) == 3, "the backup that is being written may need them"
    log.delete_waiting(chain)
    assert [piece.begins for piece in chain.pieces()] == [200]
    add_piece(chain, 300, 400, NOW + 3 * MINUTE)
    add_backup(log, NOW + 2.5 * MINUTE, chain, log_from=250)
    log.delete_waiting(chain)
    assert [piece.begins for piece in chain.pieces()] == [200, 300]


def test_the_schedule(log: LogArchive) -> None:
    every = 5 * MINUTE
    assert archive.is_due(log, every=every, now=NOW)
    chain = begin(log, NOW - 5 * MINUTE)
    assert archive.is_due(log, every=every, now=NOW)
    add_piece(chain, 0, 100, NOW)
    assert not archive.is_due(log, every=every, now=NOW + 4 * MINUTE)
    assert archive.is_due(log, every=every, now=NOW + 5 * MINUTE)
    log.note_failure("The disk is full.", now=NOW + 5 * MINUTE)
    assert not archive.is_due(log, every=every, now=NOW + 6 * MINUTE), "a full disk is not tried each minute"
    assert archive.is_due(log, every=every, now=NOW + 10 * MINUTE)
    log.forget_failure()
    assert log.failure() is None
    assert log.folder.failure() is None
