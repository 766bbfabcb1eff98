"""Who reads along one walk through the house enters each room once, but for the owners of the fleet page."""

import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.urls import get_resolver

import readiness
from readiness.demand.jurisdiction.models import DataOrigin
from readiness.demand.workloads.models import WorkloadClass
from tests.readiness.tradeoffs.placing import conftest as placing

READINESS = Path(readiness.__file__).parent
GROUPS = {app.parents[1].name for app in READINESS.glob("*/*/apps.py")}
"""Folders that hold rooms."""
fleet, chat_at_porto = placing.fleet, placing.chat


@contextmanager
def rooms_entered(*, of):
    """Yield a list of the rooms whose functions are called, in order, without the caller's (`of`) and cores."""
    rooms = []

    def trace(frame, event, _argument):
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(f"{READINESS}/") and code.co_name != "<module>":
            folders = Path(code.co_filename).relative_to(READINESS).parts
            room, *inside = folders[folders[0] in GROUPS :]
            if room not in of and "core" not in inside and rooms[-1:] != [room]:
                rooms.append(room)

    # Modules with addresses are imported by the first request.
    get_resolver()._populate()
    sys.setprofile(trace)
    try:
        yield rooms
    finally:
        sys.setprofile(None)


@pytest.fixture
def placement(chat_at_porto, api_of):
    """A class whose data falls under a law, so that rules decide where it may run."""
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
    """Classes that changed are read anew; otherwise what was read of them a minute ago still holds."""
    WorkloadClass.objects.update(description="changed")
    return {"scoring"}, well.evaluate


@pytest.fixture
def sample(plant):
    return set(), plant.send


@pytest.fixture
def fleet_page(well, client_of):
    """The page reads what the engine wrote down, so both are at work all along."""
    well.evaluate()
    return {"boards", "scoring"}, lambda: client_of("viewer").get("/fleet/")


@pytest.mark.parametrize(
    ("walk", "rooms"),
    [
        ("placement", ["workloads", "framework", "evidence", "people", "jurisdiction"]),
        ("placement_page", ["workloads", "framework", "evidence", "people", "jurisdiction"]),
        ("verdict", ["framework", "grants", "workloads", "jurisdiction", "ownership", "people", "evidence"]),
        ("sample", []),
        # Owners are read for the rows of its table, after the figures of the whole fleet.
        ("fleet_page", ["framework", "ownership", "people", "ownership", "demo"]),
    ],
)
def test_a_walk_enters_each_room_once(walk, rooms, request):
    of, start = request.getfixturevalue(walk)
    with rooms_entered(of=of) as entered:
        start()
    assert entered == rooms
