"""Tests of whole sites that the demo keeps: two vendors proven together and one test that is too old, and a soak that
failed."""

from collections import Counter

import pytest

from inventory.models import Site
from readiness.assessment.evidence.core.proving.interop import PairStanding
from readiness.assessment.evidence.models import ValidationRun
from readiness.boards.interop.queries import fleet_pairs, pairs_of_sites, sites
from tests.conftest import NOW
from tests.readiness.demo.scenes import demo_inventory

pytestmark = [pytest.mark.django_db, pytest.mark.full]


@pytest.fixture(autouse=True)
def fleet(on_scene):
    on_scene(demo_inventory)


def test_two_sites_prove_their_vendors_together_and_the_test_of_a_third_is_too_old():
    three_sites = list(Site.objects.filter(name__in=("FRA-1", "TYO-1", "QUE-1")).order_by("name"))
    pairs = {
        site.site.name: [pair for pair in site.pairs if len({end.vendor for end in pair.installed.ends}) == 2]
        for site in pairs_of_sites(three_sites, now=NOW)
    }
    standings = {name: {pair.standing for pair in of_site} for name, of_site in pairs.items()}
    assert standings == {
        "FRA-1": {PairStanding.PROVEN},
        "TYO-1": {PairStanding.PROVEN},
        "QUE-1": {PairStanding.STALE},
    }
    [old] = pairs["QUE-1"]
    assert old.reason == "Tested 196 days ago; a record counts for 180 days."


def test_the_fleet_has_proven_pairs_and_one_that_is_too_old():
    pairs = fleet_pairs(pairs_of_sites(list(sites()), now=NOW))
    standings = Counter(pair.standing for pair in pairs)
    assert standings[PairStanding.PROVEN] == 2
    assert standings[PairStanding.STALE] == 1


def test_a_soak_saw_flaps_that_its_rows_show():
    run = ValidationRun.objects.get(site__name="SAT-1", file_name="soak.csv")
    assert run.measures.get(name="p1-soak-24h/unexplained-anomalies").value == 3
    assert run.measures.get(name="link_flaps").value == 3
