"""Every declared kind has these pages, whatever its room."""

import csv
import html
import io
import json

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse

from accounts.roles import ROLES
from tests.cases import every_eighth
from tests.web.kinds.samples import EDITS, MAKERS
from web import links
from web.kinds.kind import KIND_OF

pytestmark = pytest.mark.django_db
get_resolver().url_patterns  # noqa: B018  Kinds are declared where their addresses are made.
KINDS = list(KIND_OF.values())
ENTRIES = [(kind, entry) for kind in KINDS for entry in kind.entries if not entry.on_object]


@pytest.fixture(params=every_eighth(KINDS), ids=lambda kind: kind.noun)
def kind(request):
    return request.param


@pytest.fixture(
    params=every_eighth(ENTRIES, lambda pair: (pair[0].noun, pair[1].url_name)),
    ids=lambda pair: pair[1].url_name,
)
def entry(request):
    return request.param[1]


def reader_of(kind):
    """A role that may read the kind and enter nothing: people are read by those who may see names."""
    of_people = [name for name in kind.permissions("view") if name.startswith("people.")]
    return "viewer" if all(map(ROLES["viewer"].may, of_people)) else "planner"


def test_kinds_list_every_row_of_their_model():
    """Search looks for rows of the model where lists show those of the kind."""
    assert [kind.noun for kind in KINDS if kind.rows().query.where] == []


def test_a_list_offers_what_its_reader_may_enter(kind, client_of):
    address = reverse(kind.url_name("list"))
    offered = [reverse(each.url_name) for each in kind.entries if not each.on_object]
    offered += [kind.url("add")] if "add" in kind.pages else []
    admin, viewer = (client_of(role).get(address).text for role in ("admin", reader_of(kind)))
    assert all(f'href="{each}"' in admin for each in offered)
    assert not any(f'href="{each}"' in viewer for each in offered)


def test_a_list_refreshes_its_live_part_alone(kind, client_of):
    headers = {"HX-Request": "true", "HX-Target": "div#live"}
    answer = client_of("admin").get(reverse(kind.url_name("list")), headers=headers)
    assert (answer.status_code, "<html" in answer.text) == (200, False)


def test_a_form_is_for_those_who_may_enter_it(entry, client_of):
    address = reverse(entry.url_name)
    assert client_of(None).get(address).status_code == 302
    refused = client_of("viewer").get(address)
    assert (refused.status_code, entry.permissions[0] in refused.text) == (403, True)
    assert client_of("admin").get(address).status_code == 200


def test_an_answer_that_cannot_be_read_is_shown_again_and_enters_nothing(entry, client_of):
    answer = client_of("admin").post(reverse(entry.url_name), {"site": "nowhere", "channel": "nowhere"})
    assert answer.status_code == 422
    assert answer.context["form"].is_bound


@pytest.fixture(
    params=every_eighth([kind for kind in KINDS if kind.noun in MAKERS]), ids=lambda kind: kind.noun
)
def made_kind(request, db):
    # Of some kinds the first row comes with Muster.
    request.param.model._base_manager.all().delete()
    return request.param


def statements(client, url):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def test_a_list_and_a_page_show_an_object(made_kind, client_of):
    thing = MAKERS[made_kind.noun]()
    client = client_of("admin")
    listed = client.get(made_kind.url("list"))
    assert [row.id for row in listed.context["table"].rows] == [thing.pk]
    if "detail" in made_kind.pages:
        shown = client.get(made_kind.url("detail", thing))
        assert (shown.status_code, "<h1>" in shown.text) == (200, True)


def test_a_list_costs_the_same_for_one_row_and_for_many(made_kind, client_of):
    client = client_of("admin")
    MAKERS[made_kind.noun]()
    client.get(made_kind.url("list"))
    few = statements(client, made_kind.url("list"))
    for _ in range(6):
        MAKERS[made_kind.noun]()
    assert statements(client, made_kind.url("list")) == few <= 15


def test_every_column_can_be_shown_sorted_by_and_exported(made_kind, client_of):
    MAKERS[made_kind.noun]()
    MAKERS[made_kind.noun]()
    client, table = client_of("admin"), made_kind.table
    keys = [column.key for column in table.columns]
    for column in table.columns:
        asked = {"cols": keys, "sort": f"-{column.key}", "export": "json"}
        rows = json.loads(b"".join(client.get(made_kind.url("list"), asked).streaming_content))
        assert [set(row) for row in rows] == [{"id", *keys}] * 2
    answer = client.get(made_kind.url("list"), {"export": "csv"})
    assert len(list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))) == 3


def test_history_shows_before_and_after(made_kind, client_of):
    if made_kind.noun not in EDITS or "detail" not in made_kind.pages or made_kind.template:
        pytest.skip("it shows its history in a way of its own")
    thing = MAKERS[made_kind.noun]()
    name, text = EDITS[made_kind.noun]
    made_kind.model.objects.filter(pk=thing.pk).update(**{name: text})
    answer = client_of("admin").get(made_kind.url("detail", thing), {"tab": "history"})
    (row,) = [row for row in answer.context["rows"] if row.action == "changed"]
    # The version of a rule counts its changes; a changed exemption waits for its approval again.
    follow = {"version", "approved_at"}
    assert [change.field for change in row.changes if change.field not in follow] == [name]


def test_forms_ask_for_permission_and_what_is_gone_is_a_404(made_kind, client_of):
    thing = MAKERS[made_kind.noun]()
    gone = type(thing)(pk=999_999_999, **({"slug": "gone"} if made_kind.key == "slug" else {}))
    for action in sorted({"edit", "delete"} & set(made_kind.pages)):
        assert client_of("viewer").get(made_kind.url(action, thing)).status_code == 403
        assert client_of(None).get(made_kind.url(action, thing)).status_code == 302
        assert client_of("admin").get(made_kind.url(action, thing)).status_code == 200
        assert client_of("admin").get(made_kind.url(action, gone)).status_code == 404
    if "detail" in made_kind.pages:
        assert client_of("admin").get(made_kind.url("detail", gone)).status_code == 404


def test_strange_parameters_are_never_a_5xx(made_kind, client_of):
    MAKERS[made_kind.noun]()
    client = client_of("admin")
    for value in ("x\x00", "9" * 30):
        asked = dict.fromkeys(("q", "sort", "page", "site_id", "site", "kind", "device"), value)
        for action in sorted({"list", "add", "bulk", "csv"} & {"list", *made_kind.pages}):
            assert client.get(made_kind.url(action), query_params=asked).status_code < 500, (action, value)


def test_an_object_is_deleted_after_a_question(made_kind, client_of):
    if "delete" not in made_kind.pages:
        pytest.skip("it has no such page")
    thing, client = MAKERS[made_kind.noun](), client_of("admin")
    asked = html.unescape(client.get(made_kind.url("delete", thing)).text)
    assert "This cannot be undone" in asked
    assert f"Delete the {made_kind.model._meta.verbose_name} “{made_kind.rows().get(pk=thing.pk)}”?" in asked
    client.post(made_kind.url("delete", thing), {"changelog_message": "out of use"})
    assert not made_kind.model.objects.filter(pk=thing.pk).exists()


def test_the_endpoint_reads_it_and_changes_many(made_kind, client_of, api_of):
    things = [MAKERS[made_kind.noun]() for _ in range(2)]
    api = api_of("admin")
    listed = api.get(reverse(f"{links.api_basename(made_kind.model)}-list"), {"limit": 50}).json()
    assert {row["id"] for row in listed["results"]} == {thing.pk for thing in things}
    if made_kind.noun in EDITS:
        name, text = EDITS[made_kind.noun]
        url = reverse(f"{links.api_basename(made_kind.model)}-list")
        answer = api.patch(url, [{"id": thing.pk, name: text} for thing in things])
        assert (answer.status_code, len(answer.json())) == (200, 2)


# A device type's attributes are refused by their names.
CHECKED = [
    kind
    for kind in KINDS
    if kind.model.clean is not Model.clean and kind.noun in MAKERS and kind.noun != "device-type"
]


@pytest.mark.parametrize("kind", CHECKED, ids=lambda kind: kind.noun)
def test_the_endpoint_refuses_what_the_model_refuses(kind, api_of, monkeypatch):
    thing, api = MAKERS[kind.noun](), api_of("admin")
    url = links.api_url(thing)
    name = kind.viewset.serializer_class.Meta.together[0]

    def refuse(_):
        raise ValidationError({name: "The model refuses it."})

    monkeypatch.setattr(kind.model, "clean", refuse)
    answer = api.patch(url, {name: api.get(url).json()[name]})
    assert (answer.status_code, answer.json()[name]) == (400, ["The model refuses it."])
