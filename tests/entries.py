"""Entries of the audit table, which nothing but a test writes by hand."""

from django.db import connection

from web.audit import AuditEntry


def entries_of(model, **where):
    return AuditEntry.objects.filter(table=model._meta.db_table, **where).order_by("id")


def redated(model, at, **where):
    """Date those entries `at`; the database's clock had dated them."""
    rewritten(entries_of(model, **where), at=at)


def rewritten(entries, **values):
    with connection.cursor() as cursor:
        # As a replica, so that no trigger refuses it.
        cursor.execute("SET LOCAL session_replication_role = replica")
        entries.order_by().update(**values)
        cursor.execute("SET LOCAL session_replication_role = origin")
