"""Rows that others follow: each has a position, by which a follower reads on without losing or doubling one.

Ids are given before the commit, so a row with a smaller id may appear after one with a greater id was read. Positions
are given after it: a row is written without one, and `number` later numbers the committed rows, one worker at a time. A
greater position therefore becomes visible later. A row that is written again loses its position and gets a new one, so
a follower reads the newest version of a row, once for each change that it has not seen.
"""

from collections.abc import Iterator

from django.apps import apps
from django.db import connection, models, transaction

MOST = 20_000
"""Rows of a table that are numbered in one transaction."""


class Followed(models.Model):
    position = models.BigIntegerField(
        null=True, editable=False, help_text="Given after the commit; for followers"
    )

    class Meta:
        abstract = True


def indexes(name: str) -> list[models.Index]:
    """Indexes of a followed model, for its `Meta`: to read on, and to find what has no position yet."""
    numbered = models.Q(position__isnull=False)
    return [
        models.Index(fields=["position"], name=f"{name}_followed", condition=numbered),
        models.Index(fields=["id"], name=f"{name}_unnumbered", condition=~numbered),
    ]


def followed_models() -> Iterator[type[Followed]]:
    return (model for model in apps.get_models() if issubclass(model, Followed))


_LOCK = "SELECT pg_advisory_xact_lock(hashtext(current_schema() || %s))"
# Positions come from the sequence of the ids, so that a deletion never frees one. Rows that are being written are
# skipped: their writer leaves them without a position.
_NUMBER = """
WITH written AS MATERIALIZED (
    SELECT id FROM {table} WHERE position IS NULL ORDER BY id LIMIT {most} FOR NO KEY UPDATE SKIP LOCKED
), numbered AS MATERIALIZED (
    SELECT id, nextval(pg_get_serial_sequence('{table}', 'id')) AS position FROM (TABLE written ORDER BY id) AS in_order
)
UPDATE {table} AS followed SET position = numbered.position FROM numbered WHERE followed.id = numbered.id
"""


@transaction.atomic
def number(model: type[Followed]) -> int:
    """Number the committed rows of a model; returns how many. The lock is held until the commit, so that the next
    worker's greater positions appear after these."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [f".{table}.position"])
        cursor.execute(_NUMBER.format(table=table, most=MOST))
        return int(cursor.rowcount)


def rows_after[F: Followed](rows: models.QuerySet[F], position: int, *, most: int) -> list[F]:
    """The next rows for a follower who has read up to `position`, at first 0; the last one's position is the next."""
    return list(rows.filter(position__gt=position).order_by("position")[:most])
