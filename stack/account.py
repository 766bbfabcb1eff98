"""The account of the embedded PostgreSQL, which refuses to run as root; CI and containers often are root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Candidates for a new data folder, in order; an existing folder keeps its owner.
UNPRIVILEGED = ("postgres", "nobody")


class NoAccountError(Exception):
    """Started as root, and this machine has no account to run PostgreSQL as."""


@dataclass(frozen=True)
class Account:
    name: str
    uid: int
    gid: int


def unprivileged_account(*, owning: Path) -> Account | None:
    """The account for a server with files in `owning` (which may not exist yet); None means the present one."""
    if os.geteuid() != 0:
        return None
    if owning.exists() and (uid := owning.stat().st_uid) != 0:
        try:
            return _account(pwd.getpwuid(uid))
        except KeyError:
            raise NoAccountError(
                f"{owning} belongs to user id {uid}, which this machine does not know"
            ) from None
    for name in UNPRIVILEGED:
        try:
            return _account(pwd.getpwnam(name))
        except KeyError:
            continue
    raise NoAccountError(
        f"PostgreSQL does not run as root, and this machine has no account {' or '.join(UNPRIVILEGED)}. "
        "Start as an ordinary user, or set DATABASE_URL to a server of your own."
    )


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def can_run(program: Path, *, account: Account | None) -> bool:
    """Whether the account can execute `program`, tested by doing so, because mode bits are not enough (parents,
    ACLs)."""
    return _succeeds([str(program), "--version"], account=account)


def can_enter(folder: Path, *, account: Account | None) -> bool:
    """Whether the account can reach the contents of `folder`, given the modes of the folders above it."""
    return _succeeds(["/bin/sh", "-c", 'cd "$1"', "_", str(folder)], account=account)


def _succeeds(argv: list[str], *, account: Account | None) -> bool:
    try:
        done = subprocess.run(argv, cwd="/", capture_output=True, timeout=20, check=False, **run_as(account))
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def run_as(account: Account | None) -> dict[str, Any]:
    """The `subprocess` arguments that make a process run as `account`."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def give(path: Path, account: Account | None) -> None:
    if account is not None:
        os.chown(path, account.uid, account.gid)
