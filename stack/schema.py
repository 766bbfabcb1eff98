"""The launcher's view of a database: whether this Muster can use it, and whether it is up to date.

The data are in their own schema beside Muster's tables, so that they are part of every dump.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg

# Change this when the migrations are rewritten, so that older databases cannot be migrated.
LINEAGE = "1"
# Folders whose code installs nothing in a database.
_ELSEWHERE = frozenset({"stack", "release", "tests", "benchmarks"})


class Holding(Enum):
    NOTHING = "nothing"
    OURS = "ours"
    OLDER = "older"
    NEWER = "newer"


@dataclass(frozen=True)
class DatabaseState:
    """`is_marked` says that the launcher wrote its lineage there, `is_current` that a migrate would have nothing to do.

    `unknown` are migrations that this Muster does not have; `is_behind` says that it has some which were not applied.
    """

    holding: Holding
    is_marked: bool = False
    is_current: bool = False
    is_behind: bool = False
    unknown: tuple[str, ...] = ()


def inspect_database(url: str, root: Path) -> DatabaseState:
    import psycopg  # 12 MB, which the launcher has another process load (stack/apart.py)

    with psycopg.connect(url) as connection:
        is_marked = _exists(connection, "launcher.migrated")
        if not _exists(connection, "django_migrations"):
            return DatabaseState(Holding.NOTHING, is_marked=is_marked)
        if not is_marked:
            return DatabaseState(Holding.OLDER)
        lineage, stamp = connection.execute("SELECT lineage, stamp FROM launcher.migrated").fetchone() or (
            "",
            "",
        )
        if lineage != LINEAGE:
            return DatabaseState(Holding.OLDER)
        ours = _migrations(root)
        applied = connection.execute("SELECT app, name FROM django_migrations ORDER BY id").fetchall()
        labels = {label for label, _ in ours}
        unknown = tuple(f"{app}.{name}" for app, name in applied if app in labels and (app, name) not in ours)
        if unknown:
            return DatabaseState(Holding.NEWER, is_marked=True, unknown=unknown)
        return DatabaseState(
            Holding.OURS,
            is_marked=True,
            is_current=stamp == stamp_of(root, applied),
            is_behind=not ours <= {(str(app), str(name)) for app, name in applied},
        )


def begin(url: str) -> None:
    """Mark an empty database as one of this lineage before the first migration, which may be interrupted."""
    import psycopg  # as in inspect_database

    with psycopg.connect(url) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS launcher")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS launcher.migrated (lineage text NOT NULL, stamp text NOT NULL)"
        )
        connection.execute("DELETE FROM launcher.migrated")
        connection.execute("INSERT INTO launcher.migrated VALUES (%s, '')", [LINEAGE])


def note_migrated(url: str, root: Path) -> None:
    import psycopg  # as in inspect_database

    with psycopg.connect(url) as connection:
        applied = connection.execute("SELECT app, name FROM django_migrations ORDER BY id").fetchall()
        connection.execute("UPDATE launcher.migrated SET stamp = %s", [stamp_of(root, applied)])


def _exists(connection: "psycopg.Connection[tuple[object, ...]]", table: str) -> bool:
    row = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [table]).fetchone()
    return bool(row and row[0])


def _migrations(root: Path) -> set[tuple[str, str]]:
    """App and name of each; an app's label is the name of its folder."""
    return {
        (path.parent.parent.name, path.stem)
        for folder in _code(root)
        for path in folder.rglob("migrations/[0-9]*.py")
    }


def stamp_of(root: Path, applied: Sequence[tuple[object, ...]] = ()) -> str:
    """A digest of everything that affects a migrate: migrations, models with triggers and policies, filled-in data,
    packages, and the applied migrations."""
    digest = hashlib.sha256(repr(applied).encode())
    paths = [root / "requirements" / "base.txt"]
    paths += [path for folder in _code(root) for path in folder.rglob("*") if "__pycache__" not in path.parts]
    for path in sorted(path for path in paths if path.is_file()):
        digest.update(f"{path.relative_to(root)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _code(root: Path) -> list[Path]:
    return sorted(path.parent for path in root.glob("*/__init__.py") if path.parent.name not in _ELSEWHERE)
