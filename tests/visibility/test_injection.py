"""Whoever slips a condition of their own into what is read for a user with scopes finds no row of other sites, and no
secret in the clear.
"""

from contextlib import contextmanager

import pytest
from django.db import ProgrammingError, connection, transaction

from accounts import links, operations
from accounts.codes import code_of, spelled, step_of
from accounts.models import SignInLink
from inventory.models import Region
from telemetry.operations import create_source
from tests.deploy import roles
from tests.visibility.scene import MARK
from tests.visibility.test_scopes import add_other_fleet
from web import database_roles, scopes
from web.accounts import factors
from web.delivery.channels.operations import add_channel

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


def make_secrets(user, now):
    """Make one secret of each kind that Muster stores, and return them by kind, as text or bytes."""
    _, token = operations.create_token(user=user, name="t", scope="write", by=None, now=now)
    _, source_token = create_source(name="of no site yet", site_label="site", by=None, now=now)
    app_secret = factors.new_secret()
    second_factor = factors.add_app(user, secret=app_secret, code=code_of(app_secret, step_of(now)), now=now)
    path = "hook-c0ffee5ec7e7"
    _, signing_key = add_channel(
        kind="webhook", name="hook", address=f"https://example.org/{path}", by=user, now=now
    )
    return {
        "token": secret_part(token),
        "token of a source": secret_part(source_token),
        "one-time link": links.user_link(user, SignInLink.Kind.SIGN_IN, now=now),
        "secret of an app": app_secret,
        "secret of an app, spelled": spelled(app_secret),
        **{f"recovery code {number}": code for number, code in enumerate(second_factor.recovery_codes)},
        "path of a channel": path,
        "key of a channel": signing_key.removeprefix("whsec_"),
    }


def secret_part(token):
    """What follows the mark and the prefix; it may have underscores of its own."""
    return token.split("_", 2)[2]


def forms(secret):
    """Return how a table could show a secret: as text or as PostgreSQL writes bytes, with and without dashes and
    spaces."""
    if isinstance(secret, bytes):
        return [secret.hex()]
    return [
        form
        for text in {secret, secret.replace("-", "").replace(" ", "")}
        for form in (text, text.encode().hex())
    ]


def find_shown(secrets):
    """Return the secrets that stand in tables, with these tables."""
    tables = {
        what: {table for form in forms(secret) for table in tables_with(form)}
        for what, secret in secrets.items()
    }
    return {what: names for what, names in tables.items() if names}


def test_no_table_shows_a_secret(granted_roles, user_of, frozen_now, settings):
    """Neither a reader with scopes nor the web process itself sees one."""
    settings.DELIVERY_KEYS = ["k" * 32]
    secrets = make_secrets(user_of("admin"), frozen_now.at)
    limited = user_of("planner")
    limited.access_scopes.create(kind="region", slug=Region.objects.filter(parent=None)[0].slug)
    with sign_in_as_web():
        assert tables_with("of no site yet").keys() >= {"telemetry_source"}
        assert find_shown(secrets) == {}
        with scopes.reading():
            scopes.narrow_to(limited)
            assert find_shown(secrets) == {}
