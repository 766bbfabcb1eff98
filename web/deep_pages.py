"""One page of a long list. A deep page is looked for by keys alone, from the end that is nearer."""

from typing import Any

from django.db.models import QuerySet
from django.db.models.query import ModelIterable

DEEP = 1000
"""Number of rows before a page from which the second statement costs less than what the first one skips."""


def rows_between(rows: QuerySet[Any], start: int, end: int, *, total: int) -> list[Any]:
    """The rows from `start` up to, but not including, `end`, of a list of `total` rows in an order without ties.

    PostgreSQL would join and compute all columns of the rows that it skips.
    """
    if start < DEEP or not _goes_by_keys(rows):
        return list(rows[start:end])
    keys = rows.values_list("pk", flat=True)
    if start > total - end:
        page_keys = list(keys.reverse()[max(0, total - end) : max(0, total - start)])[::-1]
    else:
        page_keys = list(keys[start:end])
    rows_by_key = {row.pk: row for row in rows.order_by().filter(pk__in=page_keys)}
    # A row deleted in this moment is left out.
    return [rows_by_key[key] for key in page_keys if key in rows_by_key]


def _goes_by_keys(rows: QuerySet[Any]) -> bool:
    query = rows.query
    order = query.order_by or rows.model._meta.ordering
    return (
        rows._iterable_class is ModelIterable
        and not (query.distinct or query.combinator or query.extra_order_by)
        # These see all rows of the list, and would see those of the page alone.
        and not any(each.contains_over_clause for each in query.annotations.values())
        and bool(order)
        and order[-1] in {"pk", "-pk", "id", "-id"}
    )
