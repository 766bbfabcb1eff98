"""Put a pseudonym in the place of a name: in text columns of all models, and in the history."""

import json
from collections.abc import Mapping
from typing import Any

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import EmailField, JSONField, Model, SlugField, URLField

from readiness.organisation.people.core.names import Finder
from readiness.organisation.people.queries import traces
from readiness.organisation.people.queries.traces import Own, TextColumn
from web.audit import erasing

_IGNORE = "SELECT set_config('pgtrigger.ignore', %s, true)"
_NONE = "{}"
_TOGETHER = 1000


def rewrite_texts(own: Own, finder: Finder, pseudonym: str) -> int:
    """Rewrite rows of all models but the person's own; return how many. Columns that a model keeps stay.

    The triggers that keep a row as it was signed or decided are told to let this pass: what changes is a name, no
    answer, and the history says so.
    """
    if finder.is_empty:
        return 0
    number = 0
    for model in traces.text_columns():
        rows = [
            (pk, {column: value for column, value in hits.items() if not column.kept_because})
            for pk, hits in traces.rows_with_hits(model, finder, own=own)
        ]
        rows = [(pk, hits) for pk, hits in rows if hits]
        if rows:
            _write(model, rows, finder, pseudonym)
            number += len(rows)
    return number


def _write(
    model: type[Model], rows: list[tuple[int, dict[TextColumn, Any]]], finder: Finder, pseudonym: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_IGNORE, [_guards_of(model)])
        try:
            with transaction.atomic():
                for pk, hits in rows:
                    _write_row(cursor, model, pk, hits, finder, pseudonym)
        except (IntegrityError, DataError) as error:
            noun = model._meta.verbose_name
            raise ValidationError(
                f"A {noun} that names this person cannot take the pseudonym. Change it first: {error}"
            ) from error
        cursor.execute(_IGNORE, [_NONE])


def _write_row(
    cursor: Any,
    model: type[Model],
    pk: int,
    hits: Mapping[TextColumn, Any],
    finder: Finder,
    pseudonym: str,
) -> None:
    columns = ", ".join(f'"{column.field.column}" = %s' for column in hits)
    values = [_rewritten(column, value, finder, pseudonym) for column, value in hits.items()]
    key = model._meta.pk.column  # type: ignore[union-attr]
    cursor.execute(f'UPDATE {model._meta.db_table} SET {columns} WHERE "{key}" = %s', [*values, pk])


def _rewritten(column: TextColumn, value: Any, finder: Finder, pseudonym: str) -> Any:
    """An address, a slug and an e-mail hold no spaces: the first two take "person-5", the last is emptied."""
    field = column.field
    if isinstance(field, EmailField):
        return ""
    in_place = pseudonym.lower().replace(" ", "-") if isinstance(field, (SlugField, URLField)) else pseudonym
    rewritten = finder.replaced_in(value, in_place)
    if isinstance(field, JSONField):
        return json.dumps(rewritten)
    longest = getattr(field, "max_length", None)
    return rewritten[:longest] if isinstance(rewritten, str) and longest else rewritten


def _guards_of(model: type[Model]) -> str:
    """The triggers of the table that look at a row before it is changed, as pgtrigger lists what it ignores."""
    names = [
        trigger.get_pgid(declared_on)
        for declared_on, trigger in pgtrigger.registered()
        if declared_on._meta.db_table == model._meta.db_table and trigger.when == pgtrigger.Before
    ]
    return f"{{{','.join(names)}}}"


def rewrite_history(finder: Finder, pseudonym: str) -> int:
    """Rewrite entries of the history; return how many."""
    if finder.is_empty:
        return 0
    entries: list[dict[str, Any]] = []
    for pk, _table, _object_id, _at, message, username, before, after in traces.entries_with_hits(finder):
        texts = {"message": message, "username": username, "before": before, "after": after}
        new_texts = {name: finder.replaced_in(value, pseudonym) for name, value in texts.items()}
        if new_texts != texts:
            entries.append({"id": pk} | new_texts)
    for first in range(0, len(entries), _TOGETHER):
        erasing.rewrite(entries[first : first + _TOGETHER])
    return len(entries)
