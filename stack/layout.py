"""The paths of an installation, and whether they can be used."""

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stack.account import Account, can_enter, unprivileged_account
from stack.postgres import MAJOR

SPACE_TO_BEGIN_MB = 500
SPACE_TO_START_MB = 100
# Used if PostgreSQL's account cannot reach root's checkout.
SYSTEM_FOLDER = Path("/var/lib/muster")


class LayoutError(Exception):
    """The data folder cannot be used; the message says what to do."""


@dataclass(frozen=True)
class Layout:
    """`major` is the release of PostgreSQL whose data are meant: the one that Muster brings, or an older one."""

    root: Path
    data: Path
    account: Account | None
    major: str = MAJOR

    @property
    def cluster(self) -> Path:
        return self.data / f"postgres-{self.major}"

    @property
    def valkey(self) -> Path:
        return self.data / "valkey"

    @property
    def logs(self) -> Path:
        return self.data / "log"

    @property
    def lock(self) -> Path:
        return self.data / "lock"

    @property
    def state(self) -> Path:
        return self.data / "state.json"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"


def find_layout(root: Path, environ: Mapping[str, str]) -> Layout:
    """Return where a checkout's data are: `MUSTER_DATA_DIR`, else `var/`, else (root only) a system folder."""
    requested_folder = environ.get("MUSTER_DATA_DIR")
    data = Path(requested_folder).expanduser().absolute() if requested_folder else root / "var"
    account = unprivileged_account(owning=data / f"postgres-{MAJOR}")
    _make(data)
    if account is not None and not can_enter(data, account=account):
        if requested_folder:
            raise LayoutError(
                f"MUSTER_DATA_DIR={requested_folder} cannot be reached by the account {account.name}, which"
                f" PostgreSQL runs as when the launcher is root. Choose a folder outside root's home,"
                f" like {SYSTEM_FOLDER}."
            )
        name = hashlib.sha256(os.fsencode(root)).hexdigest()[:8]
        data = SYSTEM_FOLDER / f"{root.name}-{name}"
        account = unprivileged_account(owning=data / f"postgres-{MAJOR}")
        _make(data)
    return Layout(root=root, data=data, account=account)


def _make(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0 and data.stat().st_uid == 0:
            data.chmod(data.stat().st_mode | 0o011)  # PostgreSQL's account must be able to pass through
        probe = data / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise LayoutError(
            f"The data folder {data} cannot be written ({error.strerror}). Make it writable, or set "
            "MUSTER_DATA_DIR to a folder that is."
        ) from None


def require_space(folder: Path, *, needed_mb: int) -> None:
    if (free_mb := free_space_mb(folder)) < needed_mb:
        raise LayoutError(
            f"The disk is full: {free_mb} MB are free under {folder}, and {needed_mb} MB are needed. "
            "Free some space, or set MUSTER_DATA_DIR to another disk."
        )


def free_space_mb(folder: Path) -> int:
    return shutil.disk_usage(folder).free // 1_000_000
