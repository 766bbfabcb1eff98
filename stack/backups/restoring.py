"""Restores a backup into a data folder that has no database: unpacked, verified, placed, counted."""

import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from stack import postgres
from stack.account import Account, give
from stack.backups import counting, dumps, sealing
from stack.backups.sealing import BackupRefused
from stack.backups.writing import BackupForm
from stack.keys import KEY_FILES, write_key_file
from stack.layout import Layout

SETTINGS_FILE = "settings-of-backup"
_MIB = 1024 * 1024


class OpenBackup:
    """A backup that is read from its beginning to its end. `about` is its first document; `read` gives its data, like a
    file; `end` is its last document, once all data were read. Raises BackupRefused where it is cut or altered."""

    def __init__(self, source: IO[bytes], passphrase: str) -> None:
        self._frames = sealing.read_frames(source, passphrase)
        self._waiting = b""
        self.end: dict[str, Any] = {}
        kind, content = next(self._frames)
        if kind != sealing.DOCUMENT:
            raise BackupRefused(sealing.NO_BACKUP)
        self.about: dict[str, Any] = json.loads(content)

    def read(self, size: int = -1) -> bytes:
        while len(self._waiting) < size or size < 0:
            kind, content = next(self._frames, (b"", b""))
            if not kind:
                size = len(self._waiting)
            elif kind == sealing.DOCUMENT:
                self.end = json.loads(content)
            else:
                self._waiting += content
        piece, self._waiting = self._waiting[:size], self._waiting[size:]
        return piece

    def read_rest(self) -> None:
        while self.read(_MIB):
            pass

    @property
    def form(self) -> BackupForm:
        return BackupForm(self.about["form"])

    @property
    def expected_rows(self) -> counting.Ranges:
        return {name: (least, most) for name, (least, most) in self.end["rows"].items()}


@contextmanager
def opened(file: Path, passphrase: str) -> Iterator[OpenBackup]:
    try:
        with file.open("rb", buffering=_MIB) as source:
            yield OpenBackup(source, passphrase)
    except OSError as error:
        raise BackupRefused(f"{file} cannot be used: {error.strerror or error}.") from error


def refuse_data(layout: Layout) -> None:
    """Raises BackupRefused unless the data folder has neither a database nor keys."""
    present = [*layout.data.glob("postgres-*"), *(layout.data / name for name in KEY_FILES)]
    if names := [path.name for path in present if path.exists()]:
        raise BackupRefused(
            f"{layout.data} holds data already ({', '.join(sorted(names))}). Name an empty folder by MUSTER_DATA_DIR,"
            " or move these away. Nothing was changed."
        )


def restore_files(backup: OpenBackup, layout: Layout, finish: Callable[[Path], None]) -> None:
    """Unpack a backup of files, have `finish` make of it what is to be restored, and place it where the cluster of this
    data folder belongs. Raises BackupRefused, and then leaves nothing."""
    target = layout.cluster.with_name(f"{layout.cluster.name}.restoring")
    unpack(backup, target, layout.account)
    try:
        finish(target)
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    place_keys(backup, layout)
    _place_demo_mark(backup, target)
    (target / "complete").write_text("restored\n")
    # Last: whoever is interrupted before it begins anew.
    target.rename(layout.cluster)


def restore_dump(backup: OpenBackup, layout: Layout, url: str) -> None:
    """Read a dump into an empty database: all of it or nothing. Raises BackupRefused."""
    import psycopg  # as in stack/schema.py

    with psycopg.connect(url, autocommit=True) as connection:
        dumps.make_roles(connection, backup.about["roles"])
        connection.execute("DROP SCHEMA IF EXISTS launcher CASCADE")
    try:
        dumps.read_dump(backup, "--single-transaction", f"--dbname={url}")
    except dumps.DumpError as error:
        raise BackupRefused(f"The backup cannot be restored: {error}") from error
    backup.read_rest()
    _place_demo_mark(backup, layout.cluster)


def _place_demo_mark(backup: OpenBackup, cluster: Path) -> None:
    if backup.about["demo"] and cluster.exists():
        (cluster / "demo").write_text(backup.about["demo"])


def verify_dump(backup: OpenBackup) -> None:
    """Have `pg_restore` read all of a dump, and write nothing. Raises BackupRefused."""
    try:
        dumps.read_dump(backup, "--file=/dev/null")
    except dumps.DumpError as error:
        raise BackupRefused(f"The backup cannot be restored: {error}") from error
    backup.read_rest()


def forget(layout: Layout) -> None:
    """Remove the keys and the empty cluster that a refused dump was to be read into."""
    for name in (*KEY_FILES, SETTINGS_FILE):
        (layout.data / name).unlink(missing_ok=True)
    shutil.rmtree(layout.cluster, ignore_errors=True)


def unpack(backup: OpenBackup, target: Path, account: Account | None) -> None:
    """Unpack a backup of files into `target` and verify them. Raises BackupRefused, and then removes `target`."""
    shutil.rmtree(target, ignore_errors=True)
    try:
        _refuse_other_major(backup.about)
        _extract(backup, target, account)
        backup.read_rest()
        _verify_files(target / "data")
    except tarfile.TarError:
        shutil.rmtree(target, ignore_errors=True)
        raise BackupRefused(sealing.ALTERED) from None
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise


def _verify_files(data: Path) -> None:
    """Have `pg_verifybackup` compare each file with the manifest, and read the log of changes. Raises BackupRefused."""
    done = subprocess.run(
        [dumps.program("pg_verifybackup"), "--quiet", "--exit-on-error", str(data)],
        env=postgres.clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BackupRefused(
            f"pg_verifybackup refuses the backup: {done.stderr.strip() or done.stdout.strip()}"
        )


def _refuse_other_major(about: dict[str, Any]) -> None:
    if about["postgres"] != postgres.MAJOR:
        raise BackupRefused(
            f"The backup is of PostgreSQL {about['postgres']}, and this Muster brings {postgres.MAJOR}. Restore it with"
            " the Muster that wrote it, and make a dump there (`make backup args=--dump`), which this one restores."
        )


def _extract(backup: OpenBackup, target: Path, account: Account | None) -> None:
    owner = (account.uid, account.gid) if account else (os.geteuid(), os.getegid())

    def owned(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo | None:
        return tarfile.tar_filter(member, path).replace(
            uid=owner[0], gid=owner[1], uname="", gname="", deep=False
        )

    for folder in (target, target / "data"):
        folder.mkdir(mode=0o700)
        give(folder, account)
    with tarfile.open(fileobj=cast(IO[bytes], backup), mode="r|", bufsize=_MIB) as tar:
        tar.extractall(target / "data", filter=owned)


def place_keys(backup: OpenBackup, layout: Layout) -> None:
    """Write the keys and the settings of the backup into the data folder."""
    for name, value in backup.about["keys"].items():
        if value:
            write_key_file(layout.data / name, value)
    lines = [f"{name}={value}\n" for name, value in backup.about["settings"].items()]
    if lines:
        write_key_file(layout.data / SETTINGS_FILE, "".join(lines))


def count_differences(backup: OpenBackup, url: str) -> tuple[int, list[str]]:
    """How many tables were counted, and a sentence for each that has other rows than the backup says."""
    import psycopg  # as in stack/schema.py

    with psycopg.connect(url, autocommit=True) as connection:
        counts = counting.count(connection)
    expected = backup.expected_rows
    return len(expected), counting.differences(expected, counts)
