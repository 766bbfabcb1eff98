"""The order of search results: exact names, names that begin with the text, words that begin with it, and other matches
last. "fra" means Frankfurt before "infrastructure". The database ranks rows and `rank_of` ranks values in memory, in
the same way: in capitals, with a blank for each separator, and fields between bars.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, reduce
from itertools import chain
from operator import or_
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BigIntegerField, CharField, Func, Q, QuerySet, Value
from django.db.models.functions import Cast
from django.db.models.manager import BaseManager

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
    """Return the rank of a text with its further texts; None if a word of the query is in none of them."""
    read_query, words, others = _read(query), query.split(), tuple(others)
    if not words:
        return BEGINS
    if not all(any(word.upper() in each.upper() for each in (title, *others)) for word in words):
        return None
    title_text, text = _searched([title]), _searched([title, *others])
    if f"| {read_query} |" in text:
        return EXACT
    if title_text.startswith(f"| {read_query}"):
        return BEGINS
    if f" {read_query}" in title_text:
        return WORD
    return WORDS_ELSEWHERE if all(f" {_read(word)}" in text for word in words) else MIDDLE


class MatchingRows(NamedTuple):
    """The rows under one name that match: a statement for name, key, text and title of each, with its values."""

    statement: str
    values: tuple[Any, ...]


def matching(
    name: str,
    rows: Callable[[], QuerySet[Any]],
    query: str,
    *,
    title: str,
    others: Iterable[str] = (),
    also: Q | None = None,
) -> MatchingRows | None:
    """Find the rows that have each word in one of the fields, or for which `also` holds; None if none can match.

    `all` of a QuerySet gives the same statement each time, which is cached: Django takes longer to build the statements
    of thirty names than PostgreSQL to run them.
    """
    fields, words = (title, *others), query.split()
    if also is None and isinstance(getattr(rows, "__self__", None), QuerySet | BaseManager):
        part = _kept(name, rows, fields, len(words))
        return part and part._replace(values=_asking(part.values, words))
    return _written(name, rows(), fields, words, also)


_FIRST_MARK = 0xE000
"""Start of Unicode's private use area, which no query contains."""


@lru_cache(maxsize=1024)
def _kept(
    name: str, rows: Callable[[], QuerySet[Any]], fields: tuple[str, ...], words: int
) -> MatchingRows | None:
    """Cache the statement with a mark in place of each word."""
    return _written(name, rows(), fields, [chr(_FIRST_MARK + place) for place in range(words)], None)


def _asking(values: Iterable[Any], words: Sequence[str]) -> tuple[Any, ...]:
    escaped = [connection.ops.prep_for_like_query(word) for word in words]
    pattern_by_marker = {f"%{chr(_FIRST_MARK + place)}%": f"%{word}%" for place, word in enumerate(escaped)}
    return tuple(pattern_by_marker.get(value, value) if isinstance(value, str) else value for value in values)


def _written(
    name: str, rows: QuerySet[Any], fields: Sequence[str], words: Iterable[str], also: Q | None
) -> MatchingRows | None:
    matches = Q()
    for word in words:
        # Match field by field, ten times faster than on the joined text, which is only built for matches.
        matches &= reduce(or_, (Q(**{f"{field}__icontains": word}) for field in fields))
    texts = {"search_text": _SearchedText(*fields), "search_title": _SearchedText(fields[0])}
    part = (
        rows.filter(matches | also if also is not None else matches)
        .order_by()
        .annotate(search_name=Value(name), search_key=Cast("pk", BigIntegerField()), **texts)
        .values_list("search_name", "search_key", "search_text", "search_title")
    )
    try:
        return MatchingRows(*part.query.sql_with_params())
    except EmptyResultSet:
        return None


class BestRow(NamedTuple):
    """`total` is the number of rows under this name."""

    name: str
    pk: int
    rank: int
    total: int


def best(parts: Sequence[MatchingRows], query: str, *, limit: int) -> list[BestRow]:
    """Return the best matches, up to `limit` for each name, in one statement."""
    if not parts:
        return []
    rows = " UNION ALL ".join(f"({part.statement})" for part in parts)
    values = chain.from_iterable(part.values for part in parts)
    read_query, words = _read(query), [f" {_read(word)}" for word in query.split()]
    begun = " AND ".join(["strpos(search_text, %s) > 0"] * len(words))
    statement = _BEST.format(rows=rows, begun=begun)
    ranks = [f"| {read_query} |", f"| {read_query}", f" {read_query}", *words]
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
