"""Archives the log of changes: what PostgreSQL wrote since the last time becomes one more sealed piece of its chain."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stack import postgres
from stack.backups import slots
from stack.backups.archive import LogArchive, LogPiece
from stack.backups.catalogue import PART, BackupFolder, digest_of_file
from stack.backups.sealing import BackupKey, SealedWriter
from stack.backups.writing import RESERVE_MB, BackupFailedError, BackupSource, SealedFile, sync_folder
from stack.layout import free_space_mb

if TYPE_CHECKING:
    import psycopg

_END = """
SELECT (pg_current_wal_flush_lsn() - '0/0')::bigint,
    ('x' || left(pg_walfile_name(pg_current_wal_flush_lsn()), 8))::bit(32)::int
"""
_READ_BYTES = 1024 * 1024


def archive_log(source: BackupSource, archive: LogArchive, key: BackupKey, *, now: datetime) -> LogPiece:
    """Archive everything that was committed until now. Raises BackupFailedError."""
    import psycopg  # as in stack/schema.py

    try:
        with psycopg.connect(source.url, autocommit=True) as connection:
            try:
                return _archive(connection, source, archive, key, now)
            except (OSError, BackupFailedError) as error:
                raise BackupFailedError(f"{error}{_give_up_if_full(connection, source)}") from error
    except psycopg.Error as error:
        raise BackupFailedError(f"The database does not answer: {error}") from error


def _archive(
    connection: "psycopg.Connection[Any]",
    source: BackupSource,
    archive: LogArchive,
    key: BackupKey,
    now: datetime,
) -> LogPiece:
    archive.folder.make()
    _require_space(archive.folder.path)
    slot = slots.read_slot(connection) or slots.make_slot(connection, now=now)
    chain = archive.chain(slot.chain_name)
    chain.path.mkdir(mode=0o700, exist_ok=True)
    BackupFolder(chain.path).remove_parts()
    archive.delete_waiting(chain)
    pieces = chain.pieces()
    begins = max(slot.position or 0, pieces[-1].ends if pieces else 0)
    until, ends, timeline = _mark(connection)
    if ends <= begins:
        slots.drop_slots(connection)
        raise BackupFailedError(
            f"{chain.path} is ahead of this database: another Muster writes into it. Name a folder of its own by"
            " MUSTER_BACKUP_DIR."
        )
    piece = LogPiece(chain.piece_path(begins=begins, ends=ends, until=until), begins, ends, until)
    _write(source, piece, timeline, key)
    # Only now: what the server gives up is in the archive, on disk.
    slots.advance(connection, slot, ends)
    return piece


def _mark(connection: "psycopg.Connection[Any]") -> tuple[datetime, int, int]:
    """Until when everything is in the log, up to which position, and its timeline. The message is a commit after that
    instant: recovery that looks for the instant stops there."""
    row = connection.execute("SELECT date_trunc('second', clock_timestamp())").fetchone()
    connection.execute("SELECT pg_logical_emit_message(true, 'muster', 'archived')")
    end = connection.execute(_END).fetchone()
    assert row is not None
    assert end is not None
    return row[0], int(end[0]), int(end[1])


def _write(source: BackupSource, piece: LogPiece, timeline: int, key: BackupKey) -> None:
    part = piece.path.with_suffix(PART)
    try:
        with SealedFile(part) as out:
            writer = SealedWriter(out, key)
            writer.document({"begins": piece.begins, "ends": piece.ends, "timeline": timeline})
            for content in _read_log(source.layout.cluster / "data" / "pg_wal", piece, timeline):
                writer.data(content)
            writer.end({"until": piece.until.isoformat()})
        if digest_of_file(part) != out.digest.hexdigest():
            raise BackupFailedError(f"{part} on disk is not what was written: the disk is damaged.")
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    part.rename(piece.path)
    sync_folder(piece.path.parent)


def _read_log(folder: Path, piece: LogPiece, timeline: int) -> Iterator[bytes]:
    position = piece.begins
    while position < piece.ends:
        name, offset = postgres.find_in_log(position, timeline)
        length = min(postgres.SEGMENT_BYTES - offset, piece.ends - position, _READ_BYTES)
        with (folder / name).open("rb") as segment:
            segment.seek(offset)
            content = segment.read(length)
        if len(content) < length:
            raise BackupFailedError(f"{folder / name} is shorter than the log that it has.")
        yield content
        position += length


def _require_space(folder: Path) -> None:
    if (free_mb := free_space_mb(folder)) < RESERVE_MB:
        raise BackupFailedError(
            f"The disk of {folder} is nearly full: {free_mb} MB are free, and {RESERVE_MB} MB are left for the"
            " database."
        )


def _give_up_if_full(connection: "psycopg.Connection[Any]", source: BackupSource) -> str:
    """The database needs its disk more than the archive needs the log that waits on it."""
    if free_space_mb(source.layout.data) >= RESERVE_MB or not slots.drop_slots(connection):
        return ""
    return (
        " The log that waited was given up, so that the database has its disk. Once there is space, a new chain of the"
        " log begins with a backup."
    )
