"""Reads which migrations are pending in a database, and announces each: what it does, to how many rows, for how long.

Nothing is changed: the statements are collected as for `manage.py sqlmigrate`, in a session that only reads.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration, RunPython, RunSQL
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from web.migrating.core.statements import TableSize, Work, find_works, say_duration

MOST_OPERATIONS = 4
# The parts of a table that is split by time count with it.
_SIZE = """
WITH RECURSIVE parts AS (
    SELECT to_regclass(%s)::oid AS id UNION SELECT inhrelid FROM pg_inherits JOIN parts ON inhparent = id
)
SELECT CASE WHEN bool_or(reltuples >= 0) THEN sum(greatest(reltuples, 0))::bigint END, sum(pg_table_size(oid))::bigint
FROM pg_class JOIN parts ON oid = id
"""


@dataclass(frozen=True)
class PendingMigration:
    """`works` is None where the statements cannot be foreseen: they depend on a migration that is pending too."""

    name: str
    operations: list[str]
    works: list[tuple[Work, TableSize]] | None
    runs_code: bool

    @property
    def duration_s(self) -> float:
        return sum(work.duration_s(size) for work, size in self.works or [])


def read_pending(connection: BaseDatabaseWrapper) -> list[PendingMigration]:
    """The pending migrations in their order; none for a database without tables, which gets them all at once."""
    if not connection.introspection.table_names():
        return []
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        return []
    loader = executor.loader
    state = loader.project_state([key for key in loader.applied_migrations if key in loader.graph.nodes])
    pending = []
    with _only_reading(connection):
        for migration, _ in plan:
            pending.append(_read_one(connection, migration, state))
            state = migration.mutate_state(state)
    return pending


@contextmanager
def _only_reading(connection: BaseDatabaseWrapper) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
        try:
            yield
        finally:
            cursor.execute("SET default_transaction_read_only = off")


def _read_one(connection: BaseDatabaseWrapper, migration: Migration, state: ProjectState) -> PendingMigration:
    statements = _collect_statements(connection, migration, state)
    works = None
    if statements is not None:
        sizes = ((work, _read_size(connection, work.table)) for work in find_works(statements))
        works = [(work, size) for work, size in sizes if size is not None]
    return PendingMigration(
        name=f"{migration.app_label}.{migration.name}",
        operations=list(dict.fromkeys(map(_say_operation, migration.operations))),
        works=works,
        runs_code=any(isinstance(operation, RunPython) for operation in migration.operations),
    )


def _collect_statements(
    connection: BaseDatabaseWrapper, migration: Migration, state: ProjectState
) -> list[str] | None:
    try:
        with connection.schema_editor(collect_sql=True, atomic=False) as editor:
            migration.apply(state.clone(), editor, collect_sql=True)
    except (ValueError, DatabaseError):
        return None
    return [str(statement) for statement in editor.collected_sql]


def _read_size(connection: BaseDatabaseWrapper, table: str) -> TableSize | None:
    """None for a table that is not there yet, which has no rows to work on."""
    with connection.cursor() as cursor:
        cursor.execute(_SIZE, [table])
        rows, size_bytes = cursor.fetchone()
    return None if size_bytes is None else TableSize(rows, size_bytes)


def _say_operation(operation: Operation) -> str:
    if isinstance(operation, RunPython):
        return f"Run the code {getattr(operation.code, '__name__', 'of its own')}"
    return "Run statements of its own" if isinstance(operation, RunSQL) else operation.describe()


def announce(pending: list[PendingMigration]) -> list[str]:
    """Lines for people; none if nothing is pending."""
    if not pending:
        return []
    lines = ["1 migration is pending:" if len(pending) == 1 else f"{len(pending)} migrations are pending:"]
    for migration in pending:
        lines += [f"  {migration.name}: {_say_operations(migration.operations)}"]
        lines += [f"    {sentence}" for sentence in _sentences(migration)]
    duration = say_duration(sum(migration.duration_s for migration in pending))
    if any(migration.runs_code or migration.works is None for migration in pending):
        duration += ", without what cannot be foreseen"
    basis = "reckoned from the size of tables, at rates measured on two cores"
    return [*lines, f"Together: {duration} ({basis})."]


def _say_operations(operations: list[str]) -> str:
    more = len(operations) - MOST_OPERATIONS
    return "; ".join(operations[:MOST_OPERATIONS]) + (f"; and {more} more" if more > 0 else "")


def _sentences(migration: PendingMigration) -> Iterator[str]:
    for (work, size), times in Counter(migration.works or []).items():
        rows = "rows not counted yet" if size.rows is None else f"{size.rows:,} rows"
        often = f", {times} times" if times > 1 else ""
        yield (
            f"{work.effect.words} {work.table} ({rows}, {size.size_bytes / 1e6:,.1f} MB){often}:"
            f" {say_duration(times * work.duration_s(size))}; {work.effect.waiting}"
        )
    if migration.works is None:
        yield "how long it takes cannot be foreseen: it builds on a migration that is pending too"
    elif migration.runs_code:
        yield "how long its code takes cannot be foreseen"
    elif not migration.works:
        yield "a second or less: no rows are read or written"
