"""Many small fleets: for each model one row, and copies of it whose foreign keys lead to the copies beside them.

It follows from the models, so that a new kind is in it the day it is added.
"""

from collections import defaultdict
from graphlib import TopologicalSorter

import pgtrigger
from django.apps import apps
from django.db import DatabaseError, connection, models

from tests.visibility.mirror import SHIFT
from tests.visibility.scene import guards
from web.audit import AuditEntry

# Those whose pages are looked at; of others the first row is copied.
CHOSEN = {
    "inventory.site": "slug = 'porto'",
    "evidence.review": "state = 'open'",
    "framework.frameworkversion": "status = 'draft'",
    "problems.problem": "is_cause AND ended_at IS NULL",
    # A person asks for one shift once.
    "people.swap": "state = 'taken'",
}
# One pack is in force, a user is one person, a cause is named by its key, and a rule for all sites names no place.
INSTEAD = {
    "accounts.grouprule": {"scope_slug": "''"},
    "jurisdiction.rulepack": {"status": "'draft'", "published_at": "NULL"},
    "problems.problem": {"key": '"key"', "cause_key": '"cause_key"'},
    "people.person": {"user_id": "NULL", "user_confirmed_at": "NULL"},
}
NOT_OURS = {"auth", "contenttypes", "sessions", "django_celery_beat"}
# Each is paired with each site; each has a key of its own.
NOT_COPIED = {"workloads.userregion", "accounts.session", "accounts.recoverycode"}


def copied_models():
    """Those with a row to copy, what others refer to first."""
    with_rows = [
        model
        for model in apps.get_models()
        if model is not AuditEntry
        and model._meta.managed
        and not model._meta.proxy
        and model._meta.app_label not in NOT_OURS
        and model._meta.label_lower not in NOT_COPIED
        and model._base_manager.exists()
    ]
    refers_to = {
        model: {key.related_model for key in keys_of(model) if key.related_model in with_rows} - {model}
        for model in with_rows
    }
    return list(TopologicalSorter(refers_to).static_order())


def keys_of(model):
    return [field for field in model._meta.concrete_fields if field.is_relation]


def multiply(times):
    """Copy a row of each model so often, if the database takes the copies."""
    seeds = {}
    with pgtrigger.ignore(*guards()), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for model in copied_models():
            seeds[model] = seed_of(model, seeds, cursor)
            cursor.execute("SAVEPOINT model")
            try:
                cursor.execute(statement(model, seeds, times))
            except DatabaseError:
                cursor.execute("ROLLBACK TO SAVEPOINT model")
                del seeds[model]
        cursor.execute("ANALYZE (SKIP_LOCKED)")  # a table that autovacuum holds is left as it is


def seed_of(model, seeds, cursor):
    """Return the key of the row that refers to most of the rows chosen before."""
    meta = model._meta
    near = [
        f'coalesce(("{key.column}" = {seeds[key.related_model]})::int, 0) * {10 if key.name == "site" else 1}'
        for key in keys_of(model)
        if key.related_model in seeds
    ]
    first = CHOSEN.get(meta.label_lower, f"{meta.pk.column} IS NOT NULL")
    order = " + ".join([f"({meta.pk.column} IS NULL)::int", *near])
    cursor.execute(
        f"SELECT {meta.pk.column} FROM {meta.db_table} ORDER BY ({first}) DESC NULLS LAST, {order} DESC, 1 LIMIT 1"
    )
    return cursor.fetchone()[0]


def statement(model, seeds, times):
    meta = model._meta
    columns = {field.column: f'"{field.column}"' for field in meta.concrete_fields if not field.generated}
    for field in unique_texts(model):
        columns[field.column] = (
            f"left('n' || n || '-' || \"{field.column}\", {field.max_length or 10_000})"
            if not isinstance(field, models.BinaryField)
            else f'"{field.column}" || int4send(n)'
        )
    for key in keys_of(model):
        if (seed := seeds.get(key.related_model)) is not None:
            other = "NULL" if key.one_to_one and key.null else f'"{key.column}"'
            # Whatever a site has one of is at the site beside it.
            is_beside = "true" if key.name == "site" and not key.null else f'"{key.column}" = {seed}'
            columns[key.column] = f"CASE WHEN {is_beside} THEN {SHIFT} + n ELSE {other} END"
        elif key.one_to_one and key.null:
            columns[key.column] = "NULL"
    columns |= INSTEAD.get(meta.label_lower, {})
    if not meta.pk.is_relation:
        columns[meta.pk.column] = f"{SHIFT} + n"
    names = ", ".join(f'"{column}"' for column in columns)
    return (
        f"INSERT INTO {meta.db_table} ({names}) SELECT {', '.join(columns.values())}"
        f" FROM {meta.db_table}, generate_series(1, {times}) AS n"
        f" WHERE {meta.pk.column} = {seeds[model]}"
    )


def unique_texts(model):
    """Return the fields that have to differ: texts and bytes which a unique key holds."""
    together = defaultdict(set)
    for constraint in model._meta.constraints:
        for name in (*getattr(constraint, "fields", ()), *_names_in(getattr(constraint, "expressions", ()))):
            together[name].add(constraint.name)
    return [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, (models.CharField, models.TextField, models.BinaryField))
        and not field.choices
        and not field.primary_key
        and (field.unique or field.name in together)
    ]


def _names_in(expressions):
    for each in expressions:
        if isinstance(each, models.F):
            yield each.name
        elif hasattr(each, "get_source_expressions"):
            yield from _names_in(each.get_source_expressions())
