"""Erase personal data from the history: the only way in which entries change after they were written."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import Model

from web.audit.triggers import ERASING

# Only existing keys: an entry may be older than a column.
_BLANK = """
UPDATE audit_entry SET message = CASE WHEN message = %(kept)s THEN message ELSE '' END,
    before = before || (SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(%(values)s::jsonb)
        WHERE before ? key),
    after = after || (SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(%(values)s::jsonb)
        WHERE after ? key)
WHERE "table" = %(table)s AND (before @> %(row)s::jsonb OR after @> %(row)s::jsonb)
"""
_REWRITE = """
UPDATE audit_entry AS entry SET message = written.message, username = written.username,
    before = written.before, after = written.after
FROM jsonb_to_recordset(%(entries)s::jsonb)
    AS written (id bigint, message text, username text, before jsonb, after jsonb)
WHERE entry.id = written.id
"""


def blank(model: type[Model], row: Mapping[str, Any], values: Mapping[str, Any], *, message: str = "") -> int:
    """Replace column values in each entry of rows that match `row`; return the number of entries.

    Messages of these entries are replaced by this one. Only inside a transaction, by a user who sees everything.
    """
    return _erased(
        _BLANK,
        {
            "table": model._meta.db_table,
            "row": json.dumps(dict(row)),
            "values": json.dumps(dict(values)),
            "kept": message,
        },
    )


def rewrite(entries: Sequence[Mapping[str, Any]]) -> int:
    """Replace `message`, `username`, `before` and `after` of the entries with these ids."""
    return _erased(_REWRITE, {"entries": json.dumps(list(entries))}) if entries else 0


def _erased(statement: str, values: Mapping[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL {ERASING} = 'on'")
        cursor.execute(statement, values)
        entries = cursor.rowcount
        cursor.execute(f"SET LOCAL {ERASING} = 'off'")
    return entries
