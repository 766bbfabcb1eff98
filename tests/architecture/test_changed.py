"""A change runs the tests that it can touch, each for a reason, and no others."""

import pytest

from tests import changed
from tests.cases import cases


@pytest.fixture(scope="module")
def graph():
    return changed.import_graph()


def touched(graph, *paths):
    return changed.touched(paths, graph, changed.view_modules())


def test_a_module_touches_what_imports_it_names_its_address_or_mirrors_it(graph):
    reasons = touched(graph, "readiness/boards/problems/queries.py")
    assert reasons["tests/readiness/boards/problems"] == "mirrors readiness/boards/problems/queries.py"
    assert reasons["tests/readiness/boards/test_every_state.py"] == "names an address of what changed"
    assert reasons["tests/web/routes"] == "asks every address"
    assert not [name for name in reasons if name.startswith("tests/inventory")]


def test_a_module_far_below_touches_those_that_import_it_by_other_modules(graph):
    reasons = touched(graph, "readiness/assessment/evidence/core/parsers/fio.py")
    assert reasons["tests/readiness/assessment/evidence/core"].startswith("mirrors")
    assert reasons["tests/readiness/assessment/evidence/test_importing.py"] == "imports what changed"
    assert "tests/readiness/demand/workloads/core/test_envelope.py" not in reasons


def test_what_fixtures_import_touches_their_tests(graph):
    reasons = touched(graph, "tests/readiness/plant.py")
    assert "tests/readiness/test_walks.py" in reasons
    assert "tests/accounts/test_users.py" not in reasons


def test_a_document_touches_what_reads_files(graph):
    assert touched(graph, "docs/map.md", "README.md") == {"tests/architecture": "reads every file"}


def test_a_style_touches_what_draws_pages(graph):
    assert "tests/browser" in touched(graph, "static/css/data.css")


MIRRORED = {
    "a template of a room": ("templates/readiness/problems/page.html", "tests/readiness/boards/problems"),
    "a folder without tests": ("readiness/boards/views/site.py", "tests/readiness/boards"),
    "a table beside tests": ("tests/accounts/roles.txt", "tests/accounts"),
    "a test": ("tests/accounts/test_users.py", ""),
    "a document": ("docs/map.md", ""),
}


@cases(("path", "folder"), MIRRORED)
def test_a_file_is_mirrored(path, folder):
    assert changed.mirrored(path) == folder


def test_what_all_stand_on_touches_all():
    for path in (
        "config/settings.py",
        "inventory/migrations/0002_more.py",
        "requirements/base.txt",
        "web/tables/columns.py",
        "tests/conftest.py",
    ):
        assert changed.touching_all([path, "docs/map.md"]) == [path]
    assert changed.touching_all(["inventory/models/places.py", "docs/map.md"]) == []


def test_addresses_are_found_without_their_questions():
    source = 'client.get("/problems/?q=a")\nVALUE = "/".join("ab")\n'
    assert changed.addresses_in(source) == {"/problems/"}
    assert changed.addresses_in('client.get("/")') == {"/"}
