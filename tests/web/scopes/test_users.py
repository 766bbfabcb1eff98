"""Who limits whom to which regions and sites, on the page of a user and at the API."""

import pytest

from accounts import operations
from accounts.models import AccessScope, GroupRule
from accounts.queries import scopes_of
from inventory.models import Region, Site
from tests.accounts.test_users import changed
from tests.conftest import NOW, PASSWORD
from tests.entries import entries_of
from tests.inventory import made
from tests.web.delivery import made as deliveries

pytestmark = pytest.mark.django_db
IBERIA, PORTO = ("region", "iberia"), ("site", "porto")


@pytest.fixture(autouse=True)
def porto():
    region = Region.objects.create(name="Iberia", slug="iberia")
    made.site(name="Lyon", slug="lyon")
    return made.site(name="Porto", slug="porto", region=region)


@pytest.fixture
def limit():
    def to(user, *scopes):
        operations.set_scopes(user, scopes=scopes, by=None)
        return user

    return to


def sites_of(client):
    return [row["slug"] for row in client.get("/api/inventory/sites/").json()["results"]]


def test_an_administrator_limits_a_user_on_their_page(client_of, ops):
    address = f"/settings/users/{ops.pk}/"
    client_of("admin").post(address, changed(ops, regions=["iberia"], sites=["porto"]))
    assert scopes_of(ops) == (IBERIA, PORTO)
    assert entries_of(AccessScope).count() == 2
    assert "region iberia, site porto" in client_of("manager").get(address).text
    client_of("admin").post(address, changed(ops))
    assert scopes_of(ops) == ()


def test_a_scope_that_names_nothing_any_more_is_not_taken_away_unseen(client_of, ops, limit):
    limit(ops, ("site", "gone"))
    page = client_of("admin").get(f"/settings/users/{ops.pk}/").text
    assert '<option value="gone" selected>gone (gone)</option>' in page
    assert sites_of(client_of("ops")) == []


def test_a_user_is_added_with_scopes(client_of, user_of):
    new = {
        "username": "mira",
        "role": "ops",
        "sites": ["porto"],
        "password": PASSWORD,
        "password_again": PASSWORD,
    }
    client_of("admin").post("/settings/users/add/", new)
    assert sites_of(client_of("admin")) == ["lyon", "porto"]
    assert scopes_of(user_of("ops", username="mira")) == (PORTO,)


def test_the_api_reads_and_writes_scopes(api_of, ops):
    address, api = f"/api/accounts/users/{ops.pk}/", api_of("admin")
    tag = api.get(address)["ETag"]
    answer = api.patch(address, {"scopes": [{"kind": "site", "slug": "porto"}]})
    assert answer.json()["scopes"] == [{"kind": "site", "slug": "porto"}]
    assert answer["ETag"] != tag
    assert api.patch(address, {"email": "o@example.org"}).json()["scopes"] == [
        {"kind": "site", "slug": "porto"}
    ]
    assert api.patch(address, {"scopes": []}).json()["scopes"] == []


def test_a_place_that_is_not_there_is_refused(api_of, client_of, ops):
    answer = api_of("admin").patch(
        f"/api/accounts/users/{ops.pk}/", {"scopes": [{"kind": "site", "slug": "iberia"}]}
    )
    assert (answer.status_code, answer.json()) == (
        400,
        {"scopes": ["There is no such region or site: iberia."]},
    )
    page = client_of("admin").post(f"/settings/users/{ops.pk}/", changed(ops, sites=["iberia"]))
    assert "is not in the list." in page.text


@pytest.mark.parametrize("ask", ["session", "read", "write"])
def test_a_token_sees_what_its_user_sees(ask, client_of, api_of, ops, limit):
    limit(ops, PORTO)
    client = client_of("ops") if ask == "session" else api_of("ops", scope=ask)
    assert sites_of(client) == ["porto"]
    limit(ops)
    assert sites_of(client) == ["lyon", "porto"]


def test_a_token_beside_a_session_counts(client_of, api_of, ops, admin, limit):
    limit(ops, PORTO)
    _, plain = operations.create_token(user=ops, name="x", by=None, now=NOW)
    answer = client_of("admin").get("/api/inventory/sites/", headers={"authorization": f"Bearer {plain}"})
    assert [row["slug"] for row in answer.json()["results"]] == ["porto"]
    _, plain = operations.create_token(user=admin, name="x", by=None, now=NOW)
    answer = client_of("ops").get("/api/inventory/sites/", headers={"authorization": f"Bearer {plain}"})
    assert answer.json()["count"] == 2


def test_refusals_name_permission_and_scope(client_of, api_of, ops, limit):
    limit(ops, PORTO)
    limits = "You see only some sites: site porto."
    client, api = client_of("ops"), api_of("ops")
    missing, hidden = client.get("/settings/users/"), client.get("/sites/lyon/")
    assert (missing.status_code, hidden.status_code) == (403, 404)
    assert "accounts.view_user" in missing.text
    assert limits in missing.text
    assert limits in hidden.text
    answers = [
        api.get("/api/accounts/users/"),
        api.get(f"/api/inventory/sites/{Site.objects.get(slug='lyon').pk}/"),
        api.get("/metrics"),
    ]
    assert [answer.status_code for answer in answers] == [403, 404, 403]
    assert [answer.json()["detail"] for answer in answers] == [
        f"Missing permission: accounts.view_user. {limits}",
        f"Not found, or outside your sites. {limits}",
        f"These are figures of the whole installation. {limits}",
    ]


def test_a_write_outside_is_refused_with_the_scope(client_of, api_of, planner, limit):
    limit(planner, PORTO)
    body = {"name": "Faro", "slug": "faro", "country": "PT", "region": {"slug": "iberia"}}
    answer = api_of("planner").post("/api/inventory/sites/", body)
    assert (answer.status_code, answer.json()["detail"]) == (
        403,
        "The site would lie outside your scope: it belongs to region iberia. The permission inventory.add_site holds"
        " within your scope alone. Ask an administrator: no other account may do it there."
        " You see only some sites: site porto.",
    )
    limit(planner, IBERIA)
    assert api_of("planner").post("/api/inventory/sites/", body).status_code == 201
    assert sites_of(client_of("planner")) == ["faro", "porto"]


def test_the_settings_say_what_one_may_do_and_where(client_of, ops, limit):
    limit(ops, PORTO)
    page = client_of("ops").get("/settings/access/").text
    assert "<dt>Role</dt><dd>ops</dd>" in page
    assert "<dt>Sites</dt><dd>site porto</dd>" in page
    assert '<li data-permission="inventory.change_device">change devices</li>' in page


@pytest.mark.parametrize(
    "take_over",
    [
        lambda other, by: operations.set_password(other, PASSWORD, by=by, now=NOW),
        lambda other, by: operations.change_user(other, email="x@example.org", by=by, now=NOW),
        lambda other, by: operations.create_user(username="new", role="admin", by=by, now=NOW),
        lambda other, by: operations.create_token(user=other, name="x", by=by, now=NOW),
        lambda other, by: operations.set_scopes(by, scopes=[], by=by),
        lambda other, by: operations.set_scopes(other, scopes=[PORTO], by=by),
    ],
    ids=["password", "change", "create", "token", "own scopes", "scopes"],
)
def test_whoever_has_scopes_takes_nobody_over(take_over, admin, user_of, limit):
    limited = limit(user_of("admin", username="limited"), PORTO)
    program = user_of("ops", username="program", kind="service")
    with pytest.raises(operations.NotAllowed):
        take_over(program, limited)


def test_an_administrator_of_all_sites_stays(admin, user_of):
    with pytest.raises(operations.NotAllowed):
        operations.set_scopes(admin, scopes=[PORTO], by=admin)
    assert scopes_of(admin) == ()
    user_of("admin", username="second")
    operations.set_scopes(admin, scopes=[PORTO], by=admin)
    assert scopes_of(admin) == (PORTO,)


def test_a_scope_of_a_deleted_place_names_no_other_that_gets_its_slug(client_of, ops, limit, porto):
    limit(ops, PORTO)
    region = porto.region
    porto.delete()
    made.site(slug="porto", region=region)
    made.site(slug="oporto", region=region)
    assert client_of("ops").get("/api/inventory/sites/").json()["results"] == []
    [(kind, slug)] = scopes_of(ops)
    assert (kind, slug.partition("#")[0]) == ("site", "porto")
    # The form keeps it, because without it the user would see everything; deleting the new place changes nothing.
    page = client_of("admin").get(f"/settings/users/{ops.pk}/").context["form"]
    assert (slug, "porto (gone)") in page.fields["sites"].choices
    Site.objects.get(slug="porto").delete()
    Site.objects.get(slug="oporto").delete()
    assert scopes_of(ops) == ((kind, slug),)


def test_a_channel_follows_the_slug_of_its_place_and_ends_with_it(ops, porto):
    room = deliveries.channel(owner=ops, is_shared=True, scope_kind="site", scope_slug="porto")
    Site.objects.filter(pk=porto.pk).update(slug="oporto")
    room.refresh_from_db()
    assert room.scope_slug == "oporto"
    key = porto.pk
    porto.delete()
    room.refresh_from_db()
    assert room.scope_slug == f"oporto#{key}"


def test_a_rule_that_follows_a_slug_joins_the_same_rule(porto):
    rule = {"group": "staff", "role": "ops", "scope_kind": "site"}
    kept_rule = GroupRule.objects.create(**rule, scope_slug="oporto")
    GroupRule.objects.create(**rule, scope_slug="porto")
    other = GroupRule.objects.create(**(rule | {"role": "viewer"}), scope_slug="porto")
    Site.objects.filter(pk=porto.pk).update(slug="oporto")
    rules = GroupRule.objects.order_by("pk").values_list("pk", "scope_slug")
    assert list(rules) == [(kept_rule.pk, "oporto"), (other.pk, "oporto")]


def test_a_scope_follows_the_slug_of_what_it_names(ops, limit, porto):
    limit(ops, PORTO, IBERIA)
    Site.objects.filter(pk=porto.pk).update(slug="oporto")
    Region.objects.filter(slug="iberia").update(slug="hispania")
    assert scopes_of(ops) == (("region", "hispania"), ("site", "oporto"))
