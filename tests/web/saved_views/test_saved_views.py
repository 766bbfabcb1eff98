"""Saved views: who sees which, what they hold, where they lead, and who changes them."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import SavedView
from tests.inventory import made
from web.audit import AuditEntry
from web.saved_views import operations

pytestmark = pytest.mark.django_db
NODES = {"table": "device-list", "name": "Nodes", "query": "role=node&sort=-name"}


def keep(client, status=201, **given):
    answer = client.post("/api/views/", NODES | given, content_type="application/json")
    assert answer.status_code == status, answer.json()
    return answer.json()


def names_for(client):
    return [view["name"] for view in client.get("/api/views/?ordering=name").json()["results"]]


def led_to(client, path):
    answer = client.get(path)
    assert answer.status_code == 302
    return {name: values[0] for name, values in parse_qs(urlsplit(answer["Location"]).query).items()}


def in_side_bar(client):
    return [view.name for view in client.get("/inventory/devices/?q=x").context["saved_views"].every]


def test_a_personal_view_is_the_owner_s_alone_and_a_shared_one_everybody_s(client_of):
    keep(client_of("ops"))
    keep(client_of("ops"), name="All switches", query="role=switch", shared=True)
    for who, names in (("ops", ["All switches", "Nodes"]), ("viewer", ["All switches"])):
        assert names_for(client_of(who)) == names
        assert in_side_bar(client_of(who)) == names


def test_nobody_reads_or_changes_another_s_personal_view(client_of):
    view = keep(client_of("ops"))
    for client in (client_of("viewer"), client_of("admin")):
        assert client.get(f"/api/views/{view['id']}/").status_code == 404
        assert client.get(f"/views/{view['id']}/").status_code == 404
        assert client.post(f"/views/{view['id']}/delete/").status_code == 404
        assert client.get(f"/inventory/devices/?view={view['id']}").status_code == 200


def test_a_view_leads_to_its_address_and_what_the_link_adds_stays(client_of):
    client = client_of("ops")
    view = keep(client)
    expected = {"role": "node", "sort": "-name", "saved": str(view["id"])}
    assert led_to(client, f"/inventory/devices/?view={view['id']}") == expected
    assert led_to(client, f"/inventory/devices/?view={view['id']}&page=2") == expected | {"page": "2"}


def test_a_list_opens_with_its_default_and_one_s_own_comes_before_the_shared_one(client_of):
    shared = keep(client_of("planner"), name="For all", shared=True, default=True)
    assert led_to(client_of("viewer"), "/inventory/devices/")["saved"] == str(shared["id"])
    own = keep(client_of("viewer"), name="Mine", default=True)
    assert led_to(client_of("viewer"), "/inventory/devices/")["saved"] == str(own["id"])
    # Whoever asks for something, also for no view, gets just that.
    for path in ("/inventory/devices/?saved=0", "/inventory/devices/?q=x", "/inventory/racks/"):
        assert client_of("viewer").get(path).status_code == 200


def test_a_list_has_one_default_of_each_user_and_one_shared(client_of):
    first = keep(client_of("ops"), default=True)
    keep(client_of("ops"), name="Others", default=True, shared=True)
    assert not SavedView.objects.get(pk=first["id"]).default
    refused = keep(client_of("planner"), 400, name="More", default=True, shared=True)
    assert "default" in str(refused)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"query": "colour=red"}, "query"),
        ({"query": "role=dragon"}, "query"),
        ({"query": "sort=password"}, "query"),
        ({"query": "cols=name,secret"}, "query"),
        ({"query": "per=7"}, "query"),
        ({"query": "q=%00"}, "query"),
        ({"query": "&".join(f"q={number}" for number in range(90))}, "query"),
        ({"query": "q=%ff"}, "query"),
        ({"query": "q=" + "x" * 2100}, "query"),
        ({"table": "sites", "query": "verdict=ready&colour=red"}, "query"),
        ({"table": "nowhere"}, "table"),
        ({"table": "settings"}, "table"),
        ({"table": "inventory-api-device-list"}, "table"),
        ({"name": ""}, "name"),
    ],
)
def test_a_query_that_the_list_does_not_understand_is_refused(client_of, given, field):
    assert field in keep(client_of("ops"), 400, **given)
    assert not SavedView.objects.exists()


def test_where_in_the_list_somebody_was_is_not_kept(client_of):
    view = keep(client_of("ops"), query="?role=node&page=3&export=csv&saved=9&cols=name,site")
    assert parse_qs(view["query"]) == {"role": ["node"], "cols": ["name,site"]}


@pytest.mark.parametrize(
    ("table", "query"),
    [
        ("sites", "verdict=ready&sort=-deployed"),
        ("decisions", "q=porto"),
        ("worklist", "overdue=true&cols=due"),
        ("readiness", "pillar=p2&group=region"),
        ("ownership", "q=porto"),
        ("tradeoffs", "w_cost=60"),
    ],
)
def test_pages_whose_lists_are_no_kinds_have_views_too(client_of, table, query):
    view = keep(client_of("ops"), table=table, query=query)
    path = reverse(table)
    assert led_to(client_of("ops"), f"{path}?view={view['id']}")["saved"] == str(view["id"])
    assert client_of("ops").get(f"{path}?{query}&saved={view['id']}").status_code == 200


def test_two_views_of_one_list_have_two_names(client_of):
    keep(client_of("ops"))
    assert "You have a view of this name already." in str(keep(client_of("ops"), 400))


def test_a_viewer_keeps_views_and_may_not_share_them(client_of):
    view = keep(client_of("viewer"))
    keep(client_of("viewer"), 403, name="For all", shared=True)
    answer = client_of("viewer").patch(
        f"/api/views/{view['id']}/", {"shared": True}, content_type="application/json"
    )
    assert answer.status_code == 403


def test_shared_views_are_changed_by_their_owner_and_by_managers(client_of):
    view = keep(client_of("ops"), shared=True)
    address, change = f"/api/views/{view['id']}/", {"name": "Renamed"}
    for who, status in (("viewer", 403), ("planner", 403), ("manager", 200), ("ops", 200)):
        answer = client_of(who).patch(address, change, content_type="application/json")
        assert answer.status_code == status
    assert client_of("planner").delete(address).status_code == 403
    assert client_of("planner").get(f"/views/{view['id']}/").status_code == 403
    assert client_of("manager").delete(address).status_code == 204


def test_a_view_of_a_list_that_the_reader_may_not_open_is_not_shown(client_of):
    keep(client_of("manager"), table="users", query="is_active=true", name="Users", shared=True)
    assert (names_for(client_of("manager")), names_for(client_of("ops"))) == (["Users"], [])
    assert in_side_bar(client_of("ops")) == []
    keep(client_of("ops"), 400, table="users", query="")


def test_readers_of_a_part_of_the_sites_have_their_own_views_alone(client_of, user_of):
    """A shared view may name sites that they do not see."""
    made.region(name="Iberia", slug="iberia")
    keep(client_of("planner"), shared=True, default=True)
    user_of("ops").access_scopes.create(kind="region", slug="iberia")
    client = client_of("ops")
    keep(client, name="Mine")
    assert (names_for(client), in_side_bar(client)) == (["Mine"], ["Mine"])
    assert client.get("/inventory/devices/").status_code == 200
    keep(client, 403, name="For all", shared=True)


def test_a_leaver_s_shared_views_stay_for_managers_to_tidy(client_of, user_of):
    view = keep(client_of("ops"), shared=True)
    ops = user_of("ops")
    ops.is_active = False
    ops.save()
    assert names_for(client_of("viewer")) == ["Nodes"]
    assert client_of("manager").post(f"/views/{view['id']}/delete/").status_code == 302


def test_the_page_keeps_changes_and_deletes_a_view(client_of):
    client = client_of("ops")
    answer = client.post("/views/", NODES | {"shared": "on"})
    view = SavedView.objects.get()
    assert answer["Location"] == f"/inventory/devices/?role=node&sort=-name&saved={view.pk}"
    client.post(f"/views/{view.pk}/", {"name": "Renamed", "query": "role=switch", "default": "on"})
    view.refresh_from_db()
    assert (view.name, view.query, view.shared, view.default) == ("Renamed", "role=switch", False, True)
    client.post(f"/views/{view.pk}/delete/")
    entries = AuditEntry.objects.filter(table="accounts_savedview").order_by("id")
    assert [(entry.action, entry.username) for entry in entries] == [
        ("created", "ops"),
        ("changed", "ops"),
        ("deleted", "ops"),
    ]


def test_views_take_no_statement_of_their_own(client_of):
    client, counts = client_of("ops"), []
    for number in (0, 1, 20):
        for name in range(SavedView.objects.count(), number):
            keep(client, name=f"View {name}")
        with CaptureQueriesContext(connection) as captured:
            client.get("/inventory/devices/?q=x").getvalue()
        counts.append(len(captured))
    assert len(set(counts)) == 1


def test_a_view_that_was_deleted_meanwhile_does_not_come_back(client_of, planner):
    view = SavedView.objects.get(pk=keep(client_of("planner"))["id"])
    SavedView.objects.all().delete()
    with pytest.raises(ValidationError, match="is gone"):
        operations.change_view(view, by=planner, name="Other")
    assert not SavedView.objects.exists()
