"""A GPU reports an XID: each door that tells of it says what it means and what to do."""

import pytest

pytestmark = pytest.mark.django_db

MEANING = "GPU has fallen off the bus"
ACTION = "eboot the node; check its PCIe link and power"


@pytest.fixture
def lost(well):
    well.change(DCGM_FI_DEV_XID_ERRORS={"0": 79})
    well.run(3)
    return well.evaluate()


@pytest.mark.parametrize(
    "address",
    [
        "/sites/plant/?tab=compute",
        "/sites/plant/?tab=overview",
        "/sites/plant/checks/p5-accelerator-health/",
        "/inventory/devices/{device}/",
        "/inventory/accelerators/{accelerator}/",
        "/telemetry/explore/?site=plant&metric=DCGM_FI_DEV_XID_ERRORS&start=now-1h&end=now&aggregation=last",
    ],
)
def test_pages_say_what_an_xid_means_and_what_to_do(lost, client_of, address):
    path = address.format(device=lost.node.pk, accelerator=lost.gpus[0].pk)
    page = client_of("viewer").get(path).content.decode()
    assert "XID 79" in page
    assert MEANING in page
    assert ACTION in page


def test_the_api_of_health_tells_meaning_severity_and_action(lost, api_of):
    [row] = api_of("viewer").get("/api/readiness/health/?site=plant&domain=compute").json()["results"]
    [reason] = [one for one in row["reasons"] if one["metric"] == "DCGM_FI_DEV_XID_ERRORS"]
    assert (reason["value"], reason["meaning"], reason["severity"]) == (79, MEANING, "critical")
    assert ACTION in reason["action"]


def test_the_reason_of_the_check_tells_it_too(lost, api_of):
    [row] = (
        api_of("viewer")
        .get("/api/readiness/results/?site=plant&check=p5-accelerator-health")
        .json()["results"]
    )
    assert any(MEANING in part["detail"] for part in row["parts"])


@pytest.mark.parametrize(
    ("code", "severity", "meaning"),
    [
        (79, "critical", MEANING),
        (94, "warning", "Uncorrectable memory error"),
        (4_242, "unknown", "does not know"),
    ],
)
def test_a_code_can_be_asked_for(api_of, code, severity, meaning):
    [told] = api_of("viewer").get(f"/api/telemetry/codes/?table=xid&code={code}").json()["results"]
    assert told["severity"] == severity
    assert meaning in told["meaning"]
    assert bool(told["source_url"]) is (severity != "unknown")


def test_all_codes_can_be_asked_for_at_once(api_of):
    answer = api_of("viewer").get("/api/telemetry/codes/").json()
    assert answer["count"] == len(answer["results"]) > 90
    assert all(row["action"] and row["source"] for row in answer["results"])


@pytest.mark.parametrize("query", ["table=sxid", "code=-1", "code=many", "code=", "colour=red"])
def test_what_cannot_be_asked_is_refused(api_of, query):
    assert api_of("viewer").get(f"/api/telemetry/codes/?{query}").status_code == 400


def test_an_unknown_code_says_so_on_the_page(well, client_of):
    well.change(DCGM_FI_DEV_XID_ERRORS={"0": 222})
    well.run(3)
    page = client_of("viewer").get(f"/inventory/accelerators/{well.gpus[0].pk}/").content.decode()
    assert "a code that Muster does not know" in page
