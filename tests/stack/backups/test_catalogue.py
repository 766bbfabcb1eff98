"""The folder of backups: what it lists, when a backup is due, what is deleted."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stack.backups import catalogue, sealing, writing
from stack.backups.catalogue import BackupFolder, BackupRecord, BackupRunningError, digest_of_file, is_due
from stack.backups.writing import BackupFailedError, BackupForm, BackupSource
from stack.layout import Layout

NOW = datetime(2026, 12, 1, 14, 30, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def backups(tmp_path: Path) -> BackupFolder:
    return BackupFolder(tmp_path / "backups")


def add(backups: BackupFolder, made_at: datetime, content: bytes = b"sealed") -> BackupRecord:
    backups.make()
    name = catalogue.file_name(made_at)
    backups.file(name).write_bytes(content)
    digest = digest_of_file(backups.file(name))
    record = BackupRecord(name=name, made_at=made_at, size_bytes=len(content), digest=digest, files=3)
    return backups.verify(record, now=made_at)


def test_a_folder_that_is_not_there_is_empty(backups: BackupFolder) -> None:
    assert backups.records() == []
    assert backups.newest() is None
    assert backups.failure() is None
    assert not backups.is_under_way(now=NOW)


def test_backups_are_listed_newest_first_as_they_were_written(backups: BackupFolder) -> None:
    older, newer = add(backups, NOW - DAY), add(backups, NOW)
    assert backups.records() == [newer, older]
    assert newer.is_intact
    assert (newer.name, newer.read_at) == ("muster-20261201T143000Z.backup", NOW)


@pytest.mark.parametrize(
    "content", [b"sealec", b"seale", b"sealed!"], ids=["a byte differs", "cut", "longer"]
)
def test_a_file_that_is_not_what_was_written_is_damaged(backups: BackupFolder, content: bytes) -> None:
    older, record = add(backups, NOW - DAY), add(backups, NOW)
    backups.file(record.name).write_bytes(content)
    assert not backups.verify(record, now=NOW + DAY).is_intact
    assert backups.newest() == older


def test_a_file_that_was_cut_is_damaged_before_anybody_reads_it_again(backups: BackupFolder) -> None:
    record = add(backups, NOW)
    backups.file(record.name).write_bytes(b"")
    assert not backups.records()[0].is_intact


@pytest.mark.parametrize(
    "text",
    ["no record", "[]", "{}", '{"name": "a", "made_at": "2026-12-01T14:30:00+00:00"}', '{"read_at": null}'],
)
def test_a_file_without_a_record_is_listed_and_counts_for_nothing(backups: BackupFolder, text: str) -> None:
    record = add(backups, NOW)
    backups.file(record.name).with_suffix(".json").write_text(text)
    (listed,) = backups.records()
    assert (listed.made_at, listed.size_bytes, listed.is_intact, listed.read_at) == (NOW, 6, False, None)
    assert backups.newest() is None


@pytest.mark.parametrize(
    ("age_hours", "failed_minutes_ago", "due"),
    [
        (None, None, True),
        (23, None, False),
        (24, None, True),
        (30, 29, False),
        (30, 31, True),
        (None, 5, False),
    ],
    ids=["never", "in time", "a day old", "just failed", "failed a while ago", "the first one failed"],
)
def test_when_a_backup_is_due(
    backups: BackupFolder, age_hours: int | None, failed_minutes_ago: int | None, due: bool
) -> None:
    backups.make()
    if age_hours is not None:
        add(backups, NOW - timedelta(hours=age_hours))
    if failed_minutes_ago is not None:
        backups.note_failure("The disk is full.", now=NOW - timedelta(minutes=failed_minutes_ago))
    assert is_due(backups, every=DAY, now=NOW) is due


def test_a_failure_is_known_until_a_backup_succeeds(backups: BackupFolder) -> None:
    backups.make()
    backups.note_failure("The disk is full.", now=NOW)
    failure = backups.failure()
    assert failure is not None
    assert (failure.at, failure.message) == (NOW, "The disk is full.")
    backups.forget_failure()
    assert backups.failure() is None


@pytest.mark.parametrize("text", ["", "{}", '{"at": 5, "message": "x"}', '{"at": "soon", "message": "x"}'])
def test_a_note_that_cannot_be_read_is_none(backups: BackupFolder, text: str) -> None:
    backups.make()
    backups.file("failure.json").write_text(text)
    assert backups.failure() is None


def test_a_backup_that_is_deleted_while_the_folder_is_read_is_left_out(
    backups: BackupFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, gone = add(backups, NOW - DAY), add(backups, NOW)
    files = [backups.file(each.name) for each in (kept, gone)]
    files[1].unlink()
    monkeypatch.setattr(Path, "glob", lambda self, pattern: files)
    assert backups.records() == [kept]


def test_a_folder_that_cannot_be_made_is_a_failure_like_others(backups: BackupFolder) -> None:
    backups.path.write_text("a file where the folder would be")
    source = BackupSource(Layout(backups.path, backups.path, None), "", {}, {})
    key = sealing.make_key("correct horse battery", operations=1, memory_bytes=8192)
    with pytest.raises(BackupFailedError, match="backups"):
        writing.write(source, backups, key, BackupForm.FILES)
    backups.note_failure("The folder is a file.", now=NOW)
    assert backups.failure() is None


def test_the_newest_stay_and_the_last_good_one_does_whatever_is_asked(backups: BackupFolder) -> None:
    names = [add(backups, NOW - number * DAY).name for number in range(5)]
    backups.file(names[0]).write_bytes(b"damaged")
    assert backups.delete_old(keep=2) == names[3:]
    assert [record.name for record in backups.records()] == names[:3]
    assert backups.delete_old(keep=0) == names[2:3]
    assert [record.name for record in backups.records()] == names[:2]
    assert not list(backups.path.glob(f"{names[4].split('.')[0]}*"))


def test_two_do_not_write_at_once_and_what_a_killed_one_left_goes(backups: BackupFolder) -> None:
    backups.make()
    with backups.lock():
        with pytest.raises(BackupRunningError, match="Another process"), backups.lock():
            pass
        part = backups.file(catalogue.WRITTEN_NOW)
        part.write_bytes(b"half")
        assert backups.is_under_way(now=datetime.now(UTC))
        assert not backups.is_under_way(now=datetime.now(UTC) + timedelta(hours=1))
        backups.remove_parts()
        assert not part.exists()
    assert backups.records() == []
