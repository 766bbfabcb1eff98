"""A leaver's list: what goes on without a person, and what waits for them."""

import pytest

from accounts.leaving import hand_over, leave
from accounts.models import AccessScope, SavedView, User
from accounts.operations import NotAllowed, change_user, create_token
from readiness.golive.models import WorkItem
from telemetry.models import Source
from telemetry.operations import create_source
from tests.conftest import NOW
from tests.inventory import made
from web import leaving
from web.audit import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(user_of):
    return user_of("ops", username="ana", name="Ana Lima")


@pytest.fixture
def bo(user_of):
    return user_of("ops", username="bo")


@pytest.fixture
def program(user_of, ana):
    return user_of("ops", username="importer", kind="service", owner=ana)


def groups_of(person, reader):
    leavers_list = leaving.leavers_list(person, reader=reader, now=NOW)
    return {group.name: [each.label for each in group.objects] for group in leavers_list.groups}


def test_what_a_person_made_and_owns_is_listed_with_its_page(client_of, api_of, admin, ana, bo, program):
    change_user(ana, role="admin", by=None, now=NOW)
    porto = made.site(slug="porto")
    token, _ = create_token(user=program, name="nightly", by=ana, now=NOW)
    create_token(user=ana, name="own", by=ana, now=NOW)
    source, _ = create_source(name="porto prometheus", site=porto, by=ana, now=NOW)
    Source.objects.filter(pk=source.pk).update(owner=ana)
    SavedView.objects.create(owner=ana, table="device-list", name="Hot", query="q=a", shared=True)
    SavedView.objects.create(owner=ana, table="device-list", name="Mine", query="q=a")
    WorkItem.objects.create(site=porto, check_id="p1-x", owner=ana, created_by=bo, created_at=NOW)
    expected = {
        "service-accounts": ["importer"],
        "tokens": [str(token)],
        "views": ["Hot"],
        "sources": ["porto prometheus"],
        "source-tokens": ["porto prometheus"],
        "work-items": [f"p1-x at {porto}"],
    }
    assert groups_of(ana, admin) == expected
    assert groups_of(bo, admin) == {}
    answer = api_of("admin").get(f"/api/accounts/users/{ana.pk}/left-behind/").json()
    addresses = {group["name"]: group["objects"][0]["display_url"] for group in answer["groups"]}
    assert addresses["tokens"] == f"http://testserver/settings/users/{program.pk}/#token-{token.pk}"
    outcomes = {group["name"]: group["outcome"] for group in answer["groups"]}
    assert [outcomes[name] for name in ("sources", "tokens", "work-items")] == [
        "goes-on",
        "secret-seen",
        "waits",
    ]
    client = client_of("admin")
    for address in addresses.values():
        assert client.get(address.removeprefix("http://testserver")).status_code == 200
    page = client.get(f"/settings/users/{ana.pk}/").text
    assert "What goes on or waits if they leave" in page
    for sentence in (
        "These go on, and nobody answers for them.",
        "These go on, and this person knows their secrets.",
        "These wait for this person.",
    ):
        assert sentence in page


def test_its_statements_do_not_grow_with_its_rows(
    admin, ana, program, user_of, django_assert_max_num_queries
):
    with django_assert_max_num_queries(40) as few:
        leaving.leavers_list(ana, reader=admin, now=NOW)
    for number in range(20):
        user_of("ops", username=f"program-{number}", kind="service", owner=ana)
        create_source(name=f"source {number}", site=made.site(slug=f"s{number}"), by=ana, now=NOW)
    with django_assert_max_num_queries(len(few)):
        leaving.leavers_list(ana, reader=admin, now=NOW)
    for number in range(leaving.MOST):
        user_of("ops", username=f"more-{number}", kind="service", owner=ana)
    [group] = [group for group in leaving.leavers_list(ana, reader=admin, now=NOW).groups if group.count > 20]
    assert (group.count, len(group.objects)) == (leaving.MOST + 21, leaving.MOST)


def test_who_may_not_see_a_kind_is_told_so_and_sees_none_of_it(ana, program, user_of):
    left_objects = leaving.leavers_list(ana, reader=user_of("viewer"), now=NOW)
    assert left_objects.groups == ()
    assert "Service accounts" in left_objects.withheld


def test_who_sees_some_sites_sees_what_is_left_there(client_of, user_of, ana):
    for slug in ("porto", "lyon"):
        source, _ = create_source(name=slug, site=made.site(slug=slug), by=None, now=NOW)
        Source.objects.filter(pk=source.pk).update(owner=ana)
    manager = user_of("manager")
    AccessScope.objects.create(user=manager, kind="site", slug="porto")
    left_objects = client_of("manager").get(f"/settings/users/{ana.pk}/").context["left"]
    assert [each.label for group in left_objects.groups for each in group.objects] == ["porto"]


def test_deactivating_shows_first_what_stays_behind(client_of, ana, bo, program):
    client, page = client_of("admin"), f"/settings/users/{ana.pk}/"
    form_fields = {"name": "Ana Lima", "email": "ana@example.org", "role": "viewer"}
    assert client.post(page, form_fields)["Location"] == f"{page}leave/"
    ana = User.objects.get(pk=ana.pk)
    assert (ana.is_active, ana.email) == (True, "ana@example.org")
    assert "importer" in client.get(f"{page}leave/").text
    assert client.post(f"{page}leave/", {"to": program.pk}).context["form"].errors.keys() == {"to"}
    answer = client.post(f"{page}leave/", {"to": bo.pk}, follow=True)
    assert "1 service account belongs to bo now." in answer.text
    program.refresh_from_db()
    assert (User.objects.get(pk=ana.pk).is_active, program.owner) == (False, bo)
    entry = AuditEntry.objects.filter(table="accounts_user", object_id=program.pk).latest("id")
    assert (entry.username, entry.before["owner_id"], entry.after["owner_id"]) == ("admin", ana.pk, bo.pk)


def test_without_a_new_owner_nobody_answers(client_of, ana, program):
    client_of("admin").post(f"/settings/users/{ana.pk}/leave/", {"to": ""})
    assert list(User.objects.unowned()) == [program]
    assert [user.username for user in User.objects.all() if user.is_unowned] == ["importer"]


def test_the_endpoint_hands_over(api_of, ana, bo, program):
    api, path = api_of("admin"), f"/api/accounts/users/{ana.pk}/hand-over/"
    refusal = api.post(path, {"to": program.pk})
    assert (refusal.status_code, list(refusal.json())) == (400, ["to"])
    assert list(api.post(path, {}).json()) == ["to"]
    assert list(api.post(path, {"to": ana.pk}).json()) == ["to"]
    assert api.post(path, {"to": {"username": "bo"}}).json() == {"count": 1}
    assert User.objects.get(pk=program.pk).owner == bo
    assert api_of("manager").post(path, {"to": bo.pk}).status_code == 403


def test_all_or_nothing(ana, bo, program, admin, user_of):
    mighty = user_of("admin", username="mighty", kind="service", owner=ana)
    helper = user_of("manager", username="helper")
    with pytest.raises(NotAllowed):
        hand_over(ana, to=bo, by=helper, now=NOW)
    assert {account.owner for account in User.objects.filter(kind="service")} == {ana}
    change_user(ana, role="admin", by=None, now=NOW)
    change_user(admin, is_active=False, by=None, now=NOW)
    change_user(mighty, is_active=False, by=None, now=NOW)
    with pytest.raises(NotAllowed):
        leave(ana, to=bo, by=None, now=NOW)
    assert User.objects.get(pk=program.pk).owner == ana
