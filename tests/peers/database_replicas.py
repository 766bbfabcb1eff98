"""A PostgreSQL of a test's own, and a streaming replica of it."""

import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from stack import postgres
from stack.account import give, unprivileged_account
from stack.child import ChildProcess, Recipe, run, start, stop, wait_ready
from stack.sockets import short_folder
from stack.testing import PREFIX

# What streaming needs, and no more: the data is thrown away.
SETTINGS = {"fsync": "off", "max_connections": "150"}


class Server:
    """One PostgreSQL, which a test starts and kills."""

    def __init__(self, folder: Path, cluster: postgres.Cluster) -> None:
        recipe = postgres.recipe(cluster, log=folder / "postgres.log", settings=SETTINGS)
        self.cluster = cluster
        # "Immediate": as if the host lost its power.
        self._recipe = replace(recipe, stop_signal=signal.SIGQUIT, death_signal=signal.SIGQUIT)
        self._process: ChildProcess | None = None

    @property
    def url(self) -> str:
        return postgres.url(self.cluster)

    def start(self) -> None:
        self._process = start(self._recipe)
        wait_ready(self._process, self._recipe)

    def end(self) -> None:
        """Nothing if it does not run."""
        if self._process is not None:
            stop(self._process, self._recipe)
            self._process = None


@contextmanager
def replicated() -> Iterator[tuple[Server, Server]]:
    """An empty primary and its replica, both started."""
    with ExitStack() as until:
        primary, replica = _new_server(until), _new_server(until)
        postgres.create(primary.cluster, run=run, sync=False)
        primary.start()
        until.callback(primary.end)
        postgres.ensure_database(primary.cluster)
        _copy(primary.cluster, replica.cluster)
        replica.start()
        until.callback(replica.end)
        yield primary, replica


def _new_server(until: ExitStack) -> Server:
    account = unprivileged_account(owning=Path("/tmp/no-such-folder"))
    folder = short_folder(PREFIX, account=account)
    until.callback(shutil.rmtree, folder, ignore_errors=True)
    cluster = postgres.Cluster(
        folder=folder / "postgres",
        sockets=folder,
        programs=postgres.programs_for(account, copy_to=folder),
        account=account,
    )
    return Server(folder, cluster)


def _copy(primary: postgres.Cluster, replica: postgres.Cluster) -> None:
    replica.folder.mkdir(mode=0o700)
    give(replica.folder, replica.account)
    program = str(primary.programs / "bin" / "pg_basebackup")
    source = f"host={primary.sockets} user={postgres.USER}"
    recipe = Recipe(
        name="pg_basebackup",
        argv=(
            *(program, f"--pgdata={replica.data}", f"--dbname={source}"),
            *("--write-recovery-conf", "--checkpoint=fast", "--no-sync"),
        ),
        cwd=Path("/"),
        log=replica.sockets / "copy.log",
        env=postgres.clean_environment(),
        account=replica.account,
    )
    run(recipe)
