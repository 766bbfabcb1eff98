"""A PostgreSQL and a Valkey of the test's own, which go away and come back when it says so."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from stack import child, postgres, valkey
from stack.account import unprivileged_account
from stack.child import Recipe
from stack.sockets import short_folder


class Server:
    def __init__(self, recipe: Recipe, *, url: str) -> None:
        self.recipe, self.url = recipe, url
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it does its job."""
        self._process = child.start(self.recipe)
        child.wait_ready(self._process, self.recipe)

    def stop(self) -> None:
        if self._process is not None:
            child.stop(self._process, self.recipe)
            self._process = None

    @contextmanager
    def stopped(self) -> Iterator[None]:
        self.stop()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def killed(self) -> Iterator[None]:
        """kill -9 of all its processes, as the machine would."""
        processes = self._processes()
        for each in processes:
            each.kill()
        assert self._process is not None
        self._process.wait(10)
        self._process = None
        psutil.wait_procs(processes[1:], timeout=10)
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def hung(self) -> Iterator[None]:
        """Its processes take no step: connections stay open, new ones are neither taken nor refused."""
        processes = self._processes()
        for each in processes:
            os.kill(each.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for each in processes:
                os.kill(each.pid, signal.SIGCONT)

    def _processes(self) -> list[psutil.Process]:
        assert self._process is not None
        process = psutil.Process(self._process.pid)
        return [process, *process.children(recursive=True)]


@contextmanager
def servers() -> Iterator[tuple[Server, Server]]:
    """PostgreSQL and Valkey, started; both keep what they promised (fsync on)."""
    account = unprivileged_account(owning=Path(tempfile.gettempdir()) / "no-such-folder")
    with ExitStack() as until:
        folder = short_folder("muster-peers-", account=account)
        until.callback(shutil.rmtree, folder, ignore_errors=True)
        cluster = postgres.Cluster(
            folder=folder / "postgres",
            sockets=folder,
            programs=postgres.programs_for(account, copy_to=folder),
            account=account,
        )
        postgres.create(cluster, run=child.run)
        database = Server(postgres.recipe(cluster, log=folder / "postgres.log"), url=postgres.url(cluster))
        broker = Server(
            valkey.recipe(folder=folder / "valkey", sockets=folder, log=folder / "valkey.log"),
            url=valkey.url(folder),
        )
        for server in (database, broker):
            until.callback(server.stop)
            server.start()
        postgres.ensure_database(cluster)
        yield database, broker
