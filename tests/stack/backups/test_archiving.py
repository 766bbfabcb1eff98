"""The log is archived without a gap; where it cannot be, the database keeps its disk and a new chain begins."""

import hashlib
import io
import itertools
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from stack import child, postgres
from stack.account import unprivileged_account
from stack.backups import archiving, counting, sealing, slots, writing
from stack.backups.archive import LogArchive
from stack.backups.catalogue import BackupFolder, BackupRecord
from stack.backups.sealing import BackupKey, SealedWriter
from stack.backups.writing import BackupFailedError, BackupForm, BackupSource
from stack.layout import Layout
from stack.sockets import short_folder

NOW = datetime(2026, 12, 2, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DIGEST = hashlib.sha256(b"sealed").hexdigest()


@pytest.fixture(scope="module")
def source() -> Iterator[BackupSource]:
    data = Path(tempfile.mkdtemp(prefix="muster-log-"))
    data.chmod(0o755)
    account = unprivileged_account(owning=data / "none")
    sockets = short_folder("muster-log-", account=account)
    layout = Layout(root=data, data=data, account=account)
    cluster = postgres.Cluster(
        folder=layout.cluster,
        sockets=sockets,
        programs=postgres.programs_for(account, copy_to=data),
        account=account,
    )
    postgres.create(cluster, run=child.run, sync=False)
    recipe = postgres.recipe(cluster, log=layout.log("postgres"), settings={"max_slot_wal_keep_size": "32MB"})
    process = child.start(recipe)
    try:
        child.wait_ready(process, recipe)
        yield BackupSource(layout, postgres.url(cluster, "postgres"), {}, {})
    finally:
        child.stop(process, recipe)
        shutil.rmtree(data)
        shutil.rmtree(sockets, ignore_errors=True)


@pytest.fixture
def log(source: BackupSource, tmp_path: Path) -> Iterator[LogArchive]:
    yield LogArchive(BackupFolder(tmp_path / "backups"))
    slots.end_chains(source.url)


@pytest.fixture(scope="module")
def key() -> BackupKey:
    return sealing.make_key("correct horse battery", operations=1, memory_bytes=8192)


def execute(source: BackupSource, *statements: str) -> None:
    with psycopg.connect(source.url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def slot_of(source: BackupSource) -> slots.LogSlot | None:
    with psycopg.connect(source.url, autocommit=True) as connection:
        return slots.read_slot(connection)


def add_backup_of_newest(log: LogArchive) -> None:
    """Without a backup a chain keeps its last piece alone."""
    for chain in log.chains():
        record = BackupRecord("muster.backup", NOW, 6, digest=DIGEST, chain=chain.name)
        log.folder.file(record.name).write_bytes(b"sealed")
        log.folder.verify(record, now=NOW)


def test_each_piece_goes_on_where_the_one_before_ended(
    source: BackupSource, log: LogArchive, key: BackupKey
) -> None:
    for number in range(3):
        add_backup_of_newest(log)
        execute(
            source, f"CREATE TABLE log_{number} AS SELECT generate_series(1, 1000)", "SELECT pg_switch_wal()"
        )
        piece = archiving.archive_log(source, log, key, now=NOW + number * MINUTE)
        slot = slot_of(source)
        assert slot is not None
        assert slot.position == piece.ends, "the server keeps nothing that is archived"
    (chain,) = log.chains()
    pieces = chain.pieces()
    assert len(pieces) == 3
    for earlier, later in itertools.pairwise(pieces):
        assert earlier.ends == later.begins
    assert pieces[0].path.stat().st_mode & 0o077 == 0
    assert b"CREATE" not in pieces[0].path.read_bytes()


def test_a_log_that_the_server_gave_up_begins_a_new_chain(
    source: BackupSource, log: LogArchive, key: BackupKey
) -> None:
    archiving.archive_log(source, log, key, now=NOW)
    for _ in range(5):
        execute(source, "CREATE TABLE more AS SELECT 1", "DROP TABLE more", "SELECT pg_switch_wal()")
    execute(source, "CHECKPOINT")
    assert slot_of(source) is None, "the log that waits is bounded"
    archiving.archive_log(source, log, key, now=NOW + MINUTE)
    assert len(log.chains()) == 2
    assert log.lacks_backup(now=datetime.now(UTC))


def test_archiving_without_a_backup_takes_no_more_disk_each_time_and_removes_what_killed_runs_left(
    source: BackupSource, log: LogArchive, key: BackupKey
) -> None:
    for number in range(4):
        archiving.archive_log(source, log, key, now=NOW + number * MINUTE)
        (chain,) = log.chains()
        assert not list(chain.path.glob("*.part"))
        (chain.path / "killed.part").write_bytes(b"half a piece")
    assert len(chain.pieces()) == 2


def test_a_nearly_full_disk_is_left_to_the_database(
    source: BackupSource, log: LogArchive, key: BackupKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    archiving.archive_log(source, log, key, now=NOW)
    for module in (archiving, writing):
        monkeypatch.setattr(module, "RESERVE_MB", 10**9)
    with pytest.raises(BackupFailedError, match=r"nearly full.*The log that waited was given up"):
        archiving.archive_log(source, log, key, now=NOW + MINUTE)
    assert slot_of(source) is None
    assert not list(log.folder.path.rglob("*.part"))


def test_a_folder_that_another_muster_writes_into_is_refused(
    source: BackupSource, log: LogArchive, key: BackupKey
) -> None:
    piece = archiving.archive_log(source, log, key, now=NOW)
    (chain,) = log.chains()
    chain.piece_path(begins=piece.ends, ends=piece.ends + 10**9, until=NOW).write_bytes(b"")
    with pytest.raises(BackupFailedError, match="another Muster writes into it"):
        archiving.archive_log(source, log, key, now=NOW + MINUTE)


def test_a_database_that_does_not_answer_is_said(
    source: BackupSource, log: LogArchive, key: BackupKey
) -> None:
    nowhere = BackupSource(source.layout, "postgres://muster@/muster?host=/nowhere", {}, {})
    with pytest.raises(BackupFailedError, match="The database does not answer"):
        archiving.archive_log(nowhere, log, key, now=NOW)


class WriterWhileMuchIsWritten(SealedWriter):
    """Has the database write more log than it keeps once the backup has begun."""

    def __init__(self, source: BackupSource, key: BackupKey) -> None:
        super().__init__(io.BytesIO(), key)
        self._source = source

    def document(self, content: dict[str, Any]) -> None:
        super().document(content)
        for _ in range(5):
            execute(
                self._source, "CREATE TABLE more AS SELECT 1", "DROP TABLE more", "SELECT pg_switch_wal()"
            )
        execute(self._source, "CHECKPOINT")


def test_a_backup_during_which_too_much_is_written_says_what_to_do(
    source: BackupSource, key: BackupKey
) -> None:
    with pytest.raises(BackupFailedError, match="wrote more log meanwhile than it keeps"):
        writing._write_frames(source, WriterWhileMuchIsWritten(source, key), BackupForm.FILES)


@pytest.mark.parametrize(
    ("free_mb", "kept_mb"),
    [(500, 4096), (16_000, 4096), (400_000, 100_000)],
    ids=["a full disk", "a small one", "a large one"],
)
def test_a_larger_disk_keeps_more_log(free_mb: int, kept_mb: int) -> None:
    assert postgres.log_kept_mb(free_mb) == kept_mb


@pytest.mark.full
def test_a_deletion_that_its_session_has_not_reported_yet_is_seen(source: BackupSource) -> None:
    """A session reports at most once a second; what it did since then comes late."""
    address = source.url
    with psycopg.connect(address, autocommit=True) as busy, psycopg.connect(address, autocommit=True) as own:
        busy.execute("CREATE TABLE queue AS SELECT generate_series(1, 9) AS number")
        busy.execute("CREATE TABLE sites AS SELECT 1 AS number")
        before = counting.count(own)
        busy.execute("DELETE FROM queue WHERE number < 5")
        expected = counting.ranges(before, counting.count_after(own))
        busy.execute("DROP TABLE queue, sites")
    assert "public.queue" not in expected
    assert expected["public.sites"] == (1, 1)
