"""`python -m stack upgrade`: the order of steps, what each says, and what is left behind wherever it is ended.

The new cluster is made in a folder of its own, `postgres-18.upgrading`, and gets its name by one rename once both sides
were compared. Until then the older data count, and a second run begins anew.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from stack import keys, postgres, schema
from stack.account import give
from stack.backups import dumps, writing
from stack.backups.catalogue import BackupRunningError
from stack.backups.commands import BackupCommands
from stack.backups.sealing import BackupKey
from stack.backups.writing import BackupFailedError, BackupForm, BackupSource
from stack.child import Recipe
from stack.launch import Launch
from stack.layout import Layout, free_space_mb
from stack.postgres import MAJOR
from stack.upgrading import comparing, copying, old_data
from stack.upgrading.copying import Server
from stack.upgrading.old_data import OldData, OtherDataError, find_old_data
from stack.upgrading.programs import NoProgramsError, find_programs

# A new cluster without data, and its log of changes (max_wal_size of PostgreSQL is 1 GB).
SPACE_BESIDE_DATA_MB = 1200
# Backups are compressed. The demo fleet's takes 4 % of its tables and indexes; samples compress less.
BACKUP_SHARE = 0.5
# Backup, copy and comparison together, of the demo fleet on two cores: what a plan reckons with.
MEASURED_MB_PER_S = 8
SAID_EVERY_S, POLL_S = 10.0, 0.1
# What is lost by a crash is made anew, so the copy need not be on the disk before it is whole.
WHILE_COPYING = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "maintenance_work_mem": "256MB",
}
# Nobody else reaches the socket, so nothing is written while it is copied.
WHILE_READ = {"default_transaction_read_only": "on", "autovacuum": "off"}

type Launching = Callable[[Layout], AbstractContextManager[Launch]]
type Say = Callable[[str], None]


class UpgradeError(Exception):
    """The data cannot be upgraded; the message says why. The older data are as they were."""


@dataclass(frozen=True)
class UpgradeCommand:
    """`launching` starts a Launch and ends it; `say` prints a line."""

    layout: Layout
    launching: Launching
    say: Say

    def upgrade(self, *, programs: Path | None) -> int:
        old = self._find_old_data()
        if old is None:
            return 0
        programs_folder = find_programs(old, requested=programs)
        self._require_space(old)
        keeper = BackupCommands(old.layout, launching=self.launching, say=self.say)
        key = keeper.ensure_key()
        began = time.monotonic()
        with self.launching(replace(self.layout, account=old.layout.account)) as launch:
            part = launch.layout.cluster.with_name(f"{launch.layout.cluster.name}.upgrading")
            shutil.rmtree(part, ignore_errors=True)
            try:
                _Upgrade(old, programs_folder, launch, part, self.say).run(keeper, key)
            except BaseException:
                launch.supervisor.stop()
                shutil.rmtree(part, ignore_errors=True)
                raise
        self._say_what_to_do(old, time.monotonic() - began)
        return 0

    def plan(self, *, programs: Path | None) -> int:
        """Say what an upgrade takes, and which migrations come with the next start; nothing is changed."""
        old = self._find_old_data()
        if old is None:
            return self._announce_of_current()
        size_mb, needed_mb = _megabytes(old.size_bytes), self._needed_mb(old)
        programs_folder = find_programs(old, requested=programs)
        self.say(
            f"{old.folder} holds {size_mb:,} MB of PostgreSQL {old.major}, and this Muster brings {MAJOR}."
            f" The older data would be read by {programs_folder / 'bin' / 'postgres'}."
        )
        self.say(
            f"An upgrade needs about {needed_mb:,} MB of disk ({free_space_mb(self.layout.data):,} MB are free) and"
            f" about {_say_duration(size_mb / MEASURED_MB_PER_S)}, at {MEASURED_MB_PER_S} MB a second as measured on"
            " two cores."
        )
        with self.launching(replace(self.layout, account=old.layout.account)) as launch:
            server = _Upgrade(old, programs_folder, launch, self.layout.data, self.say).start_old()
            return self._announce(launch, server.url(postgres.DATABASE))

    def _find_old_data(self) -> OldData | None:
        if os.environ.get("DATABASE_URL"):
            raise UpgradeError(
                "DATABASE_URL names a server of your own: upgrade it by its own tools (docs/guides/upgrade.md)."
                " `make manage args=announce_migrations` says which migrations are pending there."
            )
        old = find_old_data(self.layout)
        if old is None and (self.layout.cluster / "complete").exists():
            self.say(f"The data in {self.layout.cluster} are those of PostgreSQL {MAJOR} already.")
            if (folder := old_data.old_folder_of(self.layout)) is not None:
                self.say(
                    f"They were upgraded from {folder}, which you may delete once you do not want to go back."
                )
        elif old is None:
            self.say(f"{self.layout.data} holds no data yet.")
        return old

    def _announce_of_current(self) -> int:
        if not self.layout.cluster.exists():
            return 0
        with self.launching(self.layout) as launch:
            launch.start_databases()
            return self._announce(launch, launch.state.environment["DATABASE_URL"])

    def _announce(self, launch: Launch, url: str) -> int:
        environment = {**launch.child_environment(), "DATABASE_URL": url}
        argv = [sys.executable, "manage.py", "announce_migrations"]
        return subprocess.call(argv, cwd=self.layout.root, env=environment)

    def _needed_mb(self, old: OldData) -> int:
        size_mb = _megabytes(old.size_bytes)
        backups = BackupCommands(self.layout, launching=self.launching, say=self.say).folder.path
        on_same_disk = not backups.exists() or backups.stat().st_dev == self.layout.data.stat().st_dev
        return int(size_mb * (1 + (BACKUP_SHARE if on_same_disk else 0))) + SPACE_BESIDE_DATA_MB

    def _require_space(self, old: OldData) -> None:
        needed_mb, free_mb = self._needed_mb(old), free_space_mb(self.layout.data)
        if free_mb < needed_mb:
            raise UpgradeError(
                f"The disk has too little space: {free_mb:,} MB are free under {self.layout.data}, and an upgrade of"
                f" {_megabytes(old.size_bytes):,} MB needs about {needed_mb:,} MB for a backup and a copy. Free some"
                " space, or name another disk for the backup (MUSTER_BACKUP_DIR). Nothing was changed."
            )

    def _say_what_to_do(self, old: OldData, seconds: float) -> None:
        self.say(f"Upgraded to PostgreSQL {MAJOR} in {_say_duration(seconds)}: {self.layout.cluster}.")
        self.say(f"The data of PostgreSQL {old.major} are still in {old.folder}.")
        self.say(
            f"  To go back, start the Muster that wrote them: it uses {old.folder.name}, and does not have what is"
            " written from now on."
        )
        self.say(f"  To give them up, delete that folder: rm -r {old.folder}")
        self.say("`make run` starts Muster, and says first which migrations are pending.")


@dataclass(frozen=True)
class _Upgrade:
    """One upgrade within a launch. `part` is the folder of the new cluster until it is whole."""

    old: OldData
    programs: Path
    launch: Launch
    part: Path
    say: Say

    def run(self, keeper: BackupCommands, key: BackupKey) -> None:
        old_server = self.start_old()
        self._require_readable(old_server)
        self._back_up(keeper, key, old_server)
        new_server = self._start_new()
        self._copy(old_server, new_server)
        self._compare(old_server, new_server)
        self.launch.supervisor.stop()
        self._put_in_place(new_server)

    def start_old(self) -> Server:
        self.say(f"Starting PostgreSQL {self.old.major} to read the data ...")
        sockets = self.launch.open_sockets()
        cluster = postgres.Cluster(
            self.old.folder, self._socket_folder(sockets, "old"), self.programs, self.old.layout.account
        )
        postgres.remove_foreign_lock(cluster)
        return self._start(cluster, "old-postgres", WHILE_READ)

    def _start_new(self) -> Server:
        account, layout = self.old.layout.account, self.launch.layout
        sockets = self._socket_folder(Path(self.launch.state.sockets), "new")
        programs = postgres.programs_for(account, copy_to=layout.data)
        cluster = postgres.Cluster(self.part, sockets, programs, account)
        postgres.create(cluster, run=self.launch.supervisor.run, sync=False)
        return self._start(cluster, "postgres", WHILE_COPYING)

    def _start(self, cluster: postgres.Cluster, name: str, settings: dict[str, str]) -> Server:
        recipe = postgres.recipe(cluster, log=self.launch.layout.log(name), settings=settings)
        self.launch.supervisor.start(replace(recipe, name=name))
        return Server(cluster)

    def _socket_folder(self, sockets: Path, name: str) -> Path:
        folder = sockets / name
        folder.mkdir(mode=0o700)
        give(folder, self.old.layout.account)
        return folder

    def _require_readable(self, server: Server) -> None:
        if postgres.DATABASE not in server.databases():
            raise UpgradeError(f"{self.old.folder} has no database named {postgres.DATABASE}.")
        state = schema.inspect_database(server.url(postgres.DATABASE), self.launch.layout.root)
        if state.holding is schema.Holding.NEWER:
            raise UpgradeError(
                "The data were written by a newer Muster, with migrations that this one does not know:"
                f" {', '.join(state.unknown[:3])}. Upgrade with that one. Nothing was changed."
            )
        if state.holding is schema.Holding.OLDER:
            raise UpgradeError("The data come from an older Muster, and this version cannot use them.")

    def _back_up(self, keeper: BackupCommands, key: BackupKey, server: Server) -> None:
        self.say("Writing a backup ...")
        layout, environ = self.old.layout, self.launch.environ
        url, own_keys = server.url(postgres.DATABASE), keys.keys_by_file(keys.own_keys(layout, environ))
        source = BackupSource(layout, url, own_keys, environ)
        try:
            record = writing.write(source, keeper.folder, key, BackupForm.DUMP)
        except (BackupFailedError, BackupRunningError) as error:
            raise UpgradeError(f"No backup was written, so nothing was upgraded. {error}") from error
        self.say(
            f"Wrote {keeper.folder.file(record.name)} ({record.size_bytes / 1e6:.1f} MB) in"
            f" {_say_duration(record.took_s)}: the file on disk is what was written."
        )

    def _copy(self, old: Server, new: Server) -> None:
        self.say(f"Copying the data to PostgreSQL {MAJOR} ...")
        copying.copy_roles(old, new)
        for name in old.databases():
            copying.copy_database(old, new, name, wait=self._progress())
            copying.count_for_planner(new, name)

    def _progress(self) -> Callable[[], None]:
        """Waits for a moment, and says now and then how far the copy is. A stop that was asked for ends it."""
        began = said_at = time.monotonic()
        total_mb = _megabytes(self.old.size_bytes)

        def wait() -> None:
            nonlocal said_at
            self.launch.supervisor.pause(POLL_S)
            if (now := time.monotonic()) - said_at >= SAID_EVERY_S:
                said_at = now
                size_mb = _megabytes(old_data.size_of(self.part / "data" / "base"))
                self.say(f"  {size_mb:,} MB of about {total_mb:,} MB after {_say_duration(now - began)}")

        return wait

    def _compare(self, old: Server, new: Server) -> None:
        self.say("Comparing every row, role and right ...")
        databases = old.databases()
        sentences = comparing.differences(comparing.read_roles(old), comparing.read_roles(new))
        tables = rows = 0
        for name in databases:
            outlines = self._read_both(partial(comparing.read_outline, database=name), old, new)
            sentences += comparing.differences(*outlines)
            contents = self._read_both(partial(comparing.read_content, database=name), old, new)
            sentences += comparing.content_differences(*contents)
            tables, rows = tables + len(contents[0]), rows + sum(count for count, _ in contents[0].values())
        if sentences:
            first_lines = "\n".join(f"  {sentence}" for sentence in sentences[:20])
            raise UpgradeError(
                f"The copy is not as the data are, in {len(sentences)} points. It was deleted, and the data of"
                f" PostgreSQL {self.old.major} are as they were.\n{first_lines}"
            )
        self.say(
            f"{rows:,} rows of {tables} tables are the same in both, and so are roles, rights and row security."
        )

    def _read_both[T](self, read: Callable[[Server], T], old: Server, new: Server) -> tuple[T, T]:
        """Read both servers at once. A stop that was asked for ends it, and the servers then end the reading."""
        pool = ThreadPoolExecutor(2)
        try:
            results: list[Future[T]] = [pool.submit(read, server) for server in (old, new)]
            while not all(result.done() for result in results):
                self.launch.supervisor.pause(POLL_S)
            return results[0].result(), results[1].result()
        finally:
            pool.shutdown(wait=False)

    def _put_in_place(self, new: Server) -> None:
        """Make what was copied outlast a power cut, and give the folder its name: the step that counts."""
        self.say("Writing it to the disk ...")
        argv = (str(new.cluster.programs / "bin" / "initdb"), "--sync-only", f"--pgdata={new.cluster.data}")
        self.launch.supervisor.run(
            Recipe(
                name="sync",
                argv=argv,
                cwd=Path("/"),
                log=self.launch.layout.log("postgres"),
                env=postgres.clean_environment(),
                account=self.old.layout.account,
            )
        )
        demo = self.old.folder / "demo"
        if demo.exists():
            shutil.copyfile(demo, self.part / "demo")
        old_data.write_note(self.old, self.part)
        writing.sync_folder(self.part)
        self.part.rename(self.launch.layout.cluster)
        writing.sync_folder(self.launch.layout.data)


def _megabytes(size_bytes: int) -> int:
    return size_bytes // 1_000_000


def _say_duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


EXPECTED = (OtherDataError, NoProgramsError, UpgradeError, dumps.DumpError)
