"""Roles of the database, on a PostgreSQL of one's own: web alters no table, the worker only those split by time.

`deploy/postgres/roles.sql` makes them:

- the owner, who migrates, and owns every table but those of the maintenance role;
- APP_ROLE reads and writes rows; web and worker sign in as members of it;
- MAINTENANCE_ROLE owns the tables that are split by time. The worker takes it to make and drop their partitions.

Without them everything runs as the owner, as with the embedded PostgreSQL.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.pq import TransactionStatus
from psycopg.sql import quote

APP_ROLE, MAINTENANCE_ROLE = "muster_app", "muster_maintenance"
# Users with scopes read and write as this one (`web/scopes.py`).
SCOPED_ROLE = "muster_scoped"
_split_tables: set[str] = set()

_OTHER_OWNER = """
SELECT quote_ident(rolname) FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner
WHERE pg_class.oid = to_regclass(%s) AND rolname <> current_user
"""
# A policy of row security shows a role nothing unless one is for it. Only tables that lack it are locked.
_SEE_ALL_ROWS = f"""
DO $$ DECLARE it regclass; BEGIN
    FOR it IN SELECT oid FROM pg_class WHERE relrowsecurity AND NOT relispartition
        AND relnamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = pg_class.oid AND polname = 'muster_app') LOOP
        EXECUTE format('CREATE POLICY muster_app ON %s TO {APP_ROLE} USING (true) WITH CHECK (true)', it);
    END LOOP;
END $$;
"""
_GRANTS = f"""
GRANT USAGE ON SCHEMA public TO {APP_ROLE};
GRANT USAGE, CREATE ON SCHEMA public TO {MAINTENANCE_ROLE};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP_ROLE};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP_ROLE};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {APP_ROLE};
ALTER DEFAULT PRIVILEGES FOR ROLE {MAINTENANCE_ROLE} IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP_ROLE};
"""
# Counting rows for the planner was the owner's alone before PostgreSQL 17, which skips it with a warning.
_COUNT_ROWS = f"""
GRANT MAINTAIN ON ALL TABLES IN SCHEMA public TO {APP_ROLE};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT MAINTAIN ON TABLES TO {APP_ROLE};
"""
_OWN_SPLIT_TABLES = """
DO $$ DECLARE it regclass; BEGIN
    FOR it IN SELECT pg_class.oid FROM pg_class LEFT JOIN pg_inherits ON inhrelid = pg_class.oid
        WHERE ARRAY[pg_class.oid::regclass, inhparent::regclass] && ARRAY[{tables}]::regclass[]
        AND relkind IN ('r', 'p') AND relowner <> '{role}'::regrole LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO {role}', it);
    END LOOP;
END $$;
"""
_MISSING = f"""
SELECT name FROM unnest(ARRAY['{APP_ROLE}', '{MAINTENANCE_ROLE}', '{SCOPED_ROLE}']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
"""
_IN_USE = f"SELECT EXISTS (SELECT FROM pg_policy WHERE to_regrole('{APP_ROLE}')::oid = ANY (polroles))"


class RolesMissingError(Exception):
    """An administrator of the database has to make the roles first; the message names them."""


def split_by_time(table: str) -> None:
    """Have the maintenance role own a table and its partitions."""
    _split_tables.add(table)


@contextmanager
def acting_as_owner(table: str) -> Iterator[None]:
    """Inside, statements run as the owner of a table, if this user is another one that may take that role.

    Raises ProgrammingError if it may not.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OTHER_OWNER, [table])
        row = cursor.fetchone()
        if row is None:
            yield
            return
        cursor.execute(f"SET ROLE {row[0]}")
    try:
        yield
    finally:
        # The end of a failed transaction gives the role back.
        if connection.connection.info.transaction_status != TransactionStatus.INERROR:
            connection.cursor().execute("SET ROLE NONE")


def are_in_use(using: str) -> bool:
    """Whether the roles have been given their rights in this database."""
    with connections[using].cursor() as cursor:
        cursor.execute(_IN_USE)
        return bool(cursor.fetchone()[0])


def grant(using: str) -> None:
    """Give the roles their rights on all tables. Their owner runs it; a second run changes only what is new.

    Raises RolesMissingError.
    """
    database = connections[using]
    with transaction.atomic(using=using), database.cursor() as cursor:
        cursor.execute(_MISSING)
        if missing := [name for (name,) in cursor.fetchall()]:
            raise RolesMissingError(
                f"The database has no role {', '.join(missing)}: have its administrator run"
                " deploy/postgres/roles.sql. Nothing was changed."
            )
        cursor.execute(_GRANTS)
        if _has_maintain(database):
            cursor.execute(_COUNT_ROWS)
        cursor.execute(_SEE_ALL_ROWS)
        tables = ", ".join(map(quote, sorted(_split_tables)))
        cursor.execute(_OWN_SPLIT_TABLES.format(tables=tables, role=MAINTENANCE_ROLE))


def _has_maintain(database: BaseDatabaseWrapper) -> bool:
    return database.connection.info.server_version >= 170_000
