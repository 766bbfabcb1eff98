"""`python -m stack backup`, `verify-backup`, `restore` and `rotate-keys`: what they ask, do and say."""

import getpass
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from stack import keys
from stack.backups import archive, archiving, catalogue, replaying, restoring, sealing, slots, writing
from stack.backups.archive import LogArchive, LogPiece
from stack.backups.catalogue import (
    BackupFolder,
    BackupRecord,
    BackupRunningError,
    BackupSettingError,
    read_number,
)
from stack.backups.restoring import OpenBackup
from stack.backups.sealing import BackupKey, BackupRefused
from stack.backups.writing import BackupFailedError, BackupForm, BackupSource
from stack.keys import KeysError
from stack.launch import Launch
from stack.layout import Layout
from stack.schema import Holding, inspect_database
from stack.state import Lock, StackState

PASSPHRASE = "MUSTER_BACKUP_PASSPHRASE"
# A file on disk is compared with what was written once in this time.
READ_AGAIN_AFTER = timedelta(days=6)

type Launching = Callable[[Layout], AbstractContextManager[Launch]]
type Say = Callable[[str], None]


@dataclass(frozen=True)
class BackupCommands:
    """`launching` starts a Launch and ends it; `say` prints a line."""

    layout: Layout
    launching: Launching
    say: Say

    @property
    def folder(self) -> BackupFolder:
        return BackupFolder.find(self.layout.data, os.environ)

    @property
    def archive(self) -> LogArchive:
        return LogArchive(self.folder)

    @property
    def key_path(self) -> Path:
        return self.layout.data / catalogue.KEY_FILE

    # Writing

    def back_up(self, *, new_passphrase: bool, form: BackupForm) -> int:
        """Write a backup now, of the Muster that runs, or with its databases started for it."""
        key = self.ensure_key(new_passphrase=new_passphrase)
        try:
            record = self._write(key, form)
        except (BackupFailedError, BackupRunningError) as error:
            self.say(f"No backup was written. {error}")
            return 1
        for name in self._delete_old():
            self.say(f"Deleted the old backup {name}.")
        compared = f"{record.files} files agree with the database, and " if record.files else ""
        self.say(
            f"Wrote {self.folder.file(record.name)} ({record.size_bytes / 1e6:.1f} MB) in {record.took_s:.1f} s:"
            f" {compared}the file on disk is what was written."
        )
        self.say(f"It holds everything that was committed by {record.made_at:%d %b %Y %H:%M:%S} UTC.")
        return 0

    def back_up_scheduled(self) -> int:
        """Write a backup if the schedule asks for one; a failure is noted for the page and the problem."""
        every = timedelta(hours=read_number(os.environ, "MUSTER_BACKUP_HOURS", catalogue.EVERY_HOURS))
        key = BackupKey.read(self.key_path)
        now = datetime.now(UTC)
        is_needed = bool(self._log_every()) and self.archive.lacks_backup(now=now)
        is_due = every and catalogue.is_due(self.folder, every=every, now=now, is_needed=is_needed)
        if key is None or not is_due or not StackState.read(self.layout.state).is_running:
            return 0
        try:
            record = self._write(key, BackupForm.FILES)
        except BackupRunningError:
            return 0
        except BackupFailedError as error:
            self.folder.note_failure(str(error), now=datetime.now(UTC))
            self.say(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} No backup was written. {error}")
            return 1
        self.say(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} Wrote {record.name} in {record.took_s:.1f} s.")
        self._delete_old()
        for each in self.folder.records():
            if each.read_at is None or now - each.read_at > READ_AGAIN_AFTER:
                self.folder.verify(each, now=datetime.now(UTC))
        return 0

    def archive_log(self, *, only_if_due: bool) -> int:
        """Archive the log of changes of the Muster that runs; a failure is noted for the page and the problem."""
        every, now = self._log_every(), datetime.now(UTC)
        key, state = BackupKey.read(self.key_path), StackState.read(self.layout.state)
        is_ready = key is not None and bool(every) and state.is_running
        if only_if_due and not (is_ready and archive.is_due(self.archive, every=every, now=now)):
            return 0
        try:
            if key is None or not is_ready:
                raise BackupRefused(
                    "The log of changes is archived while Muster runs, once MUSTER_BACKUP_LOG_MINUTES is set and a"
                    " first backup was made."
                )
            piece = self._archive(state, key, now)
        except BackupRunningError as error:
            if not only_if_due:
                self.say(str(error))
            return 0
        except (BackupFailedError, OSError) as error:
            self.archive.note_failure(str(error), now=datetime.now(UTC))
            self.say(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} The log of changes was not archived. {error}")
            return 1
        self.archive.forget_failure()
        if not only_if_due:
            self.say(f"Archived everything that was committed by {piece.until:%Y-%m-%dT%H:%M:%SZ}.")
        return 0

    def _archive(self, state: StackState, key: BackupKey, now: datetime) -> LogPiece:
        source = self._source(state)
        if not source.is_own:
            raise BackupFailedError(
                "Only the log of the PostgreSQL that Muster brings is archived: set MUSTER_BACKUP_LOG_MINUTES=0, and"
                " use the tools of your server."
            )
        self.folder.make()
        with self.folder.lock(archive.LOCK):
            return archiving.archive_log(source, self.archive, key, now=now)

    def _log_every(self) -> timedelta:
        return timedelta(minutes=read_number(os.environ, archive.MINUTES, archive.EVERY_MINUTES))

    def _write(self, key: BackupKey, form: BackupForm) -> BackupRecord:
        state = StackState.read(self.layout.state)
        if state.is_running and state.environment:
            return self._write_from(state, key, form)
        with self.launching(self.layout) as launch:
            launch.start_databases()
            return self._write_from(launch.state, key, form)

    def _write_from(self, state: StackState, key: BackupKey, form: BackupForm) -> BackupRecord:
        source = self._source(state)
        # Another server need not let us copy its files; whoever may read the tables may dump them.
        record = writing.write(source, self.folder, key, form if source.is_own else BackupForm.DUMP)
        self.folder.forget_failure()
        return record

    def _source(self, state: StackState) -> BackupSource:
        url = state.environment["DATABASE_URL"]
        is_own = f"host={state.sockets}" in url
        return BackupSource(self.layout, url, keys.keys_by_file(state.environment), os.environ, is_own=is_own)

    def _delete_old(self) -> list[str]:
        names = self.folder.delete_old(keep=read_number(os.environ, "MUSTER_BACKUP_KEEP", catalogue.KEEP))
        self.archive.delete_unneeded(keeps_waiting=bool(self._log_every()), now=datetime.now(UTC))
        return names

    def ensure_key(self, *, new_passphrase: bool = False) -> BackupKey:
        """The key of this installation; the first backup asks for the passphrase that makes it."""
        key = BackupKey.read(self.key_path)
        if key is not None and not new_passphrase:
            return key
        self.say(
            "Backups are encrypted. Choose a passphrase, and keep it elsewhere: without it no backup can be opened."
        )
        key = sealing.make_key(self._passphrase(twice=True))
        sealing.write_key(key, self.key_path)
        return key

    def _passphrase(self, *, twice: bool = False) -> str:
        # The processes that are started from here on need not have it.
        passphrase = os.environ.pop(PASSPHRASE, "")
        if passphrase:
            return passphrase
        if not sys.stdin.isatty():
            raise BackupRefused(f"Nobody can enter the passphrase here: set {PASSPHRASE}.")
        passphrase = getpass.getpass("Passphrase: ")
        if twice and getpass.getpass("The same again: ") != passphrase:
            raise BackupRefused("The two passphrases differ. Nothing was changed.")
        return passphrase

    # Reading

    def verify(self, file: Path) -> int:
        """Unpack a backup beside the data, have its files verified, and delete them again."""
        with restoring.opened(file, self._passphrase()) as backup:
            if backup.form is BackupForm.FILES:
                with TemporaryDirectory(prefix="muster-verify-", dir=self.layout.data) as folder:
                    restoring.unpack(backup, Path(folder) / "cluster", None)
            else:
                restoring.verify_dump(backup)
        self.say(f"{file} is whole: it holds everything that was committed by {backup.end['made_at']}.")
        return 0

    def restore(self, file: Path) -> int:
        began = time.monotonic()
        if file.is_dir():
            raise BackupRefused(
                f"{file} is a folder. Name one of its backups, or an instant: at=2026-12-02T10:00Z."
            )
        with restoring.opened(file, self._passphrase()) as backup:
            restore = self._restore_files if backup.form is BackupForm.FILES else self._restore_dump
            differs = restore(file, backup)
        self._say_what_to_do(backup, backup.end["made_at"], time.monotonic() - began)
        return int(differs)

    def restore_instant(self, source: Path, at_text: str) -> int:
        """Restore an instant from a folder of backups, or from one of them, and the log that is archived beside it."""
        started_s = time.monotonic()
        at = replaying.parse_instant(at_text)
        folder, name = (source, "") if source.is_dir() else (source.parent, source.name)
        span = replaying.find_span(LogArchive(BackupFolder(folder)), at, name=name)
        file, passphrase = folder / span.record.name, self._passphrase()

        def replay(cluster: Path) -> None:
            self.say(f"Replaying {len(span.pieces)} pieces of the log to {at:%Y-%m-%dT%H:%M:%SZ} ...")
            replaying.replay(span.pieces, cluster, self.layout, passphrase, at=at)

        with restoring.opened(file, passphrase) as backup:
            differs = self._restore_files(file, backup, at=at, finish=replay)
        self._say_what_to_do(backup, at.isoformat(), time.monotonic() - started_s)
        return int(differs)

    def _restore_files(
        self,
        file: Path,
        backup: OpenBackup,
        *,
        at: datetime | None = None,
        finish: Callable[[Path], None] = lambda cluster: None,
    ) -> bool:
        # Not within a launch, which would hold back Ctrl-C until all is unpacked.
        lock = Lock(self.layout.lock)
        try:
            restoring.refuse_data(self.layout)
            self.say(f"Unpacking {file} ...")
            restoring.restore_files(backup, self.layout, finish)
        finally:
            lock.release()
        self.say("Every file is as the database wrote it. Starting the database ...")
        with self.launching(self.layout) as launch:
            launch.start_databases()
            if at is not None:  # the rows were counted for the instant of the backup
                return not self._verify_verdicts(launch, at.isoformat())
            return self._differs(backup, launch)

    def _restore_dump(self, file: Path, backup: OpenBackup) -> bool:
        restoring.refuse_data(self.layout)
        try:
            restoring.place_keys(backup, self.layout)
            with self.launching(self.layout) as launch:
                launch.start_databases()
                url = launch.state.environment["DATABASE_URL"]
                if inspect_database(url, self.layout.root).holding is not Holding.NOTHING:
                    raise BackupRefused("The database of DATABASE_URL is not empty. Nothing was changed.")
                self.say(f"Reading {file} into the database ...")
                restoring.restore_dump(backup, self.layout, url)
                return self._differs(backup, launch)
        except BaseException:
            restoring.forget(self.layout)
            raise

    def _differs(self, backup: OpenBackup, launch: Launch) -> bool:
        """Whether any row or verdict is not as the backup says."""
        number, sentences = restoring.count_differences(backup, launch.state.environment["DATABASE_URL"])
        for sentence in sentences:
            self.say(f"Not as in the backup: {sentence}.")
        self.say(f"Rows of {number} tables were counted: {len(sentences) or 'none'} differ.")
        return not self._verify_verdicts(launch, backup.end["made_at"]) or bool(sentences)

    def _verify_verdicts(self, launch: Launch, made_at: str) -> bool:
        state = inspect_database(launch.state.environment["DATABASE_URL"], self.layout.root)
        if state.holding is not Holding.OURS or not state.is_current:
            self.say(
                "The backup is of another release, so verdicts were not computed again. The next start migrates it."
            )
            return True
        argv = [sys.executable, "manage.py", "verify_verdicts", "--at", made_at]
        return subprocess.call(argv, cwd=self.layout.root, env=launch.child_environment()) == 0

    def _say_what_to_do(self, backup: OpenBackup, at: str, seconds: float) -> None:
        self.say(f"Restored into {self.layout.data} in {seconds:.1f} s, as of {at}.")
        if backup.about["settings"]:
            settings = self.layout.data / restoring.SETTINGS_FILE
            self.say(f"The backup had settings of its own: set them again before you start it ({settings}).")
        self.say("`make run` starts it. Stop the Muster that it replaces first, or both send messages.")

    # Keys

    def rotate_keys(self, *, end_sessions: bool) -> int:
        """New keys for signing and for secrets, while Muster is stopped; what is stored is encrypted anew."""
        with self.launching(self.layout) as launch:
            keys.replace_keys(self.layout, os.environ, end_sessions=end_sessions)
            launch.start_databases()
            # An older backup has the old keys, whatever log is replayed over it: the log goes on from the next one.
            if slots.has_slots(self.layout.cluster):
                slots.end_chains(launch.state.environment["DATABASE_URL"])
            argv = [sys.executable, "manage.py", "rotate_keys"]
            status = subprocess.call(argv, cwd=self.layout.root, env=launch.child_environment())
        if status != 0:
            self.say("The old keys stay beside the new ones, so that nothing is lost. Run it again.")
            return status
        keys.drop_old_delivery_keys(self.layout)
        sessions = "All sessions have ended" if end_sessions else "Sessions go on"
        self.say(
            f"The keys were replaced. {sessions}; tokens stay valid. Make a backup: older ones have the old keys."
        )
        return 0


EXPECTED = (BackupRefused, BackupFailedError, BackupSettingError, KeysError)
