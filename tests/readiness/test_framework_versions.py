"""Publishing versions of the framework, and reading the one in force."""

from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.core.management.commands import flush
from django.core.management.sql import emit_post_migrate_signal
from django.db import IntegrityError, connection, transaction

from readiness.assessment.framework import operations, queries
from readiness.assessment.framework.core import shipped
from readiness.assessment.framework.models import FrameworkVersion
from web.versioned.core.documents import DocumentError, written

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def next_definition():
    return written(shipped.shipped()) | {"version": "muster-3"}


@pytest.mark.django_db
def test_a_migrated_database_has_the_shipped_version_in_force():
    version, framework = queries.current()
    assert version.version == framework.version == "muster-2"
    assert version.digest == framework.content_digest
    assert framework.checks


@pytest.mark.django_db(transaction=True)
def test_an_emptied_database_gets_it_back():
    with connection.cursor() as cursor:
        # Nobody else empties the history and the security log, and Muster refuses the command.
        cursor.execute("SET session_replication_role = replica")
        # Rows with the keys that come with Muster are put back afterwards, so no key is given twice.
        options = {"reset_sequences": False, "inhibit_post_migrate": True}
        call_command(flush.Command(), interactive=False, verbosity=0, **options)
        cursor.execute("RESET session_replication_role")
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")
    assert queries.current()[0].version == "muster-2"


@pytest.mark.django_db
def test_publishing_retires_the_version_in_force(next_definition):
    before, _ = queries.current()
    published = operations.publish(next_definition, by=None, now=NOW)
    version, framework = queries.current()
    before.refresh_from_db()
    assert (version.pk, framework.version) == (published.pk, "muster-3")
    assert before.status == FrameworkVersion.Status.RETIRED
    assert queries.definition_of(before).version == "muster-2"


@pytest.mark.django_db
def test_a_published_version_is_not_rewritten(next_definition):
    operations.publish(next_definition, by=None, now=NOW)
    with pytest.raises(operations.VersionExistsError, match="muster-3"):
        operations.publish(next_definition, by=None, now=NOW)


@pytest.mark.django_db
def test_a_definition_that_does_not_hold_together_changes_nothing(next_definition):
    del next_definition["checks"][0]["name"]
    with pytest.raises(DocumentError, match="name"):
        operations.publish(next_definition, by=None, now=NOW)
    assert queries.current()[0].version == "muster-2"


@pytest.mark.django_db
def test_an_operators_own_version_outlives_the_next_migrate(next_definition):
    operations.publish(next_definition, by=None, now=NOW)
    assert operations.publish_shipped(now=NOW) is None
    assert queries.current()[0].version == "muster-3"


@pytest.mark.django_db
def test_the_database_holds_one_published_version():
    with pytest.raises(IntegrityError, match="one_published_framework"), transaction.atomic():
        FrameworkVersion.objects.create(
            version="x", title="x", status="published", definition={}, digest="x", created_at=NOW,
            published_at=NOW,
        )  # fmt: skip
