"""Files of any kind: what the list writes comes back unchanged; what is wrong is told by line and field."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Device, DeviceType, Manufacturer, PowerFeed, Rack, Region, Site
from tests.cases import every_eighth
from tests.entries import entries_of
from tests.inventory import made
from tests.web.kinds.samples import EDITS, MAKERS
from tests.web.kinds.test_kinds import KINDS
from web.kinds.models import FileImport

pytestmark = pytest.mark.django_db
CSV = [kind for kind in KINDS if "csv" in kind.pages]


def test_every_kind_with_files_is_tried():
    assert {kind.noun for kind in CSV} == set(MAKERS)


@pytest.fixture(params=every_eighth(CSV), ids=lambda kind: kind.noun)
def kind(request):
    return request.param


class Importer:
    """Sends files to a list's page for files as a browser does."""

    def __init__(self, client, url):
        self.client, self.url = client, url

    def send(self, content):
        body = content.encode() if isinstance(content, str) else content
        return self.client.post(self.url, {"file": SimpleUploadedFile("rows.csv", body)})

    def check(self, content, **mapped):
        """Map the columns as the page proposes, but for those in `mapped`."""
        answer = self.send(content)
        assert answer.status_code == 302, answer.context["form"].errors
        self.file = answer["location"]
        given = {"action": "check"}
        for line in self.client.get(self.file).context["mapping"]:
            chosen = [each["place"] for each in line["columns"] if each["is_chosen"]]
            given[f"column-{line['target'].name}"] = chosen[0] if chosen else ""
        return self.post(**given | {name.replace("__", "-"): value for name, value in mapped.items()})

    def post(self, **given):
        assert self.client.post(self.file, given).status_code == 302
        return FileImport.objects.get(pk=int(self.file.split("/")[-2]))


@pytest.fixture
def importer(client_of):
    return lambda kind_plural: Importer(client_of("planner"), f"/inventory/{kind_plural}/csv/")


def exported(client, kind):
    columns = ",".join(column.key for column in kind.table.columns)
    answer = client.get(kind.url("list"), {"export": "csv", "cols": columns})
    return b"".join(answer.streaming_content)


def test_what_a_list_writes_comes_back_unchanged(kind, client_of):
    for _ in range(3):
        MAKERS[kind.noun]()
    client = client_of("admin")
    importer = Importer(client, kind.url("csv"))
    checked = importer.check(exported(client, kind))
    # Of some kinds there are rows that come with Muster.
    unchanged = {"unchanged": kind.rows().count()}
    assert (checked.state, checked.counts, checked.problems) == ("checked", unchanged, [])


def test_a_cell_that_was_edited_changes_its_object_alone(kind, client_of):
    if kind.noun not in EDITS:
        pytest.skip("its objects are entered anew, not changed")
    objects = [MAKERS[kind.noun]() for _ in range(2)]
    name, text = EDITS[kind.noun]
    importer = Importer(client_of("admin"), kind.url("csv"))
    checked = importer.check(f"id,{name}\n{objects[1].pk},{text}\n")
    assert (checked.counts, checked.problems) == ({"changed": 1}, [])
    before = str(getattr(kind.model.objects.get(pk=objects[1].pk), name))
    assert before != text
    done = importer.post(action="all", changelog_message="as agreed")
    assert (done.state, done.counts, bytes(done.content)) == ("done", {"changed": 1}, b"")
    assert str(getattr(kind.model.objects.get(pk=objects[1].pk), name)).removesuffix(".0") == text
    [entry] = entries_of(kind.model, action="changed")
    assert (entry.object_id, entry.username, entry.message) == (objects[1].pk, "admin", "as agreed")


def test_files_are_for_those_who_may_add(kind, client_of):
    assert client_of("viewer").get(kind.url("csv")).status_code == 403
    assert client_of(None).get(kind.url("csv")).status_code == 302
    assert client_of("admin").get(kind.url("csv")).status_code == 200


def test_records_that_are_not_changed_say_so(client_of):
    fact = MAKERS["recorded-fact"]()
    [kind] = [each for each in CSV if each.noun == "recorded-fact"]
    checked = Importer(client_of("admin"), kind.url("csv")).check(f"id,value\n{fact.pk},12\n")
    assert checked.counts == {"refused": 1}
    assert "entered anew" in checked.problems[0][2]


NETBOX = {
    "regions": (
        "name,slug,description,comments\nNorth 4,north-4,Fourth region,\nNorth 5,north-5,,hi\n",
        {},
    ),
    "manufacturers": ("name,slug,description\nManufacturer 4,manufacturer-4,Fourth\n", {}),
    "sites": (
        "name,slug,status\nSite 4,site-4,planned\nSite 5,site-5,active\n",
        {"text__region": "Europe", "text__country": "PT"},
    ),
    "racks": (
        "site,location,group,name,status,width,u_height,weight\nSite 1,,,Rack 4,active,19,42,100\n"
        "Site 1,Location 1,Group 1,Rack 5,active,19,42,100\n",
        {},
    ),
    "devices": (
        "role,manufacturer,device_type,status,name,site,location,rack,position,face,virtual_chassis\n"
        "Device Role 1,Manufacturer 1,Device Type 1,active,Device 4,Site 1,Location 1,Rack 1,10,front,VC 1\n"
        "Device Role 1,Manufacturer 1,Device Type 1,staged,Device 5,Site 1,Location 1,Rack 1,20,front,VC 1\n",
        {"column__role": "", "text__role": "server"},
    ),
    "power-feeds": (
        "site,power_panel,name,status,type,supply,phase,voltage,amperage,max_utilization\n"
        "Site 1,Power Panel 1,Feed 4,active,primary,ac,single-phase,120,20,80\n"
        "Site 1,Power Panel 1,Feed 5,active,redundant,ac,three-phase,400,32,80\n",
        {"text__rated_kw": "2"},
    ),
}


@pytest.fixture
def netbox():
    region = made.region(name="Europe")
    site = made.site(name="Site 1", region=region)
    made.rack(site=site, name="Rack 1")
    made.rack(name="Rack 1")
    maker = made.manufacturer(name="Manufacturer 1")
    made.device_type(manufacturer=maker, model="Device Type 1")
    made.device_type(model="Device Type 1")


@pytest.mark.parametrize("plural", NETBOX)
def test_a_file_in_the_format_of_netbox_is_imported(plural, netbox, importer):
    content, mapped = NETBOX[plural]
    sent = importer(plural)
    rows = content.count("\n") - 1
    checked = sent.check(content, **mapped)
    assert (checked.counts, checked.problems) == ({"created": rows}, [])
    done = sent.post(action="all")
    assert (done.state, done.counts) == ("done", {"created": rows})
    again = sent.check(content, **mapped)
    assert (again.counts, again.problems) == ({"unchanged": rows}, [])


def test_the_words_of_netbox_become_ours(netbox, importer):
    for plural in ("sites", "devices", "power-feeds"):
        content, mapped = NETBOX[plural]
        sent = importer(plural)
        sent.check(content, **mapped)
        sent.post(action="all")
    assert list(Site.objects.filter(slug__in=["site-4", "site-5"]).values_list("stage", flat=True)) == [
        "planned",
        "production",
    ]
    device = Device.objects.get(name="Device 5")
    assert (device.status, device.role, device.position, device.rack.name) == (
        "planned",
        "server",
        20,
        "Rack 1",
    )
    assert device.device_type.manufacturer.name == "Manufacturer 1"
    assert list(
        PowerFeed.objects.order_by("name").values_list("phases", "voltage_v", "breaker_rating_a", "leg")
    ) == [
        (1, 120, 20, "A"),
        (3, 400, 32, "B"),
    ]


BAD = {
    "unknown reference": ("name,site\nR1,Nowhere\n", 2, "Site"),
    "wrong type": ("name,site,u_height\nR1,S,many\n", 2, "Height"),
    "out of range": ("name,site,rated_kw\nR1,S,-1\n", 2, "Rated power"),
    "needed": ("name,site\n,S\n", 2, "Name"),
    "too long": (f"name,site\n{'x' * 101},S\n", 2, "Name"),
    "not finite": ("name,site,rated_kw\nR1,S,nan\n", 2, "Rated power"),
    "duplicate in the file": ("name,site\nR1,S\nR1,S\n", 3, ""),
    "unknown id": ("id,name\n999999,R1\n", 2, "id"),
    "id of words": ("id,name\nseven,R1\n", 2, "id"),
    "id too long": (f"id,name\n{'9' * 40},R1\n", 2, "id"),
    "id of noughts": (f"id,name\n{'0' * 5000},R1\n", 2, "id"),
    "cells": ("name,site\nR1\n", 2, ""),
    "behind a line break": ('name,site\n"R\n1",S\nR2,Nowhere\n', 4, "Site"),
}


@pytest.mark.parametrize(("content", "line", "field"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_told_by_line_and_field(content, line, field, importer):
    made.site(name="S")
    checked = importer("racks").check(content)
    assert (checked.state, checked.counts["refused"]) == ("checked", 1)
    assert checked.problems[0][:2] == [line, field]


UNREADABLE = {
    "utf-16": ("name,site\nR1,S\n".encode("utf-16"), 1),
    "latin-1": ("name,site\nR1,S\nRáck,S\n".encode("latin-1"), 3),
    "nul": (b"name,site\nR1,S\nR\x002,S\n", 3),
    "empty": (b"", 1),
    "head alone": (b"name,site\n", 2),
    "quote left open": (b'name,site\n"R1,S\n', 2),
    "quote amid": (b'name,site\nR2,S\n"R"1,S\n', 3),
    "too many columns": (b",".join([b"x"] * 300) + b"\n1\n", 1),
    "cell too long": (b"name,site\n" + b"x" * 200_000 + b",S\n", 2),
}


@pytest.mark.parametrize(("content", "line"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_table_in_utf8_is_refused_with_its_line(content, line, importer):
    answer = importer("racks").send(content)
    assert answer.status_code == 422
    [error] = answer.context["form"].errors["file"]
    if content:
        assert error.startswith(f"Line {line}: ")
    assert not FileImport.objects.exists()


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffname,site\nR1,S\n",
        "name,site\r\nR1,S\r\n",
        "name;site\nR1;S\n",
        "name\tsite\nR1\tS\n",
        "Name , SITE\n\nR1,S\n\n",
        "name,site\nR1,S,,\n,,,\n",
    ],
    ids=["mark", "crlf", "semicolons", "tabs", "spaces", "cells without a head"],
)
def test_what_spreadsheets_write_is_read(content, importer):
    site = made.site(name="S")
    sent = importer("racks")
    assert sent.check(content).counts == {"created": 1}
    sent.post(action="all")
    assert Rack.objects.get().site == site


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+2", "@x", "'=1", "＝1", '=HYPERLINK("x")'])
def test_a_formula_is_neutralised_and_comes_back(text, importer, client_of):
    maker = made.manufacturer(description=text)
    [kind] = [each for each in CSV if each.noun == "manufacturer"]
    content = exported(client_of("planner"), kind).decode()
    assert re.search(rf"[,\"]'{re.escape(text.replace(chr(34), chr(34) * 2))}", content)
    sent = importer("manufacturers")
    assert sent.check(content).counts == {"unchanged": 1}
    sent.check(
        content.replace(str(maker.pk), "", 1).replace(maker.name, "Other").replace(maker.slug, "other")
    )
    sent.post(action="all")
    assert Manufacturer.objects.get(name="Other").description == text


@pytest.mark.parametrize(("text", "outcome"), [("10", "changed"), ("0010", "unchanged"), ("1e1", "changed")])
def test_a_text_of_digits_is_no_number(text, outcome, importer):
    device = made.device(serial="0010")
    assert importer("devices").check(f"id,serial\n{device.pk},{text}\n").counts == {outcome: 1}


def test_types_of_one_name_by_two_makers_have_slugs_of_their_own(importer):
    for name in ("Acme", "Bolt"):
        made.manufacturer(name=name)
    sent = importer("device-types")
    sent.check("manufacturer,model,kind,domain\nAcme,GX 8,node,compute\nBolt,GX 8,node,compute\n")
    assert sent.post(action="all").problems == []
    assert set(DeviceType.objects.values_list("slug", flat=True)) == {"acme-gx-8", "bolt-gx-8"}


def test_the_good_rows_can_be_kept_without_the_others(importer):
    made.site(name="S")
    sent = importer("racks")
    content = "name,site\nR1,S\nR2,Nowhere\nR3,S\n"
    assert sent.check(content).counts == {"created": 2, "refused": 1}
    assert not Rack.objects.exists()
    kept = sent.post(action="all")
    assert (kept.state, kept.counts, Rack.objects.count()) == ("checked", {"created": 2, "refused": 1}, 0)
    done = sent.post(action="good")
    assert (done.state, done.counts) == ("done", {"created": 2, "refused": 1})
    assert set(Rack.objects.values_list("name", flat=True)) == {"R1", "R3"}


def test_two_rows_that_only_the_database_tells_apart_are_told(importer):
    made.region(name="Europe")
    content = "name,slug,region,country\nA,a,Europe,PT\nB,a,Europe,PT\nC,c,Europe,PT\n"
    checked = importer("sites").check(content)
    assert checked.counts == {"created": 2, "refused": 1}
    assert checked.problems[0][:2] == [3, "Slug"]


def test_a_row_may_name_one_that_stands_below_it(importer):
    sent = importer("regions")
    sent.check("name,parent\nIberia,Europe\nEurope,\n")
    sent.post(action="all")
    assert Region.objects.get(name="Iberia").parent.name == "Europe"


def test_names_that_several_have_are_told_apart_by_another_column(importer):
    first, second = made.site(name="A"), made.site(name="B")
    for site in (first, second):
        made.device(site=site, name="leaf-1")
    content = "device,name,site\nleaf-1,eth0,B\n"
    sent = importer("ports")
    ambiguous = sent.check(content, column__site="")
    assert ambiguous.problems[0][:2] == [2, "Device"]
    assert sent.check(content).counts == {"created": 1}


def test_links_name_their_ports_by_device_and_port(importer):
    first, second = made.site(name="A"), made.site(name="B")
    for site in (first, second):
        made.port(device=made.device(site=site, name="edge 1"), name="eth0")
    content = "name,kind,site_a,port_a,site_b,port_b\nwan 1,wan,A,edge 1 eth0,B,edge 1 eth0\n"
    sent = importer("links")
    assert sent.check(content).problems == []
    assert sent.post(action="all").counts == {"created": 1}


def test_who_may_add_but_not_change_adds_alone(user_of, client_of):
    from django.contrib.auth.models import Permission

    rack, user = made.rack(), user_of("viewer")
    user.user_permissions.add(Permission.objects.get(codename="add_rack"))
    sent = Importer(client_of("viewer"), "/inventory/racks/csv/")
    checked = sent.check(f"id,name,site\n{rack.pk},Other,{rack.site.slug}\n,R2,{rack.site.slug}\n")
    assert checked.counts == {"refused": 1, "created": 1}
    assert checked.problems == [[2, "", "Missing permission: inventory.change_rack."]]


def test_a_file_is_its_senders_alone(importer, client_of):
    made.site(name="S")
    sent = importer("racks")
    sent.check("name,site\nR1,S\n")
    assert client_of("admin").get(sent.file).status_code == 404
    assert client_of("planner").get(sent.file.replace("racks", "regions")).status_code == 404


def test_many_rows_take_as_many_statements_as_two(importer):
    made.site(name="S")
    counts = []
    for rows in (2, 200):
        content = "name,site\n" + "".join(f"R{number},S\n" for number in range(rows))
        sent = importer("racks")
        sent.check(content)
        with CaptureQueriesContext(connection) as captured:
            sent.post(action="check", **{"column-name": 0, "column-site": 1})
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 40


@pytest.mark.parametrize(
    "given",
    [{"action": "fly"}, {}, {"action": "check", "column-name": "7"}, {"action": "check", "column-name": "x"}],
)
def test_a_strange_question_is_a_bad_request(given, importer):
    sent = importer("racks")
    file = sent.send("name,site\nR1,S\n")["location"]
    assert sent.client.post(file, given).status_code == 400


def test_no_file_is_asked_for_again(importer):
    sent = importer("racks")
    assert sent.client.post(sent.url, {}).status_code == 422
    assert sent.client.post(sent.url, {"file": "rows.csv"}).status_code == 422


def test_an_import_ends_once(importer):
    made.site(name="S")
    sent = importer("racks")
    sent.check("name,site\nR1,S\n")
    sent.post(action="all")
    again = sent.post(action="all")
    assert (again.state, Rack.objects.count()) == ("done", 1)
    page = sent.client.get(sent.file)
    assert (page.status_code, page.context["may_check"]) == (200, False)
