"""Backups as a dump: what a later PostgreSQL and another server can read. `pg_dump` writes it, `pg_restore` reads it.

A dump holds the rows of one snapshot, so each table is counted in that snapshot: the restored rows must be as many.
"""

import subprocess
import tempfile
from collections.abc import Callable
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any

from stack import postgres
from stack.backups import counting

if TYPE_CHECKING:
    import psycopg

PIECE_BYTES = 1024 * 1024
_SNAPSHOT = "SELECT pg_export_snapshot(), date_trunc('second', transaction_timestamp())"


# Rules about rows and rights may be for roles, which are the server's and so are in no dump.
_ROLES = """
SELECT rolname FROM pg_roles WHERE rolname <> current_user AND NOT starts_with(rolname, 'pg_') AND oid IN (
    SELECT unnest(polroles) FROM pg_policy
    UNION SELECT (aclexplode(nspacl)).grantee FROM pg_namespace WHERE nspname = 'public'
    UNION SELECT defaclrole FROM pg_default_acl
) ORDER BY 1
"""


class DumpError(Exception):
    """A program of PostgreSQL failed; the message is what it said."""


def read_roles(connection: "psycopg.Connection[Any]") -> list[str]:
    """Names of the roles that the tables' rules are for."""
    return [str(name) for (name,) in connection.execute(_ROLES).fetchall()]


def make_roles(connection: "psycopg.Connection[Any]", names: list[str]) -> None:
    """Make the roles that are missing, and let the present user take them."""
    from psycopg import sql  # as in stack/schema.py

    for name in names:
        if name == connection.info.user:
            continue
        role = sql.Identifier(name)
        if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [name]).fetchone() is None:
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(role))
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))


def write_dump(
    connection: "psycopg.Connection[Any]", url: str, pass_on: Callable[[bytes], None]
) -> tuple[datetime, counting.Ranges]:
    """Dump what a transaction of `connection` sees; returns up to when that is, and the rows of each table."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        snapshot, made_at = connection.execute(_SNAPSHOT).fetchone() or ("", None)
        rows = counting.count(connection).rows
        argv = [
            *(program("pg_dump"), f"--dbname={url}", "--format=custom", "--compress=none", "--no-password"),
            *("--no-owner", f"--snapshot={snapshot}"),
        ]
        with tempfile.TemporaryFile() as complaints:
            process = subprocess.Popen(
                argv,
                env=postgres.clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=complaints,
            )
            assert process.stdout is not None
            try:
                while piece := process.stdout.read(PIECE_BYTES):
                    pass_on(piece)
            except BaseException:
                process.kill()
                process.wait()
                raise
            require_success("pg_dump", process.wait(), complaints)
    assert isinstance(made_at, datetime)
    return made_at, {name: (count, count) for name, count in rows.items()}


def read_dump(stream: Any, *target: str) -> None:
    """Have `pg_restore` read the stream: all of it, or nothing. `target` names the database, or a file. Raises
    DumpError, and what reading the stream raises."""
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            [program("pg_restore"), "--no-owner", "--exit-on-error", *target],
            env=postgres.clean_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
        )
        assert process.stdin is not None
        try:
            while piece := stream.read(PIECE_BYTES):
                process.stdin.write(piece)
            process.stdin.close()
        except BrokenPipeError:
            process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        require_success("pg_restore", process.wait(), complaints)


def program(name: str) -> str:
    return str(postgres.installed() / "bin" / name)


def require_success(name: str, status: int, complaints: IO[bytes]) -> None:
    if status != 0:
        raise DumpError(f"{name} failed: {main_line(complaints) or f'it ended with status {status}'}")


def main_line(complaints: IO[bytes]) -> str:
    """The first line that names an error, or else the last one."""
    complaints.seek(0)
    lines = complaints.read().decode(errors="replace").splitlines()
    return next((line for line in lines if " error: " in line), lines[-1] if lines else "")
