"""The map shows the newest value of each accelerator of a site, and says which have none."""

import pytest
from plotly import graph_objects as go

from telemetry import operations, store
from tests.inventory import made
from tests.pages import text_of
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import NOW
from tests.telemetry.sending import Sender

pytestmark = pytest.mark.django_db
TEMPERATURE, ECC = "DCGM_FI_DEV_GPU_TEMP", "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL"


@pytest.fixture
def porto(frozen_now):
    frozen_now.at = NOW
    store.keep_partitions(now=NOW)
    return stored.site(name="Porto", slug="porto")


@pytest.fixture
def node(porto):
    node = made.device(site=porto, name="node-1")
    for index in range(4):
        made.accelerator(device=node, index=index, uuid=f"GPU-{index}")
    return node


@pytest.fixture
def deliver(porto, frozen_now):
    source, plain = operations.create_source(site=porto, name="porto", by=None, now=NOW)
    source.plain_token = plain
    return Sender(source, frozen_now).deliver


def sample(metric, index, value, ago_s=30):
    return (
        {"__name__": metric, "Hostname": "node-1", "gpu": str(index), "UUID": f"GPU-{index}"},
        value,
        -ago_s,
    )


@pytest.fixture
def draw(client_of):
    def draw(**query):
        answer = client_of("viewer").get("/sites/porto/charts/heat.json", query)
        assert answer.status_code == 200, answer.content
        figure = answer.json()
        go.Figure({"data": figure["data"], "layout": figure["layout"]})
        return figure

    return draw


def test_each_accelerator_has_its_newest_value(draw, deliver, node):
    deliver(*(sample(TEMPERATURE, index, 50.0, 90) for index in range(4)))
    deliver(*(sample(TEMPERATURE, index, 60.0 + index) for index in range(4)))
    figure = draw()
    assert figure["data"][0]["z"] == [[60.0, 61.0, 62.0, 63.0]]
    assert figure["data"][0]["y"] == ["node-1"]
    assert figure["meta"]["finding"] == "GPU temperature: 60 °C to 63 °C at 4 of 4 accelerators."


def test_what_has_no_sample_is_marked_and_not_drawn_as_0(draw, deliver, node):
    deliver(sample(TEMPERATURE, 0, 60.0), sample(TEMPERATURE, 2, 61.0), sample(TEMPERATURE, 3, 62.0, 3600))
    figure = draw()
    assert figure["data"][0]["z"] == [[60.0, None, 61.0, None]]
    assert figure["data"][1]["text"] == [
        "node-1, accelerator 1: no sample",
        "node-1, accelerator 3: no sample",
    ]


def test_what_is_beyond_its_limit_is_told_and_coloured(draw, deliver, node):
    deliver(*(sample(TEMPERATURE, index, celsius) for index, celsius in enumerate((40, 50, 60, 99))))
    figure = draw()
    assert "1 is beyond a limit." in figure["meta"]["finding"]
    assert "bad-mark" in [name for _share, name in figure["data"][0]["meta"]["stops"]]
    assert figure["data"][0]["text"][0][3] == "node-1, accelerator 3: 99 °C, critical"


def test_what_counts_up_is_its_increase(draw, deliver, node):
    deliver(*(sample(ECC, index, 7.0, 3600) for index in range(2)))
    deliver(sample(ECC, 0, 7.0), sample(ECC, 1, 12.0))
    figure = draw(heat=ECC)
    assert figure["data"][0]["z"][0][:2] == [0.0, 5.0]
    assert figure["data"][0]["name"].endswith("increase in 24 h")


def test_a_click_opens_the_accelerator(draw, deliver, node):
    deliver(sample(TEMPERATURE, 1, 60.0))
    first = node.accelerators.get(index=1)
    assert draw()["data"][0]["customdata"][0][1] == f"/inventory/accelerators/{first.pk}/"


def test_the_site_page_offers_every_metric_and_shows_the_one_of_the_address(client_of, deliver, node):
    deliver(sample(TEMPERATURE, 0, 60.0), sample("DCGM_FI_DEV_POWER_USAGE", 0, 400.0))
    page = client_of("viewer").get("/sites/porto/?tab=compute&heat=DCGM_FI_DEV_POWER_USAGE").content.decode()
    assert f'<option value="{TEMPERATURE}">' in page
    assert '<option value="DCGM_FI_DEV_POWER_USAGE" selected>' in page
    assert "/sites/porto/charts/heat.json?heat=DCGM_FI_DEV_POWER_USAGE" in page


def test_a_site_without_samples_of_accelerators_says_what_will_stand_there(client_of, porto, node):
    page = text_of(client_of("viewer").get("/sites/porto/?tab=compute"))
    assert "Accelerators by node" not in page
    assert "No accelerator sends samples yet" in page


def test_a_site_without_accelerators_has_no_map(client_of, porto):
    page = text_of(client_of("viewer").get("/sites/porto/?tab=compute"))
    assert "Accelerators by node" not in page
    assert "No accelerator sends samples yet" not in page


def test_the_file_has_every_accelerator(client_of, deliver, node):
    deliver(sample(TEMPERATURE, 1, 60.0))
    lines = client_of("viewer").get("/sites/porto/charts/heat.csv").content.decode().splitlines()
    assert lines[0] == 'Node,Rack,Accelerator,"GPU temperature, °C",Beyond'
    assert len(lines) == 5
