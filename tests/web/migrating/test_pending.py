"""Pending migrations are announced before they are applied, and afterwards each says how long it took."""

import io
import re

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from web.migrating.pending import read_pending

# The newest of their apps, on tables and with indexes that can be made and dropped within a test.
INDEXES = ("web", "0008_entries_by_table_and_message")
CODE = ("duties", "0004_bandwidth_in_gigabytes")


def forget(app, first):
    """Have the database say that the migrations of an app from this one on were not applied."""
    MigrationRecorder(connection).migration_qs.filter(app=app, name__gte=first).delete()


def announced():
    out = io.StringIO()
    call_command("announce_migrations", stdout=out)
    return out.getvalue()


def test_a_database_that_is_up_to_date_has_nothing_to_announce(db):
    assert read_pending(connection) == []
    assert announced() == "No migration is pending.\n"


def test_each_says_what_it_does_to_which_rows_and_who_waits(db):
    forget(*INDEXES)
    forget(*CODE)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE audit_entry")
    lines = announced().splitlines()
    assert re.fullmatch(r"\d+ migrations are pending:", lines[0])
    place = lines.index("  web.0008_entries_by_table_and_message: Run statements of its own")
    assert re.fullmatch(
        r"    builds an index on audit_entry \([\d,]+ rows, [\d.,]+ MB\), 2 times: a second or less; .* wait",
        lines[place + 1],
    )
    place = lines.index("  duties.0004_bandwidth_in_gigabytes: Run the code to_gigabytes")
    assert lines[place + 1] == "    how long its code takes cannot be foreseen"
    assert lines[-1].startswith("Together: a second or less, without what cannot be foreseen (reckoned from")


def test_announcing_changes_nothing(db):
    forget(*INDEXES)
    before = MigrationRecorder(connection).migration_qs.count()
    read_pending(connection)
    assert MigrationRecorder(connection).migration_qs.count() == before
    with connection.cursor() as cursor:
        cursor.execute("SHOW default_transaction_read_only")
        assert cursor.fetchone() == ("off",)


@pytest.mark.django_db
def test_migrate_announces_first_and_says_how_long_each_took():
    forget(*CODE)
    out = io.StringIO()
    call_command("migrate", no_input=True, no_color=True, stdout=out)
    text = out.getvalue()
    assert text.index("1 migration is pending:") < text.index(
        "Applying duties.0004_bandwidth_in_gigabytes... OK"
    )
    assert re.search(r"\.\.\. OK\n    It took \d+\.\d s\.", text)
