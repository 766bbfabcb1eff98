"""An address that is asked by a method it does not take: whoever reads is led on, whoever programs is told."""

import pytest
from django.urls import resolve

from tests.conftest import PASSWORD
from tests.web.test_access import address, methods_of, put, routes
from web.middleware import page_above
from web.requests import FOR_PROGRAMS

pytestmark = pytest.mark.django_db
ROLES = [None, "viewer", "ops", "planner", "manager", "admin"]
# Lists, where what is acted on has no page of its own.
LEADS_TO_LIST = {
    "/settings/tokens/add/": "/settings/",
    "/settings/tokens/1/revoke/": "/settings/",
    "/settings/tokens/1/replace/": "/settings/",
    "/settings/second-factor/1/remove/": "/settings/second-factor/",
    "/settings/sessions/x/end/": "/settings/sessions/",
    "/telemetry/replicas/1/remove/": "/telemetry/",
    "/telemetry/set-aside/retry-all/": "/telemetry/",
    "/telemetry/set-aside/1/retry/": "/telemetry/",
    "/telemetry/set-aside/1/discard/": "/telemetry/",
    "/readiness/worklist/set/": "/readiness/worklist/",
    "/logout/": "/",
    "/tables/x/": "/",
    "/settings/alerts/1/unsubscribe/": "/settings/alerts/",
    "/history/1/restore/": "/history/",
    "/readiness/road/plans/1/remove/": "/readiness/road/",
    "/settings/person/1/confirm/": "/settings/person/",
    "/settings/person/1/unlink/": "/settings/person/",
}
DEEPER = {
    "/ownership/assignments/1/steps/1/": "/ownership/assignments/1/",
    "/tradeoffs/workloads/x/placements/1/end/": "/tradeoffs/workloads/x/",
}


def pages():
    return [route for route in routes() if not f"/{route}".startswith(FOR_PROGRAMS)]


@pytest.fixture
def taken_by_post(client_of):
    """Pages that take POST and no GET, as they say themselves when they are asked to be replaced."""
    admin = client_of("admin")
    taken = {path: methods_of(path, admin) for path in map(address, pages())}
    return [path for path, methods in taken.items() if "POST" in methods and "GET" not in methods]


def test_what_takes_only_post_leads_to_its_object(client_of, taken_by_post):
    assert len(taken_by_post) > 50
    above = {path: path.rstrip("/").rpartition("/")[0] + "/" for path in taken_by_post}
    wanted = {path: f"{to}?q=a&q=b" for path, to in (above | LEADS_TO_LIST | DEEPER).items()}
    for role in ROLES:
        client = client_of(role)
        answers = {path: client.get(f"{path}?q=a&q=b") for path in taken_by_post}
        assert {
            path: answer.status_code for path, answer in answers.items() if answer.status_code != 302
        } == {}
        assert {path: answer["Location"] for path, answer in answers.items()} == wanted
    assert [path for path in wanted.values() if not resolve(path.partition("?")[0])] == []


def test_signing_in_again_leads_to_the_object(client, manager):
    sent = client.post("/waivers/7/approve/")
    assert sent["Location"] == "/login/?next=/waivers/7/approve/"
    form = {"username": manager.username, "password": PASSWORD}
    answer = client.post(sent["Location"], form, follow=True)
    assert [to for to, _status in answer.redirect_chain] == ["/waivers/7/approve/", "/waivers/7/"]


def test_no_refusal_of_a_method_is_empty(client_of):
    admin = client_of("admin")
    answers = {path: put(path, admin) for path in map(address, pages())}
    refused = {path: text for path, (status, _allow, text) in answers.items() if status == 405}
    assert len(refused) > 150
    kind = lambda path: "detail" if path.endswith(".json") else "</html>"  # noqa: E731
    assert [path for path, text in refused.items() if kind(path) not in text] == []


def test_endpoints_refuse_a_method_in_json(api_of):
    admin = api_of("admin")
    paths = [path for path in map(address, routes()) if path.startswith(FOR_PROGRAMS)]
    refused = {("PUT", path): admin.put(path) for path in paths}
    refused = {asked: answer for asked, answer in refused.items() if answer.status_code == 405}
    no_get = [path for (_method, path), answer in refused.items() if "GET" not in answer["Allow"]]
    assert {"/api/v1/write", "/otlp/v1/metrics", "/api/readiness/waivers/1/approve/"} <= set(no_get)
    refused |= {("GET", path): admin.get(path) for path in no_get}
    assert [asked for asked, answer in refused.items() if list(answer.json()) != ["detail"]] == []
    assert [asked for asked, answer in refused.items() if not answer["Allow"]] == []


def test_a_script_is_told_instead_of_led(client_of):
    answer = client_of("admin").get("/waivers/7/approve/", headers={"accept": "application/json"})
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert answer.json() == {"detail": "Method GET is not allowed."}


OF_EACH_KIND = {
    "page": "/sites/",
    "form": "/waivers/request/",
    "form that is not the reader's": "/settings/users/add/",
    "sent on": "/waivers/7/approve/?q=a",
    "chart": "/telemetry/explore/chart.json",
    "file": "/inventory/sites/?export=csv",
    "nothing": "/nowhere/",
    "endpoint": "/api/inventory/sites/",
    "endpoint of a program": "/api/v1/write",
    "health": "/health/live",
}


@pytest.mark.parametrize("path", OF_EACH_KIND.values(), ids=OF_EACH_KIND)
def test_head_is_answered_as_get_is(client_of, path):
    client = client_of("ops")
    got, head = client.get(path), client.head(path)
    assert head.getvalue() == b""
    assert head.status_code == got.status_code
    assert set(head.headers) == set(got.headers)
    for name in ("Content-Type", "Content-Disposition", "Location", "Allow"):
        assert head.get(name) == got.get(name)


def test_head_of_a_file_reads_no_row(client_of, django_assert_max_num_queries):
    client = client_of("admin")
    client.get("/inventory/sites/?export=csv").getvalue()
    with django_assert_max_num_queries(8):
        answer = client.head("/inventory/sites/?export=csv")
    assert answer["Content-Disposition"].endswith('.csv"')


def test_a_page_above_is_found_from_anywhere():
    assert page_above("/") == "/"
    assert page_above("/nowhere/at/all/") == "/"
