"""Erasing a person: free text of every model and the history hold the name no more, and what stays is told."""

import json
import random

import pytest
from django.db import connection

from accounts.models import SavedView
from readiness.assessment.evidence.models import Review, RunFile, ValidationRun
from readiness.assessment.framework.models import FrameworkVersion
from readiness.golive.models import WorkItem
from readiness.organisation.people import operations
from readiness.organisation.people.core.names import Finder
from readiness.organisation.people.models import Person, Team
from readiness.organisation.people.queries import traces
from tests.conftest import NOW
from tests.inventory import made
from tests.pages import text_of, words_of
from tests.readiness.organisation.people import made as people
from web.actor import acting

pytestmark = pytest.mark.django_db
NAME = "Ana Sousa"


@pytest.fixture
def porto(db, frozen_now):
    return made.site(name="Porto", slug="porto")


@pytest.fixture
def ana(porto, user_of):
    user = user_of("viewer", username="ana.sousa")
    return people.person(name=NAME, email="ana@example.com", phone="+351 555 123", user=user)


@pytest.fixture
def named(ana, porto, user_of):
    """Free text that names Ana, in models of several rooms, and in their history."""
    manager = user_of("manager")
    with acting(manager, message="Ana Sousa asked for it"):
        item = WorkItem.objects.create(
            site=porto, check_id="p2-power-headroom", note="Ana Sousa mends it. Call +351 555-123.",
            created_by=manager, created_at=NOW,
        )  # fmt: skip
        people.team(name="Sousa's crew", slug="sousa-s-crew", description="lead: ana@example.com")
        Review.objects.create(site=porto, opened_by=manager, opened_at=NOW, note="So says ana sousa")
        Review.objects.update(state="cancelled", ended_by=manager, ended_at=NOW, end_note="Sousa, Ana left")
        SavedView.objects.create(
            owner=manager, table="people", name="Those of Ana Sousa", query="q=Ana+Sousa"
        )
    with acting(user_of("manager")):
        item.note = "Ana Sousa mended it."
        item.save()
    return item


def stored_texts():
    """Every text and JSON value of the database, by table and column."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND (data_type IN ('text', 'character varying', 'jsonb', 'json') OR udt_name IN ('_text', '_varchar'))"
        )
        columns = cursor.fetchall()
        for table, column in columns:
            cursor.execute(f'SELECT DISTINCT "{column}"::text FROM "{table}" WHERE "{column}" IS NOT NULL')
            yield from ((f"{table}.{column}", text) for (text,) in cursor.fetchall())


def holding(finder: Finder, *, spared=()):
    return {place for place, text in stored_texts() if finder.hits(text)} - set(spared)


def test_the_database_names_the_person_nowhere_afterwards(ana, named, user_of):
    finder, _ambiguous = traces.finder_of(ana)
    places = holding(finder)
    assert {"golive_workitem.note", "people_team.name", "audit_entry.before", "audit_entry.message"} <= places
    with acting(user_of("admin")):
        operations.erase_person(ana, by=user_of("admin"), now=NOW)
    assert holding(finder) == set()
    named.refresh_from_db()
    assert named.note == f"Person {ana.pk} mended it."
    review = Review.objects.get()
    assert (review.state, review.end_note) == ("cancelled", f"Person {ana.pk} left")
    assert Team.objects.get(name=f"Person {ana.pk}'s crew").slug == f"person-{ana.pk}-s-crew"


def test_the_account_goes_with_whoever_may_change_accounts_and_is_told_otherwise(ana, user_of, client_of):
    page = words_of(client_of("manager").get(f"/people/{ana.pk}/erase/"))
    assert "The account ana.sousa stays: only the role" in page
    account = ana.user
    operations.erase_person(ana, by=user_of("admin"), now=NOW)
    account.refresh_from_db()
    assert (account.username, account.email, account.is_active) == (f"person-{ana.pk}", "", False)


def test_names_of_others_are_untouched(ana, named, user_of):
    others = ["Ana Lima", "Rui Sousa-Reis", "Ana Sousa Martins", "Bea Costa"]
    for name in others:
        people.person(name=name)
    note = "Ana told Ana Sousa Martins, Rui Sousa-Reis and Ana Lima."
    WorkItem.objects.filter(pk=named.pk).update(note=f"{note} Ana Sousa agrees.")
    operations.erase_person(ana, by=user_of("manager"), now=NOW)
    named.refresh_from_db()
    assert named.note == f"{note} Person {ana.pk} agrees."
    assert set(Person.objects.exclude(pk=ana.pk).values_list("name", flat=True)) == set(others)


@pytest.mark.parametrize("seed", range(3))
def test_wherever_a_name_is_written_it_is_found(seed, ana, porto, user_of):
    """Names are written at random into text columns of random models; afterwards the database holds them nowhere."""
    chance = random.Random(seed)
    ways = [
        "Ana Sousa",
        "ANA SOUSA",
        "Sousa, Ana",
        "ana@example.com",
        "+351555123",
        "Ana\nSousa",
        "@ana.sousa",
    ]
    rows = [
        porto,
        people.team(),
        people.skill(),
        people.course(),
        people.rotation(porto),
        made.device(site=porto),
    ]
    for row in rows:
        for column in traces.text_columns()[type(row)]:
            field = column.field
            if (
                field.name in ("slug", "email", "country")
                or (field.max_length or 999) < 40
                or chance.random() < 0.4
            ):
                continue
            value = f"x {chance.choice(ways)} y"
            setattr(row, field.name, [value] if column.is_json else value)
        type(row).objects.filter(pk=row.pk).update(
            **{
                column.field.name: getattr(row, column.field.name)
                for column in traces.text_columns()[type(row)]
            }
        )
    finder, _ambiguous = traces.finder_of(ana)
    assert holding(finder)
    operations.erase_person(ana, by=user_of("admin"), now=NOW)
    assert holding(finder) == set()


class TestTold:
    def test_each_place_is_listed_with_its_sentence_before_anything_happens(self, ana, named, client_of):
        page = text_of(client_of("manager").get(f"/people/{ana.pk}/erase/?per=100"))
        assert "<mark>Ana Sousa</mark> mended it." in page
        assert "<mark>Sousa, Ana</mark> left" in page
        assert Person.objects.filter(name=NAME).exists()

    def test_what_stays_is_told_with_its_reason_and_not_changed(self, ana, user_of, api_of):
        version = FrameworkVersion.objects.first()
        definition = version.definition | {"decided": "by Ana Sousa"}
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE framework_frameworkversion DISABLE TRIGGER USER")
            FrameworkVersion.objects.filter(pk=version.pk).update(definition=definition)
            cursor.execute("ALTER TABLE framework_frameworkversion ENABLE TRIGGER USER")
        answer = api_of("manager").get(f"/api/people/traces/?person={ana.pk}&limit=100").json()
        kept = {row["model"]: row["kept_because"] for row in answer["results"] if row["kept_because"]}
        assert "digest" in kept["framework.frameworkversion"]
        operations.erase_person(ana, by=user_of("manager"), now=NOW)
        version.refresh_from_db()
        assert version.definition["decided"] == "by Ana Sousa"

    def test_a_part_that_is_a_word_is_replaced_only_if_that_is_chosen(self, porto, user_of, named, api_of):
        grace = people.person(name="Grace Oyelaran")
        WorkItem.objects.filter(pk=named.pk).update(note="The grace period ends. Grace agrees.")
        here = f"/api/people/traces/?person={grace.pk}"
        assert api_of("manager").get(here).json()["count"] == 0
        told = api_of("manager").get(f"{here}&also=grace").json()
        assert told["count"] == 4  # With the history of the note.
        body = {"also": ["Grace"], "shown_digest": told["digest"]}
        assert api_of("manager").post(f"/api/people/people/{grace.pk}/erase/", body).status_code == 200
        named.refresh_from_db()
        assert named.note == f"The Person {grace.pk} period ends. Person {grace.pk} agrees."

    def test_other_places_than_shown_are_refused(self, ana, named, porto, client_of, api_of):
        shown = api_of("manager").get(f"/api/people/traces/?person={ana.pk}").json()["digest"]
        made.device(site=porto, name="Ana Sousa's rack")
        page = client_of("manager").post(f"/people/{ana.pk}/erase/", {"shown": shown}, follow=True)
        assert "Other places name this person than were shown" in words_of(page)
        assert Person.objects.filter(name=NAME).exists()

    def test_one_sees_where_oneself_is_named_and_nobody_else(self, ana, named, client, client_of, api_of):
        client.force_login(ana.user)
        page = words_of(client.get(f"/settings/person/{ana.pk}/traces/"))
        assert "mended it." in page
        assert "in what you may not see" in page
        assert client_of("ops").get(f"/settings/person/{ana.pk}/traces/").status_code == 404
        own = api_of("viewer", username="ana.sousa")
        assert own.get(f"/api/people/traces/?person={ana.pk}").status_code == 200
        assert own.get(f"/api/people/traces/?person={people.person().pk}").status_code == 403

    def test_files_of_runs_are_told(self, ana, porto, api_of):
        run = ValidationRun.objects.create(
            site=porto, tool="fio", scope="node", taken_at=NOW, received_at=NOW, file_name="a.txt",
            file_sha256="1" * 64, file_bytes=9,
        )  # fmt: skip
        RunFile.objects.create(run=run, content=b"host sousa-1 by Ana Sousa")
        told = api_of("admin").get(f"/api/people/traces/?person={ana.pk}").json()["results"]
        assert {row["kept_because"] for row in told} == {RunFile.ERASING_KEEPS["content"]}

    def test_pages_are_bounded(self, ana, porto, api_of, monkeypatch):
        monkeypatch.setattr(traces, "MOST_SHOWN", 5)
        for number in range(8):
            made.device(site=porto, name=f"Ana Sousa {number}")
        told = api_of("manager").get(f"/api/people/traces/?person={ana.pk}&limit=2").json()
        assert (len(told["results"]), told["count"]) == (2, 5)
        assert told["more"] >= 3


def test_json_of_an_entry_stays_json(ana, named, user_of):
    operations.erase_person(ana, by=user_of("manager"), now=NOW)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT before::text, after::text FROM audit_entry WHERE \"table\" = 'golive_workitem'"
        )
        for row in cursor.fetchall():
            assert [type(json.loads(text)) for text in row if text] == [dict] * len([t for t in row if t])
