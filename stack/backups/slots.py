"""The replication slot by which PostgreSQL keeps its log of changes until it is archived.

It is named after the chain of the archive (stack/backups/archive.py). No backup copies slots: a restored database
begins a chain of its own.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

PREFIX = "muster_log_"
_SLOTS = """
SELECT slot_name::text, (restart_lsn - '0/0')::bigint, coalesce(wal_status, 'lost') = 'lost'
FROM pg_replication_slots WHERE starts_with(slot_name::text, %s) AND slot_type = 'physical'
"""


@dataclass(frozen=True)
class LogSlot:
    """`position` is the first byte of the log that the server still has; it has none once it `is_lost`."""

    name: str
    position: int | None
    is_lost: bool

    @property
    def chain_name(self) -> str:
        return self.name.removeprefix(PREFIX).upper()


def read_slot(connection: "psycopg.Connection[Any]") -> LogSlot | None:
    """The slot of the present chain, if there is one that the server has not given up."""
    return next((slot for slot in _read_slots(connection) if not slot.is_lost), None)


def make_slot(connection: "psycopg.Connection[Any]", *, now: datetime) -> LogSlot:
    """Begin a chain, in place of any other."""
    drop_slots(connection)
    name = f"{PREFIX}{now:%Y%m%dt%H%M%Sz}"
    connection.execute("SELECT pg_create_physical_replication_slot(%s, true)", [name])
    return next(slot for slot in _read_slots(connection) if slot.name == name)


def advance(connection: "psycopg.Connection[Any]", slot: LogSlot, position: int) -> None:
    """Let the server give up the log before a position."""
    connection.execute(
        "SELECT pg_replication_slot_advance(%s, '0/0'::pg_lsn + %s::numeric)", [slot.name, position]
    )


def drop_slots(connection: "psycopg.Connection[Any]") -> bool:
    """Have the server keep no more log: what comes from here on belongs to another chain, which needs a backup."""
    slots = _read_slots(connection)
    for slot in slots:
        connection.execute("SELECT pg_drop_replication_slot(%s)", [slot.name])
    return bool(slots)


def end_chains(url: str) -> None:
    import psycopg  # as in stack/schema.py

    with psycopg.connect(url, autocommit=True) as connection:
        drop_slots(connection)


def has_slots(cluster: Path) -> bool:
    """Whether the server of this folder, which need not run, keeps the log for a chain."""
    return any((cluster / "data" / "pg_replslot").glob(f"{PREFIX}*"))


def _read_slots(connection: "psycopg.Connection[Any]") -> list[LogSlot]:
    return [LogSlot(*row) for row in connection.execute(_SLOTS, [PREFIX]).fetchall()]
