"""The archive of the log of changes beside the backups: with a backup, it gives the database of any instant.

PostgreSQL writes each change into its log (WAL) first. A folder `log-20261202T100000Z` has one chain of it, without a
gap, in sealed pieces `0000000007000028-00000000070A1B30-20261202T100105Z.piece`. Its name says from which position of
the log to which it goes, and until when everything committed is in it. A chain ends where the log does not go on:
Muster had to give it up, or the database was restored. A backup fits the chain that it was made in.
"""

import re
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from stack.backups.catalogue import (
    NAME_FORMAT,
    BackupFailure,
    BackupFolder,
    BackupRecord,
    BackupRunningError,
    parse_name,
)

PREFIX, SUFFIX = "log-", ".piece"
FAILURE, LOCK = "log-failure.json", "log-lock"
# Off: it costs as much disk as the database writes in the days that backups are kept.
MINUTES, EVERY_MINUTES = "MUSTER_BACKUP_LOG_MINUTES", 0
# It is late once nothing was archived for three intervals, and missing after twelve.
LATE_AFTER, MISSING_AFTER = 3, 12
# A backup says to the second what it holds; the instant after that second is the first that its log leads to.
_SECOND = timedelta(seconds=1)
_PIECE = re.compile(r"([0-9A-F]{16})-([0-9A-F]{16})-(\d{8}T\d{6}Z)\.piece")


@dataclass(frozen=True)
class LogPiece:
    """The log from one position to another, in bytes; everything that was committed by `until` is before the end."""

    path: Path
    begins: int
    ends: int
    until: datetime


@dataclass(frozen=True)
class LogChain:
    path: Path

    @property
    def name(self) -> str:
        return self.path.name.removeprefix(PREFIX)

    @property
    def began_at(self) -> datetime:
        return _instant(self.name)

    def pieces(self) -> list[LogPiece]:
        """In the order of the log."""
        pieces = (_read_piece(path) for path in self.path.glob(f"*{SUFFIX}"))
        return sorted(
            (piece for piece in pieces if piece is not None), key=lambda piece: (piece.begins, piece.ends)
        )

    def piece_path(self, *, begins: int, ends: int, until: datetime) -> Path:
        return self.path / f"{begins:016X}-{ends:016X}-{until:{NAME_FORMAT}}{SUFFIX}"

    @property
    def until(self) -> datetime:
        """When the log was archived last; at first, when the chain began."""
        # Names sort as positions do, and a chain may have ten thousand.
        paths = sorted(self.path.glob(f"*{SUFFIX}"), key=lambda path: path.name, reverse=True)
        last = next((piece for path in paths if (piece := _read_piece(path)) is not None), None)
        return last.until if last else self.began_at


@dataclass(frozen=True)
class RestorableSpan:
    """Any instant from `first` to `last` can be restored from this backup with the pieces of its chain."""

    first: datetime
    last: datetime
    record: BackupRecord
    pieces: tuple[LogPiece, ...]

    def holds(self, at: datetime) -> bool:
        return self.first <= at <= self.last


@dataclass(frozen=True)
class LogArchive:
    folder: BackupFolder

    def chain(self, name: str) -> LogChain:
        return LogChain(self.folder.path / f"{PREFIX}{name}")

    def chains(self) -> list[LogChain]:
        """The newest first."""
        if not self.folder.path.is_dir():
            return []
        paths = sorted(self.folder.path.glob(f"{PREFIX}*Z"), reverse=True)
        return [LogChain(path) for path in paths if path.is_dir() and parse_name(path.name, PREFIX)]

    def newest(self, *, now: datetime) -> LogChain | None:
        """The chain that was archived last. One that goes on into the future has its name from a wrong clock, and says
        nothing of now."""
        past_chains = [(until, chain.name) for chain in self.chains() if (until := chain.until) <= now]
        return self.chain(max(past_chains)[1]) if past_chains else None

    def spans(self) -> list[RestorableSpan]:
        """Read which instants each backup leads to, the newest backup first."""
        pieces_by_chain = {chain.name: chain.pieces() for chain in self.chains()}
        spans = (
            _span(record, pieces_by_chain.get(record.chain, ()))
            for record in self.folder.records()
            if record.is_intact and record.chain
        )
        return [span for span in spans if span is not None]

    def lacks_backup(self, *, now: datetime) -> bool:
        """Whether the newest chain goes on and leads from no backup yet. One that ended before the newest backup was
        made never gets one."""
        return self._waiting_chain(now) is not None

    def _waiting_chain(self, now: datetime) -> LogChain | None:
        chain = self.newest(now=now)
        records = [record for record in self.folder.records() if record.is_intact]
        if chain is None or any(record.chain == chain.name for record in records):
            return None
        until = chain.until
        return None if any(record.made_at >= until for record in records) else chain

    def delete_waiting(self, chain: LogChain) -> None:
        """Delete what a chain without a backup has before its last piece: the backup that it waits for begins later.
        Nothing is deleted while a backup is written, which may need it."""
        pieces = chain.pieces()[:-1]
        if not pieces:
            return
        with suppress(BackupRunningError), self.folder.lock():
            if not any(record.is_intact and record.chain == chain.name for record in self.folder.records()):
                for piece in pieces:
                    piece.path.unlink(missing_ok=True)

    def delete_unneeded(self, *, keeps_waiting: bool, now: datetime) -> int:
        """Delete pieces that no intact backup leads to, and return how many. A chain may wait for its first backup."""
        number, waiting_chain = 0, self._waiting_chain(now) if keeps_waiting else None
        for chain in self.chains():
            positions = [
                record.log_from
                for record in self.folder.records()
                if record.is_intact and record.chain == chain.name
            ]
            if not positions and chain != waiting_chain:
                number += len(chain.pieces())
                shutil.rmtree(chain.path)
            for piece in chain.pieces() if positions else ():
                if piece.ends <= min(positions):
                    piece.path.unlink(missing_ok=True)
                    number += 1
        return number

    # The last attempt

    def note_failure(self, message: str, *, now: datetime) -> None:
        self.folder.note_failure(message, now=now, name=FAILURE)

    def forget_failure(self) -> None:
        self.folder.forget_failure(name=FAILURE)

    def failure(self) -> BackupFailure | None:
        return self.folder.failure(name=FAILURE)


def is_due(archive: LogArchive, *, every: timedelta, now: datetime) -> bool:
    failure, chain = archive.failure(), archive.newest(now=now)
    if failure is not None and now - failure.at < every:
        return False
    return chain is None or now - chain.until >= every


def join(spans: Iterable[RestorableSpan]) -> list[tuple[datetime, datetime]]:
    """From when to when any instant can be restored, the oldest first."""
    joined: list[tuple[datetime, datetime]] = []
    for span in sorted(spans, key=lambda span: (span.first, span.last)):
        if joined and span.first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], span.last))
        else:
            joined.append((span.first, span.last))
    return joined


def _span(record: BackupRecord, pieces: Iterable[LogPiece]) -> RestorableSpan | None:
    position, needed = record.log_from, []
    for piece in pieces:
        if piece.ends <= position:
            continue
        if piece.begins > position:
            break
        position = piece.ends
        needed.append(piece)
    first = record.made_at + _SECOND
    if not needed or needed[-1].until < first:
        return None
    return RestorableSpan(first, needed[-1].until, record, tuple(needed))


def _read_piece(path: Path) -> LogPiece | None:
    """None unless the name is that of a piece, with an instant that there is."""
    match = _PIECE.fullmatch(path.name)
    until = parse_name(match[3], "") if match else None
    return LogPiece(path, int(match[1], 16), int(match[2], 16), until) if match and until else None


def _instant(text: str) -> datetime:
    return datetime.strptime(text, NAME_FORMAT).replace(tzinfo=UTC)
