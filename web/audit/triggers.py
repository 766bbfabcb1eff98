"""Triggers that write the audit table: one function, and three triggers for each audited table.

A trigger runs once for each statement, so that bulk writes are seen and stay quick. All of this is installed after each
migration, and not by one: a table's triggers follow from its model.
"""

import pgtrigger.installation
from django.db import connections
from django.db.models import Model

from web.audit.models import AuditEntry
from web.audit.registry import audited_models, lasts, left_out

_WRITE = """
INSERT INTO audit_entry (at, lasts, "table", object_id, action, before, after,
    user_id, username, token, message, request_id)
SELECT now(), TG_ARGV[0]::boolean, TG_TABLE_NAME, written.id, '{action}', written.before, written.after,
    (acting ->> 'user')::bigint, coalesce(acting ->> 'username', ''), coalesce(acting ->> 'token', ''),
    coalesce(acting ->> 'message', ''), coalesce(acting ->> 'request_id', '')
FROM ({rows}) AS written ORDER BY written.id;
"""
_CREATED = (
    "SELECT id, NULL::jsonb AS before, to_jsonb(new_row) - left_out AS after FROM new_values AS new_row"
)
_DELETED = (
    "SELECT id, to_jsonb(old_row) - left_out AS before, NULL::jsonb AS after FROM old_values AS old_row"
)
# A save that changes nothing is no history.
_CHANGED = """
SELECT id, before, after FROM (
    SELECT new_row.id, to_jsonb(old_row) - left_out AS before, to_jsonb(new_row) - left_out AS after
    FROM old_values AS old_row JOIN new_values AS new_row ON old_row.id = new_row.id
) AS pairs WHERE before IS DISTINCT FROM after
"""
# Arguments of a trigger: whether its entries last, then the columns to leave out.
_FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION audit_write() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    acting jsonb := coalesce(nullif(current_setting('muster.acting', true), ''), '{{}}');
    left_out text[] := TG_ARGV[1:];
BEGIN
    IF TG_OP = 'INSERT' THEN {_WRITE.format(action=AuditEntry.Action.CREATED, rows=_CREATED)}
    ELSIF TG_OP = 'UPDATE' THEN {_WRITE.format(action=AuditEntry.Action.CHANGED, rows=_CHANGED)}
    ELSE {_WRITE.format(action=AuditEntry.Action.DELETED, rows=_DELETED)}
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The history stays as it was written.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'audit_stays', TABLE = 'audit_entry';
END $$;
CREATE OR REPLACE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_stays();
"""
# What is no longer audited loses its triggers.
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


def install(using: str) -> None:
    """The audit's triggers, and all others that the models declare."""
    models = audited_models()
    tables = ", ".join(f"'{model._meta.db_table}'" for model in models)
    statements = [_FUNCTIONS, *map(_triggers_of, models), _PRUNE.format(tables=tables)]
    with connections[using].cursor() as cursor:
        cursor.execute("\n".join(statements))
    pgtrigger.installation.install(database=using)


def _triggers_of(model: type[Model]) -> str:
    table = model._meta.db_table
    arguments = ", ".join(f"'{each}'" for each in (str(lasts(model)).lower(), *left_out(model)))
    return "\n".join(
        f"CREATE OR REPLACE TRIGGER audit_{operation} AFTER {operation.upper()} ON {table} REFERENCING {rows}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION audit_write({arguments});"
        for operation, rows in _ROWS.items()
    )
