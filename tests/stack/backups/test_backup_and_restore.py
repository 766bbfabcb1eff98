"""`make backup` while rows arrive, `make restore` elsewhere, and backups that are refused."""

import json
import re
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from stack.backups.catalogue import BackupFolder
from tests.stack.checkout import Checkout, Started

pytestmark = pytest.mark.full
PASSPHRASE = "correct horse battery"
OPEN = {"MUSTER_BACKUP_PASSPHRASE": PASSPHRASE}


class Writer(threading.Thread):
    """Commits one row after the other, and notes when each was committed. A backup says up to which second it holds
    everything, so its rows span seconds before one is begun."""

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True)
        self._address, self._stopped = address, threading.Event()
        self.spans_seconds = threading.Event()
        self.committed: list[datetime] = []

    def run(self) -> None:
        with psycopg.connect(self._address, autocommit=True) as connection:
            connection.execute("CREATE TABLE arrived (number int)")
            while not self._stopped.is_set():
                connection.execute("INSERT INTO arrived VALUES (%s)", [len(self.committed)])
                self.committed.append(datetime.now(UTC))
                if self.committed[-1] - self.committed[0] > timedelta(seconds=2):
                    self.spans_seconds.set()

    def stop(self) -> None:
        self._stopped.set()
        self.join(60)
        assert not self.is_alive()


@dataclass(frozen=True)
class WrittenBackup:
    checkout: Checkout
    file: Path
    committed: list[datetime]
    said: str
    settings: dict[str, str]

    @property
    def made_at(self) -> datetime:
        return BackupFolder(self.file.parent).records()[0].made_at


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="muster-backups-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def backup(place: Path) -> WrittenBackup:
    """A backup that was written while rows arrived, by a Muster that has stopped since."""
    checkout = Checkout(place / "checkout", place / "data")
    started = checkout.start(MUSTER_LOG_LEVEL="DEBUG")
    try:
        started.get("/keep")
        writer = Writer(environment_of(started)["DATABASE_URL"])
        writer.start()
        assert writer.spans_seconds.wait(60)
        done = checkout.call("backup", **OPEN, MUSTER_LOG_LEVEL="DEBUG")
        writer.stop()
        assert done.returncode == 0, done.stdout + done.stderr
        again = checkout.call("backup")
        assert again.returncode == 0, "the passphrase is asked for once"
        settings = environment_of(started)
    finally:
        started.end(signal.SIGTERM)
    newest, first = BackupFolder(place / "data" / "backups").records()
    (place / "data" / "backups" / newest.name).unlink()
    return WrittenBackup(
        checkout, place / "data" / "backups" / first.name, writer.committed, done.stdout, settings
    )


def environment_of(started: Started) -> dict[str, str]:
    environment: dict[str, str] = json.loads((started.checkout.data / "state.json").read_text())[
        "environment"
    ]
    return environment


@pytest.fixture
def elsewhere(backup: WrittenBackup, place: Path) -> Iterator[Checkout]:
    """The same code with a data folder that is empty."""
    data = Path(tempfile.mkdtemp(dir=place))
    data.chmod(0o755)
    checkout = backup.checkout.share_code(data)
    yield checkout
    checkout.call("stop")


def test_the_backup_is_verified_as_it_is_written(backup: WrittenBackup) -> None:
    assert re.search(r"Wrote .*\.backup \(\d+\.\d MB\) in \d+\.\d s: [\d]{3,} files agree", backup.said)
    assert backup.file.stat().st_mode & 0o077 == 0
    content = backup.file.read_bytes()
    for secret in (backup.settings["MUSTER_SECRET_KEY"], backup.settings["MUSTER_DELIVERY_KEY"], "arrived"):
        assert secret.encode() not in content


def test_what_was_committed_by_then_is_restored_with_keys_and_settings(
    backup: WrittenBackup, elsewhere: Checkout
) -> None:
    done = elsewhere.call("restore", str(backup.file), **OPEN)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "none differ" in done.stdout
    assert re.search(r"Restored into .* in \d+\.\d s, as of 2\d{3}-", done.stdout)

    acknowledged = sum(at <= backup.made_at for at in backup.committed)
    assert acknowledged > 0
    for name, variable in (("secret-key", "MUSTER_SECRET_KEY"), ("delivery-key", "MUSTER_DELIVERY_KEY")):
        assert (elsewhere.data / name).read_text() == backup.settings[variable]
    assert "MUSTER_LOG_LEVEL=DEBUG\n" in (elsewhere.data / "settings-of-backup").read_text()

    counted = elsewhere.call("manage", "arrived")
    numbers = [int(number) for number in counted.stdout.split()]
    assert numbers == list(range(len(numbers))), "no row is lost in between"
    assert len(numbers) >= acknowledged


def test_a_folder_that_has_data_is_left_alone(backup: WrittenBackup) -> None:
    key = (backup.checkout.data / "secret-key").read_text()
    done = backup.checkout.call("restore", str(backup.file), **OPEN)
    assert done.returncode == 1
    assert "holds data already" in done.stdout
    assert (backup.checkout.data / "secret-key").read_text() == key


@pytest.mark.parametrize(
    ("damage", "passphrase", "sentence"),
    [
        (lambda content: content[:-1], PASSPHRASE, "The backup is cut short"),
        (lambda content: content[: len(content) // 2], PASSPHRASE, "The backup is cut short"),
        (
            lambda content: content[:-5000] + bytes([content[-5000] ^ 1]) + content[-4999:],
            PASSPHRASE,
            "The backup was altered",
        ),
        (lambda content: b"not a backup", PASSPHRASE, "not a backup of Muster"),
        (lambda content: content, "another passphrase", "The passphrase does not open"),
        (lambda content: content, "", "Nobody can enter the passphrase here"),
    ],
    ids=["last byte", "half", "a byte", "something else", "wrong passphrase", "no passphrase"],
)
def test_what_cannot_be_trusted_is_refused_and_leaves_nothing(
    backup: WrittenBackup, elsewhere: Checkout, tmp_path: Path, damage, passphrase: str, sentence: str
) -> None:
    file = tmp_path / "damaged.backup"
    file.write_bytes(damage(backup.file.read_bytes()))
    done = elsewhere.call("restore", str(file), MUSTER_BACKUP_PASSPHRASE=passphrase)
    assert done.returncode == 1
    assert sentence in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert not list(elsewhere.data.glob("postgres-*"))
    assert not (elsewhere.data / "secret-key").exists()


@pytest.fixture(scope="module")
def dump(backup: WrittenBackup) -> Path:
    """A dump of the same data, made while that Muster is stopped."""
    done = backup.checkout.call("backup", "--dump")
    assert done.returncode == 0, done.stdout + done.stderr
    path = re.search(r"Wrote (\S+)", done.stdout)
    assert path is not None
    return Path(path[1])


def test_a_dump_is_read_into_a_new_database_for_a_later_postgresql(
    backup: WrittenBackup, dump: Path, elsewhere: Checkout
) -> None:
    done = elsewhere.call("restore", str(dump), **OPEN)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "none differ" in done.stdout
    assert (elsewhere.data / "secret-key").read_text() == backup.settings["MUSTER_SECRET_KEY"]
    numbers = elsewhere.call("manage", "arrived").stdout.split()
    assert len(numbers) == len(backup.committed)


def test_a_dump_that_is_cut_leaves_nothing(dump: Path, elsewhere: Checkout, tmp_path: Path) -> None:
    file = tmp_path / "cut.backup"
    file.write_bytes(dump.read_bytes()[:-1])
    done = elsewhere.call("restore", str(file), **OPEN)
    assert done.returncode == 1
    assert "The backup is cut short" in done.stdout
    assert not list(elsewhere.data.glob("postgres-*"))
    assert not (elsewhere.data / "secret-key").exists()


def test_a_dump_can_be_verified_too(dump: Path, elsewhere: Checkout) -> None:
    done = elsewhere.call("verify-backup", str(dump), **OPEN)
    assert "is whole" in done.stdout, done.stdout + done.stderr


def test_a_backup_can_be_verified_without_being_restored(backup: WrittenBackup, elsewhere: Checkout) -> None:
    done = elsewhere.call("verify-backup", str(backup.file), **OPEN)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "is whole" in done.stdout
    assert {path.name for path in elsewhere.data.iterdir()} <= {"lock", "log"}


def test_keys_are_replaced_while_muster_is_stopped(backup: WrittenBackup, elsewhere: Checkout) -> None:
    assert elsewhere.call("restore", str(backup.file), **OPEN).returncode == 0
    done = elsewhere.call("rotate-keys")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The keys were replaced. Sessions go on; tokens stay valid." in done.stdout
    assert (elsewhere.data / "secret-key").read_text() != backup.settings["MUSTER_SECRET_KEY"]
    assert (elsewhere.data / "secret-key-of-before").read_text() == backup.settings["MUSTER_SECRET_KEY"]
    key = (elsewhere.data / "delivery-key").read_text()
    assert "," not in key
    assert key != backup.settings["MUSTER_DELIVERY_KEY"]
