"""Triggers that write the audit table: one function, and three triggers for each audited table.

A trigger runs once per statement, so that bulk writes are recorded and stay fast. They are installed after each
migration, not by one, because a table's triggers follow from its model.
"""

from hashlib import sha256

import pgtrigger.installation
from django.db import connections
from django.db.models import Model

from web.audit.registry import audited_models, lasts, left_out

ERASING = "muster.erasing"
"""The setting under which `erasing` may change entries; nothing else does."""
_WRITE = """
INSERT INTO audit_entry (at, lasts, "table", object_id, action, before, after,
    user_id, username, token, message, request_id)
SELECT now(), TG_ARGV[0]::boolean, TG_TABLE_NAME, id,
    CASE WHEN before IS NULL THEN 'created' WHEN after IS NULL THEN 'deleted' ELSE 'changed' END,
    before, after, who.user_id, who.username, who.token, who.message, who.request_id
FROM ({rows}) AS written;
"""
# Most models leave nothing out; subtracting an empty list would still copy each row.
_KEPT = "CASE WHEN keeps_all THEN to_jsonb({row}) ELSE to_jsonb({row}) - left_out END"
_OLD, _NEW = _KEPT.format(row="old_row"), _KEPT.format(row="new_row")
_CREATED = f"SELECT id, NULL::jsonb AS before, {_NEW} AS after FROM new_values AS new_row"
_DELETED = f"SELECT id, {_OLD} AS before, NULL::jsonb AS after FROM old_values AS old_row"
# A save without changes is not recorded. A changed id means another object: one deleted, one created.
_CHANGED = f"""
SELECT id, before, after FROM (
    SELECT id, {_OLD} AS before, {_NEW} AS after
    FROM old_values AS old_row FULL JOIN new_values AS new_row USING (id)
) AS pairs WHERE before IS DISTINCT FROM after ORDER BY id
"""
# Arguments of a trigger: whether its entries last, then the columns to leave out.
_FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION audit_write() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    acting jsonb := coalesce(nullif(current_setting('muster.acting', true), ''), '{{}}');
    who audit_entry;
    left_out text[] := TG_ARGV[1:];
    keeps_all boolean := TG_NARGS = 1;
BEGIN
    who.user_id := (acting ->> 'user')::bigint;
    who.username := coalesce(acting ->> 'username', '');
    who.token := coalesce(acting ->> 'token', '');
    who.message := coalesce(acting ->> 'message', '');
    who.request_id := coalesce(acting ->> 'request_id', '');
    IF TG_OP = 'INSERT' THEN {_WRITE.format(rows=_CREATED)}
    ELSIF TG_OP = 'UPDATE' THEN {_WRITE.format(rows=_CHANGED)}
    ELSE {_WRITE.format(rows=_DELETED)}
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('{ERASING}', true) = 'on' THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'The history stays as it was written.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'audit_stays', TABLE = 'audit_entry';
END $$;
CREATE OR REPLACE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_stays();
"""
# Triggers of rows see no TRUNCATE. Months have none: whoever may empty one may drop it, as the retention does.
_NOT_EMPTIED = "audit_not_emptied"
_TABLES = ("audit_entry", "audit_entry_lasting", "audit_entry_passing")
_KEEP_FULL = "\n".join(
    f"CREATE OR REPLACE TRIGGER {_NOT_EMPTIED} BEFORE TRUNCATE ON {table}"
    " FOR EACH STATEMENT EXECUTE FUNCTION audit_stays();"
    for table in _TABLES
)
# Tables that are no longer audited lose their triggers.
_PRUNE = """
DO $$ DECLARE it record; BEGIN
    FOR it IN SELECT tgname, tgrelid::regclass AS relation FROM pg_trigger
        WHERE tgfoid = 'audit_write'::regproc AND tgrelid::regclass::text <> ALL (ARRAY[{tables}]) LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', it.tgname, it.relation);
    END LOOP;
END $$;
"""
_ROWS = {
    "insert": "NEW TABLE AS new_values",
    "update": "OLD TABLE AS old_values NEW TABLE AS new_values",
    "delete": "OLD TABLE AS old_values",
}


# The function's comment holds the digest of the last installation.
_INSTALLED = """
SELECT obj_description(to_regproc('audit_write'), 'pg_proc'), ARRAY(
    SELECT concat_ws(' ', tgrelid::regclass, tgname) FROM pg_trigger
    WHERE NOT tgisinternal AND tgparentid = 0 AND tgname ~ '^(audit|pgtrigger)_'
)
"""


def install(using: str) -> None:
    """Install the audit's triggers and all others that the models declare, if they differ.

    Setting a trigger locks its table against writes, and most migrations change none.
    """
    models, others = audited_models(), pgtrigger.registered()
    tables = ", ".join(f"'{model._meta.db_table}'" for model in models)
    audit = "\n".join([_FUNCTIONS, _KEEP_FULL, *map(_triggers_of, models), _PRUNE.format(tables=tables)])
    declared = [audit, *(trigger.compile(model).install_sql for model, trigger in others)]
    digest = sha256("\n".join(declared).encode()).hexdigest()
    names = {f"{model._meta.db_table} {trigger.get_pgid(model)}" for model, trigger in others}
    names |= {f"{model._meta.db_table} audit_{operation}" for model in models for operation in _ROWS}
    names |= {"audit_entry audit_stays", *(f"{table} {_NOT_EMPTIED}" for table in _TABLES)}
    with connections[using].cursor() as cursor:
        cursor.execute(_INSTALLED)
        installed, present = cursor.fetchone()
        if installed == digest and set(present) == names:
            return
        cursor.execute(audit)
        pgtrigger.installation.install(database=using)
        cursor.execute(f"COMMENT ON FUNCTION audit_write IS '{digest}'")


def _triggers_of(model: type[Model]) -> str:
    table = model._meta.db_table
    arguments = ", ".join(f"'{each}'" for each in (str(lasts(model)).lower(), *left_out(model)))
    return "\n".join(
        f"CREATE OR REPLACE TRIGGER audit_{operation} AFTER {operation.upper()} ON {table} REFERENCING {rows}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION audit_write({arguments});"
        for operation, rows in _ROWS.items()
    )
