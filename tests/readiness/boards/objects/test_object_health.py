"""Objects show their health on the list of their kind and on their page, whatever kind they are of."""

import re
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.kinds import KINDS as INVENTORY
from inventory.models import Device, PowerFeed
from readiness.assessment.scoring.models import DomainHealth, HealthReason
from readiness.boards.objects.queries import DOMAINS, MODELS, health_of, site_id_of
from tests.inventory import made
from tests.pages import rows_of, text_of
from tests.readiness.plant import deliver

pytestmark = pytest.mark.django_db
KIND_OF = {kind.model: kind for kind in INVENTORY}
KINDS = pytest.mark.parametrize("model", MODELS, ids=[str(kind) for kind in MODELS.values()])


def all_health(plant):
    """The health of every object of the plant, and how many of its own domain are in each."""
    return {
        model: health_of(list(KIND_OF[model].rows().order_by("pk")), now=plant.clock.at) for model in MODELS
    }


def counted(plant, domain):
    """Links and feeds count for no domain until something speaks against them."""
    of_all = all_health(plant)
    return Counter(
        health.state.value
        for model, of_model in of_all.items()
        for health in of_model.values()
        if health.domain == domain and (health.reason or model.__name__ not in ("Link", "PowerFeed"))
    )


TROUBLES = [
    pytest.param({}, id="all-well"),
    pytest.param({"upsBatteryStatus": 4}, id="a-device"),
    pytest.param({"DCGM_FI_DEV_XID_ERRORS": {"1": 79}}, id="an-accelerator"),
    pytest.param({"node_network_carrier_down_changes_total": {"eth0": 40}}, id="a-port"),
    pytest.param({"cooling_return_temperature_celsius": 60}, id="a-cooling-unit"),
]


@pytest.mark.parametrize("silent_minutes", [0, 10])
@pytest.mark.parametrize("trouble", TROUBLES)
def test_objects_are_as_the_evaluation_counts_them(well, trouble, silent_minutes):
    well.change(**trouble)
    well.run(3)
    well.clock.move(minutes=silent_minutes)
    well.evaluate()
    for domain in ("compute", "network", "energy"):
        stored = well.health(domain).objects_by_health
        assert counted(well, domain) == Counter(stored), domain


def test_what_is_out_of_service_rests_or_is_not_looked_at(well):
    node = well.node
    for status, expected in (("failed", "maintenance"), ("planned", "not-monitored")):
        node.status = status
        node.save()
        [health] = health_of(
            [Device.objects.select_related("site").get(pk=node.pk)], now=well.clock.at
        ).values()
        assert health.state == expected


def test_what_was_never_judged_is_not_called_well(well):
    """It is in the inventory, and its first samples are here, but no evaluation has looked at them."""
    spare = made.accelerator(device=well.node, index=7)
    assert health_of([spare], now=well.clock.at)[spare.pk].state == "not-monitored"
    well.clock.move(minutes=2)
    labels = {"gpu": "7", "Hostname": well.node.name}
    deliver(well.source, [("DCGM_FI_DEV_GPU_TEMP", labels, 55.0, well.clock.at)], now=well.clock.at)
    assert health_of([spare], now=well.clock.at)[spare.pk].state == "not-judged"
    well.evaluate()
    assert health_of([spare], now=well.clock.at)[spare.pk].state == "ok"


def test_one_silent_object_makes_no_other_unknown(well):
    del well.values["DCGM_FI_DEV_GPU_TEMP", "1"], well.values["DCGM_FI_DEV_GPU_UTIL", "1"]
    for metric in ("XID_ERRORS", "ROW_REMAP_FAILURE", "ECC_DBE_VOL_TOTAL"):
        del well.values[f"DCGM_FI_DEV_{metric}", "1"]
    well.run(8)
    well.evaluate()
    first, second = health_of(well.gpus, now=well.clock.at).values()
    assert (first.state, second.state) == ("ok", "unknown")


def test_an_object_shows_all_its_reasons(well, client_of):
    well.change(DCGM_FI_DEV_XID_ERRORS={"0": 79}, DCGM_FI_DEV_GPU_TEMP={"0": 97})
    well.change(DCGM_FI_DEV_ROW_REMAP_FAILURE={"0": 1})
    for _ in range(3):
        well.run(1)
        well.evaluate()
    words = panel_of(client_of("viewer"), type(well.gpus[0]), well.gpus[0])
    for said in ("GPU has fallen off the bus", "GPU is too hot Value 97 °C", "GPU cannot remap memory rows"):
        assert said in words


@pytest.fixture
def one_of_each(db, frozen_now):
    """An object of each kind, and trouble of each that is told since a while ago."""
    objects = {model: made.MAKERS[KIND_OF[model].noun]() for model in MODELS}
    for model, obj in objects.items():
        shown = KIND_OF[model].rows().get(pk=obj.pk)
        reason = {
            "health": "critical",
            "object_kind": MODELS[model].value,
            "object_id": obj.pk,
            "object": str(shown),
            "metric": "upsOutputPercentLoad",
            "title": f"Trouble of a {KIND_OF[model].noun}",
            "value": 93.0,
            "unit": "%",
            "threshold": 80.0,
            "direction": "above",
            "measure": "value",
            "source": "OD",
            "since": frozen_now.at - timedelta(minutes=7),
            "taken_at": frozen_now.at - timedelta(seconds=40),
            "standing": "live",
            "rank": 1,
            "counts_from": frozen_now.at - timedelta(minutes=7),
        }
        HealthReason.objects.create(site_id=site_id_of(shown), domain=DOMAINS.get(model, "compute"), **reason)
        DomainHealth.objects.create(
            site_id=site_id_of(shown),
            domain=DOMAINS.get(model, "compute"),
            health="critical",
            since=frozen_now.at - timedelta(minutes=7),
            evaluated_at=frozen_now.at,
        )
    return objects


def panel_of(client, model, obj):
    page = text_of(client.get(KIND_OF[model].url("detail", obj)))
    [panel] = re.findall(r'<section[^>]*id="panel-health".*?</section>', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", panel).split())


@KINDS
def test_the_page_says_state_since_value_limit_and_who_answers(one_of_each, client_of, model):
    words = panel_of(client_of("viewer"), model, one_of_each[model])
    noun = KIND_OF[model].noun
    for said in (
        "Critical",
        "since",
        f"Trouble of a {noun}",
        "Value 93 %",
        "Limit 80 %",
        "Last sample",
        "Owner",
    ):
        assert said in words, said


@KINDS
def test_the_list_and_its_file_have_a_column_of_health(one_of_each, client_of, model):
    kind, client = KIND_OF[model], client_of("viewer")
    [row] = [
        part
        for part in text_of(client.get(kind.url("list"))).split("<tr ")
        if part.startswith(f'id="row-{kind.noun}-list-{one_of_each[model].pk}"')
    ]
    assert 'data-health="critical"' in row
    in_file = {
        int(each["id"]): each["Health"] for each in rows_of(client.get(f"{kind.url('list')}?export=csv"))
    }
    assert in_file[one_of_each[model].pk] == "critical"


@KINDS
def test_a_list_takes_one_statement_more_for_any_number_of_rows(one_of_each, client_of, model):
    kind, client = KIND_OF[model], client_of("viewer")

    def health_statements():
        with CaptureQueriesContext(connection) as captured:
            text_of(client.get(f"{kind.url('list')}?per=100"))
        return [each for each in captured if "scoring_healthreason" in each["sql"]], len(captured)

    few, all_few = health_statements()
    for _ in range(20):
        made.MAKERS[kind.noun]()
    many, all_many = health_statements()
    assert (len(few), len(many), all_many) == (1, 1, all_few)


def test_a_device_shows_the_health_of_its_parts(well, client_of):
    well.change(DCGM_FI_DEV_XID_ERRORS={"0": 79})
    well.run(3)
    well.evaluate()
    page = text_of(client_of("viewer").get(KIND_OF[Device].url("detail", well.node)))
    [row] = [
        part for part in page.split("<tr ") if part.startswith(f'id="row-accelerators-0-{well.gpus[0].pk}"')
    ]
    assert 'data-health="critical"' in row


def test_a_feed_names_the_meter_and_its_health(well, client_of):
    well.run(3)
    well.evaluate()
    feed = well.pdus[0].power_feeds.get()
    # It sends its power alone, which has no limit.
    assert f"Measured by {well.pdus[0].name} Not judged yet" in panel_of(client_of("viewer"), PowerFeed, feed)


def test_the_page_of_an_object_has_the_chart_and_the_checks_that_it_touches(well, client_of):
    well.change(DCGM_FI_DEV_XID_ERRORS={"0": 79})
    well.run(3)
    well.evaluate()
    gpu = well.gpus[0]
    page = text_of(client_of("viewer").get(KIND_OF[type(gpu)].url("detail", gpu)))
    [panel] = re.findall(r'<section[^>]*id="panel-health".*?</section>', page, re.DOTALL)
    assert f"metric=DCGM_FI_DEV_XID_ERRORS&amp;accelerator_id={gpu.pk}" in panel
    assert 'href="/sites/plant/checks/p5-accelerator-health/"' in panel
    assert "GPU has fallen off the bus" in panel
    assert "eboot the node" in panel
