"""What the demo says of origins and bases names classes, countries and bases that are there."""

from readiness.demand.workloads.core.countries import COUNTRIES
from readiness.demo.core.plan import book
from tests.readiness.demand.jurisdiction.core.test_shipped_rules import PACK

PERSONAL = {"personal", "special-category", "health", "financial"}


def test_every_class_with_personal_data_has_an_origin_and_no_other():
    classes = book("workloads")["envelopes"]
    assert set(book("footing")["origins"]) == {
        slug for slug, row in classes.items() if PERSONAL & set(row["data"])
    }


def test_countries_and_bases_are_known():
    assert {each for row in book("footing")["origins"].values() for each in row} <= COUNTRIES.keys()
    bases = {basis for row in book("footing")["bases"].values() for basis in row}
    assert bases <= PACK.bases_by_id.keys()
