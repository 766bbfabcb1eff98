"""The interop matrix over the fleet and of one site: what each pair says, what is at stake, what it costs."""

import pytest

from inventory.models import Device
from readiness.assessment.scoring.operations import evaluate
from tests.pages import rows_of, text_of
from tests.readiness.boards.interop.conftest import measured_record, record

pytestmark = pytest.mark.django_db
FLEET, SITE, API = "/readiness/interop/", "/sites/porto/interop/", "/api/readiness/interop/"
PAIR = "Arista|7060X6|EOS 4.33 -- NVIDIA|SN5600|Cumulus 5.11"


def test_without_links_it_says_what_makes_pairs(client_of):
    assert "No two devices are linked" in text_of(client_of("viewer").get(FLEET))


def test_without_records_every_pair_is_open_and_the_import_is_near(client_of, wired):
    wired()
    page = text_of(client_of("ops").get(SITE))
    assert "0 of 1 pairs are proven" in page
    assert "/evidence/runs/add/?site=porto&amp;tool=csv" in page
    assert "/evidence/runs/add/" not in text_of(client_of("viewer").get(SITE))


def test_a_proven_pair_leads_to_its_run(client_of, wired, prove):
    run = prove(wired(), record(PAIR))
    page = text_of(client_of("viewer").get(SITE))
    assert "1 of 1 pairs are proven" in page
    assert f"/evidence/runs/{run.pk}/" in page
    assert "Proven at the deployed versions." in page


def test_the_fleet_counts_links_and_what_is_at_stake(client_of, wired, prove):
    prove(wired("Porto"), record(PAIR))
    wired("Faro", leaves=3)
    upgraded = wired("Braga", leaves=1)
    Device.objects.filter(site=upgraded, name="leaf-1").update(software_version="EOS 4.34")
    prove(upgraded, record(PAIR, packets=9100))
    known, newer = rows_of(client_of("viewer").get(f"{FLEET}?export=csv&sort=pair"))
    assert (known["Proof"], known["Links"], known["Back end"]) == ("not-proven", "5", "5")
    assert (known["Sites"], known["Proven at"], known["Capacity at stake"]) == ("faro porto", "1", "500.0")
    assert newer["Proof"] == "other-versions"
    assert "Tested as Arista 7060X6 (EOS 4.33)" in newer["Why"]
    page = text_of(client_of("viewer").get(f"{FLEET}?standing=other-versions"))
    assert "EOS 4.34" in page
    assert "0 of 2 pairs proven together" in page
    assert "not proven: 1 of 2 sites" in page
    assert "0 of 2 · 6 links" in text_of(client_of("viewer").get(f"{FLEET}?as=table"))
    assert client_of("viewer").get(f"{FLEET}?as=map").status_code == 400


def test_the_drawing_says_until_when_and_what_to_test_next(client_of, wired, prove, frozen_now):
    prove(wired("Porto"), record(PAIR))
    wired("Faro")
    viewer = client_of("viewer")
    fleet = text_of(viewer.get(FLEET))
    assert "Test link and FEC, incast, failover and telemetry." in fleet
    assert "No record of these two products." in fleet
    site = viewer.get(SITE)
    assert "proven until 23 May 2027" in text_of(site)
    assert "Nothing to test now" in text_of(site)
    frozen_now.move(days=170)
    assert "The proof ends on 23 May 2027." in text_of(viewer.get(SITE))
    assert "data-copy=" not in viewer.get(FLEET).text
    faro = client_of("ops").get("/sites/faro/interop/").text
    assert "interop/failover,,Arista|7060X6|EOS 4.33| -- NVIDIA|SN5600|Cumulus 5.11|," in faro


def test_one_vendor_is_not_proven_multi_vendor(client_of, wired, vendors, frozen_now):
    site = wired()
    Device.objects.update(device_type=vendors["NVIDIA"])
    evaluate(site_ids=[site.pk], now=frozen_now.at)
    assert "Not proven multi-vendor" in text_of(client_of("viewer").get(SITE))
    [row] = rows_of(client_of("viewer").get(f"{FLEET}?export=csv"))
    assert row["Capacity at stake"] == "0"


def test_the_endpoint_holds_the_same(client_of, api_of, wired, prove, frozen_now):
    site = wired()
    run = prove(site, measured_record(PAIR, failed=("failover",), taken_at=frozen_now.at))
    evaluate(site_ids=[site.pk], now=frozen_now.at)
    [found] = client_of("viewer").get(f"{API}?site=porto").json()["results"]
    [pair] = found["pairs"]
    assert (found["state"], pair["standing"], pair["runs"]) == ("fail", "failed", [run.pk])
    assert (pair["links"], pair["aspects"]["failover"], pair["provenance"]) == (2, False, "measured")
    assert pair["missing"] == ["failover"]
    assert pair["taken_at"]
    assert client_of("viewer").get(f"{API}{site.pk}/").json()["pairs"] == found["pairs"]
    assert client_of("viewer").get(f"{API}?vendor=x").status_code == 400
    assert api_of("admin").post(API, {}).status_code == 405
