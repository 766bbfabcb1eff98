"""Makes the tables of a new database at once, in place of one migration after the other.

An operation that alters a model has Django render it anew with all that refers to it. Over all migrations that takes
many times what PostgreSQL takes to make the tables as the newest migration has them.
"""

from collections.abc import Iterator

from django.contrib.postgres.operations import CreateExtension
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.fields import FieldOperation
from django.db.migrations.operations.models import IndexOperation, ModelOperation
from django.db.migrations.state import ProjectState

# What these do is part of the newest state.
_OF_MODELS = (ModelOperation, FieldOperation, IndexOperation)


def make_tables(connection: BaseDatabaseWrapper) -> bool:
    """Make all tables and note all migrations as applied; returns False if the database has tables already.

    SQL and functions of migrations run afterwards, on the newest tables. Those that only change rows which are there
    say so by `elidable=True`, and are left out. All of it is one transaction.
    """
    if connection.introspection.table_names():
        return False
    executor = MigrationExecutor(connection)
    migrations = [migration for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    state = executor.loader.project_state()
    with transaction.atomic(using=connection.alias):
        with connection.schema_editor() as editor:
            _run(_extensions(migrations), editor, state)
            for model in state.apps.get_models():
                if model._meta.can_migrate(connection):
                    editor.create_model(model)
        with connection.schema_editor() as editor:
            _run(_operations_beside_models(migrations), editor, state)
        executor.recorder.ensure_schema()
        for migration in migrations:
            executor.record_migration(migration.app_label, migration.name)
    return True


def _run(
    operations: Iterator[tuple[str, Operation]], editor: BaseDatabaseSchemaEditor, state: ProjectState
) -> None:
    for label, operation in operations:
        operation.database_forwards(label, editor, state, state)


def _extensions(migrations: list[Migration]) -> Iterator[tuple[str, Operation]]:
    return (
        (migration.app_label, operation)
        for migration in migrations
        for operation in migration.operations
        if isinstance(operation, CreateExtension)
    )


def _operations_beside_models(migrations: list[Migration]) -> Iterator[tuple[str, Operation]]:
    return (
        (migration.app_label, operation)
        for migration in migrations
        for operation in migration.operations
        if not isinstance(operation, (*_OF_MODELS, CreateExtension)) and not operation.elidable
    )
