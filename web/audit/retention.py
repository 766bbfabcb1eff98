"""Retention of the history: a month's entries expire together, except lasting ones."""

from datetime import datetime, timedelta

from django.db import connection

from web import partitions
from web.partitions import Partitioned, month_of

# Writes fail without a partition, so enough are made for a year without a worker.
PASSING = Partitioned(
    "audit_entry_passing",
    month_of,
    "%Y%m",
    timedelta(days=31),
    "HISTORY_DAYS",
    timedelta(days=1),
    ahead=timedelta(days=366),
    is_closed=True,
)
# Of earlier releases, and those that migrations made.
_CLOSE = """
DO $$ DECLARE it regclass; BEGIN
    FOR it IN SELECT relid FROM pg_partition_tree('audit_entry') JOIN pg_class ON pg_class.oid = relid
        WHERE level > 0 AND NOT relrowsecurity LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', it);
    END LOOP;
END $$;
"""


def make_ready(*, now: datetime) -> None:
    """Create the partitions of this month and the next ones, and close all to whoever names one."""
    partitions.ensure(PASSING, partitions.coming(PASSING, now))
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE)


def keep(*, now: datetime) -> int:
    """Create the coming partitions and drop expired months; returns how many partitions changed."""
    return partitions.keep(PASSING, now=now)
