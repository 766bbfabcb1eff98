"""The order of what search lists: what is so called, what begins so, then words that begin so, and middles last.

"fra" means Frankfurt before "infrastructure". Rows are ranked by the database, what is held in memory by `rank_of`.
"""

import re
from collections.abc import Iterable
from typing import Any

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

EXACT, BEGINS, WORD, WORDS_ELSEWHERE, MIDDLE = range(5)


def rank_of(query: str, title: str, others: Iterable[str] = ()) -> int | None:
    """Return the rank of a text with its further texts; None where a word of the query is in none of them."""
    asked, named, texts = query.casefold(), title.casefold(), [title.casefold(), *map(str.casefold, others)]
    words = asked.split()
    if not words:
        return BEGINS
    if not all(any(word in text for text in texts) for word in words):
        return None
    if asked in texts:
        return EXACT
    if named.startswith(asked):
        return BEGINS
    if _begins_a_word(asked, named):
        return WORD
    begun = all(any(_begins_a_word(word, text) for text in texts) for word in words)
    return WORDS_ELSEWHERE if begun else MIDDLE


def _begins_a_word(part: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(part)}", text) is not None


def ranked(
    rows: QuerySet[Any], query: str, *, title: str, others: Iterable[str] = (), also: Q | None = None
) -> QuerySet[Any]:
    """Return the rows that have each word in one of the fields, or for which `also` holds, with `search_rank`."""
    fields, words = (title, *others), query.split()
    found = _all_in(fields, words, "icontains")
    begun = [rf"\m{re.escape(word)}" for word in words]
    rank = Case(
        When(_any_of(fields, query, "iexact"), then=Value(EXACT)),
        When(**{f"{title}__istartswith": query}, then=Value(BEGINS)),
        When(**{f"{title}__iregex": rf"\m{re.escape(query)}"}, then=Value(WORD)),
        When(_all_in(fields, begun, "iregex"), then=Value(WORDS_ELSEWHERE)),
        default=Value(MIDDLE),
        output_field=IntegerField(),
    )
    return rows.filter(found | also if also is not None else found).annotate(search_rank=rank)


def _any_of(fields: Iterable[str], value: str, lookup: str) -> Q:
    condition = Q()
    for field in fields:
        condition |= Q(**{f"{field}__{lookup}": value})
    return condition


def _all_in(fields: Iterable[str], words: Iterable[str], lookup: str) -> Q:
    condition = Q()
    for word in words:
        condition &= _any_of(fields, word, lookup)
    return condition
