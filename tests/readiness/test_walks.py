"""Who reads along one walk through the house enters each room once, but for the owners of the fleet page; and few
modules, in the order that CONTRIBUTING.md says."""

import re
import sys
import tomllib
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.urls import get_resolver

import readiness
from readiness.demand.jurisdiction import queries as jurisdiction
from readiness.demand.jurisdiction.models import DataOrigin
from readiness.demand.workloads.models import WorkloadClass
from tests.readiness.tradeoffs.placing import conftest as placing

READINESS = Path(readiness.__file__).parent
GROUPS = {app.parents[1].name for app in READINESS.glob("*/*/apps.py")}
"""Folders that hold rooms."""
CONTRIBUTING = (READINESS.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
[CORES] = (
    tuple(module.replace(".", "/") + end for module in contract["source_modules"] for end in ("/", ".py"))
    for contract in tomllib.loads((READINESS.parent / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "importlinter"
    ]["contracts"]
    if contract["name"] == "Cores know no framework"
)
fleet, chat_at_porto = placing.fleet, placing.chat


@contextmanager
def calls_traced():
    """Yield a list of the code of functions that are called, in order."""
    calls = []

    def trace(frame, event, _argument):
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(f"{READINESS}/") and code.co_name != "<module>":
            calls.append(code)

    # Modules with addresses are imported by the first request.
    get_resolver()._populate()
    sys.setprofile(trace)
    try:
        yield calls
    finally:
        sys.setprofile(None)


def folders_of(code):
    return Path(code.co_filename).relative_to(READINESS).parts


def rooms_entered(calls, *, of):
    """Return the rooms whose functions are called, in order, without the caller's (`of`) and cores."""
    rooms = []
    for folders in map(folders_of, calls):
        room, *inside = folders[folders[0] in GROUPS :]
        if room not in of and "core" not in inside and rooms[-1:] != [room]:
            rooms.append(room)
    return rooms


def modules_entered(calls):
    """Return the modules whose functions are called, in order, without cores: arithmetic may be passed over."""
    modules = dict.fromkeys("/".join(folders_of(code)) for code in calls)
    return [module for module in modules if not f"readiness/{module}".startswith(CORES)]


# Values, columns, arithmetic, and the readings of single checks: looked up while reading along, and no stops.
LOOKED_UP = {"core", "models", "models.py", "checks"}


def stops(calls):
    """Return the modules that a reader opens, one after the other, who reads each public function once."""
    opened = []
    for code in dict.fromkeys(calls):
        folders = folders_of(code)
        is_public = not any(part.startswith(("_", "<")) for part in code.co_qualname.split("."))
        module = "/".join(folders)
        is_core = f"readiness/{module}".startswith(CORES)
        if is_public and not is_core and LOOKED_UP.isdisjoint(folders) and opened[-1:] != [module]:
            opened.append(module)
    return opened


@pytest.fixture
def placement(chat_at_porto, api_of):
    """A class whose data falls under a law, so that rules decide where it may run.

    The pack in force never changes, so it was read before.
    """
    jurisdiction.current()
    chat_at_porto.data_categories = ["personal"]
    chat_at_porto.save()
    DataOrigin.objects.create(workload_class=chat_at_porto, country="PT")
    slower = {"links_slower": [{"site": "porto", "add_ms": 2}]}

    def walk():
        asked = api_of("viewer", scope="read").post(placing.API, {"workload": "chat", "what_if": slower})
        assert asked.status_code == 200, asked.content

    return {"tradeoffs"}, walk


@pytest.fixture
def placement_page(placement, client_of):
    return {"tradeoffs"}, lambda: client_of("viewer").get("/tradeoffs/", {"workload": "chat"})


@pytest.fixture
def verdict(well):
    """Classes that changed are read anew; otherwise what was read of them a minute ago still holds.

    The pack in force never changes, so it was read before.
    """
    jurisdiction.current()
    WorkloadClass.objects.update(description="changed")
    return {"scoring"}, well.evaluate


@pytest.fixture
def coverage(well, api_of):
    """Who covers what a site requires, read for the first time."""
    return {"people"}, lambda: api_of("viewer", scope="read").get(
        "/api/people/coverage/", {"site": well.site.slug}
    )


@pytest.fixture
def sample(plant):
    return set(), plant.send


@pytest.fixture
def fleet_page(well, client_of):
    """The page reads what the engine and the room of problems wrote down, so they are at work all along."""
    well.evaluate()
    return {"boards", "problems", "scoring"}, lambda: client_of("viewer").get("/fleet/")


@pytest.mark.parametrize(
    ("walk", "rooms"),
    [
        ("placement", ["workloads", "framework", "evidence", "people", "jurisdiction"]),
        ("placement_page", ["workloads", "framework", "evidence", "people", "jurisdiction"]),
        ("coverage", []),
        # Measures of days count as sent, and are read beside what is on record. Whether standards are kept depends on
        # what was read until then; it is stored with the verdict.
        (
            "verdict",
            [
                *("framework", "workloads", "jurisdiction", "ownership", "people", "duties"),
                *("evidence", "standards", "evidence", "grants", "evidence", "standards"),
            ],
        ),
        ("sample", []),
        # Owners (a term, whether its person has left, who acts for them) are read for the strip of the road and for the
        # rows of the fleet's table.
        (
            "fleet_page",
            [
                *("framework", "ownership", "people", "ownership", "people", "ownership", "golive"),
                *("ownership", "people", "demo"),
            ],
        ),
    ],
)
def test_a_walk_enters_each_room_once(walk, rooms, request):
    of, start = request.getfixturevalue(walk)
    with calls_traced() as calls:
        start()
    assert rooms_entered(calls, of=of) == rooms


def test_a_verdict_is_read_in_few_stops(verdict):
    _, start = verdict
    with calls_traced() as calls:
        start()
    opened = stops(calls)
    assert len(opened) <= 25, opened
    assert len(set(opened)) <= 14, opened


PLACEMENT = [
    "tradeoffs/placing/api.py",
    "demand/workloads/queries.py",
    "tradeoffs/placing/params.py",
    "tradeoffs/placing/facts.py",
    "demand/workloads/models.py",
    "assessment/framework/models.py",
    "tradeoffs/factors/queries/stored.py",
    "tradeoffs/factors/queries/site_factors.py",
    "assessment/evidence/queries.py",
    "organisation/people/fleet.py",
    "demand/jurisdiction/queries.py",
    "demand/jurisdiction/models.py",
    "tradeoffs/placing/document.py",
    "tradeoffs/placing/sentences.py",
]
COVERAGE = [
    "organisation/people/api.py",
    "organisation/people/fleet.py",
    "organisation/people/facts.py",
]


@pytest.mark.parametrize(("walk", "modules"), [("placement", PLACEMENT), ("coverage", COVERAGE)])
def test_a_walk_has_few_stops(walk, modules, request):
    _of, start = request.getfixturevalue(walk)
    with calls_traced() as calls:
        start()
    assert modules_entered(calls) == modules


@pytest.mark.parametrize(
    ("walk", "paragraph"),
    [("placement", "One placement"), ("coverage", "One coverage"), ("verdict", "One verdict")],
)
def test_a_walk_enters_the_modules_that_contributing_names_in_their_order(walk, paragraph, request):
    _of, start = request.getfixturevalue(walk)
    with calls_traced() as calls:
        start()
    entered = dict.fromkeys("/".join(folders_of(code)) for code in calls)
    [text] = re.findall(rf"^\*\*{paragraph}\.\*\* (.+?)\n\n", CONTRIBUTING, re.MULTILINE | re.DOTALL)
    named = re.findall(r"`readiness/([^`]+\.py)`", text)
    assert len(named) >= 4
    assert [module for module in entered if module in named] == named
