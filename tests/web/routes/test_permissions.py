"""Each address takes the methods, and asks for the permissions, that the table beside this file gives.

A line has an address and its methods, each with the permissions that are asked for before anything is looked up, or "-"
where there is none of its own. Who holds a permission is tested with the roles.
"""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission

from tests.cases import in_steps
from tests.web.test_access import WRITES, address, methods_of, routes

pytestmark = pytest.mark.django_db
TABLE = Path(__file__).with_name("permissions.txt")
ON_A_PAGE = re.compile(r'data-permission="([\w.]+)"')
AT_AN_ENDPOINT = re.compile(r"^Missing permission: (.+)\.$")
# Signing out would end the walk; the others are not ours, or are about no objects.
NOT_WALKED = {"logout/", "api/docs/", "api/schema/", "first-admin/<str:secret>/"}


def asked_for(answer):
    """Return the permissions that a refusal names, with commas between them; "-" where it names none."""
    if answer.status_code != 403:
        return "-"
    if answer["Content-Type"].startswith("text/html"):
        return ",".join(sorted(set(ON_A_PAGE.findall(answer.text)))) or "-"
    match = AT_AN_ENDPOINT.match(answer.json()["detail"])
    return match[1].replace(" ", "") if match else "-"


def line_of(route, reader, viewer, admin):
    """Whoever has no role is told what reading takes; a viewer, who may read, what writing takes."""
    path = address(route)
    asked = {
        method: asked_for(
            (reader if method == "GET" else viewer).generic(method, path, content_type="application/json")
        )
        for method in ("GET", *WRITES)
        if method in methods_of(path, admin)
    }
    return " ".join([route or "/", *(f"{method}={named}" for method, named in asked.items())])


@pytest.fixture
def clients(user_of, client_of):
    """Return a reader without a role, a viewer and an admin."""
    without_role = user_of("viewer", username="without-role")
    without_role.groups.clear()
    clients = client_of(None), client_of("viewer"), client_of("admin")
    clients[0].force_login(without_role)
    for client in clients:
        client.raise_request_exception = False
    return clients


def test_the_table_has_each_address():
    addresses = [route or "/" for route in sorted({*routes()} - NOT_WALKED)]
    assert addresses == [line.split()[0] for line in TABLE.read_text().splitlines()]


@in_steps
def test_each_address_takes_the_methods_and_asks_for_the_permissions_of_the_table(clients, step):
    lines = [line_of(route, *clients) for route in sorted({*routes()} - NOT_WALKED)[::step]]
    table = TABLE.read_text().splitlines()[::step]
    assert [line for line in lines if line not in table] == [], "Lines that the table lacks."
    assert lines == table


def test_the_table_names_permissions_that_there_are():
    named = set(re.findall(r"[=,](\w+\.\w+)", TABLE.read_text()))
    known = {
        f"{each.content_type.app_label}.{each.codename}"
        for each in Permission.objects.select_related("content_type")
    }
    assert len(named) > 60
    assert named - known == set()
