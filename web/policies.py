"""Row security for readers with scopes: which rows of each table the role SCOPED_ROLE reads and writes.

A row is visible where all rows that it refers to are: the policy of a table follows from its foreign keys. What a model
says of itself comes first:

- `VISIBLE_IDS`, the setting of the session that lists the keys of visible rows (`web/scopes.py` fills it);
- `VISIBLE_WHERE`, a condition in SQL; "true" is organisation-wide, "false" is for readers without scopes alone;
- `WRITABLE_WHERE`, where fewer rows may be written than seen;
- `VISIBLE_IN_HISTORY_WHERE`, where fewer rows are told of in the history than are seen;
- `VISIBLE_BY`, names of the keys that decide, where the others lead to the same site.

A model that neither refers to such rows nor says anything is visible to nobody who has scopes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from django.apps import apps
from django.core.management import CommandError
from django.db import ProgrammingError, connections, transaction
from django.db.models import ForeignKey, Model

from web.audit import AuditEntry, audited_models
from web.scopes import SCOPED_ROLE, among

ORGANISATION_WIDE, NOBODY = "true", "false"
# Tables of samples refer to series only, so readers without a series find no samples.
_GRANTS = f"""
GRANT USAGE ON SCHEMA public TO {SCOPED_ROLE};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {SCOPED_ROLE};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {SCOPED_ROLE};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {SCOPED_ROLE};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {SCOPED_ROLE};
DROP FUNCTION IF EXISTS muster_refuse, muster_saw CASCADE;
CREATE FUNCTION muster_refuse(relation text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A row of % lies outside the sites of its reader.', relation USING ERRCODE = '42501';
END $$;
"""
# Inside the policy, all tables would be planned for each partition of the history.
_SAW = """
CREATE FUNCTION muster_saw(relation text, entry_id bigint, was jsonb, became jsonb) RETURNS boolean
    LANGUAGE plpgsql STABLE COST 1000 AS $$
BEGIN
    CASE relation {cases}
    ELSE RETURN false; END CASE;
END $$;
"""
# Triggers write history and claims completely, whatever the user's scope.
_OWN_TRIGGER = """prorettype = 'trigger'::regtype AND proowner = current_user::regrole
    AND pronamespace = 'public'::regnamespace"""
_TRIGGERS_SEE_ALL = f"""
DO $$ DECLARE it regprocedure; BEGIN
    FOR it IN SELECT oid FROM pg_proc WHERE {_OWN_TRIGGER} AND NOT prosecdef LOOP
        EXECUTE format('ALTER FUNCTION %s SECURITY DEFINER SET search_path = public, pg_temp', it);
    END LOOP;
END $$;
"""
_POLICY = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS muster_scope ON {table};
DROP POLICY IF EXISTS muster_scope_delete ON {table};
CREATE POLICY muster_scope ON {table} TO {role} USING ({where}) WITH CHECK ({check});
"""
# A deletion that a policy forbids affects no row, which would look like success.
_DELETION = """
CREATE POLICY muster_scope_delete ON {table} AS RESTRICTIVE FOR DELETE TO {role}
    USING (CASE WHEN {check} THEN true WHEN {where} THEN muster_refuse('{table}') ELSE false END);
"""
_OPEN = """
DROP POLICY IF EXISTS muster_scope ON {table};
DROP POLICY IF EXISTS muster_scope_delete ON {table};
ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
"""
_INSTALLED = f"""
SELECT obj_description(to_regproc('muster_refuse'), 'pg_proc'),
    NOT EXISTS (SELECT FROM pg_proc WHERE {_OWN_TRIGGER} AND NOT prosecdef)
"""
# Roles belong to the whole cluster: another database may create it at this moment.
_ROLE = f"""
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{SCOPED_ROLE}') THEN
        CREATE ROLE {SCOPED_ROLE} NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""
_TAKE_ROLE = f"SET LOCAL ROLE {SCOPED_ROLE}"


def install(using: str) -> None:
    """Create the role, and the policies that differ from the models.

    Setting a policy locks its table, and most migrations change none.
    """
    make_role(using)
    statements = [_GRANTS, _TRIGGERS_SEE_ALL, _sight_of_entries(), *map(_statement_of, _tables())]
    digest = sha256("\n".join(statements).encode()).hexdigest()
    with connections[using].cursor() as cursor:
        cursor.execute(_INSTALLED)
        if cursor.fetchone() != (digest, True):
            cursor.execute("\n".join(statements))
            cursor.execute(f"COMMENT ON FUNCTION muster_refuse IS '{digest}'")


def make_role(using: str) -> None:
    """Raise CommandError with the statement to run if this database user may not create roles."""
    connection = connections[using]
    try:
        with transaction.atomic(using=using), connection.cursor() as cursor:
            cursor.execute(_ROLE)
            if not _may_take_role(using):
                cursor.execute(f"GRANT {SCOPED_ROLE} TO CURRENT_USER")
    except ProgrammingError as error:
        user = connection.settings_dict["USER"] or "the user of DATABASE_URL"
        raise CommandError(
            "Muster needs a role of the database for readers who see some sites only. Run as its administrator:"
            f" CREATE ROLE {SCOPED_ROLE} NOLOGIN; GRANT {SCOPED_ROLE} TO {user};"
        ) from error


def _may_take_role(using: str) -> bool:
    try:
        with transaction.atomic(using=using), connections[using].cursor() as cursor:
            cursor.execute(_TAKE_ROLE)
            cursor.execute("RESET ROLE")
    except ProgrammingError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class RowRule:
    """Conditions for reading and for writing a row; columns are qualified with their table."""

    where: str
    check: str

    @property
    def is_open(self) -> bool:
        return self.where == ORGANISATION_WIDE


@cache
def rule_of(model: type[Model]) -> RowRule:
    if model is AuditEntry:
        return RowRule(_where_of_history(), NOBODY)
    where, check = getattr(model, "VISIBLE_WHERE", None), getattr(model, "WRITABLE_WHERE", None)
    if where is None and hasattr(model, "VISIBLE_IDS"):
        where = _visible(model, f"{model._meta.db_table}.id")
    elif where is None and not is_of_the_project(model):
        where = ORGANISATION_WIDE
    if where is not None:
        return RowRule(where, check or where)
    columns = {f"{model._meta.db_table}.{key.column}": key for key in keys_of(model)}
    where = " AND ".join(_visible_or_null(key, column) for column, key in columns.items()) or NOBODY
    if check is None and columns and all(key.null for key in columns.values()):
        # A row without a site is visible to everybody, and writable for users who see all sites.
        has_site = " OR ".join(f"{column} IS NOT NULL" for column in columns)
        check = f"{where} AND ({has_site})"
    return RowRule(where, check or where)


def keys_of(model: type[Model]) -> list[ForeignKey]:
    """Return the foreign keys that decide about a row."""
    keys = [field for field in model._meta.concrete_fields if isinstance(field, ForeignKey)]
    if (by := getattr(model, "VISIBLE_BY", None)) is not None:
        return [key for key in keys if key.name in by]
    parents = [key for key in keys if _concrete(key) is not model]
    return [key for key in parents if not rule_of(_concrete(key)).is_open]


def is_of_the_project(model: type[Model]) -> bool:
    """Whether a model belongs to Muster, not to Django or its automatic tables."""
    return not model._meta.auto_created and not model.__module__.startswith("django.")


def _tables() -> Iterator[type[Model]]:
    for model in apps.get_models(include_auto_created=True):
        if not model._meta.proxy:
            yield model


def _statement_of(model: type[Model]) -> str:
    rule = rule_of(model)
    template = _OPEN if rule.is_open else _POLICY if rule.check == rule.where else _POLICY + _DELETION
    return template.format(table=model._meta.db_table, role=SCOPED_ROLE, where=rule.where, check=rule.check)


def _concrete(key: ForeignKey) -> type[Model]:
    concrete = key.related_model._meta.concrete_model
    assert concrete is not None
    return concrete


def _visible(model: type[Model], value: str, end: str = "") -> str:
    """A condition that the model's row with the key `value` is visible."""
    if ids := getattr(model, "VISIBLE_IDS", None):
        return among(ids, value)
    # The subquery is subject to the policy of its own table.
    table, key = model._meta.db_table, model._meta.pk.column
    return f"EXISTS (SELECT FROM {table} WHERE {table}.{key} = {value}{end})"


def _visible_or_null(key: ForeignKey, value: str, end: str = "") -> str:
    visible = _visible(_concrete(key), value, end)
    return f"({value} IS NULL OR {visible})" if key.null else visible


def _where_of_history() -> str:
    """An entry is visible if the row was, before and after. Conditions shared by several tables use no function, which
    would be ten times slower.
    """
    tables = {model._meta.db_table: model for model in audited_models()}
    wide = [table for table, model in tables.items() if rule_of(_concrete_model(model)).is_open]
    by_key: dict[str, list[str]] = {}
    for table, model in tables.items():
        if table not in wide and not hasattr(model, "VISIBLE_WHERE"):
            seen = [
                _was_visible(key, f"audit_entry.{row}")
                for key in keys_of(model)
                for row in ("before", "after")
            ]
            by_key.setdefault(" AND ".join(seen), []).append(table)
    cases = [f"WHEN {_is_of(wide)} THEN true"]
    for table, model in tables.items():
        if ids := getattr(model, "VISIBLE_IDS", None):
            cases.append(f"WHEN {_is_of([table])} THEN {among(ids, 'audit_entry.object_id')}")
    cases += [f"WHEN {_is_of(of)} THEN {seen}" for seen, of in by_key.items() if len(of) > 1]
    return f'CASE {" ".join(cases)} ELSE muster_saw(audit_entry."table", object_id, before, after) END'


def _is_of(tables: Iterable[str]) -> str:
    return f'audit_entry."table" IN ({", ".join(map("'{}'".format, tables))})'


def _sight_of_entries() -> str:
    """The function for entries of all other tables; tables with their own rule are judged by the row itself."""
    cases = []
    for model in audited_models():
        table = model._meta.db_table
        if visible := getattr(model, "VISIBLE_IN_HISTORY_WHERE", ""):
            pass
        elif hasattr(model, "VISIBLE_WHERE"):
            visible = f"EXISTS (SELECT FROM {table} WHERE {table}.id = entry_id)"
        else:
            visible = " AND ".join(
                _was_visible(key, row) for key in keys_of(model) for row in ("was", "became")
            )
        cases.append(f"WHEN '{table}' THEN RETURN {visible or 'true'};")
    return _SAW.format(cases="\n".join(cases))


def _was_visible(key: ForeignKey, row: str) -> str:
    # Few entries of a long history are read at a time: OFFSET forces look-ups instead of a hash of the table.
    visible = _visible_or_null(key, f"({row} ->> '{key.column}')::bigint", end=" OFFSET 0")
    return f"({row} IS NULL OR {visible})"


def _concrete_model(model: type[Model]) -> type[Model]:
    concrete = model._meta.concrete_model
    assert concrete is not None
    return concrete
