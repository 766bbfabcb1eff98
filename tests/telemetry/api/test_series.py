"""/api/telemetry/series/ and rejections/: what is known of each series, and why one was matched to nothing."""

import pytest

from tests.inventory import made
from tests.telemetry.sending import STALE, body_of

pytestmark = pytest.mark.django_db
URL = "/api/telemetry/series/"


@pytest.fixture
def api(api_of):
    return api_of("viewer")


@pytest.fixture
def gpu(porto):
    node = made.device(site=porto, name="gpu-01")
    return made.accelerator(device=node, index=0, uuid="GPU-aaaa")


def dcgm(**labels):
    return {"__name__": "DCGM_FI_DEV_GPU_TEMP", "Hostname": "gpu-01", "gpu": "0", "UUID": "GPU-aaaa"} | labels


def found(api, query):
    response = api.get(f"{URL}?{query}")
    assert response.status_code == 200, response.content
    return response.json()["results"]


def test_a_matched_series_names_its_object_unit_and_site(api, sender, gpu):
    sender.deliver((dcgm(), 61.0, 0))
    [series] = found(api, "metric=DCGM_FI_DEV_GPU_TEMP")
    assert series["object_kind"]["value"] == "accelerator"
    assert series["object"]["id"] == gpu.pk
    assert series["unit"] == "°C"
    assert series["site"]["slug"] == "porto"
    assert series["why_unmatched"] == ""


def test_an_unmatched_series_says_why(api, sender):
    sender.deliver((dcgm(), 61.0, 0), ("http_requests_total", 7.0, 0))
    reasons = {series["metric"]: series["why_unmatched"] for series in found(api, "matched=false")}
    assert "GPU-aaaa" in reasons["DCGM_FI_DEV_GPU_TEMP"]
    assert "no host, port or serial" in reasons["http_requests_total"]


def test_a_series_of_no_known_site_says_which_label_failed(api, sender_of):
    central = sender_of(site_label="site", name="central")
    central.deliver(({"__name__": "up", "site": "atlantis"}, 1.0, 0), ("up", 1.0, 0))
    reasons = {
        series["labels"].get("site"): series["why_unmatched"] for series in found(api, "matched=false")
    }
    assert "atlantis" in reasons["atlantis"]
    assert "missing" in reasons[None]


def test_series_are_found_by_site_source_device_labels_and_end(api, sender, gpu):
    sender.deliver((dcgm(), 61.0, -30), (dcgm(gpu="1", UUID="GPU-bbbb"), 62.0, -30))
    sender.deliver((dcgm(), STALE, 0))
    assert len(found(api, "site=porto&source=porto prometheus&device=gpu-01")) == 2
    assert [series["labels"]["gpu"] for series in found(api, "labels=gpu=1")] == ["1"]
    assert [series["labels"]["gpu"] for series in found(api, "labels=UUID=~GPU-a.*&labels=gpu!=1")] == ["0"]
    assert len(found(api, "labels=rack=")) == 2
    assert [series["labels"]["gpu"] for series in found(api, "ended=true")] == ["0"]


@pytest.mark.parametrize(
    ("condition", "labels", "fits"),
    [
        ("job=node", {"job": "node"}, True),
        ("job=node", {"job": "nodes"}, False),
        ("job!=node", {}, True),
        ("job=", {}, True),
        ("name=~Inlet.*", {"name": "Inlet Temp"}, True),
        ("name=~Inlet", {"name": "Inlet Temp"}, False),
        ("name=~a|b", {"name": "b"}, True),
        ("name!~a|b", {"name": "c"}, True),
        (r"gpu=~\d%2B", {"gpu": "12"}, True),
        ("job=a=b", {"job": "a=b"}, True),
        ("name=~.*", {}, True),
        ("host.name=n-1", {"host.name": "n-1"}, True),
        ("9/ü=x", {"9/ü": "x"}, True),
    ],
)
def test_a_condition_on_labels_is_read_as_prometheus_reads_it(api, sender, condition, labels, fits):
    sender.deliver(({"__name__": "up", **labels}, 1.0, 0))
    assert bool(found(api, f"labels={condition}")) is fits


@pytest.mark.parametrize(
    "query", ["site=nowhere", "matched=perhaps", "labels=gpu", "labels=gpu=~(a%2B)%2B", "sight=x"]
)
def test_a_bad_filter_is_named(api, sender, query):
    response = api.get(f"{URL}?{query}")
    assert response.status_code == 400
    assert list(response.json()) == [query.partition("=")[0]]


def test_rejections_are_counted_by_reason_with_an_example(api, sender):
    sender.post(body_of(("up", 1.0, sender.at(0)), ({"job": "nameless"}, 1.0, sender.at(0))))
    [rejection] = api.get("/api/telemetry/rejections/?source=porto prometheus").json()["results"]
    assert rejection["reason"] == "no_metric_name"
    assert rejection["count"] == 1
    assert rejection["source"]["display"] == "porto prometheus"
