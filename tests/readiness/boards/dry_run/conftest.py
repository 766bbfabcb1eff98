"""Sites that are ready under a small framework, and drafts of it."""

import copy

import pytest

from readiness.assessment.framework import operations as framework_operations
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring import operations as scoring
from web.versioned.core.documents import written

KEPT = ("p2-backup-power", "p5-fabric-health")
"""Two checks that the plants prove by telemetry alone."""


def small():
    """The shipped definition with these two checks."""
    mapping = written(framework_queries.current()[1])
    mapping["checks"] = [one for one in mapping["checks"] if one["id"] in KEPT]
    mapping["counts"] = {"p1": 0, "p2": 1, "p3": 0, "p4": 0, "p5": 1}
    return mapping | {"version": "small-1"}


def with_load_at_most(definition, pass_at, warn_at=None):
    """The highest load of a UPS in percent; a definition as drafts are edited."""
    edited = copy.deepcopy(dict(definition))
    for check in edited["checks"]:
        for part in check["parts"]:
            if part["id"] == "output-load":
                part["pass"] = {"value": pass_at, "source": "OD"}
                part["warn"] = {"value": warn_at or pass_at + 5, "source": "OD"}
    return edited


@pytest.fixture
def small_framework(db, frozen_now):
    return framework_operations.publish(small(), by=None, now=frozen_now.at)


@pytest.fixture
def plants(small_framework, plant_of, frozen_now):
    """Three sites that are ready: their UPSes carry 50, 60 and 70 %."""
    made = {load: plant_of(name=f"Plant{load}") for load in (50, 60, 70)}
    for load, plant in made.items():
        plant.change(upsOutputPercentLoad=load)
    for _ in range(3):
        for plant in made.values():
            plant.send()
        frozen_now.move(minutes=1)
    scoring.evaluate(site_ids=[plant.site.pk for plant in made.values()], now=frozen_now.at)
    return made


@pytest.fixture
def draft(small_framework, planner, frozen_now):
    return framework_operations.make_draft(made_from=small_framework, by=planner, now=frozen_now.at)


@pytest.fixture
def stricter(draft, planner, frozen_now):
    """A draft that lets UPSes carry 65 %, and warns to 67."""
    return framework_operations.edit(
        draft,
        lambda definition: with_load_at_most(definition, 65, 67),
        revision=1,
        by=planner,
        now=frozen_now.at,
    )


@pytest.fixture
def draft_of_shipped(db, planner, frozen_now):
    in_force = framework_queries.current()[0]
    return framework_operations.make_draft(made_from=in_force, by=planner, now=frozen_now.at)
