"""The folder of backups: what is there, how old it is, what is deleted, and how the last attempt ended.

A backup `muster-20261201T143000Z.backup` has a record beside it (`.json`), written once the file is whole. The folder
is all there is: no database has to run, or to be trusted, to say which backups there are.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

SUFFIX, PART = ".backup", ".part"
NAME_FORMAT = "%Y%m%dT%H%M%SZ"
FAILURE = "failure.json"
# Beside the data: the key that seals backups, which no backup can be opened with.
KEY_FILE = "backup-key"
WRITTEN_NOW = f"being-written{PART}"
SILENT_AFTER = timedelta(minutes=5)
EVERY_HOURS, KEEP = 24, 7
# A backup is late once it is half as old again as the interval, and missing after three intervals.
LATE_AFTER, MISSING_AFTER = 1.5, 3.0
# After a failure the next attempt waits, so that a full disk is not written to each minute.
TRIED_AGAIN_AFTER = timedelta(minutes=30)
_PIECE = 1024 * 1024


class BackupSettingError(Exception):
    """A setting of backups is not what it has to be."""


class BackupRunningError(Exception):
    """Another process holds a lock of this folder."""


@dataclass(frozen=True)
class BackupRecord:
    """`made_at`: everything that was committed by then is in it. `files` are those whose checksums were compared while
    it was written; `read_at` is when the file on disk was last compared with `digest`, and `is_intact` the outcome.
    `chain` names the chain of archived log (stack/backups/archive.py) that goes on from its position `log_from`. A file
    without a record has a name, a size and the instant of its name alone."""

    name: str
    made_at: datetime
    size_bytes: int
    digest: str = ""
    took_s: float = 0.0
    database_bytes: int = 0
    files: int = 0
    read_at: datetime | None = None
    is_intact: bool = False
    chain: str = ""
    log_from: int = 0


@dataclass(frozen=True)
class BackupFailure:
    at: datetime
    message: str


@dataclass(frozen=True)
class BackupFolder:
    path: Path

    @classmethod
    def find(cls, data: Path, environ: Mapping[str, str]) -> "BackupFolder":
        return cls(Path(environ.get("MUSTER_BACKUP_DIR") or data / "backups").expanduser().absolute())

    def file(self, name: str) -> Path:
        return self.path / name

    def records(self) -> list[BackupRecord]:
        """All backups, the newest first."""
        if not self.path.is_dir():
            return []
        files = sorted(self.path.glob(f"*{SUFFIX}"), reverse=True)
        records = (_read_record(file) for file in files)
        # Another process may delete one meanwhile.
        return [record for record in records if record is not None]

    def newest(self) -> BackupRecord | None:
        """The newest whose file is as it was written."""
        return next((record for record in self.records() if record.is_intact), None)

    def is_under_way(self, *, now: datetime) -> bool:
        """Whether a process writes a backup now: its file was written to a moment ago."""
        try:
            written_at = datetime.fromtimestamp(self.file(WRITTEN_NOW).stat().st_mtime, UTC)
        except FileNotFoundError:
            return False
        return now - written_at < SILENT_AFTER

    @contextmanager
    def lock(self, name: str = "lock") -> Iterator[None]:
        """Held while a backup is written; the kernel releases it with its process. Raises BackupRunningError."""
        with (self.path / name).open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BackupRunningError(
                    f"Another process is at work in {self.path}. Try again once it has ended."
                ) from None
            yield

    def make(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)

    def remove_parts(self) -> None:
        """Remove what killed processes left; only for the holder of the lock."""
        for part in self.path.glob(f"*{PART}"):
            part.unlink()

    def write_record(self, record: BackupRecord) -> None:
        _write(_record_path(self.file(record.name)), asdict(record))

    def verify(self, record: BackupRecord, *, now: datetime) -> BackupRecord:
        """Read the file again and compare it with what was written; returns the new record, which is stored."""
        is_intact = bool(record.digest) and digest_of_file(self.file(record.name)) == record.digest
        read_record = replace(record, read_at=now, is_intact=is_intact)
        self.write_record(read_record)
        return read_record

    def delete_old(self, *, keep: int) -> list[str]:
        """Delete all but the newest `keep`; a damaged one counts for nothing, and the newest good one stays."""
        good_records = [record for record in self.records() if record.is_intact]
        names = [record.name for record in good_records[max(keep, 1) :]]
        for name in names:
            self.file(name).unlink(missing_ok=True)
            _record_path(self.file(name)).unlink(missing_ok=True)
        return names

    # The last attempt

    def note_failure(self, message: str, *, now: datetime, name: str = FAILURE) -> None:
        """Where nothing can be written into the folder, the missing backup alone tells."""
        with suppress(OSError):
            _write(self.path / name, asdict(BackupFailure(now, message)))

    def forget_failure(self, *, name: str = FAILURE) -> None:
        (self.path / name).unlink(missing_ok=True)

    def failure(self, *, name: str = FAILURE) -> BackupFailure | None:
        """How the last attempt failed; None if it succeeded."""
        fields = _read(self.path / name)
        try:
            return BackupFailure(_instant(fields["at"]), fields["message"])
        except (KeyError, TypeError, ValueError):
            return None


def file_name(made_at: datetime) -> str:
    return f"muster-{made_at:{NAME_FORMAT}}{SUFFIX}"


def parse_name(name: str, prefix: str) -> datetime | None:
    """Parse the instant that follows the prefix; None if nothing of the kind does."""
    try:
        return datetime.strptime(name, f"{prefix}{NAME_FORMAT}").replace(tzinfo=UTC)
    except ValueError:
        return None


def read_number(environ: Mapping[str, str], variable: str, default: int) -> int:
    """Raises BackupSettingError unless it is a whole number."""
    value = (environ.get(variable) or "").strip() or str(default)
    if not (value.isascii() and value.isdigit()):
        raise BackupSettingError(f"{variable}={value} is not a whole number.")
    return int(value)


def digest_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_due(folder: BackupFolder, *, every: timedelta, now: datetime, is_needed: bool = False) -> bool:
    """Whether the schedule asks for a backup, or another reason does. A failed attempt is made again after a while."""
    failure = folder.failure()
    if failure is not None and now - failure.at < TRIED_AGAIN_AFTER:
        return False
    newest = folder.newest()
    return is_needed or newest is None or now - newest.made_at >= every


def _read_record(file: Path) -> BackupRecord | None:
    """Without a record that can be read, it has what the file itself says; None if the file is gone."""
    try:
        status = file.stat()
    except FileNotFoundError:
        return None
    size, fields = status.st_size, _read(_record_path(file))
    try:
        made_at, read_at = _instant(fields["made_at"]), fields["read_at"]
        record = BackupRecord(
            **fields | {"made_at": made_at, "read_at": _instant(read_at) if read_at else None}
        )
    except (KeyError, TypeError, ValueError):
        at = parse_name(file.stem, "muster-") or datetime.fromtimestamp(status.st_mtime, UTC)
        return BackupRecord(name=file.name, made_at=at, size_bytes=size)
    # A file of another length is not what was written, whatever was found when it was last read.
    return record if size == record.size_bytes else replace(record, size_bytes=size, is_intact=False)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _record_path(file: Path) -> Path:
    return file.with_suffix(".json")


def _read(path: Path) -> dict[str, Any]:
    """The fields of a note; empty if there is none, or none that can be read."""
    try:
        fields = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _write(path: Path, fields: Mapping[str, Any]) -> None:
    """Atomic, and readable by its owner alone."""
    part = path.with_suffix(f".json{PART}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(fields, out, indent=1, default=str)
    part.rename(path)
