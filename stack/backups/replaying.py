"""Replays the archived log over an unpacked backup, up to an instant. PostgreSQL does it by its recovery."""

import json
import shutil
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from stack import child, postgres
from stack.account import Account, give
from stack.backups import archive, sealing
from stack.backups.archive import LogArchive, LogPiece, RestorableSpan
from stack.backups.sealing import BackupRefused
from stack.child import StartError
from stack.layout import Layout
from stack.sockets import short_folder

# A core replays about as fast as a disk writes; hours of log may take an hour.
LONGEST_S = 24 * 3600


def parse_instant(text: str) -> datetime:
    """Raises BackupRefused unless it is a time with its zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BackupRefused(f"at={text} is not a time. Write it like at=2026-12-02T10:00Z.") from None
    if at.tzinfo is None:
        raise BackupRefused(
            f"at={text} has no time zone. Write it like at={text}Z for UTC, or at={text}+01:00."
        )
    return at.astimezone(UTC)


def find_span(log_archive: LogArchive, at: datetime, *, name: str = "") -> RestorableSpan:
    """Find the newest backup (or the one called `name`) that leads to an instant, with the pieces up to that instant
    alone. Raises BackupRefused."""
    spans = [span for span in log_archive.spans() if not name or span.record.name == name]
    span = next((span for span in spans if span.holds(at)), None)
    if span is not None:
        # A piece ends with a commit after its `until`, where recovery stops.
        number = next(place for place, piece in enumerate(span.pieces, 1) if piece.until >= at)
        return replace(span, pieces=span.pieces[:number])
    source = log_archive.folder.file(name) if name else log_archive.folder.path
    if not spans:
        raise BackupRefused(
            f"No archived log of changes goes on from a backup in {source}, so only the instants of backups can be"
            " restored (make restore file=… without at=). MUSTER_BACKUP_LOG_MINUTES=5 has Muster archive it."
        )
    present = "; ".join(f"{_show(first)} to {_show(last)}" for first, last in archive.join(spans))
    raise BackupRefused(f"{_show(at)} cannot be restored from {source}. These instants can: {present}.")


def replay(
    pieces: Iterable[LogPiece], folder: Path, layout: Layout, passphrase: str, *, at: datetime
) -> None:
    """Bring the unpacked cluster in `folder` to what it was at an instant. Raises BackupRefused."""
    data = folder / "data"
    for piece in pieces:
        _lay_out(piece, data / "pg_wal", passphrase, layout.account)
    signal = data / "recovery.signal"
    signal.touch(mode=0o600)
    give(signal, layout.account)
    sockets = short_folder("muster-", account=layout.account)
    cluster = postgres.Cluster(
        folder=folder,
        sockets=sockets,
        programs=postgres.programs_for(layout.account, copy_to=layout.data),
        account=layout.account,
    )
    log = layout.log("recovery")
    settings = {
        "recovery_target_time": at.isoformat(),
        "recovery_target_action": "promote",
        # All of the log is in its place already, and nothing is fetched.
        "restore_command": "false",
        "hot_standby": "off",
    }
    recipe = replace(postgres.recipe(cluster, log=log, settings=settings), ready_s=LONGEST_S)
    process = child.start(recipe)
    try:
        child.wait_ready(process, recipe)
    except StartError as error:
        lines = "\n".join(f"  | {line}" for line in child.last_lines(log))
        raise BackupRefused(f"The log cannot be replayed to {_show(at)}: {error}\n{lines}") from error
    finally:
        child.stop(process, recipe)
        shutil.rmtree(sockets, ignore_errors=True)


def _lay_out(piece: LogPiece, folder: Path, passphrase: str, account: Account | None) -> None:
    """Write a piece where the server looks for the log. Raises BackupRefused if it is not what its name says."""
    try:
        with piece.path.open("rb") as source:
            frames = sealing.read_frames(source, passphrase)
            about = json.loads(next(frames)[1])
            if (about["begins"], about["ends"]) != (piece.begins, piece.ends):
                raise BackupRefused(sealing.ALTERED)
            position = piece.begins
            for kind, content in frames:
                if kind == sealing.DATA:
                    _write_log(content, position, about["timeline"], folder, account)
                    position += len(content)
        if position != piece.ends:
            raise BackupRefused(sealing.CUT)
    except BackupRefused as error:
        raise BackupRefused(f"{piece.path}: {error}") from None
    except OSError as error:
        raise BackupRefused(f"{piece.path} cannot be used: {error.strerror or error}.") from error


def _write_log(content: bytes, position: int, timeline: int, folder: Path, account: Account | None) -> None:
    while content:
        name, offset = postgres.find_in_log(position, timeline)
        here = content[: postgres.SEGMENT_BYTES - offset]
        path = folder / name
        if not path.exists():
            path.touch(mode=0o600)
            give(path, account)
        with path.open("r+b") as segment:
            segment.seek(offset)
            segment.write(here)
            # The server refuses a segment of another length.
            segment.truncate(postgres.SEGMENT_BYTES)
        content, position = content[len(here) :], position + len(here)


def _show(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
