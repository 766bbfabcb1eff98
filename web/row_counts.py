"""Has PostgreSQL count the rows of tables, by which it plans statements.

It counts by itself when it vacuums a table, and a minute after many rows were written. A table that was counted while
it was empty counts as empty until then, whatever was written since, and joins of such tables are planned as if any
order would do. With a large fleet, such a join takes minutes.
"""

from collections.abc import Iterable
from functools import partial

from django.db import connection, transaction
from django.db.models import Model

from web import scopes

MANY = 100
"""Rows of one write that are worth a look at the count."""


def count_rows(models: Iterable[type[Model]]) -> None:
    tables = ", ".join(model._meta.db_table for model in models)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE (SKIP_LOCKED) {tables}")


def count_after_commit(model: type[Model], *, rows: int) -> None:
    """Count a table that counts as empty, after the transaction that wrote so many rows into it."""
    if rows >= MANY:
        transaction.on_commit(partial(_count_if_empty, model))


def _count_if_empty(model: type[Model]) -> None:
    # Only the owner of a table counts its rows.
    with scopes.everything(), connection.cursor() as cursor:
        cursor.execute("SELECT reltuples = 0 FROM pg_class WHERE oid = %s::regclass", [model._meta.db_table])
        if cursor.fetchone() == (True,):
            count_rows([model])
