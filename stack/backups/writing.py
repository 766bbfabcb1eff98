"""Writes a backup: `pg_basebackup` or `pg_dump` stream the running database through here into a sealed file."""

import hashlib
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stack import keys, postgres
from stack.backups import counting, dumps, manifest, slots
from stack.backups.catalogue import WRITTEN_NOW, BackupFolder, BackupRecord, file_name
from stack.backups.sealing import BackupKey, SealedWriter
from stack.layout import Layout, free_space_mb

if TYPE_CHECKING:
    import psycopg

# Below this the database itself would soon fail: the backup gives way.
RESERVE_MB = 400
LOOKED_AT_EVERY_BYTES = 64 * 1024 * 1024
# What names this machine, or is no setting of the installation.
NO_SETTINGS = {"MUSTER_DATA_DIR", "MUSTER_BACKUP_PASSPHRASE", keys.SIGNING, keys.DELIVERY, keys.FALLBACKS}
_COMMITTED = re.compile(r" COMMIT (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)[.\d]* UTC")


class BackupForm(StrEnum):
    """`FILES` is the quickest to restore, by the same PostgreSQL; a later one, or another server, reads a `DUMP`."""

    FILES = "files"
    DUMP = "dump"


class BackupFailedError(Exception):
    """No backup was written; the message says why."""


@dataclass(frozen=True)
class BackupSource:
    """The Muster that runs: its folders, the address of its database, its keys by name of their files, and whether the
    database is the one that Muster brings."""

    layout: Layout
    url: str
    keys: Mapping[str, str]
    environ: Mapping[str, str]
    is_own: bool = True

    @property
    def settings(self) -> dict[str, str]:
        return {
            name: value
            for name, value in sorted(self.environ.items())
            if name.startswith("MUSTER_") and name not in NO_SETTINGS
        }

    @property
    def demo_mark(self) -> str:
        path = self.layout.cluster / "demo"
        return path.read_text() if path.exists() else ""


def write(source: BackupSource, folder: BackupFolder, key: BackupKey, form: BackupForm) -> BackupRecord:
    """Write a backup, read it again, and return its record. Raises BackupFailedError, BackupRunningError."""
    try:
        folder.make()
        with folder.lock():
            folder.remove_parts()
            _wait_for_new_name(folder)
            record = folder.verify(_write_file(source, folder, key, form), now=datetime.now(UTC))
    except (OSError, dumps.DumpError) as error:
        raise BackupFailedError(str(error)) from error
    if not record.is_intact:
        raise BackupFailedError(f"{record.name} on disk is not what was written: the disk is damaged.")
    return record


def _wait_for_new_name(folder: BackupFolder) -> None:
    """Wait for at most a second: a backup is named by its second, and would take the place of one of the same."""
    if records := folder.records():
        wait_s = (records[0].made_at - datetime.now(UTC)).total_seconds() + 1
        time.sleep(min(max(wait_s, 0), 1))


def _write_file(source: BackupSource, folder: BackupFolder, key: BackupKey, form: BackupForm) -> BackupRecord:
    began = time.monotonic()
    part = folder.file(WRITTEN_NOW)
    try:
        with SealedFile(part) as out:
            content = _write_frames(source, SealedWriter(out, key), form)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    name = file_name(content.made_at)
    part.rename(folder.file(name))
    sync_folder(folder.path)
    return BackupRecord(
        name=name,
        made_at=content.made_at,
        size_bytes=out.size,
        digest=out.digest.hexdigest(),
        took_s=round(time.monotonic() - began, 1),
        database_bytes=content.database_bytes,
        files=content.files,
        chain=content.chain,
        log_from=content.log_from,
    )


class SealedFile:
    """A file that notes the digest and the length of what is written, and stops before the disk is full."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
        self.digest, self.size = hashlib.sha256(), 0
        self._looked_at = 0

    def write(self, piece: bytes) -> int:
        if self.size - self._looked_at >= LOOKED_AT_EVERY_BYTES or not self.size:
            self._looked_at = self.size
            if (free_mb := free_space_mb(self._path.parent)) < RESERVE_MB:
                raise BackupFailedError(
                    f"The disk of {self._path.parent} is nearly full: {free_mb} MB are free, and {RESERVE_MB} MB are"
                    " left for the database. Free some space, keep fewer backups (MUSTER_BACKUP_KEEP), or name another"
                    " disk (MUSTER_BACKUP_DIR)."
                )
        self.digest.update(piece)
        self.size += len(piece)
        return self._file.write(piece)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if error is None:
            self._file.flush()
            os.fsync(self._file.fileno())
        self._file.close()


@dataclass(frozen=True)
class _Content:
    """`made_at`: up to when all is in it; the rest as in a BackupRecord."""

    made_at: datetime
    database_bytes: int
    files: int
    chain: str
    log_from: int


def _write_frames(source: BackupSource, writer: SealedWriter, form: BackupForm) -> _Content:
    import psycopg  # as in stack/schema.py

    try:
        with psycopg.connect(source.url, autocommit=True) as connection:
            about = {
                "form": form,
                "postgres": postgres.MAJOR,
                "keys": dict(source.keys),
                "settings": source.settings,
                "demo": source.demo_mark,
                "roles": dumps.read_roles(connection),
            }
            files, log_from, slot = 0, 0, None
            if form is BackupForm.FILES:
                before = _prepare_files(connection)
                slot = slots.read_slot(connection)
                writer.document(about)
                verified, made_at = _write_files(source, writer)
                files, log_from = verified.files, postgres.parse_position(verified.begins_at)
                rows = counting.ranges(before, counting.count_after(connection))
            else:
                writer.document(about)
                made_at, rows = dumps.write_dump(connection, source.url, writer.data)
            size = connection.execute("SELECT pg_database_size(current_database())").fetchone()
            writer.end({"made_at": made_at.isoformat(), "rows": rows})
    except psycopg.errors.AdminShutdown as error:
        raise BackupFailedError(
            "The database ended the backup: it was stopped, or it wrote more log meanwhile than it keeps for a backup"
            " (a quarter of the space that was free when it started, 4 GB at least). Free some space and start Muster"
            " again, or make the backup while less is written."
        ) from error
    except psycopg.Error as error:
        raise BackupFailedError(f"The database does not answer: {error}") from error
    chain = slot.chain_name if slot else ""
    return _Content(made_at, int(size[0]) if size else 0, files, chain, log_from if slot else 0)


def _prepare_files(connection: "psycopg.Connection[Any]") -> counting.TableCounts:
    """Have the server keep the log of changes that the backup needs, until this connection ends."""
    slot = f"muster_backup_{os.getpid()}"
    connection.execute("SELECT pg_create_physical_replication_slot(%s, true, true)", [slot])
    return counting.count(connection)


def _write_files(source: BackupSource, writer: SealedWriter) -> tuple[manifest.VerifiedStream, datetime]:
    began_at = datetime.now(UTC)
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            [
                *(dumps.program("pg_basebackup"), f"--dbname={source.url}", "--pgdata=-", "--format=tar"),
                *("--wal-method=fetch", "--checkpoint=fast", "--manifest-checksums=SHA256", "--no-password"),
            ],
            env=postgres.clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
        )
        assert process.stdout is not None
        verified, damage = None, ""
        try:
            with process.stdout as stdout:
                verified = manifest.verify(manifest.PassingStream(stdout, writer.data))
        except manifest.ManifestError as error:
            damage = str(error)
        except BaseException:
            process.kill()
            process.wait()
            raise
        if (status := process.wait()) != 0 or verified is None:
            reason = dumps.main_line(complaints) or damage or f"it ended with status {status}"
            raise BackupFailedError(f"pg_basebackup failed: {reason}")
    return verified, max(began_at, _last_commit(source, verified)).replace(microsecond=0)


def _last_commit(source: BackupSource, verified: manifest.VerifiedStream) -> datetime:
    """When the last transaction in the backup was committed: whatever was acknowledged by then is in it. The log of
    changes is still on disk, since this process has a slot."""
    argv = [
        *(
            dumps.program("pg_waldump"),
            f"--path={source.layout.cluster / 'data' / 'pg_wal'}",
            "--rmgr=Transaction",
        ),
        *(f"--start={verified.begins_at}", f"--end={verified.ends_at}", "--quiet"),
    ]
    at = datetime.fromtimestamp(0, UTC)
    environment = {**postgres.clean_environment(), "TZ": "UTC"}
    with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if (commit := _COMMITTED.search(line)) is not None:
                at = datetime.strptime(commit[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    return at


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
