"""Every operation of the schema answers what the schema says, whatever is read, changed or refused.

The fleet has one of everything. Each request is rolled back.
"""

import json
from contextlib import suppress

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.db.models import ProtectedError
from django.http import HttpResponse
from django.test import Client
from django.urls import resolve

from tests.browser.addresses import saved_views
from tests.published import JSON, Published
from tests.readiness.assessment.evidence import outputs
from tests.visibility.conftest import rows_of_all_kinds
from tests.web.routes.test_every_route import asked_of

__all__ = ["rows_of_all_kinds"]
pytestmark = [pytest.mark.django_db, pytest.mark.full, pytest.mark.timeout(900)]
MOST_ROWS = 6
VALUES = {"date": "2026-12-31", "date-time": "2026-12-31T12:00:00Z", "uri": "https://example.org/"}
# Whoever takes steps that nobody takes for another.
OTHERS = ["energy-lead", "mira", "ana"]
NEW_ROTATION = {"name": "Nights", "domain": "compute", "layers": []}
BODIES = {
    "/api/accounts/users/{id}/hand-over/": {"to": {"username": "mira"}},
    "/api/loop/alerts/{id}/acknowledge/": {"note": "I look at it."},
    "/api/loop/alerts/{id}/assign/": {"to": None},
    "/api/loop/alerts/{id}/comment/": {"text": "It was the fan."},
    "/api/loop/alerts/{id}/link_incident/": {"url": "https://example.org/INC-7"},
    "/api/loop/deliveries/replay/": {"start": "2026-11-01T00:00:00Z", "end": "2026-12-31T00:00:00Z"},
    "/api/loop/heartbeats/": {"name": "Every minute", "address": "https://example.org/ping"},
    "/api/loop/incidents/{id}/actions/": {
        "title": "Set the breaker",
        "team": {"slug": "fabric"},
        "due_on": "2026-12-31",
        "effect": "none",
        "effect_reason": "Nothing measures it.",
    },
    "/api/loop/incidents/": {"site": "porto", "title": "Hall 2 went dark"},
    "/api/loop/lessons/": {
        "claim": "Breakers are set",
        "why": "One was not.",
        "kind": "present",
        "check_id": "p2-power-headroom",
    },
    "/api/people/rotations/preview/": NEW_ROTATION,
    "/api/people/rotations/{id}/preview/": NEW_ROTATION,
    "/api/readiness/campaigns/{id}/items/": {"check": "p1-soak-24h"},
    "/api/readiness/reviews/{id}/decide/": {"decision": "no-go", "note": "Not yet"},
    "/api/tradeoffs/decisions/": {"workload": "porto", "site": "porto", "rationale": "It is near."},
    "/api/tradeoffs/rules/decide/": {"origin": "PT", "data_categories": ["personal"], "destination": "PT"},
}
FILES = {
    "/api/readiness/facts/import/": (
        "site,check,part,value,taken_on,source\nporto,p2-energy-kpis,pue,1.2,2026-11-20,a\n"
    ),
    "/api/readiness/floors/import/": " * || check_ib_bw_gdr 380\n",
    "/api/readiness/limits/import/": "site,limit,value,declared_on,source\nporto,pue-target,1.2,2026-01-01,a\n",
    "/api/readiness/validation-runs/": outputs.collective(mark="walk").decode(),
    "/api/tradeoffs/factors/import/": "site,kind,value,unit,source,as_of_on\nporto,pue,1.2,,a,2026-01-01\n",
    "/api/tradeoffs/latencies/import/": "site,user_region,value,source,as_of_on\nporto,iberia,91,a,2026-01-01\n",
    "/api/tradeoffs/rates/import/": "currency,to_currency,rate,source,as_of_on\nEUR,USD,1.1,a,2026-01-01\n",
    "/api/tradeoffs/factors/series/": "start,value\n2026-11-20T00:00,41\n2026-11-20T01:00,42\n",
}
BESIDE = {
    "/api/readiness/floors/import/": {"platform": "nd-h100"},
    "/api/readiness/validation-runs/": {"site": "porto", "tool": "nccl-tests"},
    "/api/tradeoffs/factors/series/": {"site": "porto", "kind": "electricity_price"}
    | {"unit": "EUR/MWh", "source": "b", "zone": "Europe/Lisbon"},
}


# What this fleet cannot do: its rows are used, decided, or wait for somebody else. The rooms' tests do it; the refusals
# are looked at here. A delete that is refused is no fault, and one that is not has no content.
ONLY_REFUSED = {
    *((f"/api/loop/channels/{{id}}/{step}/", "post") for step in ("confirm", "probe", "enable")),
    *((f"/api/loop/channels/{{id}}/{step}/", "post") for step in ("rotate-secret", "finish-rotation")),
    *((f"/api/loop/incidents/{{id}}/{step}/", "post") for step in ("close", "join")),
    *((f"/api/loop/findings/{{id}}/{step}/", "post") for step in ("reopen", "take_up")),
    ("/api/loop/actions/{id}/reopen_action/", "post"),
    ("/api/loop/alerts/{id}/end/", "post"),
    ("/api/ownership/assignments/reassign/", "post"),
    ("/api/ownership/assignments/{id}/cover/", "post"),
    ("/api/ownership/assignments/{id}/refuse/", "post"),
    ("/api/ownership/assignments/{id}/tick/", "post"),
    ("/api/people/people/{id}/confirm-link/", "post"),
    ("/api/people/people/{id}/erase/", "post"),
    ("/api/people/people/{id}/request-link/", "post"),
    ("/api/people/qualifications/{id}/confirm/", "post"),
    ("/api/people/qualifications/{id}/refuse/", "post"),
    ("/api/people/skill-exemptions/{id}/approve/", "post"),
    ("/api/people/swaps/", "post"),
    ("/api/people/swaps/{id}/take/", "post"),
    ("/api/readiness/attestations/{id}/confirm/", "post"),
    ("/api/readiness/attestations/{id}/reject/", "post"),
    ("/api/readiness/campaigns/{id}/clone/", "post"),
    ("/api/readiness/campaigns/{id}/items/", "post"),
    ("/api/readiness/campaigns/{id}/start/", "post"),
    ("/api/readiness/frameworks/{id}/import/", "post"),
    ("/api/readiness/frameworks/{id}/roll-back/", "post"),
    ("/api/readiness/reviews/{id}/name/", "post"),
    ("/api/readiness/validation-runs/{id}/baseline/", "post"),
    ("/api/telemetry/drifts/{id}/propose/", "post"),
    ("/api/tradeoffs/decisions/", "post"),
    ("/api/tradeoffs/decisions/{id}/realised/", "post"),
    ("/api/tradeoffs/factors/series/", "post"),
    ("/api/tradeoffs/held-bases/", "post"),
    ("/api/tradeoffs/held-bases/", "put"),
    ("/api/tradeoffs/held-bases/{id}/", "put"),
    ("/api/tradeoffs/portfolios/{id}/cancel/", "post"),
    ("/api/tradeoffs/rule-packs/{id}/import/", "post"),
    ("/api/tradeoffs/rule-packs/{id}/publish/", "post"),
    ("/api/tradeoffs/rules/", "patch"),
    ("/api/tradeoffs/rules/", "post"),
    ("/api/tradeoffs/rules/", "put"),
    ("/api/tradeoffs/workloads/import/", "post"),
}


@pytest.fixture(scope="module")
def published():
    return Published.whole()


class Walk:
    """Requests of each operation: which were not refused, and what was wrong with the answers."""

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
                code = self.send(f"{path}?{asked}" if asked else path, method, body, (address, method))
                if code < 300 and method != "get":
                    return

    def send(self, path, method, body, operation):
        others = self.clients[1:] if method == "post" and "{" in operation[0] else []
        for client in [self.client, *others]:
            with transaction.atomic():
                answer = self.call(client, path, method, body)
                transaction.set_rollback(True)
            if wrong := self.published.faults(path.partition("?")[0], method, answer):
                self.faults.setdefault(operation, (answer.status_code, wrong))
            if answer.status_code < 300:
                self.answered.add(operation)
            if answer.status_code not in {403, 404}:
                break
        return answer.status_code

    def call(self, client, path, method, body):
        if isinstance(body, Anew):
            body.make_room()
        if isinstance(body, Form):
            return Client.post(client, path, body.fields(), headers=client.defaults)
        return client.generic(method.upper(), path, b"" if body is None else json.dumps(body))

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
        if method == "post" and address in FILES:
            yield Form(address)
        elif method == "get" or JSON not in described["content"]:
            yield None
        elif method == "patch" and is_of_one:
            yield {}
        elif method == "put" and is_of_one:
            yield self.client.get(path).json()
        elif method in {"put", "patch", "delete"}:
            yield from ([row if method == "put" else {"id": row["id"]}] for row in self.rows(address))
        else:
            schema = described["content"][JSON]["schema"]
            yield from filter(None, [BODIES.get(address)])
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
            return VALUES.get(schema.get("format"), "porto")
        return {"boolean": True, "integer": 1, "number": 1.5}.get(kind, "porto")


class Form:
    """A form with the file of an address."""

    def __init__(self, address):
        self.address = address

    def fields(self):
        file = SimpleUploadedFile("file.csv", FILES[self.address].encode())
        return {"file": file} | BESIDE.get(self.address, {})


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


@pytest.fixture
def walk(rows_of_all_kinds, published, api_of):
    clients = [api_of("admin"), *(api_of("viewer", username=name) for name in OTHERS)]
    for client in clients:
        client.raise_request_exception = False
    saved_views()
    assert clients[0].post("/api/tradeoffs/rule-packs/", {}).status_code == 201
    assert clients[0].post("/api/accounts/tokens/", {"name": "Nightly export"}).status_code == 201
    return Walk(clients, published)


def refused(walk, methods):
    """Walk the operations of these methods; return those that only refused."""
    operations = {operation for operation in walk.published.operations if operation[1] in methods}
    for address, method in sorted(operations):
        walk.walk(address, method)
    return operations - walk.answered


def test_every_read_answers_what_the_schema_says(walk):
    only_refused = refused(walk, {"get"})
    assert walk.faults == {}
    # It takes the token of a source, which no user has (tests/telemetry/targets).
    assert only_refused == {("/api/telemetry/agent-targets/", "get")}


def test_every_change_answers_what_the_schema_says(walk):
    only_refused = refused(walk, {"post", "put", "patch", "delete"})
    assert walk.faults == {}
    assert {operation for operation in only_refused if operation[1] != "delete"} <= ONLY_REFUSED


@pytest.mark.parametrize(
    "change", ["none", "a key more", "a key less", "a key more within", "a key less within"]
)
@pytest.mark.parametrize("path", ["/api/authentication-check/", "/api/accounts/users/"])
def test_a_key_more_or_less_is_a_fault(published, api_of, path, change):
    body = api_of("admin").get(path).json()
    within = body["results"][0] if "results" in body else body["user"]
    changed = within if "within" in change else body
    if "more" in change:
        changed["colour"] = "red"
    if "less" in change:
        del changed[next(iter(changed))]
    faults = published.faults(path, "get", HttpResponse(json.dumps(body), content_type=JSON))
    assert bool(faults) is (change != "none"), faults
