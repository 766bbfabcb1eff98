"""What is kept of one person: exported whole, and erased for good."""

import json
from datetime import timedelta

import pytest

from readiness.assessment.evidence.models import Attestation
from readiness.organisation.ownership import operations as ownership
from readiness.organisation.ownership.core.standing import Item
from readiness.organisation.people import operations
from readiness.organisation.people.models import Leave, Person, Qualification, Skill, SurveyAnswer
from readiness.organisation.people.operations import feeds
from tests.conftest import NOW
from tests.entries import entries_of
from tests.inventory import made
from tests.pages import text_of, words_of
from tests.readiness.organisation.people import made as people
from tests.readiness.organisation.people import practised as practice
from tests.readiness.organisation.people.practised import DAY
from web.actor import acting
from web.audit import AuditEntry
from web.kinds.models import FileImport
from web.permissions import MissingPermission

pytestmark = pytest.mark.django_db
TRACES = ("Ana Sousa", "ana@example.com", "+351 555", "Acme Cooling", "CERT-7781", "7777", "shift lead")


@pytest.fixture
def porto(db, frozen_now):
    return made.site(name="Porto", slug="porto")


@pytest.fixture
def ana(porto, user_of):
    """Somebody of whom a row of each kind is kept, all of it in the history."""
    team = people.team(name="Fabric", slug="fabric")
    given = {"email": "ana@example.com", "phone": "+351 555", "employer": "Acme Cooling"}
    with acting(user_of("manager"), message="Ana Sousa joined"):
        ana = people.person(team, name="Ana Sousa", user=user_of("viewer"), **given)
        ana.memberships.update(role="shift lead")
        Leave.objects.create(person=ana, starts_at=NOW + DAY, ends_at=NOW + 2 * DAY)
        skill = Skill.objects.create(
            name="Liquid cooling", slug="liquid-cooling", domain="energy", levels=list("1234567")
        )
        Qualification.objects.create(
            person=ana, skill=skill, level=3, basis="assessed", evidence="CERT-7781", shown_at=NOW - DAY,
            assessed_by=people.person(),
        )  # fmt: skip
        practice.drill(porto, [(ana, "energy")])
        practice.answer(practice.question(porto), ana, team, "7777")
        Attestation.objects.create(
            site=porto, check_id="p4-ops-ready", statement="So it is.", attested_by="Ana Sousa", recorded_at=NOW,
            taken_at=NOW - DAY, taken_on=NOW.date(),
        )  # fmt: skip
    return ana


def kept():
    """Everything that the history and the tables of people hold, as text."""
    entries = [json.dumps([each.before, each.after, each.message]) for each in AuditEntry.objects.all()]
    rows = [
        repr(row)
        for model in (Person, Qualification, Attestation, SurveyAnswer)
        for row in model.objects.values()
    ]
    return "\n".join(entries + rows)


class TestErasing:
    def test_nothing_tells_who_it_was_in_tables_and_history(self, ana, user_of):
        before = kept()
        assert [trace for trace in TRACES if trace not in before] == []
        with acting(user_of("manager")):
            operations.erase_person(ana, by=user_of("manager"), now=NOW)
        after = kept()
        assert [trace for trace in TRACES if trace in after] == []
        assert not Leave.objects.exists()
        assert not any(entry.after and entry.after["starts_at"] for entry in entries_of(Leave))

    def test_what_was_signed_keeps_a_pseudonym_and_the_link_ends(self, ana, user_of):
        operations.erase_person(ana, by=user_of("manager"), now=NOW)
        ana.refresh_from_db()
        assert (ana.name, ana.user, ana.left_at) == (f"Person {ana.pk}", None, NOW)
        assert Attestation.objects.get().attested_by == f"Person {ana.pk}"
        assert ana.participations.count() == 1

    def test_who_erased_stands_in_the_history(self, ana, user_of):
        with acting(user_of("manager")):
            operations.erase_person(ana, by=user_of("manager"), now=NOW)
        newest = entries_of(Person, object_id=ana.pk).order_by("-id").first()
        assert (newest.username, newest.message) == ("manager", "The person was erased")

    def test_others_keep_their_history(self, ana, user_of):
        with acting(None, message="Bea joined"):
            bea = people.person(name="Bea Lima")
        operations.erase_person(ana, by=user_of("manager"), now=NOW)
        [entry] = entries_of(Person, object_id=bea.pk)
        assert (entry.after["name"], entry.message) == ("Bea Lima", "Bea joined")

    @pytest.mark.parametrize("what", ["owns", "deputy", "shift", "turn"])
    def test_whoever_still_holds_something_hands_over_first(self, what, ana, porto, user_of, client_of):
        manager, bea = user_of("manager"), people.person(user=user_of("ops"))
        if what in {"owns", "deputy"}:
            accountable, deputy = (ana, bea) if what == "owns" else (bea, ana)
            asked = ownership.Proposal(
                site=porto, item=Item.COMPUTE, accountable=accountable, team=ana.teams.first(), deputy=deputy,
                decision_rights="May stop it.", escalation="Call the NOC.",
            )  # fmt: skip
            proposal = ownership.propose(asked, by=manager, now=NOW)
            ownership.accept(proposal, by=accountable.user, now=NOW)
        else:
            rotation = people.rotation(porto, name="Night")
            if what == "shift":
                practice.shift(rotation, ana, NOW)
            else:
                layer = rotation.layers.create(starts_at=NOW, rule="FREQ=DAILY", duration_min=720)
                layer.members.create(person=ana, position=1)
        with pytest.raises(operations.StillHolds, match="Hand over first"):
            operations.erase_person(ana, by=manager, now=NOW)
        ana.refresh_from_db()
        assert ana.name == "Ana Sousa"
        words = {
            "owns": "accountable for compute at Porto",
            "deputy": "deputy for compute at Porto",
        }.get(what, "on call in Night")
        client = client_of("manager")
        assert words in words_of(client.post(f"/people/{ana.pk}/erase/", follow=True))

    def test_a_shift_that_is_over_holds_nobody(self, ana, porto, user_of):
        practice.shift(people.rotation(porto), ana, NOW - timedelta(hours=12))
        assert operations.erase_person(ana, by=user_of("manager"), now=NOW).name == f"Person {ana.pk}"

    def test_it_takes_the_permission(self, ana, user_of):
        with pytest.raises(MissingPermission):
            operations.erase_person(ana, by=user_of("ops"), now=NOW)

    def test_whoever_sees_a_part_of_the_sites_cannot_know_what_is_held(self, ana, porto, user_of, client_of):
        user_of("manager").access_scopes.create(kind="site", slug=made.site(slug="lagos").slug)
        words = words_of(client_of("manager").post(f"/people/{ana.pk}/erase/", follow=True))
        assert "Only somebody who sees all sites" in words
        assert Person.objects.filter(name="Ana Sousa").exists()

    def test_the_page_asks_first_and_the_api_erases(self, ana, client_of, api_of):
        page = words_of(client_of("manager").get(f"/people/{ana.pk}/erase/"))
        assert "This cannot be undone." in page
        assert "Erase" not in words_of(client_of("ops").get(f"/people/{ana.pk}/"))
        assert api_of("ops").post(f"/api/people/people/{ana.pk}/erase/").status_code == 403
        erased = api_of("manager").post(f"/api/people/people/{ana.pk}/erase/").json()
        assert (erased["name"], erased["email"], erased["user"]) == (f"Person {ana.pk}", "", None)
        history = text_of(client_of("manager").get(f"/people/{ana.pk}/"))
        assert [trace for trace in TRACES if trace in history] == []


CALENDAR = (
    b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20240101T080000Z\r\nDTEND:20240101T200000Z\r\n"
    b"SUMMARY:On call: ana so\r\n usa\r\nATTENDEE;CN=Ana Sousa:mailto:Ana@Example.com\r\n"
    b"DESCRIPTION:with Anais Sousa\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def test_files_that_name_the_person_are_gone(ana, user_of):
    given = {"by": user_of("manager"), "begun_at": NOW, "kind": "people.person", "content": b""}
    FileImport.objects.create(**given | {"content": b"name\nANA SOUSA\n", "file_name": "a.csv"})
    FileImport.objects.create(**given, state="done", changes=[[2, "ana@example.com", []]], file_name="b.csv")
    other = FileImport.objects.create(**given | {"content": b"name\nBea Lima\n", "file_name": "c.csv"})
    working = FileImport.objects.create(**given, state="checking", file_name="Ana Sousa.csv")
    operations.erase_person(ana, by=user_of("manager"), now=NOW)
    assert set(FileImport.objects.all()) == {other, working}


class TestCalendars:
    @pytest.fixture
    def rotation(self, ana, porto):
        rotation = people.rotation(porto, name="Night")
        feeds.store_calendar(rotation, CALENDAR, now=NOW)
        people.shift(rotation, None, now=NOW - DAY, origin="calendar", unknown_name="ana@example.com (night)")
        return rotation

    def test_an_uploaded_calendar_names_nobody_any_more(self, ana, rotation, user_of):
        operations.erase_person(ana, by=user_of("manager"), now=NOW)
        rotation.calendar.refresh_from_db()
        content = bytes(rotation.calendar.content).decode()
        assert f"SUMMARY:On call: Person {ana.pk}\r\n" in content
        assert f"ATTENDEE;CN=Person {ana.pk}:mailto:Person {ana.pk}\r\n" in content
        assert "with Anais Sousa" in content
        assert {shift.unknown_name for shift in rotation.shifts.all()} == {f"Person {ana.pk}"}
        assert feeds.write_claimed_shifts(now=NOW) == 1

    def test_a_calendar_that_is_read_again_is_mended_first(self, ana, rotation, user_of):
        type(rotation).objects.update(calendar_url="https://calendar.example.org/night.ics")
        with pytest.raises(operations.StillHolds, match="The calendar that Night reads names this person"):
            operations.erase_person(ana, by=user_of("manager"), now=NOW)
        feeds.store_calendar(rotation, CALENDAR.lower().replace(b"ana", b"bea").upper(), now=NOW)
        operations.erase_person(ana, by=user_of("manager"), now=NOW)


class TestExport:
    def test_all_rows_that_refer_to_a_person_by_model(self, ana, client_of):
        exported = client_of("manager").get(f"/people/{ana.pk}/export/").json()
        assert exported["people.person"][0]["email"] == "ana@example.com"
        assert exported.keys() == {
            "people.person", "people.membership", "people.leave", "people.participant", "people.qualification",
        }  # fmt: skip
        assert [row["evidence"] for row in exported["people.qualification"]] == ["CERT-7781"]

    def test_ones_own_holds_ones_answers(self, ana, client_of):
        client = client_of("viewer")
        assert f"/settings/person/{ana.pk}/export/" in text_of(client.get("/settings/person/"))
        exported = client.get(f"/settings/person/{ana.pk}/export/").json()
        assert [row["value"] for row in exported["people.surveyanswer"]] == ["7777"]
        assert client_of("admin").get(f"/settings/person/{ana.pk}/export/").status_code == 404
        assert client.get(f"/people/{ana.pk}/export/").status_code == 403
