"""A second fleet beside the one that a reader sees: a copy of every row that has a rule, with other names and figures.

It follows from the models, so that a new kind is in it the day it is added.
"""

from contextlib import suppress

import pgtrigger
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import DatabaseError, connection, models, transaction

from inventory.models.constraints import SameSite
from readiness.organisation.people.models import RotationSite
from telemetry.core.batches import pack_batch, unpack_batch
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
    *("web.Approval.table", "web.Approval.step", "web.Channel.scope_kind", "alerts.MaintenanceWindow.rule"),
}
ANOTHER_KEY = {"key": f"'{MARK}-' || \"key\""}
# The last user who is none of those that tests sign in as, which bear the name of their role.
STRANGER = """(SELECT id FROM accounts_user WHERE username NOT IN ('viewer', 'ops', 'planner', 'manager', 'admin')
    ORDER BY id DESC LIMIT 1)"""
# A user is one person, an open alert and a message are alone with their key, a channel with its name. Whoever owns a
# channel or a subscription sees it, wherever it belongs, so those of the other fleet are somebody else's.
INSTEAD = {
    "people.person": {"user_confirmed_at": "NULL"},
    "alerts.alert": ANOTHER_KEY,
    "web.message": ANOTHER_KEY,
    "web.channel": {
        "name": f"left('{MARK}-' || \"name\", 100)",
        "owner_id": STRANGER,
    },
    "alerts.subscription": {"user_id": STRANGER},
}
# Of documents, names and sentences.
IN_JSON = r'"(site|slug|name|display|Hostname|UUID|gpu)": "([^"]+)"', r'"([a-z_]+)": "([^"]* [^"]*)"'
# By series, without a rule of their own: who finds no series of the copy reads none of these.
ROLLUPS = ("telemetry_rollup_5m", "telemetry_rollup_1h")


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
            keys = {key: copied_key(key, copied_models) for key in keys_within(model, copied_models)}
            _copy(model, keys, SHIFT)
            between = [key for key in keys if not rule_of(key.related_model._meta.concrete_model).is_open]
            # A rotation is seen where it serves a site, so one of the other fleet serves none of ours. A row that has
            # the key of another is where that is.
            if len(between) > 1 and model is not RotationSite and not model._meta.pk.is_relation:
                for times, key in enumerate(between, start=2):
                    with suppress(DatabaseError), transaction.atomic():
                        _insert(
                            model,
                            {key: keys[key]},
                            SHIFT * times,
                            _marks(model, unique_only=True),
                            refers=key,
                        )
                        _refuse_at_two_sites(cursor, model)
        _copy_samples(cursor)


def _refuse_at_two_sites(cursor, model):
    for constraint in model._meta.constraints:
        if isinstance(constraint, SameSite):
            cursor.execute(f"SET CONSTRAINTS {constraint.name} IMMEDIATE")
            cursor.execute(f"SET CONSTRAINTS {constraint.name} DEFERRED")


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


def _insert(model, keys, shift, marks, *, refers=None):
    """`refers` is a key that each copied row has."""
    meta = model._meta
    columns = {field.column: f'"{field.column}"' for field in meta.concrete_fields if not field.generated}
    # One token is of one source.
    columns |= {field.column: _another(field) for field in meta.concrete_fields if field.one_to_one}
    columns |= marks
    columns |= INSTEAD.get(meta.label_lower, {})
    columns |= {key.column: value for key, value in keys.items()}
    if model is Approval:
        # Without keys, since inventory is a floor above it.
        columns |= {column: f'"{column}" + {SHIFT}' for column in ("site_id", "object_id")}
    columns[meta.pk.column] = f'"{meta.pk.column}" + {shift}'
    placed = f'"{refers.column}" IS NOT NULL' if refers else _is_copied(model, keys)
    quoted = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {meta.db_table} ({quoted}) SELECT {', '.join(columns.values())} FROM {meta.db_table}"
            f" WHERE {meta.pk.column} < {SHIFT} AND ({placed})"
        )


def _another(field):
    """Nothing, or where there has to be something, for each row another one that no row refers to yet."""
    if field.null or field.primary_key:
        return "NULL"
    target, table = field.related_model._meta, field.model._meta
    own, key = f"{table.db_table}.{table.pk.column}", f"other.{target.pk.column}"
    return f"""(SELECT spare.id FROM (
        SELECT {key} AS id, row_number() OVER (ORDER BY {key} DESC) AS place FROM {target.db_table} AS other
        WHERE NOT EXISTS (SELECT FROM {table.db_table} AS used WHERE used.{field.column} = {key})) AS spare
        WHERE spare.place = (SELECT count(*) FROM {table.db_table} AS before
            WHERE before.{table.pk.column} <= {own} AND before.{table.pk.column} < {SHIFT}))"""


def _is_copied(model, keys):
    """A row that is at no site is everybody's, unless its kind says otherwise."""
    deciding = [key for key in keys if key.related_model is not model]
    follows_keys = rule_of(model).is_open or not hasattr(model, "VISIBLE_WHERE")
    is_placed = deciding and all(key.null for key in deciding) and follows_keys
    return " OR ".join(f'"{key.column}" IS NOT NULL' for key in deciding) if is_placed else "true"


def copied_key(key, copied_models):
    """The copy of what a row refers to; what is everybody's has none."""
    target, column = key.related_model._meta.concrete_model, f'"{key.column}"'
    condition = _is_copied(target, keys_within(target, copied_models))
    if condition == "true" or key.related_model is key.model:
        return f"{column} + {SHIFT}"
    those = f'SELECT "{target._meta.pk.column}" FROM {target._meta.db_table} WHERE {condition}'
    return f"CASE WHEN {column} IN ({those}) THEN {column} + {SHIFT} ELSE {column} END"


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
    cursor.execute(f"SELECT * FROM telemetry_samplebatch WHERE source_id < {SHIFT}")
    for source_id, first_at, last_at, samples, packed in cursor.fetchall():
        series, ts_ms, values = unpack_batch(bytes(packed))
        cursor.execute(
            "INSERT INTO telemetry_samplebatch VALUES (%s, %s, %s, %s, %s)",
            [source_id + SHIFT, first_at, last_at, samples, pack_batch(series + SHIFT, ts_ms, values * 3)],
        )
    for table in ROLLUPS:
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
