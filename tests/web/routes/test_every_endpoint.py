"""What the REST contract says holds at every endpoint that lists objects, over a fleet that has one of everything."""

import json

import pytest

from tests.visibility.conftest import rows_of_all_kinds
from tests.visibility.test_visibility import lists

__all__ = ["rows_of_all_kinds"]
pytestmark = [pytest.mark.django_db, pytest.mark.full]
NO_BODIES = ("[", "null", '"text"', "[]", "[4]", "[{}]", "{}")
# A draft of what is in force, and all workloads, are asked for without a word.
FROM_NOTHING = {
    "/api/readiness/frameworks/",
    "/api/tradeoffs/rule-packs/",
    "/api/tradeoffs/portfolios/",
    # Of everything that the reader sees.
    "/api/loop/subscriptions/",
}
# Rules in force are not changed, a basis that they no longer know is not confirmed; a source is matched anew.
NOT_WRITTEN_BACK = {
    "/api/readiness/frameworks/",
    "/api/tradeoffs/rules/",
    "/api/tradeoffs/rule-packs/",
    "/api/tradeoffs/held-bases/",
    "/api/telemetry/sources/",
    "/api/readiness/standard-versions/",
}
# Lists of sites with figures, which are short as they are.
REPORTS = {"/api/readiness/interop/", "/api/readiness/determinism/"}
STRANGE = [None, "a\x00", "x" * 5000, "NaN", 1e300, 2**63, True, [{}], {"id": {}}, "\ud800"]
STRANGE_FILTERS = ["x\x00", "-1e999"]


class Endpoint:
    def __init__(self, client, path, view):
        self.client, self.path, self.view = client, path, view
        self.rows = self.get().json()["results"]

    def get(self, **asked):
        return self.client.get(self.path, asked)

    def send(self, method, body, path=None, **headers):
        body = body if isinstance(body, str) else json.dumps(body)
        return self.client.generic(method, path or self.path, body, "application/json", headers=headers)

    def takes(self, action, method):
        return hasattr(self.view, action) and method in self.view.http_method_names

    @property
    def one(self):
        return f"{self.path}{self.rows[-1]['id']}/"

    def fields(self):
        """Fields that can be written, each with the class that reads it."""
        written = {
            name: each for name, each in self.view.serializer_class().fields.items() if not each.read_only
        }
        return {name: (type(each), type(getattr(each, "child", None))) for name, each in written.items()}

    def filters(self):
        every = getattr(self.view.filterset_class, "base_filters", {})
        return {name: (type(each), type(each.field), each.method) for name, each in every.items()}


@pytest.fixture
def endpoints(rows_of_all_kinds, client_of):
    client = client_of("admin")
    client.raise_request_exception = False
    return [Endpoint(client, path, view) for path, view in lists()]


def test_what_is_asked_for_is_answered_or_refused_by_name(endpoints):
    empty, faults = set(), {}
    for each in endpoints:
        unknown = each.get(colour="red")
        if (unknown.status_code, list(unknown.json())) != (400, ["colour"]):
            faults[each.path, "unknown parameter"] = unknown.content
        if not each.rows:
            empty.add(each.path)
            continue
        [brief] = each.get(brief="true", limit=1).json()["results"]
        if each.path not in REPORTS and not {"id", "display"} <= set(brief) < set(each.rows[0]):
            faults[each.path, "brief"] = sorted(brief)
        by_key = each.get(after=0, limit=1).json()
        if (by_key["count"], len(by_key["results"])) != (None, 1):
            faults[each.path, "paged by key"] = by_key
    assert faults == {}
    assert empty <= {"/api/readiness/dry-runs/", "/api/tradeoffs/days/", "/api/views/"}
    assert len(endpoints) > 50


def test_strange_filters_are_never_a_5xx(endpoints):
    tried, faults = set(), {}
    for each in endpoints:
        for name, kind in each.filters().items():
            if kind in tried:
                continue
            tried.add(kind)
            for value in STRANGE_FILTERS:
                status = each.get(**{name: value}).status_code
                if status not in {200, 400}:
                    faults[each.path, name, str(value)[:20]] = status
    assert faults == {}
    assert len(tried) > 15


def test_a_body_that_makes_no_sense_is_refused(endpoints):
    faults = {}
    for each in endpoints:
        if not each.takes("create", "post"):
            continue
        for body in NO_BODIES:
            status = each.send("POST", body).status_code
            is_asked_for = each.path in FROM_NOTHING and body in ("{}", "[{}]")
            if status not in {400, 405, 415} and not is_asked_for:
                faults[each.path, body] = status
    assert faults == {}


def test_what_a_write_does_not_know_is_refused_by_name(endpoints):
    faults, tried = {}, 0
    for each in endpoints:
        sent = {
            "options": (each.send("OPTIONS", "").status_code, 200),
            "trace": (each.send("TRACE", "").status_code, 405),
        }
        one = each.one if each.rows and each.takes("partial_update", "patch") else None
        if one is not None and each.send("PATCH", {}, one).status_code == 200:
            tried += 1
            for name, answer in {
                "field": each.send("PATCH", {"colour": "red"}, one),
                "parameter": each.send("PATCH", {}, f"{one}?colour=red"),
                "field of one of many": each.send("PATCH", [{"id": each.rows[-1]["id"], "colour": "red"}]),
                "ETag of many": each.send("PATCH", [{"id": each.rows[-1]["id"]}], **{"If-Match": "*"}),
            }.items():
                is_named = "colour" in answer.text or "If-Match" in answer.text
                sent[name] = (answer.status_code, is_named), (400, True)
        faults |= {(each.path, name): had for name, (had, wanted) in sent.items() if had != wanted}
    assert faults == {}
    assert tried > 20


def test_strange_values_in_fields_are_never_a_5xx(endpoints):
    tried, faults = set(), {}
    for each in endpoints:
        if not (each.rows and each.view.serializer_class and each.takes("partial_update", "patch")):
            continue
        app = each.view.queryset.model._meta.app_label
        for name, kind in each.fields().items():
            if (app, kind) in tried:
                continue
            tried.add((app, kind))
            for value in STRANGE:
                status = each.send("PATCH", {name: value}, each.one).status_code
                if status >= 500:
                    faults[each.path, name, str(value)[:20]] = status
    assert faults == {}
    assert len(tried) > 40


def test_an_object_is_written_back_as_it_was_read_and_never_over_a_newer_one(endpoints):
    faults, written = {}, 0
    for each in endpoints:
        if not each.rows:
            continue
        if each.takes("partial_update", "patch"):
            late = each.send("PATCH", {}, each.one, **{"If-Match": 'W/"0"'})
            if late.status_code != 412:
                faults[each.path, "stale"] = late.status_code
        if each.takes("update", "put") and each.path not in NOT_WRITTEN_BACK:
            read = each.client.get(each.one)
            again = each.send("PUT", read.json(), each.one, **{"If-Match": read["ETag"]})
            written += 1
            if (again.status_code, again.json()) != (200, read.json()):
                faults[each.path, "written back"] = again.content
    assert faults == {}
    assert written > 20
