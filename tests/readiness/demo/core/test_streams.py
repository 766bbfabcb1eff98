"""What the fleet sends: how much, under which names, and that it looks like the thing it stands for."""

from collections import Counter

import numpy as np
import pytest

from readiness.demo.core.plan import fleet_plan
from readiness.demo.core.shapes import DAY, HOUR, column
from readiness.demo.core.stories import Stories
from readiness.demo.core.streams import sent, streams
from telemetry.core.registry import registry

FLEET = fleet_plan()
# Wednesday, 25 November 2026, 12:00 UTC.
LOADED_S = 1_795_608_000.0
STORIES = Stories(LOADED_S)


def blocks_of(site_name, ts, *, fleet=FLEET):
    for stream in streams(fleet):
        if stream.site.name == site_name:
            yield from sent(fleet, stream, STORIES, ts)


def values_of(site_name, metric, instants, **labels):
    """Columns of one metric whose labels hold these values."""
    found = [
        block.values[:, place]
        for block in blocks_of(site_name, column(instants))
        if block.metric == metric
        for place, own in enumerate(block.labels)
        if labels.items() <= own.items()
    ]
    return np.stack(found, axis=1)


def test_the_fleet_sends_no_more_than_255_samples_a_second():
    per_second = sum(
        len(block.labels) / stream.cadence_s
        for stream in streams(FLEET)
        for block in sent(FLEET, stream, STORIES, column([LOADED_S]))
    )
    assert 150 < per_second <= 255


def test_no_series_is_sent_twice():
    series = Counter(
        (stream.source_name, block.metric, *sorted(labels.items()))
        for stream in streams(FLEET)
        for block in sent(FLEET, stream, STORIES, column([LOADED_S]))
        for labels in block.labels
    )
    assert series.most_common(1)[0][1] == 1


def test_every_metric_is_known_to_the_registry_under_the_exporters_own_name():
    for stream in streams(FLEET):
        for block in sent(FLEET, stream, STORIES, column([LOADED_S])):
            assert registry().get(block.metric, {"__name__": block.metric, **block.labels[0]}), block.metric


def test_history_and_present_agree_on_the_value_of_an_instant():
    alone = [block.values[0] for block in blocks_of("PHX-1", column([LOADED_S - 600]))]
    among = [
        block.values[1] for block in blocks_of("PHX-1", column([LOADED_S - 1200, LOADED_S - 600, LOADED_S]))
    ]
    assert all(np.array_equal(left, right) for left, right in zip(alone, among, strict=True))


def test_every_value_is_a_finite_number_at_every_hour_of_a_week():
    week = column([LOADED_S - HOUR * hour for hour in range(7 * 24)])
    for site in FLEET.sites:
        for block in blocks_of(site.name, week):
            assert block.values.shape == (len(week), len(block.labels))
            assert np.isfinite(block.values).all(), (site.name, block.metric)


def test_serving_sites_are_busy_by_day_and_idle_by_night():
    # 14:00 and 03:00 in Dublin, the same in UTC in November.
    noon, night = LOADED_S + 2 * HOUR, LOADED_S - 9 * HOUR
    by_day, by_night = values_of("DUB-1", "DCGM_FI_DEV_GPU_UTIL", [noon, night]).mean(axis=1)
    assert by_day > 60
    assert by_night < 30


def test_training_sites_hold_a_plateau():
    instants = [LOADED_S - 300 * step for step in range(int(3 * DAY / 300))]
    one_node = values_of("PHX-1", "DCGM_FI_DEV_GPU_UTIL", instants, Hostname="phx-1-n001").mean(axis=1)
    assert np.mean(one_node > 85) > 0.8
    # Between two jobs nothing runs.
    assert one_node.min() < 20


def test_no_accelerator_draws_more_than_its_design_power():
    for site in FLEET.sites:
        for block in blocks_of(site.name, column([LOADED_S, LOADED_S - 6 * HOUR])):
            if block.metric in ("DCGM_FI_DEV_POWER_USAGE", "gpu_package_power"):
                assert block.values.max() <= site.node_type.tdp_w


def test_a_site_draws_less_than_it_contracted_for():
    day = [LOADED_S - 900 * step for step in range(96)]
    for site in FLEET.sites:
        if site.nodes:
            assert values_of(site.name, "site_power_watts", day).max() < site.contracted_kw * 1000


@pytest.mark.parametrize("site_name", ["MRS-1", "ZRH-1", "OSA-1"])
def test_the_source_that_edge_sites_share_says_which_site_a_series_is_of(site_name):
    exporters, meter = [stream for stream in streams(FLEET) if stream.site.name == site_name]
    assert (exporters.source_name, exporters.names_site) == ("Edge Prometheus", True)
    assert not meter.names_site
    for block in sent(FLEET, exporters, STORIES, column([LOADED_S])):
        assert {labels["site"] for labels in block.labels} == {exporters.site.slug}


def test_the_site_that_falls_silent_shares_no_source():
    of_site = {stream.source_name for stream in streams(FLEET) if stream.site.name == "QRO-1"}
    of_others = {stream.source_name for stream in streams(FLEET) if stream.site.name != "QRO-1"}
    assert not of_site & of_others
    assert STORIES.is_sending("QRO-1", STORIES.silent_from - 1)
    assert not STORIES.is_sending("QRO-1", STORIES.silent_from)


def test_a_site_with_a_fast_meter_sends_its_power_through_a_source_of_its_own():
    fleet = fleet_plan(names={"GVX-1"})
    exporters, meter = streams(fleet)
    assert (exporters.cadence_s, meter.cadence_s) == (60, 1)
    assert "site_power_watts" not in {b.metric for b in sent(fleet, exporters, STORIES, column([LOADED_S]))}
    (block,) = sent(fleet, meter, STORIES, column([LOADED_S - 1, LOADED_S]))
    assert block.metric == "site_power_watts"
    assert block.values.shape == (2, 1)


def test_slurm_gives_work_to_the_nodes_whose_gpus_work():
    instants = column([LOADED_S - 300 * step for step in range(60)])
    blocks_by_metric = {block.metric: block for block in blocks_of("GVX-1", instants)}
    state = blocks_by_metric["slurm_node_state"]
    allocated = blocks_by_metric["slurm_node_gpus_alloc"].values
    total = blocks_by_metric["slurm_node_gpus_total"].values
    assert {labels["cluster"] for labels in state.labels} == {"gvx-1"}
    assert ((allocated == total) == (state.values == 1)).all()
    assert 0.8 < (allocated / total).mean() < 1
    assert not [block for block in blocks_of("PHX-1", instants) if block.metric.startswith("slurm")]
