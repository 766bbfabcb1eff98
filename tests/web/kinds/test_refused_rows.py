"""What an import does not take: why, in the words of whoever sent it, and as a file that can be corrected."""

import pytest

from inventory.models import Rack, Region
from tests.cases import every_eighth
from tests.inventory import made
from tests.readiness.organisation.people import made as people
from tests.web.kinds.test_csv import CSV, Importer
from web.kinds.targets import endpoint, targets_of
from web.rest.fields import RelatedObjectField

pytestmark = pytest.mark.django_db
RACKS = "name,site\nR1,S\nR2,Nowhere\n=R3,Nowhere\n"


@pytest.fixture
def racks(client_of):
    made.site(name="S", slug="s")
    return Importer(client_of("planner"), "/inventory/racks/csv/")


@pytest.mark.parametrize(
    "content", [RACKS, "name,site\nR1,S\n"], ids=["rows are refused", "no row is refused"]
)
def test_the_good_rows_and_all_or_none_are_both_offered(content, racks):
    racks.check(content)
    page = racks.client.get(racks.file).text
    assert 'name="action" value="good"' in page
    assert 'name="action" value="all"' in page


def test_all_or_none_says_why_it_imported_nothing(racks):
    racks.check(RACKS)
    left = racks.post(action="all")
    assert (left.state, left.counts, Rack.objects.count()) == ("checked", {"created": 1, "refused": 2}, 0)
    assert "Nothing was imported, because all rows or none was chosen" in racks.client.get(racks.file).text


@pytest.mark.parametrize("imports", [False, True], ids=["checked", "imported"])
def test_refused_rows_are_downloaded_corrected_and_sent_again(imports, racks):
    racks.check(RACKS)
    if imports:
        racks.post(action="good")
    answer = racks.client.get(racks.file, {"refused": "csv"})
    assert answer["Content-Disposition"].startswith('attachment; filename="refused-rows-')
    reason = "Site: No site is called Nowhere; choose S."
    assert answer.text.splitlines() == [
        "name,site,line,refused because",
        f"R2,Nowhere,3,{reason}",
        f"'=R3,Nowhere,4,{reason}",
    ]
    assert racks.check(answer.text.replace("Nowhere,", "S,")).counts == {"created": 2}


def test_refused_rows_are_their_senders_alone(racks, client_of):
    racks.check(RACKS)
    assert client_of("admin").get(racks.file, {"refused": "csv"}).status_code == 404


def test_a_row_with_too_few_cells_keeps_its_place(racks):
    racks.check("name,site\nR1\n")
    answer = racks.client.get(racks.file, {"refused": "csv"})
    assert answer.text.splitlines()[1].startswith("R1,,2,The line has 1 cells")


def test_a_row_outside_the_scope_is_refused_and_the_others_are_taken(client_of, planner):
    europe = made.region(name="Europe", slug="europe")
    made.region(name="Iberia", slug="iberia", parent=europe)
    planner.access_scopes.create(kind="region", slug="iberia")
    importer = Importer(client_of("planner"), "/inventory/regions/csv/")
    new = "".join(f"New {number},iberia,x\n" for number in range(5))
    checked = importer.check(f"name,parent,description\nIberia,europe,south\nEurope,,all of it\n{new}")
    assert checked.counts == {"changed": 1, "created": 5, "refused": 1}
    [[line, label, reason]] = checked.problems
    assert (line, label) == (3, "")
    assert reason.startswith("This region lies outside your scope: it belongs to region europe.")
    assert reason.endswith("You see only some sites: region iberia.")
    assert importer.post(action="good").state == "done"
    assert dict(Region.objects.values_list("slug", "description"))["europe"] == ""
    assert Region.objects.filter(parent__slug="iberia").count() == 5


@pytest.mark.parametrize("kind", every_eighth(CSV), ids=lambda kind: kind.noun)
@pytest.mark.parametrize("text", ["76", "Ada Lovelace"])
def test_who_or_what_a_file_names_wrongly_is_told_by_that_name(kind, text, admin, client_of):
    targets = targets_of(kind, endpoint(kind, admin)).values()
    named = {each.label: each for each in targets if isinstance(each.field, RelatedObjectField)}
    if not named:
        pytest.skip("its rows name no object")
    heads = ",".join(each.name for each in named.values())
    checked = Importer(client_of("admin"), kind.url("csv")).check(
        f"{heads}\n{','.join([text] * len(named))}\n"
    )
    reasons = {label: reason for _line, label, reason in checked.problems if label in named}
    nouns = {label: each.field.queryset.model._meta.verbose_name for label, each in named.items()}
    beginnings = {label: f"No {noun} is called {text}" for label, noun in nouns.items()}
    assert {label: reasons.get(label, "")[: len(text)] for label, text in beginnings.items()} == beginnings


@pytest.mark.parametrize(
    ("typed", "choice"),
    [
        ("Ada Lovelce", "choose Ada Lovelace."),
        ("ada lovelace", "choose Ada Lovelace."),
        ("Xerxes", "choose one of the people in the list."),
    ],
    ids=["misspelt", "in another case", "like nobody"],
)
def test_names_that_are_spelled_alike_are_offered(typed, choice, client_of):
    people.skill(name="Fabric", slug="fabric")
    for name in ("Ada Lovelace", "Bo Lima", "Cai Wu", "Dora Klein", "Emil Sand"):
        people.person(name=name)
    importer = Importer(client_of("manager"), "/people/qualifications/csv/")
    checked = importer.check(f"Person,Skill,Level,Shown at\n{typed},Fabric,1,2026-11-01\n")
    assert checked.problems[0] == [2, "Person", f"No person is called {typed}; {choice}"]


def test_what_is_cancelled_is_not_imported(racks):
    racks.check("name,site\nR1,S\n")
    cancelled = racks.post(action="cancel")
    assert (cancelled.state, bytes(cancelled.content)) == ("cancelled", b"")
    assert racks.post(action="all").state == "cancelled"
    assert not Rack.objects.exists()
