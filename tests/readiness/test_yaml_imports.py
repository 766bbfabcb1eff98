"""Every import of YAML: what is too large is refused as such, and nothing is locked while a document is read."""

import copy

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse

from readiness.assessment.framework import queries
from tests.readiness.boards.test_csv_files import routes
from tests.readiness.demand.jurisdiction.small_pack import small
from web import yaml_documents
from web.versioned.core.documents import written

pytestmark = pytest.mark.django_db
ENDPOINTS = {
    "framework": "/api/readiness/frameworks/{}/import/",
    "rules": "/api/tradeoffs/rule-packs/{}/import/",
    "workloads": "/api/tradeoffs/workloads/import/",
}
PAGES = {"framework": "framework-import", "rules": "rule-pack-import", "workloads": "workloads-import"}
TABLES = ("facts", "limits", "floors", "factors", "latencies", "rates", "ownership", "records")
TOO_LARGE = b"a: " + b"x" * 2_000_000


def large_framework():
    there = written(queries.current()[1])
    copies = 5
    checks = [
        {**copy.deepcopy(one), "id": f"{one['id']}-{n}"} for n in range(copies) for one in there["checks"]
    ]
    counts = {pillar: count * copies for pillar, count in there["counts"].items()}
    return {**there, "counts": counts, "checks": checks}


def large_rules():
    there = small()
    rules = [{**one, "id": f"rule-{n}", "instead_of": []} for n in range(600) for one in there["rules"][:1]]
    return {**there, "rules": rules}


def large_workloads():
    words = "What it does, for whom, and what happens where it stands still. " * 3
    return {
        "workloads": [
            {"slug": f"w-{n}", "name": f"W {n}", "kind": "batch", "description": words} for n in range(100)
        ]
    }


LARGE = {"framework": large_framework, "rules": large_rules, "workloads": large_workloads}


@pytest.fixture
def path_of(api_of, frozen_now):
    """The address of an import; of what has drafts, that of a new one."""

    def make(kind):
        path = ENDPOINTS[kind]
        if "{}" not in path:
            return path
        return path.format(api_of("planner").post(path.partition("{}")[0], {}).json()["id"])

    return make


@pytest.fixture
def send(api_of):
    """`send(path, document, as_text=True)` is the answer to an import."""

    def to(path, content, *, as_text=False):
        api = api_of("planner")
        if as_text:
            return api.post(path, {"text": content.decode()})
        form = {"file": SimpleUploadedFile("x.yaml", content)}
        return api.generic("POST", path, encode_multipart(BOUNDARY, form), MULTIPART_CONTENT)

    return to


NO_DOCUMENTS = {"ownership/import/", "api/telemetry/import/", "telemetry/sources/<int:pk>/import/"}
"""Imports of assignments and of samples, which have tests of their own."""


def test_every_import_is_looked_at():
    named = {route for route in routes(get_resolver()) if route.strip("/$").endswith("import")}
    tables = {route for route in named if any(f"{name}/import" in route for name in TABLES)}
    rest = sorted(route for route in named - tables if route not in NO_DOCUMENTS)
    assert len(rest) == len(ENDPOINTS) + len(PAGES), rest


@pytest.mark.parametrize("as_text", [True, False], ids=["text", "file"])
@pytest.mark.parametrize("kind", ENDPOINTS)
def test_two_megabytes_are_a_413_that_names_the_limit(send, path_of, kind, as_text):
    answer = send(path_of(kind), TOO_LARGE, as_text=as_text)
    assert answer.status_code == 413
    assert str(yaml_documents.MOST_BYTES) in answer.json()["detail"]


@pytest.mark.parametrize("kind", PAGES)
def test_a_page_names_the_limit_at_its_field(client_of, path_of, kind):
    made = [part for part in path_of(kind).split("/") if part.isdecimal()]
    file = SimpleUploadedFile("x.yaml", TOO_LARGE)
    path = reverse(PAGES[kind], args=made)
    answer = client_of("planner").post(path, {"file": file, "revision": 1})
    assert answer.status_code == 422
    assert any("1 MiB" in error or "1048576" in error for error in answer.context["form"].errors["file"])


@pytest.mark.parametrize("kind", ENDPOINTS)
def test_a_large_document_is_taken(send, path_of, kind):
    content = yaml_documents.write(LARGE[kind]()).encode()
    assert 20_000 < len(content) <= yaml_documents.MOST_BYTES
    answer = send(path_of(kind), content)
    assert answer.status_code == 200, answer.content[:300]


@pytest.mark.parametrize(
    ("kind", "section", "field"),
    [
        ("framework", "checks", "gate"),
        ("rules", "rules", "effect"),
        ("workloads", "workloads", "description"),
    ],
)
def test_all_wrong_fields_of_a_file_are_told_at_once(send, path_of, kind, section, field):
    document = LARGE[kind]()
    for place in (0, 2):
        document[section][place] |= {field: 5, "colour": "red"}
    told = str(send(path_of(kind), yaml_documents.write(document).encode()).json())
    ids = [document[section][place].get("id", place) for place in (0, 2)]
    expected = [f"{section}[{item}].{key}" for item in ids for key in (field, "colour")]
    assert [path for path in expected if path not in told] == []


@pytest.mark.parametrize("content", [b"a: [", b"surprise: 1"], ids=["no YAML", "another document"])
@pytest.mark.parametrize("kind", ENDPOINTS)
def test_nothing_is_locked_while_a_document_is_read(send, path_of, kind, content):
    """One that is refused shows it: it gets no further than being read."""
    path = path_of(kind)
    with CaptureQueriesContext(connection) as captured:
        assert send(path, content).status_code == 400
    statements = [query["sql"] for query in captured]
    assert statements
    assert [each for each in statements if "FOR UPDATE" in each or '"workloads_workloadclass"' in each] == []
