"""How many rows each table has, as a range: while Muster writes on, no count holds for the instant of a backup.

A table is counted before and after the backup. If nothing was deleted from it meanwhile, the backup holds a number of
rows in between; of the others nothing is said. Their pages have checksums, like those of all tables.
"""

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

# Larger tables are not counted: that would read the whole database twice.
MOST_BYTES = 512 * 1024 * 1024
_TABLES = """
SELECT format('%%I.%%I', n.nspname, c.relname), coalesce(pg_stat_get_tuples_deleted(c.oid), 0)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND pg_relation_size(c.oid) <= %s
    AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%%'
ORDER BY 1
"""
# A session that ended its work reports what it deleted within ten seconds (PGSTAT_IDLE_INTERVAL of PostgreSQL).
REPORTED_WITHIN_S = 11.0
_HAS_OTHERS = """
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid())
"""

type Ranges = dict[str, tuple[int, int]]


@dataclass(frozen=True)
class TableCounts:
    rows: dict[str, int]
    deleted: dict[str, int]


def count(connection: "psycopg.Connection[Any]") -> TableCounts:
    """Count the rows of all tables of usual size. A table that is dropped meanwhile is left out."""
    import psycopg  # the launcher loads it in other processes only (stack/schema.py)

    rows: dict[str, int] = {}
    deleted = _deleted(connection)
    for name in deleted:
        try:
            row = connection.execute(f"SELECT count(*) FROM {name}").fetchone()  # type: ignore[call-overload]
        except psycopg.errors.UndefinedTable:
            continue
        rows[name] = int(row[0]) if row else 0
    return TableCounts(rows, deleted)


def count_after(connection: "psycopg.Connection[Any]") -> TableCounts:
    """Count again, and wait until other sessions have reported what they deleted by then."""
    counts = count(connection)
    if (row := connection.execute(_HAS_OTHERS).fetchone()) and row[0]:
        time.sleep(REPORTED_WITHIN_S)
    return replace(counts, deleted=_deleted(connection))


def _deleted(connection: "psycopg.Connection[Any]") -> dict[str, int]:
    rows = connection.execute(_TABLES, [MOST_BYTES]).fetchall()
    return {str(name): int(number) for name, number in rows}


def ranges(before: TableCounts, after: TableCounts) -> Ranges:
    return {
        name: (min(count, after.rows[name]), max(count, after.rows[name]))
        for name, count in before.rows.items()
        if name in after.rows and before.deleted[name] == after.deleted.get(name)
    }


def differences(expected: Ranges, counts: TableCounts) -> list[str]:
    """A sentence for each table whose rows are not as many as they must be."""
    sentences = []
    for name, (least, most) in sorted(expected.items()):
        number = counts.rows.get(name)
        if number is None:
            sentences.append(f"{name} is missing")
        elif not least <= number <= most:
            span = f"{least}" if least == most else f"{least} to {most}"
            sentences.append(f"{name} has {number} rows in place of {span}")
    return sentences
