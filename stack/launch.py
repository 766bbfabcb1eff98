"""How Muster starts on one machine: the order of steps, and their messages."""

import errno
import hashlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from stack import forked, postgres, processes, schema, valkey
from stack.apart import apart
from stack.backups import archive, slots
from stack.backups.catalogue import read_number
from stack.child import ChildProcess, Recipe, open_log
from stack.first_start import Demo, DemoMark, decide_demo
from stack.keys import own_keys
from stack.layout import SPACE_TO_BEGIN_MB, SPACE_TO_START_MB, Layout, free_space_mb, require_space
from stack.schema import Holding
from stack.sockets import short_folder
from stack.state import StackState, end_orphans, ourselves
from stack.supervisor import Supervisor
from stack.upgrading import old_data

PORTS_TRIED = 100
# Reading pending migrations takes seconds of a quiet processor. A start must not wait for it for ever.
ANNOUNCE_S = 300
# glibc would give many threads their own heaps, and keep the memory of one large answer in all of them. After a large
# array it would also keep what smaller ones leave, unless its limits are set: 20 to 60 MB in a worker's process.
MALLOC = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": "262144",
    "MALLOC_TRIM_THRESHOLD_": "524288",
}
Say = Callable[[str], None]


class LaunchError(Exception):
    """Muster cannot start; the message says why and what to do."""


@dataclass
class Launch:
    """One start from one data folder. `environ` is what the operator gave."""

    layout: Layout
    environ: Mapping[str, str]
    supervisor: Supervisor
    state: StackState
    say: Say
    starter: Callable[[Recipe], ChildProcess] | None = None

    # The databases

    def start_databases(self) -> None:
        """Start the servers that the environment does not name, and put all addresses in the state."""
        require_space(self.layout.data, needed_mb=SPACE_TO_START_MB)
        sockets = self.open_sockets()
        urls = {name: self.environ[name] for name in ("DATABASE_URL", "REDIS_URL") if self.environ.get(name)}
        recipes = []
        if "REDIS_URL" not in urls:
            recipes.append(
                valkey.recipe(folder=self.layout.valkey, sockets=sockets, log=self.layout.log("valkey"))
            )
        cluster = None
        if "DATABASE_URL" not in urls:
            cluster = self._cluster(sockets)
            recipes.append(self._postgres_recipe(cluster))
        self.supervisor.start(*recipes)
        if cluster is not None:
            apart(partial(postgres.ensure_database, cluster))
            urls["DATABASE_URL"] = postgres.url(cluster)
            holding = apart(partial(schema.inspect_database, urls["DATABASE_URL"], self.layout.root)).holding
            if holding is Holding.OLDER:
                self.supervisor.stop()
                aside = postgres.move_aside(cluster, why="older", now=datetime.now(UTC))
                self.say(
                    f"The data come from an older Muster, and this version cannot use them. They were moved to {aside}."
                )
                self.start_databases()
                return
            if holding is Holding.NOTHING:
                apart(partial(schema.begin, urls["DATABASE_URL"]))
        urls.setdefault("REDIS_URL", valkey.url(sockets))
        self.state.environment = {
            **urls,
            "MUSTER_DATA_DIR": str(self.layout.data),
            **own_keys(self.layout, self.environ),
        }
        self.supervisor.record()

    def open_sockets(self) -> Path:
        """Make a folder for sockets, and note it with this process, so that whoever comes after a kill -9 ends all."""
        self.state.sockets = str(short_folder("muster-", account=self.layout.account))
        self.state.launcher = ourselves()
        self.supervisor.record()
        return Path(self.state.sockets)

    def _postgres_recipe(self, cluster: postgres.Cluster) -> Recipe:
        kept_mb = postgres.log_kept_mb(free_space_mb(self.layout.data))
        settings = {"max_slot_wal_keep_size": f"{kept_mb}MB"}
        return postgres.recipe(cluster, log=self.layout.log("postgres"), settings=settings)

    def _cluster(self, sockets: Path) -> postgres.Cluster:
        """The cluster of this data folder, created if needed."""
        account = self.layout.account
        cluster = postgres.Cluster(
            folder=self.layout.cluster,
            sockets=sockets,
            programs=postgres.programs_for(account, copy_to=self.layout.data),
            account=account,
        )
        if aside := postgres.move_aside_if_incomplete(cluster, now=datetime.now(UTC)):
            self.say(f"An incomplete database was moved to {aside}.")
        if not cluster.folder.exists():
            old_data.require_upgraded(self.layout)
            require_space(self.layout.data, needed_mb=SPACE_TO_BEGIN_MB)
            self.say(f"Making the database in {cluster.folder} ...")
            postgres.create(cluster, run=self.supervisor.run)
        old_data.require_one_truth(self.layout)
        postgres.remove_foreign_lock(cluster)
        return cluster

    # Muster's own processes

    def load_shared(self) -> None:
        """Load what Muster's processes share, which are then forked from this one."""
        environment = self.child_environment()
        self.starter = forked.load(processes.SHARED, root=self.layout.root, environment=environment)

    def command(self, name: str, argv: tuple[str, ...], **more: object) -> Recipe:
        program = (sys.executable, *argv[1:]) if argv[0] == "python" else argv
        return Recipe(
            name=name,
            argv=program,
            cwd=self.layout.root,
            log=self.layout.log(name),
            env=self.child_environment(),
            starter=self.starter,
            **more,  # type: ignore[arg-type]
        )

    def child_environment(self) -> dict[str, str]:
        binaries = str(Path(sys.executable).parent)
        path = os.pathsep.join([binaries, self.environ.get("PATH", os.defpath)])
        return {**MALLOC, **self.environ, **self.state.environment, "PATH": path, "PYTHONUNBUFFERED": "1"}

    def prepare(self) -> Demo:
        """Migrate, collect the static files, load the demo: everything before the first page."""
        url = self.state.environment["DATABASE_URL"]
        state = apart(partial(schema.inspect_database, url, self.layout.root))
        if state.holding is Holding.NEWER:
            raise LaunchError(
                "The data were written by a newer Muster, with migrations that this one does not know: "
                f"{', '.join(state.unknown[:3])}. Start that one, or name other data by MUSTER_DATA_DIR or "
                "DATABASE_URL. Nothing was changed."
            )
        if not state.is_marked:
            apart(partial(schema.begin, url))
        if self.has_needless_slots():
            apart(partial(slots.end_chains, url))
        if state.is_behind:
            self._announce_migrations()
        steps = [] if state.is_current else [self.command("migrate", processes.migrate())]
        stamp, digest = self.layout.data / "staticfiles" / ".collected", self._static_digest()
        collect = not stamp.exists() or stamp.read_text() != digest
        if collect:
            steps.append(self.command("collectstatic", processes.collectstatic()))
        if steps:
            self.say(
                "Preparing the database ..." if not collect else "Preparing the database and the pages ..."
            )
            began_s = time.monotonic()
            self.supervisor.run(*steps)
            if state.is_behind:
                took_s = time.monotonic() - began_s
                self.say(
                    f"That took {took_s:.1f} s; {self.layout.log('migrate')} has the time of each migration."
                )
        if not state.is_current:
            apart(partial(schema.note_migrated, url, self.layout.root))
        if collect:
            stamp.parent.mkdir(exist_ok=True)
            stamp.write_text(digest)
        return self._prepare_demo(is_new=state.holding is Holding.NOTHING)

    def _announce_migrations(self) -> None:
        command = processes.announce_migrations()
        announcement = self.output_of("announce_migrations", command, timeout_s=ANNOUNCE_S)
        self.say(announcement or "Migrations are pending. What they do could not be read.")

    def has_needless_slots(self) -> bool:
        """Whether the own server keeps a log that nothing archives."""
        if self.environ.get("DATABASE_URL") or not slots.has_slots(self.layout.cluster):
            return False
        return not read_number(self.environ, archive.MINUTES, archive.EVERY_MINUTES)

    def _prepare_demo(self, *, is_new: bool) -> Demo:
        path = self._mark_path()
        mark = DemoMark(path.read_text()) if path.exists() else DemoMark.NONE
        demo = decide_demo(mark=mark, requested=wanted_demo(self.environ), is_new=is_new)
        if demo.load:
            path.write_text(DemoMark.LOADING)
            if mark is DemoMark.LOADING:
                self.say(
                    "An earlier start was interrupted while it loaded the demo. The demo is loaded again."
                )
            self.say("Loading the demo fleet as it is today ...")
            self.supervisor.run(self.command("load_demo", processes.load_demo()))
            path.write_text(DemoMark.LOADED)
        elif mark is DemoMark.NONE:
            path.write_text(DemoMark.EMPTY)
        return demo

    def _mark_path(self) -> Path:
        """Beside the embedded cluster's data, so that a new cluster has none; else named by the address."""
        if not self.environ.get("DATABASE_URL"):
            return self.layout.cluster / "demo"
        name = hashlib.sha256(self.environ["DATABASE_URL"].encode()).hexdigest()[:12]
        return self.layout.data / f"demo-{name}"

    def _static_digest(self) -> str:
        """Changes when a static file, what bundles them, or the set of packages does."""
        digest = hashlib.sha256()
        for path in (self.layout.root / "requirements" / "base.txt", self.layout.root / "web" / "storage.py"):
            digest.update(path.read_bytes() if path.exists() else b"")
        folders = [self.layout.root / "web" / "assets", *sorted(self.layout.root.glob("static"))]
        for folder in folders + sorted(self.layout.root.glob("*/static")):
            for path in sorted(folder.rglob("*")):
                stat = path.stat()
                digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
        return digest.hexdigest()

    def start_muster(self, *, host: str, port: int) -> None:
        self.state.address = f"http://{reachable(host)}:{port}"
        beat_state = str(self.layout.data / "beat-state")
        # Start the beat last: it is useless before a worker runs, and would delay these two.
        self.supervisor.start(
            self.command(
                "web",
                processes.web(host=host, port=port),
                ready=lambda pid: answers(self.state.address),
                ready_s=60.0,
                stop_s=6.0,
            ),
            self.command("worker", processes.worker(), stop_s=10.0),
        )
        self.supervisor.start(self.command("beat", processes.beat(state=beat_state), stop_s=5.0))

    def start_sender(self) -> None:
        argv = processes.demo_sender(url=self.state.address)
        self.supervisor.start(self.command("demo", argv, stop_s=5.0, may_finish=True))

    def output_of(self, name: str, argv: tuple[str, ...], *, timeout_s: float = 60) -> str:
        """Return a command's output; "" if it fails, which is logged, or takes too long."""
        with open_log(self.layout.log(name)) as log:
            try:
                done = subprocess.run(
                    [sys.executable, *argv[1:]],
                    cwd=self.layout.root,
                    env=self.child_environment(),
                    stdout=subprocess.PIPE,
                    stderr=log,
                    timeout=timeout_s,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                return ""
        return done.stdout.decode().strip() if done.returncode == 0 else ""


def wanted_demo(environ: Mapping[str, str]) -> bool | None:
    value = environ.get("MUSTER_DEMO", "").lower()
    if not value:
        return None
    if value in {"0", "false", "no", "off"}:
        return False
    if value in {"1", "true", "yes", "on"}:
        return True
    raise LaunchError(f"MUSTER_DEMO={value} is neither 1 nor 0.")


def clear_up(state: StackState, *, say: Say) -> None:
    if ended := end_orphans(state):
        say(f"Stopped processes that an earlier start had left running: {', '.join(ended)}.")


def choose_port(environ: Mapping[str, str], *, host: str, say: Say) -> int:
    """The requested port, which must be free; else the first free one from the default on."""
    requested_port = environ.get("MUSTER_PORT")
    if requested_port:
        if not requested_port.isdigit() or not 0 < int(requested_port) < 65536:
            raise LaunchError(f"MUSTER_PORT={requested_port} is not a port number (1 to 65535).")
        if not _is_free(host, int(requested_port)):
            raise LaunchError(
                f"Port {requested_port} of {host} is in use by another program. Stop that one, or set"
                " MUSTER_PORT to another port; without MUSTER_PORT the next free one is taken."
            )
        return int(requested_port)
    for port in range(processes.PORT, processes.PORT + PORTS_TRIED):
        if _is_free(host, port):
            if port != processes.PORT:
                say(f"Port {processes.PORT} is in use by another program: taking {port}.")
            return port
    raise LaunchError(f"No port from {processes.PORT} on is free at {host}; set MUSTER_PORT.")


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except socket.gaierror:
            raise LaunchError(f"MUSTER_HOST={host} is not an address of this machine.") from None
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise LaunchError(f"MUSTER_HOST={host} is not an address of this machine.") from None
            return False
    return True


def reachable(host: str) -> str:
    """An address at which this machine reaches a server that listens on `host`."""
    host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"[{host}]" if ":" in host else host


def answers(address: str) -> bool:
    """Whether the web process serves; an error page counts, because showing it is better than waiting."""
    connection = HTTPConnection(urlsplit(address).netloc, timeout=2)
    try:
        connection.request("GET", "/health/live")
        connection.getresponse()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    return True
