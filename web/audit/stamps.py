"""Marks by which a cache tells that a model it was made from has been written since."""

from collections.abc import Iterable
from functools import cache

from django.db import connection
from django.db.models import Model

from web.audit.registry import lasts
from web.scopes import Scope, everything, present

# Ids are given out before they are committed: an entry that comes late shows in the sum of the table's newest ids.
_STAMP = """
SELECT newest.id, newest.sum FROM unnest(%s::text[], %s::boolean[]) WITH ORDINALITY AS asked ("table", lasts, place)
CROSS JOIN LATERAL (
    SELECT max(entry.id) AS id, coalesce(sum(entry.id), 0)::bigint AS sum FROM (
        SELECT id FROM audit_entry
        WHERE lasts = asked.lasts AND "table" = asked."table" ORDER BY id DESC LIMIT 1000
    ) AS entry
) AS newest ORDER BY asked.place
"""

type Stamp = tuple[Scope | None, tuple[tuple[int | None, int], ...]]


def stamp_of(*models: type[Model]) -> Stamp:
    """Return a mark that differs after every write of these models, and between readers of different sites; one
    statement.
    """
    tables, kinds = _asked(models)
    scope = present()
    # Nobody reads a mark, and what a reader sees of the history is slower to find.
    with everything(), connection.cursor() as cursor:
        cursor.execute(_STAMP, [tables, kinds])
        return scope, tuple((newest, count) for newest, count in cursor.fetchall())


@cache
def _asked(models: Iterable[type[Model]]) -> tuple[list[str], list[bool]]:
    return [model._meta.db_table for model in models], [lasts(model) for model in models]
