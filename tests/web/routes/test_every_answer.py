"""Every operation of the schema answers what the schema says, over a fleet that has one of everything: no key more, none
less, whatever is asked for, changed or refused.
"""

import json
from contextlib import suppress

import pytest
from django.db import DatabaseError, transaction
from django.db.models import ProtectedError
from django.urls import resolve

from tests.published import JSON, Published
from tests.visibility.conftest import rows_of_all_kinds
from tests.web.routes.test_every_route import asked_of

__all__ = ["rows_of_all_kinds"]
pytestmark = [pytest.mark.django_db, pytest.mark.timeout(900)]
MOST_ROWS = 6
FORMATS = {"date": "2026-12-31", "date-time": "2026-12-31T12:00:00Z", "double": 1.5}
# Whoever may take a step that not even an administrator takes for others.
OTHERS = ["energy-lead", "mira", "ana"]
CSV = {
    "facts": b"site,check,part,value,taken_on,source\nporto,p2-energy-kpis,pue,1.2,2026-11-20,meter\n",
}


@pytest.fixture(scope="module")
def published():
    return Published.whole()


class Walk:
    """Requests of each operation, each rolled back, and what was wrong with the answers."""

    def __init__(self, clients, published):
        self.clients, self.published = clients, published
        self.client = clients[0]
        self.answered, self.faults = set(), {}

    def walk(self, address, method):
        """Ask until one answer is no refusal: a read for each row, a write with what may be sent."""
        for key in self.ids(address):
            path = filled(address, key)
            asked = asked_of(path)
            for body in self.bodies(address, method, path):
                answer = self.send(f"{path}?{asked}" if asked else path, method, body, (address, method))
                if answer.status_code < 300 and method != "get":
                    return

    def send(self, path, method, body, operation):
        others = self.clients[1:] if method == "post" and "{" in operation[0] else []
        for client in [self.client, *others]:
            with transaction.atomic():
                if isinstance(body, Anew):
                    body.make_room()
                answer = client.generic(method.upper(), path, json.dumps(body) if body is not None else b"")
                transaction.set_rollback(True)
            if wrong := self.published.faults(path.partition("?")[0], method, answer):
                self.faults.setdefault(operation, (answer.status_code, wrong))
            if answer.status_code < 300:
                self.answered.add(operation)
            if answer.status_code not in {403, 404}:
                break
        return answer

    def ids(self, address):
        """Ids of rows that the endpoint knows, the newest first."""
        if "{" not in address:
            return [0]
        queryset = getattr(getattr(resolve(filled(address, 1)).func, "cls", None), "queryset", None)
        if queryset is None:
            return ["porto"]
        return [*queryset.order_by("-pk").values_list("pk", flat=True)[:MOST_ROWS]]

    def bodies(self, address, method, path):
        """What may be sent: what was read, if it can be written; else what the schema asks for."""
        described = self.published.operations[address, method].get("requestBody", {"content": {}})
        is_of_one = "{" in address
        if method == "get" or JSON not in described["content"]:
            yield None
        elif method == "patch" and is_of_one:
            yield {}
        elif method == "put" and is_of_one:
            yield self.client.get(path).json()
        elif method in {"put", "patch", "delete"}:
            yield from ([row if method == "put" else {"id": row["id"]}] for row in self.rows(address))
        else:
            schema = described["content"][JSON]["schema"]
            yield from (Anew(row, address) for row in (() if is_of_one else self.rows(address)))
            yield from ({}, self.made(schema), self.made(schema, whole=True))

    def rows(self, address):
        """Rows of a list, as they are read."""
        answer = self.client.get(f"{address}?limit={MOST_ROWS}")
        return answer.json().get("results", []) if answer.status_code == 200 else []

    def made(self, schema, *, whole=False):
        """A body with what the schema requires, or with all it has."""
        schema = self.published.resolved(schema)
        for several in ("oneOf", "allOf"):
            if several in schema:
                return self.made(schema[several][0], whole=whole)
        kind = schema.get("type")
        if kind == "object":
            names = schema.get("properties", {}) if whole else schema.get("required", ())
            return {name: self.made(schema["properties"][name]) for name in names}
        if kind == "array":
            return [self.made(schema["items"])]
        if "enum" in schema:
            return schema["enum"][0]
        if kind == "string":
            return FORMATS.get(schema.get("format"), "porto")
        return {"boolean": True, "integer": 1, "number": 1.5}.get(kind, "porto")


class Anew(dict):
    """A row as a body that makes it anew: the row goes before, with what hangs on it."""

    def __init__(self, row, address):
        super().__init__(row)
        self.queryset = getattr(resolve(address).func.cls, "queryset", None)

    def make_room(self):
        if self.queryset is None:
            return
        with suppress(DatabaseError, ProtectedError), transaction.atomic():
            self.queryset.model.objects.filter(pk=self.get("id")).delete()


def filled(address, key):
    return address.replace("{id}", str(key)).replace("{slug}", str(key))


def test_every_operation_answers_what_the_schema_says(rows_of_all_kinds, published, api_of):
    clients = [api_of("admin"), *(api_of("viewer", username=name) for name in OTHERS)]
    for client in clients:
        client.raise_request_exception = False
    walk = Walk(clients, published)
    for address, method in published.operations:
        walk.walk(address, method)
    open("/tmp/answers/walk.json", "w").write(
        json.dumps(
            [[str(k), v] for k, v in walk.faults.items()] + sorted(set(published.operations) - walk.answered)
        )
    )
    assert walk.faults == {}
