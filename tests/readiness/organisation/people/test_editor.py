"""A rotation on one page: buttons edit without saving, a preview looks eight weeks ahead, all is saved or nothing."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from readiness.organisation.people.core.drafts import DraftLayer
from readiness.organisation.people.models import Layer, LayerMember, Leave, Rotation, RotationSite, Shift
from readiness.organisation.people.operations import editing, rotations
from readiness.organisation.people.queries.drafts import draft_of, preview_of
from tests.conftest import NOW
from tests.inventory import made as inventory
from tests.pages import statements, text_of, words_of
from tests.readiness.organisation.people import made
from web.audit import AuditEntry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen_now")]
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)


@pytest.fixture
def porto():
    return inventory.site(name="Porto", slug="porto")


@pytest.fixture
def people():
    return [made.person(name=name) for name in ("Ana Alves", "Bo Berg", "Cai Costa", "Dag Dahl")]


@pytest.fixture
def rotation(porto, people):
    """Shifts of a week, three people in turn, and the next of them as secondary."""
    fabric = made.rotation(porto, name="Fabric", slug="fabric", time_zone="Europe/Lisbon")
    made.layer(fabric, *people[:3], name="First")
    made.layer(fabric, *people[1:3], people[0], level=2)
    rotations.write_claimed_shifts(now=NOW)
    return fabric


@pytest.fixture
def manager_user(user_of):
    return user_of("manager")


@pytest.fixture
def page(rotation):
    return f"/people/rotations/{rotation.pk}/plan/"


def fields_of(answer):
    """Return what a browser would send of the form, but for its buttons."""
    form = re.search(r'<form[^>]*id="rotation-form".*?</form>', answer, re.DOTALL)[0]
    data = {}
    for field in re.findall(r"<input[^>]*>", form):
        name, value = (re.search(rf'{key}="([^"]*)"', field) for key in ("name", "value"))
        if name and name[1] not in ("csrfmiddlewaretoken",):
            data.setdefault(name[1], []).append(value[1] if value else "")
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        data[name] = re.findall(r'<option value="([^"]*)"[^>]*selected', options)
    return data


def turns(answer):
    return re.findall(r'<span class="who">([^<]*)</span>', answer)


def stored():
    return (
        list(Rotation.objects.order_by("pk").values()),
        list(Layer.objects.order_by("pk").values()),
        list(LayerMember.objects.order_by("pk").values()),
        list(RotationSite.objects.order_by("pk").values()),
        list(Shift.objects.order_by("pk").values()),
        AuditEntry.objects.count(),
    )


@pytest.mark.parametrize(
    ("step", "more", "expected", "focus"),
    [
        ("up:0:1", {}, ["Bo Berg", "Ana Alves", "Cai Costa"], "down-0-0"),
        ("down:0:0", {}, ["Bo Berg", "Ana Alves", "Cai Costa"], "down-0-1"),
        ("up:0:0", {}, ["Ana Alves", "Bo Berg", "Cai Costa"], ""),
        ("remove:0:2", {}, ["Ana Alves", "Bo Berg"], "remove-0-1"),
        ("add:0", {"layers-0-add": "dag dahl"}, ["Ana Alves", "Bo Berg", "Cai Costa", "Dag Dahl"], "add-0"),
    ],
    ids=["up", "down", "above the first", "remove", "add by name"],
)
def test_buttons_edit_the_turns_and_save_nothing(client_of, page, step, more, expected, focus):
    client, before = client_of("manager"), stored()
    data = fields_of(text_of(client.get(page)))
    answer = text_of(client.post(page, data | more | {"name": "Not saved", "step": step}))
    assert turns(answer)[: len(expected)] == expected
    assert len(turns(answer)) == len(expected) + 3
    assert 'value="Not saved"' in answer
    assert (re.search(r'id="([^"]*)"[^>]*autofocus', answer) or ["", ""])[1] == focus
    assert "answer needs" not in answer
    assert stored() == before


def test_a_name_that_nobody_has_is_told_where_it_was_typed(client_of, page):
    client = client_of("manager")
    data = fields_of(text_of(client.get(page)))
    answer = text_of(client.post(page, data | {"layers-1-add": "Bohr", "step": "add:1"}))
    assert "No person is called “Bohr”; choose one of the list." in answer
    assert 'value="Bohr"' in answer


def test_layers_are_added_and_removed(client_of, page):
    client = client_of("manager")
    data = fields_of(text_of(client.get(page)))
    added = text_of(client.post(page, data | {"step": "add-layer"}))
    assert "Layer 3" in words_of(client.post(page, data | {"step": "add-layer"}))
    left = text_of(client.post(page, fields_of(added) | {"step": "remove-layer:0"}))
    assert turns(left) == ["Bo Berg", "Cai Costa", "Ana Alves"]
    assert "Layer 3" not in left


def test_a_preview_shows_what_the_draft_would_do_and_saves_nothing(client_of, page):
    client, before = client_of("manager"), stored()
    data = fields_of(text_of(client.get(page)))
    moved = fields_of(text_of(client.post(page, data | {"step": "remove:1:1"})))
    words = words_of(client.post(page, moved | {"step": "preview"}))
    assert "Preview of the next eight weeks" in words
    assert "nothing is saved yet" in words
    # Bo and Ana take turns of two weeks as secondary, against three of the primaries: they meet.
    assert "would have two levels at once" in words
    assert "Secondary: nobody" in words
    assert stored() == before


def test_saving_writes_all_and_the_shifts_that_follow(client_of, page, rotation, people, porto):
    client, lisbon = client_of("manager"), inventory.site(name="Lisbon", slug="lisbon")
    data = fields_of(text_of(client.get(page)))
    data = fields_of(text_of(client.post(page, data | {"step": "up:0:1"})))
    data = fields_of(text_of(client.post(page, data | {"step": "up:1:1"})))
    entries = AuditEntry.objects.count()
    answer = client.post(
        page,
        data | {"sites": [lisbon.pk], "name": "Fabric, all", "layers-0-turn_shifts": "2", "step": "save"},
    )
    assert answer.status_code == 302, words_of(answer)
    rotation.refresh_from_db()
    draft = draft_of(rotation)
    assert (draft.name, draft.slug, draft.sites) == ("Fabric, all", "fabric", (lisbon.pk,))
    assert draft.layers[0].people == (people[1].pk, people[0].pk, people[2].pk)
    assert draft.layers[0].turn_shifts == 2
    ahead = Shift.objects.filter(rotation=rotation, level=1, starts_at__gt=NOW).order_by("starts_at")
    assert [shift.person.name for shift in ahead[:3]] == ["Bo Berg", "Ana Alves", "Ana Alves"]
    assert AuditEntry.objects.count() > entries


def test_what_did_not_change_is_not_written(rotation, manager_user):
    before = stored()
    draft = draft_of(rotation)
    editing.save_rotation(rotation, draft=draft, seen=draft.fingerprint, by=manager_user, now=NOW)
    assert stored() == before


def test_a_new_rotation_is_made_whole(client_of, porto, people):
    client, page = client_of("manager"), "/people/rotations/new/"
    data = fields_of(text_of(client.get(page)))
    data = fields_of(text_of(client.post(page, data | {"name": "Power", "step": "add-layer"})))
    data |= {"domain": "energy", "sites": [porto.pk], "layers-0-add": "Ana Alves", "step": "add:0"}
    data = fields_of(text_of(client.post(page, data)))
    assert client.post(page, data | {"step": "save"}).status_code == 302
    made_one = Rotation.objects.get(slug="power")
    assert list(made_one.sites.all()) == [porto]
    assert Shift.objects.filter(rotation=made_one, person=people[0]).exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "1 answer needs a correction Name:"),
        ({"time_zone": "Mars/Olympus"}, "Time zone:"),
        ({"layers-0-rule": "FREQ=SECONDLY"}, "Layer 1, A shift begins: The rule is one such as"),
        ({"layers-1-duration_h": "0"}, "Layer 2, Shift lasts:"),
        ({"layers-0-ends_at": "2026-01-01 08:00"}, "Layer 1"),
        ({"layers-0-id": "999999"}, "Layer 1: This layer is no longer there"),
        ({"slug": "taken"}, "Slug:"),
    ],
    ids=["no name", "no such zone", "a rule", "no time", "ends before it begins", "a layer gone", "a slug"],
)
def test_refusals_stand_at_their_field_and_nothing_is_saved(client_of, page, changes, message):
    made.rotation(name="Another", slug="taken")
    client, before = client_of("manager"), stored()
    data = fields_of(text_of(client.get(page)))
    answer = client.post(page, data | {"layers-0-name": "Still here"} | changes | {"step": "save"})
    assert answer.status_code == 422
    assert message in words_of(answer).replace(" :", ":")
    assert 'value="Still here"' in answer.content.decode()
    assert stored() == before


def test_who_has_left_is_named_and_refused(client_of, page, people):
    people[1].left_at = NOW - DAY
    people[1].save()
    client = client_of("manager")
    answer = client.post(page, fields_of(text_of(client.get(page))) | {"step": "save"})
    assert "Bo Berg has left: remove them from the turns." in words_of(answer)


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(client_of, page, rotation):
    client = client_of("manager")
    data = fields_of(text_of(client.get(page)))
    Rotation.objects.filter(pk=rotation.pk).update(name="Renamed")
    answer = client.post(page, data | {"step": "save"})
    assert "It was changed since you opened it" in words_of(answer)
    assert Rotation.objects.get(pk=rotation.pk).name == "Renamed"


def test_one_person_alone_at_both_levels_is_refused(rotation, people, manager_user):
    draft = draft_of(rotation)
    alone = [
        DraftLayer(**{name: getattr(layer, name) for name in layer.__slots__} | {"people": (people[0].pk,)})
        for layer in draft.layers
    ]
    with pytest.raises(ValidationError, match="cannot be"):
        editing.save_rotation(
            rotation,
            draft=type(draft)(
                **{name: getattr(draft, name) for name in draft.__slots__} | {"layers": tuple(alone)}
            ),
            by=manager_user,
            now=NOW,
        )
    assert draft_of(rotation) == draft


def test_whoever_may_not_write_gets_no_page(client_of, page, rotation, user_of):
    for role in ("viewer", "ops", "planner"):
        assert client_of(role).get(page).status_code == 403
        with pytest.raises(PermissionDenied):
            editing.save_rotation(rotation, draft=draft_of(rotation), by=user_of(role), now=NOW)


def test_leave_gaps_loads_and_changes_of_a_preview(rotation, people, porto):
    Leave.objects.create(person=people[1], starts_at=MONDAY + WEEK, ends_at=MONDAY + WEEK + DAY)
    other = made.rotation(porto, name="Power", domain="energy")
    made.shift(other, people[0], now=NOW, starts_at=MONDAY + 3 * WEEK, ends_at=MONDAY + 3 * WEEK + HOUR)
    preview = preview_of(draft_of(rotation), rotation, now=NOW)
    assert preview.outlook.changes == ()
    assert [(gap.level, gap.starts_at, gap.ends_at) for gap in preview.outlook.gaps] == [
        (1, MONDAY + WEEK, MONDAY + WEEK + DAY)
    ]
    assert {(double.person, double.rotation) for double in preview.outlook.doubles} == {
        (people[0].pk, other.pk)
    }
    assert preview.new_breaches == ()
    assert {load.person for load in preview.outlook.loads} == {each.pk for each in people[:3]}


def test_the_endpoint_previews_and_writes_nothing(api_of, rotation, people):
    layer = {
        "level": 1,
        "starts_at": MONDAY.isoformat(),
        "rule": "FREQ=WEEKLY",
        "duration_min": 7 * 24 * 60,
        "people": [people[3].pk],
    }
    body = {"name": "Fabric", "slug": "fabric", "domain": "network", "layers": [layer]}
    before = stored()[:-1]
    answer = api_of("manager").post(f"/api/people/rotations/{rotation.pk}/preview/", body, format="json")
    assert answer.status_code == 200, answer.json()
    told = answer.json()
    assert {shift["person"] for shift in told["shifts"]} == {people[3].pk}
    assert [gap["level"] for gap in told["gaps"]] == [2]
    assert told["changes"][0]["after"] == people[3].pk
    assert {breach["kind"] for breach in told["breaches"]} == {"rest", "week"}
    new = api_of("manager").post(
        "/api/people/rotations/preview/", body | {"name": "Other", "slug": ""}, format="json"
    )
    assert new.status_code == 200, new.json()
    refused = api_of("manager").post(
        "/api/people/rotations/preview/",
        body | {"name": "Other", "slug": "other", "layers": [layer | {"rule": "never"}]},
        format="json",
    )
    assert (refused.status_code, list(refused.json())) == (400, ["layers-0-rule"])
    assert (
        api_of("ops").post(f"/api/people/rotations/{rotation.pk}/preview/", body, format="json").status_code
        == 403
    )
    assert stored()[:-1] == before


def test_the_page_costs_the_same_for_many_people(client_of, page, rotation):
    client = client_of("manager")
    few = statements(client, page)
    layer = rotation.layers.first()
    for number in range(9):
        LayerMember.objects.create(layer=layer, person=made.person(), position=20 + number)
    assert statements(client, page) == few
