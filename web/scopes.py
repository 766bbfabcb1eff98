"""Which sites a reader sees.

PostgreSQL enforces it for every statement, by the policies of `web/policies.py`. Users with scopes read and write as
the role SCOPED_ROLE. All others stay the owner of the tables, to whom no policy applies, at no cost.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.backends.signals import connection_created
from psycopg.pq import TransactionStatus

from accounts.models import ScopeKind
from accounts.queries import scopes_of

SCOPED_ROLE = "muster_scoped"
SETTINGS = ("muster.sites", "muster.regions", "muster.around")
"""Session settings that policies read: for each key from 1 on, whether it is a visible site, a region of the scope, or
a region around these."""
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
    """The values of SETTINGS, as text; equal scopes see the same rows."""

    scopes: tuple[tuple[str, str], ...]
    settings: tuple[str, ...]


@dataclass(slots=True)
class _Reading:
    """The scope of one request, set once its reader is known; None means all sites."""

    scope: Scope | None = None


_reading: ContextVar[_Reading | None] = ContextVar("reading", default=None)
_statements: dict[str, str] = {}


def resolve_with(statement: str, *, places: str) -> None:
    """Have a statement turn slugs (`%(region)s`, `%(site)s`) into a row of SETTINGS; inventory gives it, and one for
    the kind, slug and name of each place that a scope can name.
    """
    _statements.update(resolved=statement, places=places)


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
        current.scope = _narrowed(scopes)


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


def _narrowed(scopes: tuple[tuple[str, str], ...]) -> Scope:
    slugs: Mapping[str, list[str]] = {
        kind: [slug for of, slug in scopes if of == kind] for kind in ScopeKind.values
    }
    taken = ", ".join(f"set_config('{name}', \"{name}\", false)" for name in SETTINGS)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {taken}, {_SCOPED_ROLE} FROM ({_statements['resolved']}) AS resolved", slugs)
        return Scope(scopes, cursor.fetchone()[:-1])


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
    taken = ", ".join(f"set_config('{name}', %s, false)" for name in SETTINGS)
    # Making Django's own cursor takes longer than running this statement.
    with connection.wrap_database_errors:
        if scope is None:
            connection.connection.execute(_OWN_ROLE)
        else:
            connection.connection.execute(f"SELECT {taken}, {_SCOPED_ROLE}", scope.settings)


def _narrow_new(connection: Any, **sent: Any) -> None:
    """A connection reopened during a request must not escape the scope."""
    if (scope := present()) is not None:
        _execute(scope)


connection_created.connect(_narrow_new, dispatch_uid="web.scopes")
