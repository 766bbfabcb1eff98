"""Files of people: who is meant, and what is told of who is not."""

import pytest

from inventory.models import Region
from tests.inventory import made
from tests.readiness.organisation.people import made as people
from tests.web.kinds.test_csv import Importer

pytestmark = pytest.mark.django_db


def test_people_are_found_by_name_while_one_person_has_it(client_of):
    """Whoever writes a first file of qualifications knows names, not ids."""
    people.skill(name="Fabric", slug="fabric")
    people.person(name="Ana Sousa")
    for number in (1, 2):
        people.person(name="Bo Lima", email=f"bo{number}@example.org")
    importer = Importer(client_of("manager"), "/people/qualifications/csv/")
    rows = ("Ana Sousa", "bo2@example.org", "Bo Lima", "Cai")
    lines = [f"{name},Fabric,1,assessed,2026-11-01" for name in rows]
    checked = importer.check("\n".join(["Person,Skill,Level,How it was shown,Shown at", *lines]))
    assert checked.counts == {"created": 2, "refused": 2}
    assert [(line, text) for line, _, text in checked.problems] == [
        (4, "More than one person is called Bo Lima: give its e-mail in place of the name."),
        (5, "No person is called Cai; choose Ana Sousa or Bo Lima."),
    ]


def test_what_the_database_refuses_reads_as_a_sentence(client_of):
    importer = Importer(client_of("manager"), "/people/skills/csv/")
    checked = importer.check("Name,Domain,Levels\nFabric,network,A; B\nFabric,network,A; B\n")
    assert [problem[2] for problem in checked.problems] == ["Skill with this Name already exists."]


def test_names_that_differ_by_their_case_name_different_objects(client_of):
    for name in ("North", "north"):
        made.region(name=name, slug=f"{name}-1", description="before")
    planner = client_of("planner")
    sent = Importer(planner, "/inventory/regions/csv/")
    assert sent.check("name,description\nNorth,1\nnorth,2\n").counts == {"changed": 2}
    sent.post(action="all")
    assert dict(Region.objects.values_list("name", "description")) == {"North": "1", "north": "2"}
    # Whether a row is understood does not depend on the others.
    for rows in ("A,NORTH,PT\n", "A,NORTH,PT\nB,north,PT\n"):
        sites = Importer(planner, "/inventory/sites/csv/")
        assert sites.check(f"name,region,country\n{rows}").counts["refused"] == 1
