"""How the backups of this installation stand, read from their folder."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from django.conf import settings

from stack.backups import archive
from stack.backups.archive import LogArchive
from stack.backups.catalogue import (
    KEY_FILE,
    LATE_AFTER,
    MISSING_AFTER,
    BackupFailure,
    BackupFolder,
    BackupRecord,
    is_due,
)
from web import metrics, units
from web.faults import MusterFault


class BackupState(StrEnum):
    """`OFF`: nobody chose a passphrase yet, so none are written."""

    OFF = "off"
    IN_TIME = "in time"
    LATE = "late"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class LogArchiveStanding:
    """`until`: what was committed by then is archived; None if nothing ever was. `late_at` is None where no log is
    archived."""

    until: datetime | None
    late_at: datetime | None
    missing_at: datetime | None
    failure: BackupFailure | None


@dataclass(frozen=True, slots=True)
class BackupStanding:
    """`since` is when the newest backup became late, or will. `is_beside_data`: the disk that has the data has the
    backups too, so both are lost with it."""

    state: BackupState
    records: tuple[BackupRecord, ...]
    newest: BackupRecord | None
    since: datetime | None
    failure: BackupFailure | None
    is_under_way: bool
    is_beside_data: bool
    folder: Path
    log: LogArchiveStanding

    @property
    def damaged(self) -> tuple[BackupRecord, ...]:
        """Those that a comparison with what was written refused."""
        return tuple(record for record in self.records if record.read_at and not record.is_intact)

    @property
    def size_bytes(self) -> int:
        return sum(record.size_bytes for record in self.records)


def backup_folder() -> BackupFolder:
    return BackupFolder(Path(settings.BACKUP_DIR))


def interval() -> timedelta:
    return timedelta(hours=settings.BACKUP_HOURS)


def log_interval() -> timedelta:
    return timedelta(minutes=settings.BACKUP_LOG_MINUTES)


def is_backup_due(*, now: datetime) -> bool:
    if not _key_path().exists() or not interval():
        return False
    is_needed = bool(log_interval()) and LogArchive(backup_folder()).lacks_backup(now=now)
    return is_due(backup_folder(), every=interval(), now=now, is_needed=is_needed)


def is_log_due(*, now: datetime) -> bool:
    every = log_interval()
    return (
        _key_path().exists()
        and bool(every)
        and archive.is_due(LogArchive(backup_folder()), every=every, now=now)
    )


def read_standing(*, now: datetime) -> BackupStanding:
    folder = backup_folder()
    records = tuple(folder.records())
    newest = next((record for record in records if record.is_intact), None)
    state, since = _state(newest, now)
    return BackupStanding(
        state=state,
        records=records,
        newest=newest,
        since=since,
        failure=folder.failure(),
        is_under_way=folder.is_under_way(now=now),
        is_beside_data=_device(folder.path) == _device(Path(settings.DATA_DIR)),
        folder=folder.path,
        log=_read_log(LogArchive(folder), now),
    )


def _read_log(log_archive: LogArchive, now: datetime) -> LogArchiveStanding:
    chain, every = log_archive.newest(now=now), log_interval()
    until = chain.until if chain else None
    is_on = _key_path().exists() and bool(every)
    began_at = until or (_instant_of_key() if is_on else None)
    return LogArchiveStanding(
        until=until,
        late_at=began_at + archive.LATE_AFTER * every if is_on and began_at else None,
        missing_at=began_at + archive.MISSING_AFTER * every if is_on and began_at else None,
        failure=log_archive.failure(),
    )


def read_spans() -> list[tuple[datetime, datetime]]:
    """From when to when any instant can be restored, the newest first. It reads the name of each piece."""
    return archive.join(LogArchive(backup_folder()).spans())[::-1]


def faults(now: datetime) -> Iterator[MusterFault]:
    """Find backups that are late, missing or damaged. Nothing is wrong before a passphrase was chosen."""
    if not _key_path().exists():
        return
    standing = read_standing(now=now)
    if standing.state in (BackupState.LATE, BackupState.MISSING):
        is_bad = standing.state is BackupState.MISSING
        yield MusterFault("backup", "The backup is late", _detail(standing), standing.since, is_bad=is_bad)
    log = standing.log
    if log.late_at and log.missing_at and now >= log.late_at:
        is_bad, title = now >= log.missing_at, "The log of changes is not archived"
        yield MusterFault("backup-log", title, _log_detail(log), log.late_at, is_bad=is_bad)
    if standing.damaged:
        names = ", ".join(record.name for record in standing.damaged)
        detail = f"{names}: the file is not what was written. Look at the disk, and make a backup elsewhere."
        yield MusterFault("backup-damaged", "A backup is damaged", detail, None, is_bad=True)


GAUGES = (
    metrics.GaugeFamily("muster_backup_age_seconds", "Since the instant that the newest intact backup holds"),
    metrics.GaugeFamily("muster_backups_damaged", "Backups whose file is not what was written"),
    metrics.GaugeFamily(
        "muster_backup_log_age_seconds", "Since the instant until which the log of changes is archived"
    ),
)


def gauges(now: datetime) -> Mapping[str, metrics.Values]:
    """No age while there is no backup, and no log that is archived."""
    standing = read_standing(now=now)
    ages: dict[tuple[str, ...], float] = {}
    if standing.newest:
        ages[()] = (now - standing.newest.made_at).total_seconds()
    log_ages: dict[tuple[str, ...], float] = {}
    if standing.log.late_at and standing.log.until:
        log_ages[()] = (now - standing.log.until).total_seconds()
    return {
        "muster_backup_age_seconds": ages,
        "muster_backups_damaged": {(): len(standing.damaged)},
        "muster_backup_log_age_seconds": log_ages,
    }


def _detail(standing: BackupStanding) -> str:
    last = f"The last is of {units.instant(standing.newest.made_at)}" if standing.newest else "There is none"
    failure = f"; the last attempt failed: {standing.failure.message}" if standing.failure else "."
    return f"{last}{failure}"


def _log_detail(log: LogArchiveStanding) -> str:
    last = f"It is archived until {units.instant(log.until)}" if log.until else "None is archived yet"
    failure = f"; the last attempt failed: {log.failure.message}" if log.failure else "."
    return f"{last}{failure}"


def _state(newest: BackupRecord | None, now: datetime) -> tuple[BackupState, datetime | None]:
    if not _key_path().exists() or not interval():
        return BackupState.OFF, None
    made_at = newest.made_at if newest else _instant_of_key()
    since = made_at + LATE_AFTER * interval()
    if now < since:
        return BackupState.IN_TIME, since
    is_missing = now >= made_at + MISSING_AFTER * interval()
    return BackupState.MISSING if is_missing else BackupState.LATE, since


def _instant_of_key() -> datetime:
    """When a passphrase was chosen."""
    return datetime.fromtimestamp(_key_path().stat().st_mtime, UTC)


def _key_path() -> Path:
    return Path(settings.DATA_DIR) / KEY_FILE


def _device(folder: Path) -> int:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.stat().st_dev
