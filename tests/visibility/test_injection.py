"""Whoever slips a condition of their own into what is read for a user with scopes finds no row of other sites, and no
secret in the clear.
"""

from contextlib import contextmanager

import pytest
from django.db import ProgrammingError, connection, transaction

from accounts import operations
from inventory.models import Region
from tests.deploy import roles
from tests.visibility.scene import MARK
from tests.visibility.test_scopes import add_other_fleet
from web import database_roles, scopes

pytestmark = pytest.mark.django_db
DENIED = "42501"
# Ids that PagerDuty gave its webhooks, of a sender that everybody sees.
OF_NO_SITE = {"alerts_inboundwebhook"}
TABLES = (
    """SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"""
)


@contextmanager
def sign_in_as_web():
    """Until the transaction ends the session belongs to the user of the web process."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL SESSION AUTHORIZATION {roles.WEB}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET SESSION AUTHORIZATION")


def tables_with(text):
    """Each table that holds a text in any column, and in how many rows; one that may not be read holds none."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        tables = [table for (table,) in cursor.fetchall()]
    counts = {table: count_rows(table, text) for table in tables}
    return {table: count for table, count in counts.items() if count}


def count_rows(table, text):
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table} AS whole WHERE whole::text LIKE %s", [f"%{text}%"])
            return cursor.fetchone()[0]
    except ProgrammingError as error:
        if error.__cause__.sqlstate == DENIED:
            return 0
        raise


@pytest.fixture
def granted_roles(rows_of_all_kinds, django_db_setup):
    with roles.database_with_roles(django_db_setup):
        database_roles.grant("default")
        yield


def test_no_table_shows_rows_of_other_sites(granted_roles, user_of):
    user = user_of("admin")
    for region in Region.objects.filter(parent=None):
        user.access_scopes.create(kind="region", slug=region.slug)
    add_other_fleet()
    everywhere = tables_with(MARK)
    with sign_in_as_web():
        # Partitions of the history are read through the whole alone.
        read = {table: rows for table, rows in everywhere.items() if not table.startswith("audit_entry_")}
        assert tables_with(MARK) == read
        with scopes.reading():
            scopes.narrow_to(user)
            assert tables_with(MARK).keys() == OF_NO_SITE
    assert len(everywhere) > 80


def test_no_table_shows_a_secret(granted_roles, user_of, frozen_now):
    _, token = operations.create_token(
        user=user_of("admin"), name="t", scope="write", by=None, now=frozen_now.at
    )
    limited = user_of("planner")
    limited.access_scopes.create(kind="region", slug=Region.objects.filter(parent=None)[0].slug)
    with sign_in_as_web(), scopes.reading():
        scopes.narrow_to(limited)
        assert tables_with(token.rsplit("_", 1)[-1]) == {}
