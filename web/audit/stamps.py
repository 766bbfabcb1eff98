"""Whether anything of some models was written since: for what is kept until it changes."""

from collections.abc import Iterable
from functools import cache

from django.db import connection
from django.db.models import Model

from web.audit.registry import lasts

# Ids are given out before they are committed: one that comes late shows in the count of the last thousands.
_LATE = 2000
_STAMP = f"""
SELECT newest.id, (
    SELECT count(*) FROM audit_entry AS entry
    WHERE entry.lasts = newest.lasts AND entry."table" = newest."table" AND entry.id > newest.id - {_LATE}
) FROM (
    SELECT asked."table", asked.lasts, (
        SELECT max(entry.id) FROM audit_entry AS entry
        WHERE entry.lasts = asked.lasts AND entry."table" = asked."table"
    ) AS id
    FROM unnest(%s::text[], %s::boolean[]) AS asked ("table", lasts)
) AS newest
"""

type Stamp = tuple[tuple[int | None, int], ...]


def stamp_of(*models: type[Model]) -> Stamp:
    """Another one after every write of these models; one statement."""
    tables, kinds = _asked(models)
    with connection.cursor() as cursor:
        cursor.execute(_STAMP, [tables, kinds])
        return tuple((newest, count) for newest, count in cursor.fetchall())


@cache
def _asked(models: Iterable[type[Model]]) -> tuple[list[str], list[bool]]:
    return [model._meta.db_table for model in models], [lasts(model) for model in models]
