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
from stack.backups import catalogue, restoring, sealing, writing
from stack.backups.catalogue import BackupFolder, BackupRecord, BackupRunningError
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
    def key_path(self) -> Path:
        return self.layout.data / catalogue.KEY_FILE

    # Writing

    def back_up(self, *, new_passphrase: bool, form: BackupForm) -> int:
        """Write a backup now, of the Muster that runs, or with its databases started for it."""
        key = self._key(new_passphrase=new_passphrase)
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
        every = timedelta(hours=_number("MUSTER_BACKUP_HOURS", catalogue.EVERY_HOURS))
        key = BackupKey.read(self.key_path)
        now = datetime.now(UTC)
        is_due = key is not None and every and catalogue.is_due(self.folder, every=every, now=now)
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

    def _write(self, key: BackupKey, form: BackupForm) -> BackupRecord:
        state = StackState.read(self.layout.state)
        if state.is_running and state.environment:
            return self._write_from(state, key, form)
        with self.launching(self.layout) as launch:
            launch.start_databases()
            return self._write_from(launch.state, key, form)

    def _write_from(self, state: StackState, key: BackupKey, form: BackupForm) -> BackupRecord:
        url = state.environment["DATABASE_URL"]
        is_own = f"host={state.sockets}" in url
        source = BackupSource(self.layout, url, keys.keys_by_file(state.environment), os.environ)
        # Another server need not let us copy its files; whoever may read the tables may dump them.
        record = writing.write(source, self.folder, key, form if is_own else BackupForm.DUMP)
        self.folder.forget_failure()
        return record

    def _delete_old(self) -> list[str]:
        return self.folder.delete_old(keep=_number("MUSTER_BACKUP_KEEP", catalogue.KEEP))

    def _key(self, *, new_passphrase: bool) -> BackupKey:
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
        with restoring.opened(file, self._passphrase()) as backup:
            restore = self._restore_files if backup.form is BackupForm.FILES else self._restore_dump
            differs = restore(file, backup)
        self._say_what_to_do(backup, time.monotonic() - began)
        return int(differs)

    def _restore_files(self, file: Path, backup: OpenBackup) -> bool:
        # Not within a launch, which would hold back Ctrl-C until all is unpacked.
        lock = Lock(self.layout.lock)
        try:
            restoring.refuse_data(self.layout)
            self.say(f"Unpacking {file} ...")
            restoring.restore_files(backup, self.layout)
        finally:
            lock.release()
        self.say("Every file is as the database wrote it. Starting the database ...")
        with self.launching(self.layout) as launch:
            launch.start_databases()
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

    def _say_what_to_do(self, backup: OpenBackup, seconds: float) -> None:
        self.say(f"Restored into {self.layout.data} in {seconds:.1f} s, as of {backup.end['made_at']}.")
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


def _number(variable: str, default: int) -> int:
    value = os.environ.get(variable) or str(default)
    if not value.isdigit():
        raise BackupRefused(f"{variable}={value} is not a whole number.")
    return int(value)


EXPECTED = (BackupRefused, BackupFailedError, KeysError)
