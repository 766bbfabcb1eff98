"""Stamps by which a cache detects writes of a model."""

from collections.abc import Iterable
from functools import cache

from django.db import connection
from django.db.models import Model

from web.audit.registry import lasts
from web.scopes import Scope, everything, present

# Ids are assigned before the commit; a late entry changes the sum of the newest ids.
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
    """Return a stamp that differs after every write of these models, and between readers of different sites; one
    statement.
    """
    tables, kinds = _asked(models)
    scope = present()
    # A stamp reveals nothing, and reading the history under a reader's scope is slower.
    with everything(), connection.cursor() as cursor:
        cursor.execute(_STAMP, [tables, kinds])
        return scope, tuple((newest, count) for newest, count in cursor.fetchall())


@cache
def _asked(models: Iterable[type[Model]]) -> tuple[list[str], list[bool]]:
    return [model._meta.db_table for model in models], [lasts(model) for model in models]
