"""A second fleet beside the one that a reader sees: a copy of every row that has a rule, with other names and figures.

It follows from the models, so that a new kind is in it the day it is added.
"""

from contextlib import suppress

import pgtrigger
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import DatabaseError, connection, models, transaction

from readiness.organisation.people.models import RotationSite
from tests.visibility.scene import MARK, guards
from web.audit import AuditEntry
from web.policies import rule_of
from web.workflows.models import Approval

SHIFT = 10_000_000
NUMBERS = (models.IntegerField, models.FloatField, models.DecimalField)
# Words that documents and the standard library know: another one would be no page at all to anybody.
VOCABULARY = {
    *(
        "time_zone",
        "country",
        "operator_country",
        "check_id",
        "first_blocker",
        "pillar",
        "gate",
        "code",
        "from_state",
    ),
    *(
        "to_state",
        "metric",
        "objective",
        "key",
        "limit_id",
        "preset",
        "part",
        "tool",
        "unit",
        "item",
        "domain",
    ),
    *("site_label", "operation", "telemetry.Rejection.reason", "people.Layer.rule"),
    *("web.Approval.table", "web.Approval.step"),
}
# A user is one person.
INSTEAD = {"people.person": {"user_confirmed_at": "NULL"}}
# Of documents, names and sentences.
IN_JSON = r'"(site|slug|name|display|Hostname|UUID|gpu)": "([^"]+)"', r'"([a-z_]+)": "([^"]* [^"]*)"'
# By series, without a rule of their own: who finds no series of the copy reads none of these.
SAMPLES = {"telemetry_sample": "ts, value", "telemetry_rollup_5m": "*", "telemetry_rollup_1h": "*"}


def ruled_models():
    """Those whose rows some readers do not see, but for the history, which triggers write."""
    concrete = [model for model in apps.get_models() if not model._meta.proxy and model is not AuditEntry]
    return [model for model in concrete if not rule_of(model).is_open]


def add(also=()):
    """Copy the fleet beside itself; rows of two sites also with one of them on each side.

    `also` are models that everybody reads, whose rows are copied as well.
    """
    copied_models = {*ruled_models(), *also}
    with pgtrigger.ignore(*guards()), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for model in [*ruled_models(), *also]:
            keys = keys_within(model, copied_models)
            _copy(model, keys, SHIFT)
            between = [key for key in keys if not rule_of(key.related_model._meta.concrete_model).is_open]
            # A rotation is seen where it serves a site, so one of the other fleet serves none of ours.
            if len(between) > 1 and model is not RotationSite:
                for times, key in enumerate(between, start=2):
                    with suppress(DatabaseError), transaction.atomic():
                        _insert(model, [key], SHIFT * times, _marks(model, unique_only=True))
        _copy_samples(cursor)


def keys_within(model, copied_models):
    """Foreign keys to what is copied too."""
    return [
        field
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model._meta.concrete_model in copied_models
    ]


def copies(model):
    return model._base_manager.filter(pk__gte=SHIFT)


def _copy(model, keys, shift):
    """With all marks at once, or else with those that unique keys need and then one by one as the table takes them."""
    try:
        with transaction.atomic():
            _insert(model, keys, shift, _marks(model))
    except DatabaseError:
        _insert(model, keys, shift, _marks(model, unique_only=True))
        meta = model._meta
        for column, value in _marks(model).items():
            with suppress(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    f'UPDATE {meta.db_table} SET "{column}" = {value}'
                    f" WHERE {meta.pk.column} >= {shift} AND NOT starts_with(\"{column}\"::text, '{MARK}')"
                )


def _insert(model, keys, shift, marks):
    meta = model._meta
    columns = {field.column: f'"{field.column}"' for field in meta.concrete_fields if not field.generated}
    # One token is of one source.
    columns |= {field.column: "NULL" for field in meta.concrete_fields if field.one_to_one and field.null}
    columns |= marks
    columns |= INSTEAD.get(meta.label_lower, {})
    columns |= {key.column: f'"{key.column}" + {SHIFT}' for key in keys}
    if model is Approval:
        # Without keys, since inventory is a floor above it.
        columns |= {column: f'"{column}" + {SHIFT}' for column in ("site_id", "object_id")}
    columns[meta.pk.column] = f'"{meta.pk.column}" + {shift}'
    # A row that is at no site is everybody's, unless its kind says otherwise.
    deciding = [key for key in keys if key.related_model is not model]
    follows_keys = rule_of(model).is_open or not hasattr(model, "VISIBLE_WHERE")
    is_placed = deciding and all(key.null for key in deciding) and follows_keys
    placed = " OR ".join(f'"{key.column}" IS NOT NULL' for key in deciding) if is_placed else "true"
    quoted = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {meta.db_table} ({quoted}) SELECT {', '.join(columns.values())} FROM {meta.db_table}"
            f" WHERE {meta.pk.column} < {SHIFT} AND ({placed})"
        )


def _marks(model, unique_only=False):
    """Expressions that write the mark into text, and make other figures of numbers."""
    together = [set(getattr(each, "fields", ())) for each in model._meta.constraints]
    of_relations = {field.name for field in model._meta.concrete_fields if field.is_relation}
    unique = set().union(*(names for names in together if not names & of_relations))
    marks = {}
    for field in model._meta.concrete_fields:
        if field.primary_key or field.is_relation or field.choices:
            continue
        if {field.name, str(field)} & VOCABULARY:
            continue
        if unique_only and not (field.unique or field.name in unique):
            continue
        if (value := _mark(field)) is not None:
            marks[field.column] = value
    return marks


def _mark(field):
    column = f'"{field.column}"'
    if isinstance(field, models.CharField | models.TextField):
        marked = f"'{MARK}-' || {column}"
        marked = f"left({marked}, {field.max_length})" if field.max_length else marked
        return f"CASE WHEN {column} = '' THEN {column} ELSE {marked} END"
    if isinstance(field, models.JSONField):
        value = f"{column}::text"
        for pattern in IN_JSON:
            value = f"regexp_replace({value}, '{pattern}', '\"\\1\": \"{MARK}-\\2\"', 'g')"
        return f"({value})::jsonb"
    if isinstance(field, ArrayField) and isinstance(field.base_field, models.CharField):
        return f"ARRAY(SELECT '{MARK}-' || each FROM unnest({column}) AS each)"
    if isinstance(field, models.SmallIntegerField):
        # Tests that made many objects before have come far in counting them.
        return f"mod({column}, 10000) * 3"
    if isinstance(field, NUMBERS):
        return f"{column} * 3"
    if isinstance(field, models.BinaryField) and field.unique:
        return f"{column} || '\\x00'"
    return None


def _copy_samples(cursor):
    for table in SAMPLES:
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
            [table],
        )
        columns = [name for (name,) in cursor.fetchall()]
        values = [
            {"series_id": f"series_id + {SHIFT}", "value": "value * 3"}.get(name, name) for name in columns
        ]
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM {table}"
            f" WHERE series_id < {SHIFT}"
        )
