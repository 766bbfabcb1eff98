"""The order of what search lists: what is so called, what begins so, then words that begin so, and middles last.

"fra" means Frankfurt before "infrastructure". Rows are ranked by the database, what is held in memory by `rank_of`, and
both rank a text alike: in capitals, with a blank for each sign that parts words, a field between bars.
"""

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BigIntegerField, CharField, Func, Q, QuerySet, Value
from django.db.models.functions import Cast

EXACT, BEGINS, WORD, WORDS_ELSEWHERE, MIDDLE = range(5)
_PARTING = "-_/.:(,"
_BLANKS = " " * len(_PARTING)
_AS_BLANKS = str.maketrans(_PARTING, _BLANKS)


class _SearchedText(Func):
    """The fields as one text: "| DSM 1 | DES MOINES |"."""

    template = (
        f"translate(upper('| ' || concat_ws(' | ', %(expressions)s) || ' |'), '{_PARTING}', '{_BLANKS}')"
    )
    output_field = CharField()


def _searched(texts: Iterable[str]) -> str:
    return f"| {' | '.join(texts)} |".upper().translate(_AS_BLANKS)


def _read(text: str) -> str:
    return text.upper().translate(_AS_BLANKS)


def rank_of(query: str, title: str, others: Iterable[str] = ()) -> int | None:
    """Return the rank of a text with its further texts; None where a word of the query is in none of them."""
    asked, words, others = _read(query), query.split(), tuple(others)
    if not words:
        return BEGINS
    if not all(any(word.upper() in each.upper() for each in (title, *others)) for word in words):
        return None
    named, text = _searched([title]), _searched([title, *others])
    if f"| {asked} |" in text:
        return EXACT
    if named.startswith(f"| {asked}"):
        return BEGINS
    if f" {asked}" in named:
        return WORD
    return WORDS_ELSEWHERE if all(f" {_read(word)}" in text for word in words) else MIDDLE


def matching(
    rows: QuerySet[Any], query: str, *, title: str, others: Iterable[str] = (), also: Q | None = None
) -> QuerySet[Any]:
    """Return the rows that have each word in one of the fields, or for which `also` holds, with the texts to rank."""
    fields, matches = (title, *others), Q()
    for word in query.split():
        # Field by field, which takes a tenth of the time that the text of all takes: that is made of what is found.
        matches &= reduce(or_, (Q(**{f"{field}__icontains": word}) for field in fields))
    texts = {"search_text": _SearchedText(*fields), "search_title": _SearchedText(title)}
    return rows.filter(matches | also if also is not None else matches).annotate(**texts)


class BestRow(NamedTuple):
    """`total` is how many rows of this name there are."""

    name: str
    pk: int
    rank: int
    total: int


def best(rows_by_name: Mapping[str, QuerySet[Any]], query: str, *, limit: int) -> list[BestRow]:
    """Return the best of what matches, as many as `limit` by name, in one statement.

    They are ranked around the union and not in each of its parts: Django takes long to write the ranks thirty times.
    """
    if not rows_by_name:
        return []
    parts = [
        rows.order_by()
        .annotate(search_name=Value(name), search_key=Cast("pk", BigIntegerField()))
        .values_list("search_name", "search_key", "search_text", "search_title")
        for name, rows in rows_by_name.items()
    ]
    together = parts[0].union(*parts[1:], all=True).order_by() if len(parts) > 1 else parts[0]
    try:
        rows, values = together.query.sql_with_params()
    except EmptyResultSet:
        return []
    asked, words = _read(query), [f" {_read(word)}" for word in query.split()]
    begun = " AND ".join(["strpos(search_text, %s) > 0"] * len(words))
    statement = _BEST.format(rows=rows, begun=begun)
    ranks = [f"| {asked} |", f"| {asked}", f" {asked}", *words]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*ranks, *values, limit])
        return [BestRow._make(row) for row in cursor.fetchall()]


_BEST = f"""
SELECT search_name, search_key, search_rank, search_total FROM (
    SELECT *, count(*) OVER (PARTITION BY search_name) AS search_total,
        row_number() OVER (PARTITION BY search_name ORDER BY search_rank, search_title, search_key) AS place
    FROM (
        SELECT *, CASE WHEN strpos(search_text, %s) > 0 THEN {EXACT} WHEN starts_with(search_text, %s) THEN {BEGINS}
            WHEN strpos(search_title, %s) > 0 THEN {WORD} WHEN {{begun}} THEN {WORDS_ELSEWHERE} ELSE {MIDDLE}
            END AS search_rank
        FROM ({{rows}}) AS found (search_name, search_key, search_text, search_title)
    ) AS ranked
) AS placed WHERE place <= %s ORDER BY search_name, place
"""
