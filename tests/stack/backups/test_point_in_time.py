"""Any instant between a backup and the end of the archived log is restored; others are refused."""

import json
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from stack import postgres
from stack.backups.archive import LogArchive
from stack.backups.catalogue import BackupFolder
from tests.stack.checkout import Checkout, Started

pytestmark = pytest.mark.full
OPEN = {"MUSTER_BACKUP_PASSPHRASE": "correct horse battery"}
LOGGED = {"MUSTER_BACKUP_LOG_MINUTES": "5"}
# More than two files of the log.
MANY_BYTES = 40_000_000


@dataclass(frozen=True)
class ArchivedLog:
    """A folder with an archived log. It holds what was written before and after `noted_at`; the data are destroyed."""

    checkout: Checkout
    folder: Path
    noted_at: datetime
    key_before: str
    key_after: str

    @property
    def archive(self) -> LogArchive:
        return LogArchive(BackupFolder(self.folder))


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    made_folder = Path(tempfile.mkdtemp(prefix="muster-instants-"))
    made_folder.chmod(0o755)
    yield made_folder
    shutil.rmtree(made_folder, ignore_errors=True)


def succeed(checkout: Checkout, *arguments: str, **environment: str) -> str:
    command = checkout.call(*arguments, **environment)
    assert command.returncode == 0, command.stdout + command.stderr
    return command.stdout


def slot_names(checkout: Checkout) -> list[str]:
    address = json.loads((checkout.data / "state.json").read_text())["environment"]["DATABASE_URL"]
    with psycopg.connect(address, autocommit=True) as connection:
        rows = connection.execute("SELECT slot_name::text FROM pg_replication_slots").fetchall()
    return [name for (name,) in rows]


def end(started: Started) -> None:
    assert started.end(signal.SIGTERM) == 0


@pytest.fixture(scope="module")
def log(place: Path) -> ArchivedLog:
    checkout = Checkout(place / "checkout", place / "data")
    folder = place / "safe"
    settings = LOGGED | {"MUSTER_BACKUP_DIR": str(folder)}
    started = checkout.start(**settings)
    try:
        succeed(checkout, "backup", **OPEN, **settings)
        checkout.execute("CREATE TABLE arrived (number int, filling text)")
        assert "Archived everything" in succeed(checkout, "archive-log", **settings)
        succeed(checkout, "backup", **settings)
        time.sleep(1)
        checkout.execute(
            f"INSERT INTO arrived SELECT 1, string_agg(md5(n::text), '') FROM generate_series(1, {MANY_BYTES // 32}) n"
        )
        succeed(checkout, "archive-log", **settings)
        time.sleep(1)
        noted_at = datetime.now(UTC)
        time.sleep(0.1)
        checkout.execute("INSERT INTO arrived VALUES (2)")
        checkout.execute("DELETE FROM arrived WHERE number = 1")
        time.sleep(1)
        succeed(checkout, "archive-log", **settings)
        key_before = (checkout.data / "secret-key").read_text()
    finally:
        end(started)
    succeed(checkout, "rotate-keys", **settings)
    key_after = (checkout.data / "secret-key").read_text()
    started = checkout.start(**settings)
    try:
        assert slot_names(checkout) == [], "older backups have the older keys"
        succeed(checkout, "archive-log", **settings)
        assert len(slot_names(checkout)) == 1
    finally:
        end(started)
    started = checkout.start()
    try:
        assert slot_names(checkout) == [], "nothing waits on the disk for an archive that is off"
    finally:
        end(started)
    shutil.rmtree(checkout.data)
    return ArchivedLog(checkout, folder, noted_at, key_before, key_after)


@pytest.fixture
def elsewhere(log: ArchivedLog, place: Path) -> Iterator[Checkout]:
    data = Path(tempfile.mkdtemp(dir=place))
    data.chmod(0o755)
    checkout = log.checkout.share_code(data)
    yield checkout
    checkout.call("stop")


def test_what_was_committed_by_the_instant_is_restored_and_nothing_later(
    log: ArchivedLog, elsewhere: Checkout
) -> None:
    output = succeed(elsewhere, "restore", "--at", log.noted_at.isoformat(), str(log.folder), **OPEN)
    assert re.search(r"Replaying \d+ pieces of the log", output)
    assert elsewhere.call("manage", "arrived").stdout.split() == ["1"]
    assert (elsewhere.data / "secret-key").read_text() == log.key_before
    assert not list(elsewhere.data.glob("*.restoring"))


def test_the_last_instant_is_restored_too_from_a_backup_that_is_named(
    log: ArchivedLog, elsewhere: Checkout
) -> None:
    span = log.archive.spans()[0]
    file = log.folder / span.record.name
    succeed(elsewhere, "restore", "--at", span.last.isoformat(), str(file), **OPEN)
    assert elsewhere.call("manage", "arrived").stdout.split() == ["2"]


def test_a_restored_muster_archives_a_chain_of_its_own(log: ArchivedLog, elsewhere: Checkout) -> None:
    folder = elsewhere.data / "copied"
    shutil.copytree(log.folder, folder)
    succeed(elsewhere, "restore", "--at", log.noted_at.isoformat(), str(folder), **OPEN)
    settings = LOGGED | {"MUSTER_BACKUP_DIR": str(folder)}
    started = elsewhere.start(**settings)
    try:
        succeed(elsewhere, "backup", **OPEN, **settings)
        succeed(elsewhere, "archive-log", **settings)
        elsewhere.execute("INSERT INTO arrived VALUES (3)")
        succeed(elsewhere, "backup", **settings)
        time.sleep(2)
        succeed(elsewhere, "archive-log", **settings)
    finally:
        end(started)
    archive = LogArchive(BackupFolder(folder))
    newest = archive.spans()[0]
    assert newest.record.chain == archive.chains()[0].name
    data = Path(tempfile.mkdtemp(dir=elsewhere.data.parent))
    data.chmod(0o755)
    again = elsewhere.share_code(data)
    succeed(again, "restore", "--at", newest.last.isoformat(), str(folder), **OPEN)
    assert again.call("manage", "arrived").stdout.split() == ["1", "3"]


@pytest.mark.parametrize(
    ("at", "sentence"),
    [
        (lambda log: "yesterday", "at=yesterday is not a time. Write it like at=2026-12-02T10:00Z."),
        (lambda log: "2026-12-02T10:00", "has no time zone"),
        (lambda log: (log.noted_at - timedelta(days=1)).isoformat(), "These instants can: 2"),
        (lambda log: (log.noted_at + timedelta(days=1)).isoformat(), "These instants can: 2"),
    ],
    ids=["no time", "no zone", "too early", "too late"],
)
def test_other_instants_are_refused(log: ArchivedLog, elsewhere: Checkout, at, sentence: str) -> None:
    command = elsewhere.call("restore", "--at", at(log), str(log.folder), **OPEN)
    assert command.returncode == 1
    assert sentence in command.stdout
    assert "Traceback" not in command.stdout + command.stderr
    assert not list(elsewhere.data.glob("postgres-*"))


def test_a_folder_without_an_instant_is_refused(log: ArchivedLog, elsewhere: Checkout) -> None:
    command = elsewhere.call("restore", str(log.folder), **OPEN)
    assert command.returncode == 1
    assert "Name one of its backups, or an instant" in command.stdout


@pytest.mark.parametrize("damage", ["missing", "cut", "altered", "renamed"])
def test_a_log_with_a_gap_or_a_damaged_piece_is_refused_and_leaves_nothing(
    log: ArchivedLog, elsewhere: Checkout, tmp_path: Path, damage: str
) -> None:
    folder = tmp_path / "copied"
    shutil.copytree(log.folder, folder)
    copied = LogArchive(BackupFolder(folder))
    span = copied.spans()[0]
    piece = span.pieces[0]
    content = piece.path.read_bytes()
    if damage == "missing":
        piece.path.unlink()
    elif damage == "cut":
        piece.path.write_bytes(content[:-1])
    elif damage == "altered":
        piece.path.write_bytes(content[:-40] + bytes([content[-40] ^ 1]) + content[-39:])
    else:
        piece.path.write_bytes(span.pieces[-1].path.read_bytes())
    command = elsewhere.call("restore", "--at", span.last.isoformat(), str(folder), **OPEN)
    assert command.returncode == 1
    assert re.search(r"cut short|was altered|goes on from a backup", command.stdout), command.stdout
    assert "Traceback" not in command.stdout + command.stderr
    assert not list(elsewhere.data.glob("postgres-*"))
    assert not (elsewhere.data / "secret-key").exists()


def test_positions_of_the_log_are_found_in_its_files() -> None:
    assert postgres.parse_position("1/7000028") == 0x107000028
    assert postgres.find_in_log(0x107000028, 2) == ("000000020000000100000007", 0x28)
    assert postgres.find_in_log(0xFF000000, 1) == ("0000000100000000000000FF", 0)
