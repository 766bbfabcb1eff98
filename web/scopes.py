"""Which sites a reader sees, and what a writer may write.

PostgreSQL enforces it for every statement, by the policies of `web/policies.py`. Users with scopes read and write as
the role SCOPED_ROLE. All others stay the owner of the tables, to whom no policy applies, at no cost.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.backends.signals import connection_created
from django.db.models import Model, QuerySet
from django.db.models.expressions import RawSQL
from psycopg.pq import TransactionStatus

from accounts.models import READER_SETTING, ScopeKind
from accounts.queries import scopes_of
from web.database_roles import SCOPED_ROLE

SETTINGS = ("muster.sites", "muster.regions", "muster.around")
"""Session settings that policies read: for each key from 1 on, whether it is a visible site, a region of the scope, or
a region around these."""
EVERYBODY, NOBODY = "true", "false"
"""Conditions in SQL: of rows of the whole organisation, and of those for users without scopes alone."""
_REFUSED = "42501"  # insufficient_privilege, as policies say it (`web/policies.py`)
# A statement that begins with SELECT is sent unchanged (`web/actor.py`).
_SCOPED_ROLE = f"set_config('role', '{SCOPED_ROLE}', false)"
_OWN_ROLE = "SELECT set_config('role', 'none', false)"


def among(setting: str, value: str) -> str:
    """Return a condition in SQL that a key is among those of the session; beyond their end none is.

    As a subquery the setting is read once a statement, not once a row. Of a test for NULL the planner expects that
    nearly all rows pass; of a boolean it expects half, and joins a large fleet as if it were a small one.
    """
    return f"NULLIF((SELECT current_setting('{setting}')::boolean[])[{value}::integer], false) IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Scope:
    """The values of SETTINGS, as text; equal scopes see the same rows, apart from what is the reader's own."""

    scopes: tuple[tuple[str, str], ...]
    settings: tuple[str, ...]
    reader_id: int | None = field(default=None, compare=False)


@dataclass(slots=True)
class _Reading:
    """The scope of one request, set once its reader is known; None means all sites."""

    scope: Scope | None = None


_reading: ContextVar[_Reading | None] = ContextVar("reading", default=None)
_statements: dict[str, str] = {}
type WriteRule = Callable[[type[Model]], str]
_write_rules: list[WriteRule] = []


def resolve_with(statement: str, *, places: str) -> None:
    """Have a statement turn slugs (`%(region)s`, `%(site)s`) into a row of SETTINGS; inventory gives it, and one for
    the kind, slug and name of each place that a scope can name.
    """
    _statements.update(resolved=statement, places=places)


def judge_with(rule: WriteRule) -> None:
    """Have the conditions under which rows of a model may be written come from the policies."""
    _write_rules[:] = [rule]


def places() -> dict[tuple[str, str], str]:
    """Return the names of all regions and sites, by kind and slug."""
    with connection.cursor() as cursor:
        cursor.execute(_statements["places"])
        return {(kind, slug): name for kind, slug, name in cursor.fetchall()}


@contextmanager
def reading() -> Iterator[None]:
    """Inside, `narrow_to` may limit what is read; afterwards the connection belongs to the owner again."""
    token = _reading.set(_Reading())
    try:
        yield
    finally:
        narrowed = present() is not None
        _reading.reset(token)
        if narrowed:
            _take_role(present())


def narrow_to(user: Any) -> None:
    """Limit what is read from now on, in this `reading`, to the scopes of this user; at most one statement."""
    current = _reading.get()
    if current is None:
        return
    if current.scope is not None:
        current.scope = None
        _take_role(None)
    if scopes := scopes_of(user):
        current.scope = _narrowed(scopes, user.pk)


@contextmanager
def use_scope(scope: Scope | None) -> Iterator[None]:
    """Read within this scope; None means everything, for parts of Muster that compute shared results."""
    before = present()
    token = _reading.set(_Reading(scope))
    try:
        if scope != before:
            _take_role(scope)
        yield
    finally:
        _reading.reset(token)
        if scope != before:
            _take_role(before)


@contextmanager
def read_as(user: Any) -> Iterator[None]:
    """Inside, read within the scopes of this user, whoever the reader is."""
    with use_scope(None):
        narrow_to(user)
        try:
            yield
        finally:
            if not sees_all():
                _take_role(None)


def everything() -> Any:
    """Read and write everything inside: stored results of a site must not depend on who triggered them."""
    return use_scope(None)


def present() -> Scope | None:
    """The scope in force; None means all sites. Part of the key of every cache shared between requests."""
    current = _reading.get()
    return None if current is None else current.scope


def sees_all() -> bool:
    return present() is None


def limits() -> str:
    """The reader's limits as a sentence for refusals; "" if nothing is hidden."""
    scope = present()
    return f"You see only some sites: {scope_text(scope.scopes)}." if scope else ""


def scope_text(scopes: Iterable[tuple[str, str]]) -> str:
    """Return "region iberia, site porto"; "all" without scopes."""
    return ", ".join(f"{kind} {slug}" for kind, slug in scopes) or "all"


def is_refusal(error: Exception) -> bool:
    """Whether the database refused a write because it is outside the scope."""
    return not sees_all() and getattr(error.__cause__, "sqlstate", None) == _REFUSED


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """The row for which a write was refused. `keys` are its primary key and foreign keys by column; `was` says whether
    they are those of the stored row, or those that the write would have given it."""

    table: str
    keys: Mapping[str, int | None]
    was: bool


def refused_row(error: Exception) -> RefusedRow | None:
    """The row of a refusal (`is_refusal`); None where the database did not name it."""
    diagnosis = getattr(error.__cause__, "diag", None)
    if diagnosis is None or not diagnosis.message_detail or not diagnosis.table_name:
        return None
    detail = json.loads(diagnosis.message_detail)
    return RefusedRow(diagnosis.table_name, detail["keys"], detail["was"])


def may_add(model: type[Model]) -> bool:
    """Whether this reader may write any row of a model at all, as far as scopes go; no statement."""
    return sees_all() or _write_rules[-1](model) != NOBODY


def may_write(objects: Model | Iterable[Model]) -> bool:
    """Whether this reader may write a stored object, or all of several of one model, as far as scopes go.

    One statement for users with scopes, none for others.
    """
    several = [objects] if isinstance(objects, Model) else list(objects)
    if sees_all() or not several:
        return True
    keys = {obj.pk for obj in several}
    return len(writable(type(several[0])._base_manager.filter(pk__in=keys))) == len(keys)


def writable[M: Model](rows: QuerySet[M]) -> QuerySet[M]:
    """Those rows that this reader may write, as far as scopes go."""
    if sees_all():
        return rows
    concrete = rows.model._meta.concrete_model or rows.model
    rule, meta = _write_rules[-1](concrete), concrete._meta
    if rule == EVERYBODY:
        return rows
    return rows.filter(pk__in=RawSQL(f"SELECT {meta.pk.column} FROM {meta.db_table} WHERE {rule}", []))


def _narrowed(scopes: tuple[tuple[str, str], ...], reader_id: int) -> Scope:
    slugs: Mapping[str, list[str]] = {
        kind: [slug for of, slug in scopes if of == kind] for kind in ScopeKind.values
    }
    taken = ", ".join(f"set_config('{name}', \"{name}\", false)" for name in SETTINGS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {taken}, set_config('{READER_SETTING}', %(reader)s, false), {_SCOPED_ROLE}"
            f" FROM ({_statements['resolved']}) AS resolved",
            {**slugs, "reader": str(reader_id)},
        )
        return Scope(scopes, cursor.fetchone()[: len(SETTINGS)], reader_id)


def narrow_connection() -> None:
    """Have the thread's connection, which was put in the place of another, read within the scope in force."""
    if (scope := present()) is not None:
        _take_role(scope)


def widen_connection() -> None:
    """Have the thread's connection belong to the owner again, before another takes its place."""
    if not sees_all():
        _take_role(None)


def _take_role(scope: Scope | None) -> None:
    """A failed transaction takes no statement; its rollback restores the role that it began with."""
    raw = connection.connection
    if raw is None or raw.info.transaction_status == TransactionStatus.INERROR:
        return
    try:
        _execute(scope)
    except Exception:
        # A connection with an unknown role must not serve the next reader.
        connection.close()
        raise


def _execute(scope: Scope | None) -> None:
    taken = ", ".join(f"set_config('{name}', %s, false)" for name in (*SETTINGS, READER_SETTING))
    # Making Django's own cursor takes longer than running this statement.
    with connection.wrap_database_errors:
        if scope is None:
            connection.connection.execute(_OWN_ROLE)
        else:
            values = (*scope.settings, str(scope.reader_id or ""))
            connection.connection.execute(f"SELECT {taken}, {_SCOPED_ROLE}", values)


def _narrow_new(connection: Any, **sent: Any) -> None:
    """A connection reopened during a request must not escape the scope."""
    if (scope := present()) is not None:
        _execute(scope)


connection_created.connect(_narrow_new, dispatch_uid="web.scopes")
