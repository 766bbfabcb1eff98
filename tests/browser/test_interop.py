"""The interop matrix as a reader sees it, on every screen, and the way from a pair to its run."""

import pytest
from playwright.sync_api import expect

from inventory.models import Device
from readiness.assessment.scoring.operations import evaluate
from tests.browser.looking import faults
from tests.conftest import NOW
from tests.readiness.boards.interop.conftest import prove, record, vendors, wired

__all__ = ["prove", "vendors", "wired"]

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
FLEET, SITE = "/readiness/interop/", "/sites/porto/interop/"


def test_the_matrix_leads_to_a_site_and_to_the_run(as_role, wired, prove, frozen_now, axe_source):
    frozen_now.at = NOW
    porto, braga = wired("Porto"), wired("Braga", leaves=1)
    Device.objects.filter(site=braga, name="leaf-1").update(software_version="EOS 4.34")
    for packets, site in ((9000, porto), (9100, braga)):
        prove(site, record("Arista|7060X6|EOS 4.33 -- NVIDIA|SN5600|Cumulus 5.11", packets=packets))
        evaluate(site_ids=[site.pk], now=NOW)
    one = as_role("ops")
    page = one.open(FLEET)
    expect(page.locator("main")).to_contain_text("Other versions")
    page.get_by_role("link", name="Porto").first.click()
    page.wait_for_url(lambda url: SITE in url)
    page.get_by_role("link", name="passed").first.click()
    page.wait_for_url(lambda url: "/evidence/runs/" in url)
    assert {path: found for path in (FLEET, SITE) if (found := faults(one, axe_source, path))} == {}
    assert one.refusals == []
