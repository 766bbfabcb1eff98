"""Requests that fail are answered with a page for readers and with JSON for programs; neither tells of the inside."""

import logging
import re
from io import StringIO

import pytest
from django.test import Client

pytestmark = [pytest.mark.urls("tests.web.failing_urls"), pytest.mark.django_db]
JSON = {"accept": "application/json"}


@pytest.fixture
def outside():
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/fails/400", 400, "must come before end"),
        ("/fails/suspicious", 400, ""),
        ("/fails/403", 403, ""),
        ("/fails/nothing", 404, ""),
        ("/fails/409", 409, "try again"),
        ("/fails/500", 500, ""),
        ("/fails/our-own-fault", 500, ""),
        ("/%ff%fe", 404, ""),
    ],
)
@pytest.mark.parametrize("headers", [{}, JSON], ids=["reader", "program"])
def test_a_failure_is_answered(outside, path, status, says, headers):
    answer = outside.get(path, headers=headers)
    text = answer.content.decode()
    assert answer.status_code == status
    assert answer["X-Request-ID"]
    assert says in text
    assert "secret path" not in text
    assert "inner workings" not in text
    if headers:
        assert set(answer.json()) == {"detail"}
    else:
        assert str(status) in text
        assert answer["X-Request-ID"] in text


@pytest.mark.parametrize(
    ("path", "status"), [("/api/fails/500", 500), ("/api/nothing/", 404), ("/health/nothing", 404)]
)
def test_programs_get_json_unasked(outside, path, status):
    answer = outside.get(path)
    assert (answer.status_code, set(answer.json())) == (status, {"detail"})


def test_a_missing_permission_is_named(user_of, client_of):
    user_of("viewer").groups.clear()
    answer = client_of("viewer").get("/page")
    assert answer.status_code == 403
    page = " ".join(answer.content.decode().split())
    assert (
        "Your account may not see sites: that takes the role viewer, ops, planner, manager or admin." in page
    )
    assert "Your account may not see sources: " in page
    assert re.findall('data-permission="(.*?)"', page) == ["inventory.view_site", "telemetry.view_source"]
    as_json = client_of("viewer").get("/page", headers=JSON)
    assert as_json.json()["detail"] == "Missing permission: inventory.view_site, telemetry.view_source."


def test_nobody_is_led_to_the_login_and_back(client):
    assert client.get("/page?a=b")["Location"] == "/login/?next=/page%3Fa%3Db"


@pytest.mark.parametrize(("path", "headers"), [("/page", JSON), ("/chart.json", {}), ("/chart.json", JSON)])
def test_a_program_or_a_chart_is_not_led_to_the_login(client, path, headers):
    answer = client.get(path, headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"detail": "Sign in first."})


def test_a_chart_is_told_which_permission_is_missing(user_of, client_of):
    user_of("viewer").groups.clear()
    answer = client_of("viewer").get("/chart.json")
    assert answer.status_code == 403
    assert answer.json() == {"detail": "Missing permission: telemetry.view_series."}


def test_htmx_is_told_to_go_to_the_login(client):
    answer = client.get("/page", headers={"hx-request": "true", "hx-current-url": "/sites/"})
    assert (answer.status_code, answer["HX-Redirect"]) == (401, "/login/?next=/sites/")


def test_a_failure_page_keeps_the_theme(outside):
    outside.cookies["theme"] = "dark"
    assert 'data-bs-theme="dark"' in outside.get("/fails/500").content.decode()
    outside.cookies["theme"] = '"><script>'
    assert 'data-bs-theme="system"' in outside.get("/fails/500").content.decode()


def test_a_missing_csrf_token_is_a_refusal(user_of):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user_of("planner"))
    assert browser.post("/api/inventory/sites/", {}, content_type="application/json").status_code == 403
    assert browser.post("/page", {}).status_code == 403


@pytest.mark.parametrize(("path", "traced"), [("/fails/403", False), ("/fails/500", True)])
def test_a_refusal_is_one_line_of_the_log_and_a_fault_has_its_trace(outside, monkeypatch, path, traced):
    written = StringIO()
    monkeypatch.setattr(logging.getHandlerByName("console"), "stream", written)
    outside.get(path)
    assert path in written.getvalue()
    assert ("Traceback" in written.getvalue()) is traced
