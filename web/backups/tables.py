"""Columns of the list of backups."""

from stack.backups.catalogue import BackupRecord
from web import units
from web.tables import Column, Table


def table() -> Table:
    return Table(
        id="backups",
        noun=("backup", "backups"),
        label="Backups",
        search=False,
        then_by=(),
        default_sort="-made_at",
        columns=(
            Column("name", "File", sort=True, locked=True, code=True, phone="title"),
            Column("state", "State", _state, tone=_tone, sort=True, phone="status"),
            Column("made_at", "Holds everything until", sort=True),
            Column("size", "Size", lambda row: row.size_bytes, text=lambda row: _bytes(row.size_bytes), sort=True,
                   numeric=True, file_unit="bytes"),
            Column("database", "Database", lambda row: row.database_bytes or None,
                   text=lambda row: _bytes(row.database_bytes), sort=True, numeric=True, file_unit="bytes"),
            Column("files", "Files compared", lambda row: row.files or None, sort=True, numeric=True),
            Column("read_at", "Read again", "read_at", sort=True),
            Column("took", "Took", lambda row: row.took_s or None, text=lambda row: _seconds(row.took_s), sort=True,
                   numeric=True, file_unit="s", default=False),
        ),
        row_id="name",
        row_name="name",
        empty={
            "title": "No backup yet",
            "text": "Run make backup on the machine. It asks for a passphrase once; from then on Muster writes a backup"
            " each day.",
            "icon": "shield-check",
        },
    )  # fmt: skip


def _state(record: BackupRecord) -> str:
    if record.is_intact:
        return "Verified"
    return "Damaged" if record.read_at else "No record"


def _tone(record: BackupRecord) -> str:
    if record.is_intact:
        return ""
    return "bad" if record.read_at else "warn"


def _bytes(size: int) -> str:
    return str(units.format_value(size, "bytes")) if size else ""


def _seconds(seconds: float) -> str:
    return units.duration(seconds) if seconds else ""
