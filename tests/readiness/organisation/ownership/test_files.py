"""Ownership as files: what is exported comes back without a change, and a wrong row stops all of it."""

import csv
import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from readiness.organisation.ownership.core.sheet import COLUMNS
from readiness.organisation.ownership.core.standing import Item
from readiness.organisation.ownership.models import Assignment
from readiness.organisation.people.models import Person
from web import sheets

pytestmark = pytest.mark.django_db
HERE = "/ownership/import/"


@pytest.fixture
def state(porto, ana, rui, eva, own, ask, frozen_now):
    """One owned, one changing hands, one asked, one that begins later; the rest nobody has."""
    ana.email = "ana@example.org"
    ana.save()
    own(porto, ana, Item.COMPUTE, decision_rights="=May stop,\r\nany placement")
    own(porto, eva, Item.ENERGY, deputy=None, escalation="")
    ask(porto, ana, Item.ENERGY)
    ask(porto, rui, Item.NETWORK)
    own(porto, ana, Item.COMPUTE_ENERGY, effective_at=frozen_now.at + timedelta(days=9))


def exported(client):
    answer = client.get("/ownership/assignments.csv")
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode())))


def sent(client, rows, **given):
    if not isinstance(rows, bytes):
        rows = b"".join(sheets.lines(COLUMNS, ([row.get(name, "") for name in COLUMNS] for row in rows)))
    answer = client.post(HERE, {"file": SimpleUploadedFile("ownership.csv", rows)} | given)
    return answer, answer.content.decode()


def test_what_is_exported_comes_back_without_a_change(state, client_of):
    client = client_of("manager")
    file = client.get("/ownership/assignments.csv").getvalue()
    before = list(Assignment.objects.order_by("pk").values())
    answer, page = sent(client, file)
    assert answer.status_code == 200, page
    assert "0 proposals" in page
    assert "0 amendments" in page
    assert "8 lines without change" in page
    assert list(Assignment.objects.order_by("pk").values()) == before


def test_the_file_names_every_item_once_for_each_live_assignment(state, client_of):
    rows = exported(client_of("ops"))
    assert len(rows) == 8
    assert {row["state"] for row in rows} == {"accepted", "proposed", ""}
    [compute] = [row for row in rows if row["item"] == "compute"]
    assert (compute["accountable"], compute["accountable_name"]) == ("ana@example.org", "Ana Reis")
    assert compute["decision_rights"].startswith("'=May")


def test_rows_propose_and_amend(state, client_of, eva, ana, frozen_now):
    client, rows = client_of("manager"), exported(client_of("manager"))
    for row in rows:
        if row["item"] == "compute":
            row["deputy"] = f"person:{eva.pk}"
        if row["item"] == "orchestration":
            row |= {"accountable": "ana@example.org", "team": "fabric", "decision_rights": "All"}
        for name, value in row.items():
            row[name] = value.removeprefix("'")
    _, page = sent(client, rows, only_check="on")
    assert "1 proposal," in page
    assert "1 amendment," in page
    assert not Assignment.objects.filter(item="orchestration").exists()
    answer, page = sent(client, rows)
    assert answer.status_code == 200
    assert Assignment.objects.get(item="orchestration").state == "proposed"
    assert Assignment.objects.get(item="compute").deputy == eva


@pytest.mark.parametrize(
    ("item", "change", "field", "told"),
    [
        ("orchestration", {"site": "nowhere"}, "site", "no site nowhere"),
        ("orchestration", {"item": "luck"}, "item", "no item luck"),
        ("orchestration", {"accountable": "zoe@example.org", "team": "fabric"}, "accountable", "no person zoe"),
        ("orchestration", {"accountable": "ana@example.org"}, "team", "This field is required"),
        ("orchestration", {"team": "fabric"}, "accountable", "Name the accountable person"),
        (
            "orchestration",
            {"accountable": "ana@example.org", "team": "fabric"},
            "decision_rights",
            "This field cannot be blank",
        ),
        ("compute", {"accountable": "", "team": "", "deputy": "", "decision_rights": "", "escalation": ""},
         "accountable", "A file cannot end an assignment"),
        ("compute", {"decision_rights": "Nothing"}, "decision_rights", "has another value"),
        ("compute", {"deputy": "ana@example.org"}, "deputy", "must be two people"),
        ("compute", {"begins_at": "tomorrow"}, "begins_at", "Write a time"),
        ("compute", {"begins_at": "2026-11-24"}, "begins_at", "Write a time"),
        ("compute", {"state": "perhaps"}, "state", "no state perhaps"),
        ("network", {"accountable": "ana@example.org"}, "item", "already asked to accept this item"),
    ],
)  # fmt: skip
def test_a_bad_row_is_told_by_line_and_field_and_nothing_is_imported(
    state, client_of, eva, item, change, field, told
):
    client = client_of("manager")
    rows = [{name: value.removeprefix("'") for name, value in row.items()} for row in exported(client)]
    # A good one, too.
    [good] = [row for row in rows if row["item"] == "network-energy"]
    good |= {"accountable": "ana@example.org", "team": "fabric", "decision_rights": "All"}
    place = next(number for number, row in enumerate(rows) if row["item"] == item)
    rows[place] |= change
    before = list(Assignment.objects.order_by("pk").values())
    answer, page = sent(client, rows)
    assert answer.status_code == 422, page
    assert "Nothing was imported" in page
    assert told in page
    assert f">{field}</td>" in page
    assert list(Assignment.objects.order_by("pk").values()) == before


def test_a_row_that_is_there_twice_is_told(state, client_of):
    rows = exported(client_of("manager"))
    _, page = sent(client_of("manager"), [*rows, rows[0]])
    assert "An earlier line has the same item and person" in page


def test_a_file_that_is_none_is_refused(state, client_of):
    client = client_of("manager")
    answer, page = sent(client, b"site,item\r\n")
    assert (answer.status_code, "This column is missing." in page) == (422, True)
    assert client.post(HERE, {}).status_code == 422
    answer, page = sent(client, b"x" * 2_000_001)
    assert "larger than 2 MB" in page


def test_raci_tells_all_four(state, own, ana, client_of):
    answer = client_of("ops").get("/ownership/raci.csv").getvalue().decode()
    rows = {row["item"]: row for row in csv.DictReader(io.StringIO(answer))}
    assert len(rows) == 7
    compute, energy = rows["Compute"], rows["Compute and energy"]
    assert (compute["accountable"], compute["responsible"], compute["deputy"]) == (
        "Ana Reis",
        "Fabric",
        "Rui Reis",
    )
    # It has no owner yet, and borders on two that do.
    assert (energy["accountable"], energy["consulted"]) == ("", "Ana Reis, Eva Reis")
    assert Person.objects.count() == 3
