"""Which PostgreSQL wrote the data of a data folder, and what to say where it is not the one that Muster brings.

Each major release has a folder of its own (`postgres-18`), so the data of two releases can lie side by side: those that
were upgraded, and those that they were upgraded from.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

from stack.account import unprivileged_account
from stack.layout import Layout
from stack.postgres import MAJOR

# In the folder of data that were upgraded: from which folder, and the state in which that folder was left.
NOTE = "upgraded-from"


class OtherDataError(Exception):
    """The data are of another PostgreSQL; the message says what to do."""


@dataclass(frozen=True)
class OldData:
    """Data of an older PostgreSQL. `layout` is that of the older major, so `layout.cluster` is their folder."""

    layout: Layout

    @property
    def major(self) -> str:
        return self.layout.major

    @property
    def folder(self) -> Path:
        return self.layout.cluster

    @property
    def size_bytes(self) -> int:
        return size_of(self.folder / "data" / "base")


def find_old_data(layout: Layout) -> OldData | None:
    """The newest data of an older PostgreSQL, if there are none of this one. Raises OtherDataError for newer ones."""
    if (layout.cluster / "complete").exists():
        return None
    majors = sorted((int(major) for major in _majors(layout.data)), reverse=True)
    if not majors:
        return None
    if majors[0] > int(MAJOR):
        raise OtherDataError(
            f"{layout.data / f'postgres-{majors[0]}'} holds data of PostgreSQL {majors[0]}, and this Muster brings"
            f" {MAJOR}, which cannot read them. Start the Muster that wrote them. Nothing was changed."
        )
    account = unprivileged_account(owning=layout.data / f"postgres-{majors[0]}")
    old_data = OldData(replace(layout, major=str(majors[0]), account=account))
    version = old_data.folder / "data" / "PG_VERSION"
    written_by = version.read_text().strip() if version.exists() else "an unknown release"
    if written_by != old_data.major:
        raise OtherDataError(
            f"{old_data.folder} should hold data of PostgreSQL {old_data.major}, and {version} names {written_by}."
            " Nothing was changed."
        )
    return old_data


def _majors(data: Path) -> list[str]:
    majors = (path.parent.name.removeprefix("postgres-") for path in data.glob("postgres-*/complete"))
    return [major for major in majors if major.isdigit()]


def require_upgraded(layout: Layout) -> None:
    """Raises OtherDataError where a cluster would be made anew beside data of another PostgreSQL."""
    if (old_data := find_old_data(layout)) is not None:
        raise OtherDataError(
            f"{old_data.folder} holds data of PostgreSQL {old_data.major}, and this Muster brings {MAJOR}."
            " `make upgrade` brings them there, and `make upgrade args=--plan` says first what that takes:"
            " docs/guides/upgrade.md. Nothing was changed."
        )


def write_note(old_data: OldData, folder: Path) -> None:
    note = {"folder": old_data.folder.name, "state": _state_of(old_data.folder)}
    (folder / NOTE).write_text(json.dumps(note))


def require_one_truth(layout: Layout) -> None:
    """Raises OtherDataError where data were written to after they had been upgraded: each side lacks rows."""
    path = layout.cluster / NOTE
    if not path.exists():
        return
    note = json.loads(path.read_text())
    old_folder = layout.data / note["folder"]
    if (old_folder / "complete").exists() and _state_of(old_folder) != note["state"]:
        raise OtherDataError(
            f"{old_folder} was written to after it had been upgraded to {layout.cluster}: an older Muster was started"
            " on it, and both may now hold rows that the other lacks. Decide which one to keep, and move the other one"
            f" out of {layout.data}. With {old_folder.name} kept, `make upgrade` upgrades it anew."
        )


def old_folder_of(layout: Layout) -> Path | None:
    """The folder that the data were upgraded from, if it is still on the disk."""
    path = layout.cluster / NOTE
    folder: Path | None = layout.data / json.loads(path.read_text())["folder"] if path.exists() else None
    return folder if folder is not None and folder.exists() else None


def _state_of(folder: Path) -> str:
    """Changes with each start of a server on this data."""
    return hashlib.sha256((folder / "data" / "global" / "pg_control").read_bytes()).hexdigest()


def size_of(folder: Path) -> int:
    sizes = []
    for path in folder.rglob("*"):
        try:
            sizes.append(path.stat().st_size)
        except FileNotFoundError:  # a server that runs deletes files
            continue
    return sum(sizes)
