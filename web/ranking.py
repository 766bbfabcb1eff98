"""The order of what search lists: what is so called, what begins so, then words that begin so, and middles last.

"fra" means Frankfurt before "infrastructure". Rows are ranked by the database, what is held in memory by `rank_of`, and
both read a text alike: in capitals, with a blank for each sign that parts words, a field between bars.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Case, CharField, Func, IntegerField, Q, QuerySet, Value, When

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


def _words(query: str) -> list[str]:
    """Return the words as texts are read; one that is nothing but a sign parts words, and is none."""
    return [word for word in map(_read, query.split()) if word.strip()]


def rank_of(query: str, title: str, others: Iterable[str] = ()) -> int | None:
    """Return the rank of a text with its further texts; None where a word of the query is in none of them."""
    asked, words = _read(query), _words(query)
    named, text = _searched([title]), _searched([title, *others])
    if not query:
        return BEGINS
    if not words or not all(word in text for word in words):
        return None
    if f"| {asked} |" in text:
        return EXACT
    if named.startswith(f"| {asked}"):
        return BEGINS
    if f" {asked}" in named:
        return WORD
    return WORDS_ELSEWHERE if all(f" {word}" in text for word in words) else MIDDLE


def ranked(
    rows: QuerySet[Any], query: str, *, title: str, others: Iterable[str] = (), also: Q | None = None
) -> QuerySet[Any]:
    """Return the rows that have each word in one of the fields, or for which `also` holds, with `search_rank`."""
    asked, words = _read(query), _words(query)
    found, begun = (Q(), Q()) if words else (Q(pk__in=[]), Q(pk__in=[]))
    for word in words:
        found &= Q(search_text__contains=word)
        begun &= Q(search_text__contains=f" {word}")
    rank = Case(
        When(search_text__contains=f"| {asked} |", then=Value(EXACT)),
        When(search_text__startswith=f"| {asked}", then=Value(BEGINS)),
        When(search_title__contains=f" {asked}", then=Value(WORD)),
        When(begun, then=Value(WORDS_ELSEWHERE)),
        default=Value(MIDDLE),
        output_field=IntegerField(),
    )
    texts = rows.alias(search_text=_SearchedText(title, *others), search_title=_SearchedText(title))
    return texts.filter(found | also if also is not None else found).annotate(search_rank=rank)
