"""Row security for users with scopes: which rows of each table the role SCOPED_ROLE reads and writes.

A row is visible where all rows that it refers to are: the policy of a table follows from its foreign keys. What a model
says of itself comes first:

- `VISIBLE_IDS`, the setting of the session that lists the keys of visible rows (`web/scopes.py` fills it);
- `VISIBLE_WHERE`, a condition in SQL; "true" is organisation-wide, "false" is for readers without scopes alone;
- `VISIBLE_IN_HISTORY_WHERE`, where fewer rows are told of in the history than are seen;
- `VISIBLE_BY`, names of the keys that decide, where the others lead to the same site.

A model that neither refers to such rows nor says anything is visible to nobody who has scopes.

A visible row may be written before and after, but what is organisation-wide is written by users without scopes only.
Where a model says otherwise, it has

- `WRITABLE_WHERE`, the condition in SQL under which a row may be written;
- `WRITABLE_BY`, names of the keys whose rows must be writable too: those that the row is a part of;
- `MOVES_WITHIN`, names of the keys to regions that only change to a region of the scope.

The row as it is to be is judged by the policy. The row as it was is judged by a trigger: a policy is also asked about
rows that a statement only locks, or passes on its way, and could not refuse these.
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
from web.database_roles import SCOPED_ROLE
from web.scopes import EVERYBODY, NOBODY, among, judge_with

# Tables of samples refer to series only, so readers without a series find no samples.
_GRANTS = f"""
GRANT USAGE ON SCHEMA public TO {SCOPED_ROLE};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {SCOPED_ROLE};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {SCOPED_ROLE};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {SCOPED_ROLE};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {SCOPED_ROLE};
DROP FUNCTION IF EXISTS muster_refuse, muster_saw CASCADE;
CREATE FUNCTION muster_refuse(relation text, was boolean, keys jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A row of % lies outside the sites of its writer.', relation
        USING ERRCODE = '42501', TABLE = relation, DETAIL = jsonb_build_object('was', was, 'keys', keys)::text;
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
    AND pronamespace = 'public'::regnamespace AND NOT starts_with(proname::text, 'muster_write_')"""
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
CREATE POLICY muster_scope ON {table} TO {role} USING ({where})
    WITH CHECK (CASE WHEN {check} THEN true ELSE muster_refuse('{table}', false, {keys}) END);
"""
_NO_TRIGGER = """
DROP POLICY IF EXISTS muster_scope_delete ON {table};
DROP FUNCTION IF EXISTS muster_write_{table} CASCADE;
"""
# It runs as whoever writes, so that what the conditions look up is what the writer sees.
_TRIGGER = """
CREATE FUNCTION muster_write_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        IF NOT EXISTS (SELECT FROM (SELECT OLD.*) AS {table} WHERE {check}) THEN
            PERFORM muster_refuse('{table}', true, {old_keys});
        END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    END IF;
    {new}
    RETURN NEW;
END $$;
CREATE TRIGGER muster_write BEFORE {events} ON {table} FOR EACH ROW WHEN (current_user = '{role}')
    EXECUTE FUNCTION muster_write_{table}();
"""
_MOVE = """IF NEW.{column} IS DISTINCT FROM OLD.{column} AND NOT ({within}) THEN
        PERFORM muster_refuse('{table}', false, {new_keys});
    END IF;
    """
_NEW = """IF NOT EXISTS (SELECT FROM (SELECT NEW.*) AS {table} WHERE {check}) THEN
        PERFORM muster_refuse('{table}', false, {new_keys});
    END IF;
    """
_OPEN = """
DROP POLICY IF EXISTS muster_scope ON {table};
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


def register() -> None:
    """Let `web.scopes` answer by the same rules."""
    judge_with(lambda model: rule_of(model).check)


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
        """Whether everybody reads all rows."""
        return self.where == EVERYBODY

    @property
    def is_writable_by_all(self) -> bool:
        return self.check == EVERYBODY


@cache
def rule_of(model: type[Model]) -> RowRule:
    if model is AuditEntry:
        return RowRule(_where_of_history(), NOBODY)
    where = _where(model)
    return RowRule(where, _check(model, where))


def _where(model: type[Model]) -> str:
    if (where := getattr(model, "VISIBLE_WHERE", None)) is not None:
        return str(where)
    if hasattr(model, "VISIBLE_IDS"):
        return _visible(model, f"{model._meta.db_table}.id")
    if not is_of_the_project(model):
        return EVERYBODY
    columns = _deciding_columns(model)
    return " AND ".join(_visible_or_null(key, column) for column, key in columns.items()) or NOBODY


def _check(model: type[Model], where: str) -> str:
    parents = [_writable(key) for key in parents_of(model)]
    stated = getattr(model, "WRITABLE_WHERE", None)
    if stated is None and where == EVERYBODY:
        return " AND ".join(parents) or NOBODY
    conditions = [f"({stated or where})", *parents]
    columns = {} if hasattr(model, "VISIBLE_WHERE") else _deciding_columns(model)
    if stated is None and columns and all(key.null for key in columns.values()):
        # A row without a site is visible to everybody, and writable for users who see all sites.
        conditions.append(f"({' OR '.join(f'{column} IS NOT NULL' for column in columns)})")
    return " AND ".join(conditions) if len(conditions) > 1 else str(stated or where)


def _deciding_columns(model: type[Model]) -> dict[str, ForeignKey]:
    return {f"{model._meta.db_table}.{key.column}": key for key in keys_of(model)}


def parents_of(model: type[Model]) -> list[ForeignKey]:
    """Return the foreign keys to rows that must be writable for a row to be."""
    return [_key(model, name) for name in getattr(model, "WRITABLE_BY", ())]


def _key(model: type[Model], name: str) -> ForeignKey:
    key = model._meta.get_field(name)
    assert isinstance(key, ForeignKey)
    return key


def _writable(key: ForeignKey) -> str:
    """A condition that the row which the key refers to may be written; true where it refers to none."""
    parent, value = _concrete(key), f"{key.model._meta.db_table}.{key.column}"
    table, column = parent._meta.db_table, parent._meta.pk.column
    found = f"EXISTS (SELECT FROM {table} WHERE {table}.{column} = {value} AND ({rule_of(parent).check}))"
    return f"({value} IS NULL OR {found})" if key.null else found


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
    rule, table = rule_of(model), model._meta.db_table
    if rule.is_open and rule.is_writable_by_all:
        return (_OPEN + _NO_TRIGGER).format(table=table)
    moves = "".join(
        _MOVE.format(
            table=table,
            column=key.column,
            within=among("muster.regions", f"NEW.{key.column}"),
            new_keys=_keys(model, "NEW"),
        )
        for key in (_key(model, name) for name in getattr(model, "MOVES_WITHIN", ()))
    )
    by_trigger = _leads_back(model)
    template = _POLICY.replace("{check}", "{where}") if by_trigger else _POLICY
    template += _NO_TRIGGER + (_TRIGGER if moves or rule.check != rule.where else "")
    new = _NEW.format(table=table, check=rule.check, new_keys=_keys(model, "NEW")) if by_trigger else moves
    return template.format(
        table=table,
        role=SCOPED_ROLE,
        where=rule.where,
        check=rule.check,
        keys=_keys(model, table),
        old_keys=_keys(model, "OLD"),
        new=new,
        events="INSERT OR UPDATE OR DELETE" if by_trigger else "UPDATE OR DELETE",
    )


def _leads_back(model: type[Model]) -> bool:
    """Whether a row that must be writable too is visible by rows of this model: a policy may not lead back to itself,
    so a trigger judges the new row.
    """
    return any(model._meta.db_table in rule_of(_concrete(key)).where for key in parents_of(model))


def _keys(model: type[Model], row: str) -> str:
    """An object in SQL with the primary key and the foreign keys of a row, by column."""
    columns = [
        field.column for field in model._meta.concrete_fields if field.primary_key or field.is_relation
    ]
    return f"jsonb_build_object({', '.join(f"'{column}', {row}.{column}" for column in columns)})"


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
