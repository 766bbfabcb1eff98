"""The demo's two standards: who deviates, what is waived, and that they go with the demo."""

import pytest

from inventory.models import Site
from readiness.assessment.scoring import operations as scoring
from readiness.assessment.scoring.models import CheckResult
from readiness.assessment.standards.models import Conformance, DeviationWaiver, FlexibleArea, Standard
from readiness.demo.core.plan import fleet_plan
from readiness.demo.operations.fleet import write_inventory
from readiness.demo.operations.removal import remove
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.mark.full
def test_two_sites_deviate_under_waivers_and_the_demo_takes_all_away():
    names = ("QUE-1", "MRS-1", "LON-1")
    write_inventory(fleet_plan(names=names), scale=1, now=NOW)
    sites = {site.name: site.pk for site in Site.objects.all()}
    scoring.evaluate(site_ids=sites.values(), now=NOW)
    rows = Conformance.objects.values_list("site__name", "standard__slug", "waived", "deviating")
    by_site = {(name, slug): (waived, deviating) for name, slug, waived, deviating in rows}
    assert by_site["QUE-1", "fabric-baseline"][0] > 0 == by_site["QUE-1", "fabric-baseline"][1]
    assert by_site["MRS-1", "network-security"][0] > 0 == by_site["MRS-1", "network-security"][1]
    assert by_site["LON-1", "network-security"][0] == 0 < by_site["LON-1", "network-security"][1]
    result = CheckResult.objects.get(site=sites["QUE-1"], check_id="p4-multivendor-standard")
    assert result.state == "warn"
    assert DeviationWaiver.objects.count() == 2
    remove(by=None, now=NOW)
    assert not Standard.objects.exists()
    assert not FlexibleArea.objects.exists()
