"""Copies all databases and roles of one server to another: PostgreSQL's own dump, read as it is written.

`pg_dump` of the newer release reads servers of older ones, so nothing but the server is of the older release.
"""

import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass

from stack import postgres
from stack.backups import dumps


@dataclass(frozen=True)
class Server:
    """A server that runs. `databases` leaves out the templates and the one that only serves to connect."""

    cluster: postgres.Cluster

    def url(self, database: str) -> str:
        return postgres.url(self.cluster, database)

    def databases(self) -> list[str]:
        import psycopg  # as in stack/schema.py

        with psycopg.connect(self.url("postgres")) as connection:
            rows = connection.execute(
                "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres' ORDER BY 1"
            ).fetchall()
        return [str(name) for (name,) in rows]


def copy_roles(old: Server, new: Server) -> None:
    """Copy all roles with passwords, rights and memberships. Raises DumpError."""
    written = _run("pg_dumpall", f"--dbname={old.url('postgres')}", "--roles-only")
    own_role = f"CREATE ROLE {postgres.USER};".encode()  # whoever made the cluster is there already
    statements = b"".join(line for line in written.splitlines(keepends=True) if line.strip() != own_role)
    arguments = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={new.url('postgres')}")
    _run("psql", *arguments, sent=statements)


def _run(program: str, *arguments: str, sent: bytes = b"") -> bytes:
    with tempfile.TemporaryFile() as complaints:
        done = subprocess.run(
            [dumps.program(program), *arguments],
            env=postgres.clean_environment(),
            input=sent,
            stdout=subprocess.PIPE,
            stderr=complaints,
            check=False,
        )
        dumps.require_success(program, done.returncode, complaints)
    return done.stdout


def copy_database(old: Server, new: Server, name: str, *, wait: Callable[[], None]) -> None:
    """Make the database `name` at the new server, with all that it holds and its settings. `wait` is called again and
    again until then; what it raises ends the copy. Raises DumpError."""
    writer_argv = ("pg_dump", f"--dbname={old.url(name)}", "--create", "--format=custom", "--compress=none")
    reader_argv = ("pg_restore", f"--dbname={new.url('postgres')}", "--create", "--exit-on-error")
    with tempfile.TemporaryFile() as of_writer, tempfile.TemporaryFile() as of_reader:
        environment = postgres.clean_environment()
        writer = subprocess.Popen(
            [dumps.program(writer_argv[0]), *writer_argv[1:]],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=of_writer,
        )
        assert writer.stdout is not None
        reader = subprocess.Popen(
            [dumps.program(reader_argv[0]), *reader_argv[1:]],
            env=environment,
            stdin=writer.stdout,
            stdout=subprocess.DEVNULL,
            stderr=of_reader,
        )
        writer.stdout.close()  # so that the writer ends when the reader does
        try:
            while writer.poll() is None or reader.poll() is None:
                wait()
        except BaseException:
            for process in (writer, reader):
                process.kill()
                process.wait()
            raise
        # A writer whose reader failed ends by that, and says nothing of use.
        dumps.require_success("pg_restore", reader.returncode, of_reader)
        dumps.require_success("pg_dump", writer.returncode, of_writer)


def count_for_planner(server: Server, name: str) -> None:
    """Have PostgreSQL count what it plans statements by, which no dump holds."""
    import psycopg  # as in stack/schema.py

    with psycopg.connect(server.url(name), autocommit=True) as connection:
        connection.execute("ANALYZE")
