"""From records of a test to p1-multivendor-interop: what is proven at the deployed versions, and what no longer is."""

import pytest

from inventory.models import Device, Manufacturer
from readiness.assessment.evidence.core.parsers import ParseError
from readiness.assessment.evidence.operations import record_fact, void_changed
from readiness.assessment.scoring.models import CheckResult
from readiness.assessment.scoring.operations import evaluate
from tests.readiness.assessment.evidence import outputs
from tests.readiness.boards.interop.conftest import HEAD, measured_record, record

pytestmark = pytest.mark.django_db
BY_NAME = "leaf-1 -- spine-1"
BY_PRODUCT = "Arista|7060X6|EOS 4.33 -- nvidia|SN5600|cumulus 5.11|"


@pytest.fixture
def check(frozen_now):
    """The check as scoring stores it, and its sub-measures by id."""

    def of(site):
        void_changed(site_ids=[site.pk], now=frozen_now.at)
        evaluate(site_ids=[site.pk], now=frozen_now.at)
        found = CheckResult.objects.get(site=site, check_id="p1-multivendor-interop")
        return found, {part["part"]: part for part in found.parts}

    return of


@pytest.mark.parametrize("pair", [BY_NAME, BY_PRODUCT, "SPINE-1 -- leaf-2"])
def test_a_record_at_the_deployed_versions_proves_the_pair(wired, prove, check, pair):
    site = wired()
    prove(site, record(pair))
    found, parts = check(site)
    assert (found.state, parts["pairs-proven"]["value"]) == ("pass", 100.0)
    assert parts["backend-pairs-missing"]["value"] == 0


def test_without_a_record_it_waits_for_one(wired, prove, check):
    site = wired()
    assert check(site)[0].state == "unknown"
    prove(site, outputs.table("p1-soak-24h/duration,24", head="measure,value"))
    assert check(site)[0].state == "unknown"


def test_every_aspect_is_needed_and_may_come_from_several_runs(wired, prove, check):
    site = wired()
    prove(site, record(BY_NAME, without=("failover",)))
    found, parts = check(site)
    assert (found.state, parts["pairs-proven"]["value"]) == ("fail", 0.0)
    assert parts["backend-pairs-missing"]["value"] == 1
    prove(site, record(BY_NAME, without=("link-fec", "incast", "telemetry")))
    assert check(site)[0].state == "pass"


def test_infiniband_needs_no_incast(wired, prove, check):
    site = wired(kind="infiniband")
    prove(site, record(BY_NAME, without=("incast",)))
    assert check(site)[0].state == "pass"


def test_a_test_that_failed_proves_nothing(wired, prove, check):
    site = wired()
    prove(site, record(BY_NAME, failed=("incast",)))
    assert check(site)[0].state == "fail"


def test_a_later_record_that_is_declared_answers_no_measured_failure(wired, prove, check, frozen_now):
    site = wired()
    prove(site, measured_record(BY_NAME, failed=("incast",), taken_at=frozen_now.at))
    frozen_now.move(hours=1)
    prove(site, measured_record(BY_NAME, taken_at=frozen_now.at), provenance="declared")
    assert check(site)[0].state == "fail"
    prove(site, measured_record(BY_NAME, taken_at=frozen_now.at, packets=9100))
    assert check(site)[0].state == "pass"


def test_another_nos_makes_the_record_stale_and_says_which(wired, prove, check):
    site = wired(leaves=1)
    prove(site, record(BY_PRODUCT))
    Device.objects.filter(name="leaf-1").update(software_version="EOS 4.34")
    found, _ = check(site)
    assert found.state == "stale"
    assert "Tested as Arista 7060X6 (EOS 4.33)" in found.reason
    assert "EOS 4.34" in found.reason


def test_a_record_of_devices_is_voided_with_them(wired, prove, check):
    site = wired(leaves=1)
    run = prove(site, record(BY_NAME))
    leaf = Device.objects.get(name="leaf-1")
    leaf.software_version = "EOS 4.34"
    leaf.save()
    found, _ = check(site)
    run.refresh_from_db()
    assert (found.state, run.void_changes) == ("stale", ["nos"])
    assert "leaf-1: NOS EOS 4.33 → EOS 4.34" in found.reason


def test_half_of_the_pairs_is_a_failure_that_names_the_other(wired, prove, check):
    site = wired()
    Device.objects.filter(name="leaf-2").update(software_version="EOS 4.30")
    prove(site, record(BY_PRODUCT))
    found, parts = check(site)
    assert (found.state, parts["pairs-proven"]["value"]) == ("fail", 50.0)
    assert "EOS 4.30" in parts["pairs-proven"]["detail"]


def test_a_record_counts_for_180_days(wired, prove, check, frozen_now):
    site = wired()
    prove(site, record(BY_PRODUCT))
    frozen_now.move(days=179)
    assert check(site)[0].state == "pass"
    frozen_now.move(days=2)
    assert check(site)[0].state == "stale"


def test_a_version_that_nobody_entered_is_not_proven(wired, prove, check):
    site = wired(leaves=1)
    Device.objects.filter(name="leaf-1").update(software_version="")
    prove(site, record(BY_NAME, "Arista|7060X6|EOS 4.33 -- NVIDIA|SN5600|Cumulus 5.11"))
    assert check(site)[0].state == "unknown"


def test_one_vendor_alone_is_not_proven_multi_vendor(wired, prove, check, vendors):
    site = wired()
    vendors["Arista"].manufacturer = Manufacturer.objects.get(slug="nvidia")
    vendors["Arista"].save()
    found, _ = check(site)
    assert found.state == "n-a"
    assert "not proven multi-vendor" in found.reason


def test_a_fact_counts_where_no_run_does(wired, prove, check, frozen_now):
    site = wired()
    entered = {"site": site, "taken_on": frozen_now.at.date().replace(day=20), "source": "lab", "by": None}
    for part, value in (("pairs-proven", 100), ("backend-pairs-missing", 0)):
        record_fact(check="p1-multivendor-interop", part=part, value=value, now=frozen_now.at, **entered)
    assert check(site)[0].state == "pass"
    prove(site, record(BY_NAME, failed=("incast",)))
    assert check(site)[0].state == "fail"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param("interop/latency,1,a -- b", "the records are interop/link-fec", id="aspect"),
        pytest.param("interop/incast,0.5,a -- b", "1 where it passed", id="value"),
        pytest.param("interop/incast,1,leaf-1", "does not name two ends", id="one end"),
        pytest.param("interop/incast,1,a -- b -- c", "does not name two ends", id="three ends"),
        pytest.param(
            "interop/incast,1,Arista|7060X6| -- b", "neither software nor firmware", id="no version"
        ),
    ],
)
def test_a_row_that_is_no_record_is_refused_with_its_line(wired, prove, row, reason):
    with pytest.raises(ParseError, match=reason) as refused:
        prove(wired(), outputs.table(row, head=HEAD))
    assert refused.value.line == 2


def test_a_device_that_is_not_there_is_remarked(wired, prove):
    run = prove(wired(), record("leaf-9 -- spine-1"))
    assert run.warnings[1:] == ["No device of this site is named leaf-9."]
