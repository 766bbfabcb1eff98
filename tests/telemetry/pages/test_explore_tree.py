"""The browser of metrics: by site, domain, object and exporter, with newest values, and what a search finds."""

import re
from collections import OrderedDict
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from telemetry.explore import catalogue
from tests.inventory import made
from tests.telemetry.pages.conftest import words

pytestmark = pytest.mark.django_db
URL = "/telemetry/explore/"
TREE = f"{URL}tree/"


def gpu(metric, number=0, host="gpu-01", **labels):
    return {"__name__": metric, "Hostname": host, "gpu": str(number)} | labels


SENT = (
    *("DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_DEV_GPU_TEMP", "DCGM_FI_DEV_POWER_USAGE", "DCGM_FI_DEV_XID_ERRORS"),
    *("site_power_watts", "my_own_metric"),
)


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    monkeypatch.setattr(catalogue.METRICS, "_groups", OrderedDict())


@pytest.fixture
def sent(sender, porto):
    node = made.device(site=porto, name="gpu-01")
    for index in (0, 1):
        made.accelerator(device=node, index=index)
    sender.deliver(
        *((gpu("DCGM_FI_DEV_GPU_UTIL", number), 60.0 + 20 * number, -60) for number in (0, 1)),
        *((gpu("DCGM_FI_DEV_GPU_TEMP", number), 50.0 + number, -60) for number in (0, 1)),
        *((gpu("DCGM_FI_DEV_POWER_USAGE", number), 400.0, -60) for number in (0, 1)),
        *((gpu("DCGM_FI_DEV_XID_ERRORS", number), 79.0 * number, -60) for number in (0, 1)),
        ({"__name__": "site_power_watts", "site": "porto"}, 2000.0, -600),
        ({"__name__": "my_own_metric", "gpu": "7"}, 1.0, -60),
    )
    return node


@pytest.fixture
def tree(client_of):
    def read(branch="", role="viewer", **query):
        answer = client_of(role).get(TREE, {"branch": branch, **query})
        assert answer.status_code == 200, answer.content
        return answer

    return read


def leaves(answer):
    """The text of each metric by its exporter's name."""
    found = re.findall(
        r'<li class="leaf"><a href="([^"]*)" title="([^"]*)".*?</a>', answer.content.decode(), re.DOTALL
    )
    parts = re.findall(r'<li class="leaf">(.*?)</li>', answer.content.decode(), re.DOTALL)
    texts = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part)).strip() for part in parts]
    return {name: text for (_, name), text in zip(found, texts, strict=True)}


def test_a_site_lists_its_metrics_by_domain_with_the_newest_value(tree, sent):
    answer = tree("site:porto")
    assert leaves(answer) == {
        "DCGM_FI_DEV_GPU_UTIL": "GPU utilisation 70 %",
        "DCGM_FI_DEV_GPU_TEMP": "GPU temperature 51 °C",
        "DCGM_FI_DEV_POWER_USAGE": "GPU power 800 W",
        "DCGM_FI_DEV_XID_ERRORS": "Last XID error XID 79",
        "site_power_watts": "Site power at the meter late: 2 kW",
        "my_own_metric": "my_own_metric 1",
    }
    text = words(answer)
    assert text.index("Compute 4") < text.index("Energy 1") < text.index("Other 1")


def test_a_metric_leads_to_its_chart_and_beside_the_one_that_is_drawn(tree, sent):
    page = tree("site:porto", metric="DCGM_FI_DEV_GPU_UTIL", site="porto", start="now-7d").content.decode()
    assert 'aria-current="true"><span class="key">A</span><span class="name">GPU utilisation' in page
    beside = next(each for each in re.findall(r'href="([^"]*)" aria-label="Draw GPU power beside', page))
    query = parse_qs(urlsplit(beside.replace("&amp;", "&")).query)
    assert query == {
        "metric": ["DCGM_FI_DEV_GPU_UTIL"],
        "site": ["porto"],
        "start": ["now-7d"],
        "b_metric": ["DCGM_FI_DEV_POWER_USAGE"],
        "b_site": ["porto"],
        "b_group_by": ["*"],
        "b_combine": ["sum"],
    }


@pytest.mark.parametrize(
    ("by", "branches"),
    [
        ("site", ["Porto 6 metrics"]),
        ("domain", ["Compute 4", "Energy 1", "Other 1"]),
        ("exporter", ["dcgm-exporter 4", "modbus_exporter 1", "Unknown to Muster 1"]),
        ("object", ["Devices 1", "Power feeds 0", "Cooling units 0", "Links 0"]),
    ],
)
def test_metrics_are_arranged_as_the_reader_wants(tree, sent, by, branches):
    heads = re.findall(r"<summary>(.*?)</summary>", tree(by=by).content.decode(), re.DOTALL)
    assert [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", head)).strip() for head in heads] == branches


def test_an_object_lists_its_own_metrics(tree, sent):
    assert "gpu-01 Porto" in words(tree("objects:device_id"))
    assert set(leaves(tree(f"object:device_id:{sent.pk}"))) == {
        "DCGM_FI_DEV_GPU_UTIL",
        "DCGM_FI_DEV_GPU_TEMP",
        "DCGM_FI_DEV_POWER_USAGE",
        "DCGM_FI_DEV_XID_ERRORS",
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("temp", {"DCGM_FI_DEV_GPU_TEMP"}),
        ("dcgm power", {"DCGM_FI_DEV_POWER_USAGE"}),
        ("modbus", {"site_power_watts"}),
        ("gpu=7", {"my_own_metric"}),
        ("gpu=~[0-6]", {name for name in SENT if "DCGM" in name}),
        ("gpu=~(", set()),
        ("nothing like it", set()),
    ],
)
def test_a_search_finds_metrics_by_name_title_exporter_and_label(tree, sent, query, found):
    assert set(leaves(tree(q=query))) == found


def test_a_search_finds_sites_and_devices_too(tree, sent):
    assert "Porto 6 metrics" in words(tree(q="port"))
    assert "gpu-01 Porto" in words(tree(q="gpu-0"))
    assert "Nothing is called" in words(tree(q="nothing like it"))


@pytest.mark.parametrize(
    "branch", ["x", "objects:user_id", "object:device_id:x", "page:-1", "page:" + "9" * 30]
)
def test_a_branch_that_is_none_is_refused(client_of, sent, branch):
    assert client_of("viewer").get(TREE, {"branch": branch}).status_code == 400


@pytest.mark.parametrize("branch", ["site:nowhere", "object:device_id:987654"])
def test_what_is_gone_says_so(tree, sent, branch):
    assert "is gone, or you may not see it" in words(tree(branch))


def test_a_reader_of_one_site_finds_only_its_metrics(tree, user_of, sender_of, sent):
    lyon = made.site(name="Lyon", slug="lyon")
    sender_of(lyon).deliver((gpu("DCGM_FI_DEV_GPU_UTIL"), 50.0, -60), ({"__name__": "only_here"}, 1.0, -60))
    client = Client()
    client.force_login(user_of("viewer", username="limited", scopes=[("site", "lyon")]))

    def text(branch="", **query):
        return words(client.get(TREE, {"branch": branch, **query})).strip()

    assert text().startswith("Lyon 2 metrics")
    assert "Porto" not in text()
    assert set(leaves(client.get(TREE, {"q": "_"}))) == {"DCGM_FI_DEV_GPU_UTIL", "only_here"}
    assert text("site:porto").startswith("This site is gone")
    assert text(f"object:device_id:{sent.pk}").startswith("This object is gone")


@pytest.mark.parametrize("count", [1, 30])
@pytest.mark.parametrize(
    ("branch", "most"), [("", 8), ("site:porto", 14), ("domain:compute", 12), ("objects:device_id", 5)]
)
def test_a_branch_takes_the_same_statements_for_any_number_of_metrics(
    client_of, sent, sender, count, branch, most, django_assert_max_num_queries, frozen_now
):
    sender.deliver(*((gpu(f"metric_{number}"), 1.0, -60) for number in range(count)))
    for number in range(count):
        made.site(name=f"Site {number}", slug=f"site-{number}")
    catalogue.all_metrics(frozen_now.at)
    client = client_of("viewer")
    with django_assert_max_num_queries(most):
        client.get(TREE, {"branch": branch})


def test_more_sites_than_fit_are_listed_page_by_page(tree, sent):
    for number in range(40):
        made.site(name=f"Site {number:03}", slug=f"site-{number}")
    first = tree()
    assert first.content.decode().count("<details") == 30
    assert "11 more sites" in words(first)
    assert tree("page:30").content.decode().count("<details") == 11
