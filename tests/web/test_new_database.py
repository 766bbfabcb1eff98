"""The tests' own database is a new one: its tables were made at once. `tests/migrations/` compares them with those of a
database that went through all migrations."""

from importlib import import_module

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from readiness.assessment.duties.models import LegalDuty
from readiness.organisation.people.models import DutyRule
from web.new_database import make_tables


def test_a_database_with_tables_is_left_alone(db):
    before = MigrationRecorder(connection).migration_qs.count()
    assert make_tables(connection) is False
    assert MigrationRecorder(connection).migration_qs.count() == before


def test_rows_that_migrations_bring_are_in_a_new_database(db):
    seeded = import_module("readiness.assessment.duties.migrations.0002_seeded_duties").SEEDED
    assert set(LegalDuty.objects.values_list("slug", flat=True)) == {duty["slug"] for duty in seeded}
    assert [rule.team for rule in DutyRule.objects.all()] == [None]
