"""Compares two servers before the older one is given up: every row of every table, and who may do what with it.

Expressions of constraints, policies and indexes are not compared as text: PostgreSQL writes some of them otherwise once
they were dumped and read. Their names are, with all that is a fact of its own.
"""

from typing import TYPE_CHECKING, Any

from stack.upgrading.copying import Server

if TYPE_CHECKING:
    import psycopg

# Whatever a row's text depends on.
_SESSION = """
SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres'; SET bytea_output = 'hex';
SET extra_float_digits = 1; SET search_path = ''; SET lc_monetary = 'C'
"""
_ROLES = """
SELECT format('role %s: superuser %s, inherits %s, makes roles %s, makes databases %s, signs in %s, replicates %s,'
        ' passes row security %s, connections %s, until %s, password %s', rolname, rolsuper, rolinherit, rolcreaterole,
        rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolconnlimit, rolvaliduntil, md5(rolpassword))
    FROM pg_authid WHERE NOT starts_with(rolname, 'pg_')
UNION SELECT format('role %s in %s, admin %s', member::regrole, roleid::regrole, admin_option)
    FROM pg_auth_members WHERE NOT starts_with(member::regrole::text, 'pg_')
UNION SELECT format('settings of role %s in database %s: %s', setrole::regrole, d.datname, setconfig)
    FROM pg_db_role_setting LEFT JOIN pg_database AS d ON d.oid = setdatabase
UNION SELECT format('database %s of %s, encoding %s', datname, datdba::regrole, encoding)
    FROM pg_database WHERE NOT datistemplate
"""
_TABLES = """
SELECT c.oid, format('%I.%I', n.nspname, c.relname) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND n.nspname <> 'information_schema'
    AND NOT starts_with(n.nspname, 'pg_')
ORDER BY 2
"""
# Rights that a table's owner has anyway are left out, and the right that PostgreSQL 17 added.
_OUTLINE = """
WITH spaces AS (
    SELECT oid, nspname, nspowner, nspacl FROM pg_namespace
    WHERE nspname <> 'information_schema' AND NOT starts_with(nspname, 'pg_')
), relations AS (
    SELECT c.*, format('%I.%I', nspname, relname) AS name FROM pg_class AS c JOIN spaces AS s ON s.oid = relnamespace
    WHERE relpersistence <> 't' AND NOT EXISTS (
        SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e')
), functions AS (
    SELECT p.*, p.oid::regprocedure::text AS name FROM pg_proc AS p JOIN spaces AS s ON s.oid = pronamespace
    WHERE NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e')
), rights AS (
    SELECT 'schema ' || nspname AS name, nspowner AS owner, aclexplode(nspacl) AS acl FROM spaces
    UNION ALL SELECT 'relation ' || name, relowner, aclexplode(relacl) FROM relations
    UNION ALL SELECT format('column %s.%I', name, attname), relowner, aclexplode(attacl)
        FROM pg_attribute JOIN relations AS r ON r.oid = attrelid WHERE attnum > 0
    UNION ALL SELECT 'function ' || name, proowner, aclexplode(coalesce(proacl, acldefault('f', proowner)))
        FROM functions
    UNION ALL SELECT 'database', datdba, aclexplode(coalesce(datacl, acldefault('d', datdba)))
        FROM pg_database WHERE datname = current_database()
    UNION ALL SELECT format('future %s of %s in %s', defaclobjtype, defaclrole::regrole, defaclnamespace::regnamespace),
        defaclrole, aclexplode(defaclacl) FROM pg_default_acl
)
SELECT format('extension %s', extname) FROM pg_extension
UNION SELECT format('schema %s of %s', nspname, nspowner::regrole) FROM spaces
UNION SELECT format('relation %s: kind %s, owner %s, partition %s, row security %s, forced %s, options %s', name,
    relkind, relowner::regrole, relispartition, relrowsecurity, relforcerowsecurity, reloptions) FROM relations
UNION SELECT format('column %s.%I: %s, required %s, identity %s, generated %s', name, attname,
    format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated)
    FROM pg_attribute JOIN relations AS r ON r.oid = attrelid WHERE attnum > 0 AND NOT attisdropped AND relkind <> 'i'
UNION SELECT format('constraint %I of %s: kind %s, valid %s', conname, name, contype, convalidated)
    FROM pg_constraint JOIN relations AS r ON r.oid = conrelid WHERE contype <> 'n'
UNION SELECT format('trigger %I of %s: enabled %s, calls %s', tgname, name, tgenabled, tgfoid::regprocedure)
    FROM pg_trigger JOIN relations AS r ON r.oid = tgrelid WHERE NOT tgisinternal
UNION SELECT format('policy %I of %s: command %s, permissive %s, roles %s', polname, name, polcmd, polpermissive,
    ARRAY(SELECT each::regrole::text FROM unnest(polroles) AS each ORDER BY 1))
    FROM pg_policy JOIN relations AS r ON r.oid = polrelid
UNION SELECT format('function %s: owner %s, definer %s, settings %s, text %s', name, proowner::regrole, prosecdef,
    proconfig, md5(prosrc)) FROM functions
UNION SELECT format('sequence %I.%I stands at %s', schemaname, sequencename, last_value) FROM pg_sequences
UNION SELECT format('right %s on %s for %s, to pass on %s', (acl).privilege_type, name, (acl).grantee::regrole,
    (acl).is_grantable) FROM rights WHERE (acl).grantee <> owner AND (acl).privilege_type <> 'MAINTAIN'
"""
_ROWS = "SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint), 0) FROM ONLY {table} AS t"

type Content = dict[str, tuple[int, int]]


def read_roles(server: Server) -> set[str]:
    return _lines(_connect(server, "postgres"), _ROLES)


def read_outline(server: Server, database: str) -> set[str]:
    """A line for each relation, column, constraint, trigger, policy, function, sequence, extension and right."""
    return _lines(_connect(server, database), _OUTLINE)


def read_content(server: Server, database: str) -> Content:
    """The number of rows of each table, and a sum over all rows that changes with any value of any row."""
    with _connect(server, database) as connection:
        tables = [str(name) for _, name in connection.execute(_TABLES).fetchall()]
        content: Content = {}
        for table in tables:
            statement: Any = _ROWS.format(table=table)
            count, digest = connection.execute(statement).fetchone() or (0, 0)
            content[table] = int(count), int(digest)
    return content


def differences(old: set[str], new: set[str]) -> list[str]:
    return [
        *(f"lacks: {line}" for line in sorted(old - new)),
        *(f"adds: {line}" for line in sorted(new - old)),
    ]


def content_differences(old: Content, new: Content) -> list[str]:
    sentences = []
    for table in sorted(old.keys() | new.keys()):
        before, after = old.get(table), new.get(table)
        if before is None or after is None:
            sentences.append(f"{table} is {'new' if before is None else 'missing'}")
        elif before[0] != after[0]:
            sentences.append(f"{table} has {after[0]} rows in place of {before[0]}")
        elif before != after:
            sentences.append(f"{table} has other values in its {after[0]} rows")
    return sentences


def _connect(server: Server, database: str) -> "psycopg.Connection[Any]":
    import psycopg  # as in stack/schema.py

    connection = psycopg.connect(server.url(database), autocommit=True)
    connection.execute(_SESSION)
    return connection


def _lines(connection: "psycopg.Connection[Any]", statement: str) -> set[str]:
    text: Any = statement
    with connection:
        return {str(line) for (line,) in connection.execute(text).fetchall()}
