"""Stamps by which a kept answer notices writes: of an audited model in its history, of any other in its rows."""

from collections.abc import Collection, Mapping
from functools import cache

from django.db import connection
from django.db.models import Model

from web.audit.registry import is_audited, lasts
from web.scopes import everything

# Ids are assigned before the commit; a late entry changes the sum of the newest ids.
_HISTORY = """
SELECT asked.place, newest.id, newest.sum
FROM unnest(ARRAY[{tables}], ARRAY[{lasting}]) WITH ORDINALITY AS asked ("table", lasts, place)
CROSS JOIN LATERAL (
    SELECT max(entry.id) AS id, coalesce(sum(entry.id), 0)::bigint AS sum FROM (
        SELECT id FROM audit_entry
        WHERE lasts = asked.lasts AND "table" = asked."table" ORDER BY id DESC LIMIT 1000
    ) AS entry
) AS newest
"""
# Each version of a row has its own place or its own transaction.
_ROWS = """
SELECT {place}, count(*), coalesce(bit_xor(hashtidextended(ctid, xmin::text::bigint)), 0) FROM {table}
"""

type Stamp = tuple[int | None, int]
"""Differs after every write of a model: the newest entry and the sum of the newest ones, or the number of rows and a
digest of their versions."""
type Stamps = Mapping[type[Model], Stamp]


def stamps_of(models: Collection[type[Model]]) -> Stamps:
    """Return the stamp of each model; one statement, or none without models."""
    if not models:
        return {}
    places, statement = _statement(frozenset(models))
    # A stamp reveals nothing, and reading the history under a reader's scope is slower.
    with everything(), connection.cursor() as cursor:
        cursor.execute(statement)
        return {places[place]: (newest, digest) for place, newest, digest in cursor.fetchall()}


@cache
def _statement(models: frozenset[type[Model]]) -> tuple[dict[int, type[Model]], str]:
    audited = [model for model in models if is_audited(model)]
    unaudited = [model for model in models if not is_audited(model)]
    parts = [
        _ROWS.format(place=-place, table=model._meta.db_table) for place, model in enumerate(unaudited, 1)
    ]
    if audited:
        tables = ", ".join(f"'{model._meta.db_table}'" for model in audited)
        parts.append(
            _HISTORY.format(tables=tables, lasting=", ".join(str(lasts(model)) for model in audited))
        )
    places = dict(enumerate(audited, 1)) | {-place: model for place, model in enumerate(unaudited, 1)}
    return places, " UNION ALL ".join(parts)
