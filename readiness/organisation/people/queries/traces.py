"""Where free text names a person: every text column of every model of the project, and the history.

Columns are found through the models. A model says in `ERASING_KEEPS` which of its columns stay as they were written,
by column, each with the reason; "*" stands for all of them.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import BinaryField, CharField, Field, JSONField, Model, TextField

from accounts.models import Session, User
from inventory.models import Manufacturer, Region, Site
from readiness.organisation.people.core.names import (
    Called,
    Finder,
    NamesAround,
    SearchTerm,
    sentence_around,
    terms_of,
    texts_in,
    words_of,
)
from readiness.organisation.people.models import Person, RotationCalendar
from web.audit import AuditEntry, audited_models
from web.audit.registry import permission_of
from web.kinds.models import FileImport
from web.links import page_url
from web.visibility import SEES_NAMES, personal_text

ROOTS = ("accounts.", "web.", "inventory.", "telemetry.", "readiness.")
APART = (AuditEntry, FileImport, RotationCalendar, Session)
"""The history is read by itself; files of imports that name the person are deleted, and calendars rewritten. Sessions
hold no text that anybody wrote, and end by themselves."""
MOST_SHOWN = 2000
"""Places that a page or an endpoint lists; all of them are replaced. Operator-set default."""


@dataclass(frozen=True, slots=True)
class TextColumn:
    """`kept_because` says why the column stays as it is, "" if it is replaced."""

    model: type[Model]
    field: Field
    kept_because: str

    @property
    def is_json(self) -> bool:
        return isinstance(self.field, (JSONField, ArrayField))


@dataclass(frozen=True, slots=True)
class Trace:
    """One hit. `place` is the object, `column` what holds the text; the sentence is in three parts. `kept_because` says
    why it stays. `at` is when an entry of the history was written."""

    model: type[Model]
    object_id: int
    place: str
    column: str
    before: str
    hit: str
    after: str
    kept_because: str = ""
    url: str | None = None
    at: datetime | None = None

    @property
    def noun(self) -> str:
        return str(self.model._meta.verbose_name)

    @property
    def sentence(self) -> str:
        return f"{self.before}{self.hit}{self.after}"

    @property
    def where(self) -> str:
        return "history" if self.at else "kept" if self.kept_because else "text"


@dataclass(frozen=True, slots=True)
class Traces:
    """All that names a person. `unseen` counts hits in what the reader may not see, `more` those beyond the list.
    `digest` is that of all places which would be replaced."""

    terms: tuple[SearchTerm, ...]
    ambiguous: tuple[SearchTerm, ...]
    rows: tuple[Trace, ...]
    unseen: int
    more: int
    digest: str

    @property
    def replaced(self) -> int:
        return sum(not trace.kept_because for trace in self.rows) + self.unseen + self.more

    @property
    def unchanged(self) -> int:
        return sum(bool(trace.kept_because) for trace in self.rows)


def called_of(person: Person) -> Called:
    user = person.user
    full_name = user.get_full_name() if user else ""
    return Called(
        name=person.name,
        emails=tuple(each for each in (person.email, user.email if user else "") if each),
        usernames=tuple(each for each in (user.username if user else "", full_name) if each),
        phone=person.phone,
    )


def other_names(person: Person) -> frozenset[str]:
    """Names of everybody else, whether they have an account or not."""
    people = Person.objects.exclude(pk=person.pk).order_by().values_list("name", flat=True)
    accounts = User.objects.exclude(person=person).order_by().values_list("first_name", "last_name")
    return frozenset([*people, *(f"{first} {last}".strip() for first, last in accounts if first or last)])


def search_terms(person: Person, others: frozenset[str]) -> list[SearchTerm]:
    usernames = User.objects.exclude(person=person).order_by().values_list("username", flat=True)
    places = [
        *Site.objects.order_by().values_list("name", "city").distinct(),
        *Region.objects.order_by().values_list("name"),
        *Manufacturer.objects.order_by().values_list("name"),
    ]
    around = NamesAround(
        other_names=others,
        account_words=frozenset(word for name in usernames for word in words_of(name)),
        place_words=frozenset(word for row in places for text in row for word in words_of(text)),
        product_words=product_words(),
    )
    return terms_of(called_of(person), around)


@cache
def product_words() -> frozenset[str]:
    """Words by which the models name themselves, their columns and choices."""
    words: set[str] = set()
    for model in apps.get_models():
        texts = [str(model._meta.verbose_name)]
        for field in model._meta.concrete_fields:
            texts += [str(field.verbose_name), str(field.help_text)]
            texts += [str(label) for _value, label in field.flatchoices]
        words.update(word for text in texts for word in words_of(text))
    return frozenset(words)


def finder_of(person: Person, *, also: Sequence[str] = ()) -> tuple[Finder, list[SearchTerm]]:
    """The finder of the terms that mean this person alone, and of those in `also`; and the others."""
    others = other_names(person)
    terms = search_terms(person, others)
    chosen_texts = {text.casefold() for text in also}
    terms_to_find = [
        each
        for each in terms
        if not each.ambiguous or (each.is_choosable and each.text.casefold() in chosen_texts)
    ]
    return (
        Finder(terms_to_find, other_names=others),
        [each for each in terms if each not in terms_to_find],
    )


@cache
def text_columns() -> dict[type[Model], tuple[TextColumn, ...]]:
    """All columns that may hold free text, by model; choices hold none."""
    columns: dict[type[Model], tuple[TextColumn, ...]] = {}
    for model in sorted(apps.get_models(), key=lambda each: each._meta.label_lower):
        meta = model._meta
        if meta.proxy or not meta.managed or model in APART or not model.__module__.startswith(ROOTS):
            continue
        reasons = getattr(model, "ERASING_KEEPS", {})
        columns_of_model = tuple(
            TextColumn(model, field, reasons.get(field.name, reasons.get("*", "")))
            for field in meta.concrete_fields
            if _holds_text(field)
        )
        if columns_of_model:
            columns[model] = columns_of_model
    return columns


def _holds_text(field: Any) -> bool:
    if isinstance(field, ArrayField):
        return isinstance(field.base_field, (CharField, TextField)) and not field.base_field.choices
    is_secret = field.name in ("password", "time_zone")
    return isinstance(field, (CharField, TextField, JSONField)) and not field.choices and not is_secret


type Own = Mapping[type[Model], int | None]


def own_rows(person: Person) -> Own:
    """The rows that are the person's own: their columns are emptied, or told, and are no free text."""
    return {Person: person.pk, User: person.user_id}


def rows_with_hits(
    model: type[Model], finder: Finder, *, own: Own
) -> Iterator[tuple[int, dict[TextColumn, Any]]]:
    """Rows of which a column names the person, with these columns; one statement."""
    columns = text_columns()[model]
    names = ", ".join(f'"{each.field.column}"' for each in columns)
    key = f'"{model._meta.pk.column}"'  # type: ignore[union-attr]
    texts = ", ".join(f'"{each.field.column}"::text' for each in columns)
    statement = (
        f"SELECT {key}, {names} FROM {model._meta.db_table}"
        f" WHERE concat_ws(chr(10), {texts}) ~* %s AND {key} IS DISTINCT FROM %s ORDER BY {key}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [finder.prefilter, own.get(model)])
        rows = cursor.fetchall()
    for pk, *values in rows:
        hits = {}
        for column, cell in zip(columns, values, strict=True):
            value = json.loads(cell) if isinstance(cell, str) and _is_jsonb(column) else cell
            if any(finder.hits(text) for text in texts_in(value)):
                hits[column] = value
        if hits:
            yield pk, hits


def _is_jsonb(column: TextColumn) -> bool:
    return isinstance(column.field, JSONField)


ENTRIES = """
SELECT id, "table", object_id, at, message, username, before, after FROM audit_entry
WHERE concat_ws(chr(10), message, username, before::text, after::text) ~* %s ORDER BY id
"""
_TOGETHER = 2000


def entries_with_hits(finder: Finder) -> Iterator[tuple[Any, ...]]:
    """Entries of the history that may name the person: their columns as in `ENTRIES`, JSON decoded."""
    with connection.cursor() as cursor:
        cursor.execute(ENTRIES, [finder.prefilter])
        while rows := cursor.fetchmany(_TOGETHER):
            for *columns, before, after in rows:
                yield (*columns, _decoded(before), _decoded(after))


def _files() -> Iterator[tuple[type[Model], Field, str]]:
    """Files that are stored as they came, each with the reason why they stay."""
    for model in apps.get_models():
        for name, reason in getattr(model, "ERASING_KEEPS", {}).items():
            if name != "*" and isinstance(field := model._meta.get_field(name), BinaryField):
                yield model, field, reason


def _files_with(model: type[Model], column: Field, finder: Finder) -> Iterator[tuple[int, str]]:
    """Files that hold a term as it is entered, or in small letters; with the term."""
    key = model._meta.pk.column  # type: ignore[union-attr]
    statement = f'SELECT "{key}" FROM {model._meta.db_table} WHERE position(%s in "{column.column}") > 0'
    for term in finder.terms:
        for text in dict.fromkeys([term.text, term.text.lower()]):
            with connection.cursor() as cursor:
                cursor.execute(f"{statement} ORDER BY 1", [text.encode()])
                yield from ((pk, term.text) for (pk,) in cursor.fetchall())


def _decoded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def traces_of(person: Person, *, by: User, also: Sequence[str] = ()) -> Traces:
    """Where free text names a person, as this user may see it; a statement for each model that has text."""
    finder, ambiguous = finder_of(person, also=also)
    listing = _Listing(by)
    if not finder.is_empty:
        for model in text_columns():
            for pk, hits in rows_with_hits(model, finder, own=own_rows(person)):
                listing.add_row(model, pk, hits, finder)
        listing.add_files(finder)
        listing.add_history(finder, own=own_rows(person))
    listing.name_objects()
    return Traces(
        tuple(finder.terms),
        tuple(ambiguous),
        tuple(listing.rows),
        listing.unseen,
        listing.more,
        listing.digest.hexdigest()[:16],
    )


class _Listing:
    def __init__(self, by: User) -> None:
        self.by, self.sees_names = by, by.has_perm(SEES_NAMES)
        self.rows: list[Trace] = []
        self.unseen = self.more = 0
        self.digest = hashlib.sha256()

    def add_row(self, model: type[Model], pk: int, hits: dict[TextColumn, Any], finder: Finder) -> None:
        for column, value in hits.items():
            if not column.kept_because:
                self.digest.update(f"{model._meta.label_lower} {pk} {column.field.name};".encode())
            label = str(column.field.verbose_name)
            is_seen = _sees(self.by, model)
            if column.field.name in personal_text(model):
                is_seen = is_seen and self.sees_names
            self._add(model, pk, label, value, finder, is_seen=is_seen, kept_because=column.kept_because)

    def add_files(self, finder: Finder) -> None:
        for model, column, kept_because in _files():
            # A file is a part of what it belongs to.
            whole = model._meta.pk.related_model or model  # type: ignore[union-attr]
            for pk, text in _files_with(model, column, finder):
                label, is_seen = str(column.verbose_name), _sees(self.by, whole)
                self._add(whole, pk, label, text, finder, is_seen=is_seen, kept_because=kept_because)

    def add_history(self, finder: Finder, *, own: Own) -> None:
        """The history of the person's own rows is left out: it goes with them."""
        models = {model._meta.db_table: model for model in audited_models()}
        for _id, table, object_id, at, message, username, before, after in entries_with_hits(finder):
            model = models.get(table)
            if model is not None and own.get(model, 0) == object_id:
                continue
            values = {"message": message, "account": username, "before": before, "after": after}
            for label, value in values.items():
                # A model that is no longer audited has entries that nobody may see.
                is_seen = model is not None and self.by.has_perm(permission_of(model))
                self._add(model or AuditEntry, object_id, label, value, finder, is_seen=is_seen, at=at)

    def _add(
        self,
        model: type[Model],
        object_id: int,
        column: str,
        value: Any,
        finder: Finder,
        *,
        is_seen: bool,
        kept_because: str = "",
        at: datetime | None = None,
    ) -> None:
        for text in texts_in(value):
            for hit in finder.hits(text):
                if not is_seen:
                    self.unseen += 1
                elif len(self.rows) >= MOST_SHOWN:
                    self.more += 1
                else:
                    parts = sentence_around(text, hit)
                    self.rows.append(
                        Trace(model, object_id, "", column, *parts, kept_because=kept_because, at=at)
                    )

    def name_objects(self) -> None:
        """Give each place its name and page; a statement for each model with hits."""
        by_model: dict[type[Model], set[int]] = {}
        for trace in self.rows:
            if trace.model is not AuditEntry:
                by_model.setdefault(trace.model, set()).add(trace.object_id)
        objects = {
            (model, obj.pk): obj
            for model, ids in by_model.items()
            for obj in model._default_manager.filter(pk__in=ids).select_related(*_keys_of(model))
        }
        self.rows = [
            _named(trace, objects.get((trace.model, trace.object_id)), names=self.sees_names)
            for trace in self.rows
        ]


def _keys_of(model: type[Model]) -> list[Any]:
    keys = [field.name for field in model._meta.concrete_fields if field.many_to_one]
    return keys or [None]  # With None nothing is joined.


def _named(trace: Trace, obj: Model | None, *, names: bool) -> Trace:
    place = str(obj) if obj is not None and names else f"{trace.noun} {trace.object_id}"
    return replace(trace, place=place, url=page_url(obj) if obj is not None else None)


def _sees(by: User, model: type[Model]) -> bool:
    if "view" not in model._meta.default_permissions:
        return by.is_superuser
    return by.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}")
