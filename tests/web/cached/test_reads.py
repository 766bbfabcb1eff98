"""Each kept answer declares what it reads, all of it and nothing else, and notices each write of it."""

from collections import OrderedDict
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, models, transaction

from accounts.models import User
from inventory.models import Site
from readiness.assessment.scoring import operations as scoring
from readiness.demand.workloads.models import ServedRegion, UserRegion, WorkloadClass
from readiness.organisation.ownership.models import Assignment, LeaveHandover
from readiness.organisation.people.models import Leave, Person, Rotation, RotationCalendar
from tests.conftest import NOW
from tests.readiness.organisation.people import scenes
from tests.web.cached.recording import faults, label, reads_recorded
from web.audit.registry import left_out
from web.cached import ANSWERS
from web.cached.stamps import stamps_of

pytestmark = pytest.mark.django_db

PAGES = (
    "/fleet/",
    "/people/oncall/",
    "/people/coverage/",
    "/people/gap/",
    "/tradeoffs/",
    "/readiness/explain/",
    "/telemetry/explore/",
)


@pytest.fixture
def scene(everything):
    scenes.outgrown(Site.objects.get(slug="porto"), NOW)


@pytest.fixture
def reads(scene, client_of, monkeypatch):
    """What each answer reads when nothing was kept before."""
    for answer in ANSWERS.values():
        monkeypatch.setattr(answer, "_groups", OrderedDict())
    client = client_of("admin")
    with reads_recorded() as recorded:
        scoring.evaluate(site_ids=list(Site.objects.values_list("pk", flat=True)), now=NOW)
        for page in (*PAGES, f"/people/rotations/{Rotation.objects.earliest('pk').pk}/"):
            assert client.get(page).status_code == 200, page
    return recorded


def test_each_answer_declares_what_it_reads(reads):
    assert sorted(fault for answer in ANSWERS.values() for fault in faults(answer, reads[answer])) == []
    # The same with any model taken out of its declaration is told.
    untold = [
        f"{answer.name} without {label(model)}"
        for answer in ANSWERS.values()
        for model in (answer.models | answer.rows | answer.eventual | answer.versions)
        - declared_inside(answer)
        if not faults(answer, reads[answer], without=model)
    ]
    assert untold == []


def declared_inside(answer):
    return {model for inner in answer.answers for model in inner.watched | inner.eventual | inner.versions}


def changed(model):
    """Change any column of a row, by the database alone, until one may be changed; or delete the row."""
    table, key = model._meta.db_table, model._meta.pk.column
    for field in model._meta.concrete_fields:
        new = next((new for kind, new in NEW.items() if isinstance(field, kind)), None)
        if new is None or field.primary_key or field.is_relation or field.choices:
            continue
        if field.name in left_out(model):
            continue
        column = connection.ops.quote_name(field.column)
        where = f"WHERE {key} = (SELECT {key} FROM {table} WHERE {column} IS NOT NULL LIMIT 1)"
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"UPDATE {table} SET {column} = {new.format(column)} {where}")
                if cursor.rowcount == 1:
                    return True
        except DatabaseError:
            continue
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE {key} = (SELECT {key} FROM {table} LIMIT 1)")
        return cursor.rowcount == 1


NEW = {
    models.CharField: "{} || 'x'",
    models.TextField: "{} || 'x'",
    models.BooleanField: "NOT {}",
    models.IntegerField: "{} + 1",
    models.FloatField: "{} * 0.9",
    models.DateTimeField: "{} + interval '1 second'",
    models.DateField: "{} + 1",
    models.BinaryField: "{} || '\\x00'",
}


def hand_over():
    term = Assignment.objects.earliest("pk")
    leave = Leave.objects.create(person=term.accountable, starts_at=NOW, ends_at=NOW + timedelta(days=9))
    answered = {"answered_by": User.objects.earliest("pk"), "answered_at": NOW}
    LeaveHandover.objects.create(
        assignment=term, leave=leave, deputy=Person.objects.latest("pk"), accepted=True, **answered
    )


def test_each_watched_model_has_another_stamp_after_a_write(scene):
    RotationCalendar.objects.create(rotation=Rotation.objects.first(), content=b"BEGIN:VCALENDAR")
    ServedRegion.objects.create(
        workload_class=WorkloadClass.objects.first(), user_region=UserRegion.objects.first(), requests_per_s=5
    )
    hand_over()
    watched = {model for answer in ANSWERS.values() for model in answer.watched}
    unstamped, unchanged = [], []
    for model in sorted(watched, key=label):
        before = stamps_of([model])
        assert stamps_of([model]) == before
        with transaction.atomic():
            if not changed(model):
                unchanged.append(label(model))
            elif stamps_of([model]) == before:
                unstamped.append(label(model))
            transaction.set_rollback(True)
    assert (unstamped, unchanged) == ([], [])
