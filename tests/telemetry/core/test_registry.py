"""The registry as shipped, and what a broken one says."""

import re
from pathlib import Path

import pytest
import yaml

from telemetry.core.metric import ComparedValue, LimitTest, MetricKind
from telemetry.core.registry import RegistryError, load, registry

TELEMETRY = Path(__file__).parents[4] / "shared" / "samples" / "telemetry"
INLET = {"name": "Inlet Temp"}


def test_the_metrics_that_checks_stand_on_are_there():
    needed = [
        "DCGM_FI_DEV_XID_ERRORS",
        "DCGM_FI_DEV_ROW_REMAP_FAILURE",
        "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL",
        "DCGM_FI_DEV_GPU_TEMP",
        "DCGM_FI_DEV_MEMORY_TEMP",
        "DCGM_FI_PROF_GR_ENGINE_ACTIVE",
        "DCGM_EXP_CLOCK_EVENTS_COUNT",
        "gpu_ecc_uncorrect_total",
        "gpu_junction_temperature",
        "node_infiniband_link_downed_total",
        "node_network_carrier_down_changes_total",
        "node_infiniband_symbol_error_total",
        "node_network_receive_errs_total",
        "node_infiniband_port_discards_transmitted_total",
        "rPDU2DeviceStatusPower",
        "rPDU2PhaseStatusCurrent",
        "measurementsInletSensorValue",
        "idrac_power_control_consumed_watts",
        "ipmi_dcmi_power_consumption_current_watts",
        "ipmi_temperature_celsius",
        "idrac_sensors_temperature",
        "upsBatteryStatus",
        "upsEstimatedMinutesRemaining",
        "upsOutputPercentLoad",
        "upsOutputSource",
        "upsTestResultsSummary",
        "probe_icmp_duration_seconds",
        "slurm_gpus_alloc",
        "slurm_gpus_total",
        "vllm:generation_tokens_total",
        "vllm:time_to_first_token_seconds_bucket",
        "vllm:inter_token_latency_seconds_bucket",
    ]
    assert [name for name in needed if registry().get(name) is None] == []


def names_in(*files: str) -> set[str]:
    lines = [line for file in files for line in (TELEMETRY / file).read_text("utf-8").splitlines()]
    return {match.group() for line in lines if (match := re.match(r"[a-zA-Z_:][\w:]*", line))}


@pytest.mark.skipif(not TELEMETRY.is_dir(), reason="../shared/samples is not here")
@pytest.mark.parametrize(
    ("files", "left_out"),
    [
        pytest.param(["h100x8_dcgm_samples.prom", "l4x2_dcgm.prom"], r"(?!)", id="dcgm: all of it"),
        pytest.param(["metrics_mini.prom"], r"(?!)", id="amd: all of it"),
        pytest.param(
            ["ipmi_exporter_docs_samples.prom"], r"ipmi_(bmc_|sel_events_latest)", id="ipmi: readings"
        ),
    ],
)
def test_every_metric_of_a_real_scrape_is_known(files, left_out):
    unknown = {name for name in names_in(*files) if registry().get(name) is None}
    assert {name for name in unknown if not re.match(left_out, name)} == set()


@pytest.mark.skipif(not TELEMETRY.is_dir(), reason="../shared/samples is not here")
def test_what_matters_of_node_exporter_is_known():
    matters = re.compile(
        r"node_(infiniband_(?!legacy|multicast|unicast)|load|memory_Mem|hwmon_temp_celsius$|edac_(un)?correctable|rapl_"
        r"|network_(receive|transmit)_(bytes|errs|drop)_total|network_(up|carrier|speed)|pressure_(cpu|memory|io)_)"
    )
    seen = {name for name in names_in("e2e-output.txt", "captured_1.9.0_linux.prom") if matters.match(name)}
    unknown = {name for name in seen if registry().get(name) is None}
    assert len(seen) > 40
    # Present in the fixture, of no use to a check or a page yet.
    assert unknown <= {
        "node_pressure_irq_stalled_seconds_total",
        "node_network_carrier_up_changes_total",
        "node_rapl_core_joules_total",
    }


def test_every_metric_says_what_it_is():
    for metric in registry().metrics:
        assert metric.title
        assert metric.match
        assert metric.title[0].isupper() or metric.title.startswith(("vGPU", "NVMe"))


def test_thresholds_name_a_source_and_defaults_of_our_own_say_so():
    sources = {rule.source for metric in registry().metrics for rule in metric.health}
    assert "OD" in sources
    assert sources <= set(registry().sources)
    assert registry().get("DCGM_FI_DEV_GPU_TEMP").health[0].source == "OD"


def test_no_threshold_no_judgement():
    assert registry().get("DCGM_FI_DEV_POWER_USAGE").health == ()


def test_aliases_and_hw_names_expand_to_what_samples_are_called():
    reg = registry()
    assert reg.get("DCGM_FI_DEV_XID_ERROR") is reg.get("DCGM_FI_DEV_XID_ERRORS")
    assert reg.expand("DCGM_FI_DEV_XID_ERROR") == ("DCGM_FI_DEV_XID_ERROR", "DCGM_FI_DEV_XID_ERRORS")
    assert {"DCGM_FI_DEV_GPU_UTIL", "gpu_gfx_activity", "amd_gpu_gfx_activity"} <= set(
        reg.expand("hw.gpu.utilization")
    )
    assert "measurementsInletSensorValue" in reg.expand("hw.power")
    assert reg.expand("unheard_of") == ("unheard_of",)
    assert reg.expand("hw.unheard_of") == ()


def test_the_parts_of_a_histogram():
    bucket = registry().get("vllm:time_to_first_token_seconds_bucket")
    assert (bucket.kind, bucket.scale, bucket.le_scale) == (MetricKind.HISTOGRAM, 1.0, 1000.0)
    total = registry().get("vllm:time_to_first_token_seconds_sum")
    assert (total.kind, total.scale, total.unit) == (MetricKind.COUNTER, 1000.0, "ms")
    count = registry().get("vllm:time_to_first_token_seconds_count")
    assert (count.kind, count.scale, count.family) == (
        MetricKind.COUNTER,
        1.0,
        "vllm:time_to_first_token_seconds",
    )


@pytest.mark.parametrize(
    ("sensor", "unit", "scale"),
    [
        ("activePower", "W", 1.0),
        ("5", "W", 1.0),
        ("rmsCurrent", "A", 0.001),
        ("rmsVoltage", "V", 1.0),
        ("other", "", 1.0),
    ],
)
def test_a_label_may_decide_what_a_metric_means(sensor, unit, scale):
    metric = registry().get("measurementsInletSensorValue", {"sensorType": sensor})
    assert (metric.unit, metric.scale, metric.missing_below) == (unit, scale, 0.0)


def test_kind_comes_from_the_registry_first():
    assert registry().kind("ifHCInOctets", {}) is MetricKind.COUNTER
    assert registry().kind("gpu_nodes_total", {}) is MetricKind.GAUGE
    assert registry().kind("unheard_of_total", {}) is MetricKind.COUNTER
    energy = {"sensorType": "activeEnergy"}
    assert registry().kind("measurementsInletSensorValue", energy) is MetricKind.COUNTER


@pytest.mark.parametrize(
    ("metric", "labels", "value", "judgement"),
    [
        ("ipmi_temperature_celsius", INLET, 22, "ok"),
        ("ipmi_temperature_celsius", INLET, 27, "ok"),
        ("ipmi_temperature_celsius", INLET, 27.5, "warn"),
        ("ipmi_temperature_celsius", INLET, 33, "critical"),
        ("ipmi_temperature_celsius", INLET, 17, "warn"),
        ("ipmi_temperature_celsius", INLET, 14, "critical"),
        ("ipmi_temperature_celsius", {"name": "CPU1 Temp"}, 80, None),
        ("upsOutputSource", {}, 3, "ok"),
        ("upsOutputSource", {}, 5, "critical"),
        ("network_ups_tools_ups_status", {"flag": "OL"}, 1, None),
        ("network_ups_tools_ups_status", {"flag": "OB"}, 0, "ok"),
        ("network_ups_tools_ups_status", {"flag": "OB"}, 1, "critical"),
        ("network_ups_tools_ups_status", {"flag": "RB"}, 1, "warn"),
        ("network_ups_tools_battery_runtime", {}, 57, "ok"),
        ("upsTestResultsSummary", {}, 2, "warn"),
        ("upsTestResultsSummary", {}, 6, "ok"),
        ("node_infiniband_state_id", {}, 1, "critical"),
        ("node_infiniband_link_downed_total", {}, 0, "ok"),
        ("node_infiniband_link_downed_total", {}, 4, "warn"),
        ("node_infiniband_link_downed_total", {}, 5, "critical"),
        ("DCGM_FI_DEV_XID_ERRORS", {}, 79, "critical"),
        ("DCGM_FI_DEV_XID_ERRORS", {}, 0, "ok"),
        ("DCGM_FI_DEV_XID_ERRORS", {}, 13, "ok"),
        ("upsEstimatedMinutesRemaining", {}, 9, "critical"),
        ("upsEstimatedMinutesRemaining", {}, float("nan"), None),
    ],
)
def test_health(metric, labels, value, judgement):
    order = {None: 0, "ok": 1, "warn": 2, "critical": 3}
    judged = [rule.judge(value) for rule in registry().get(metric).rules_for(labels)]
    assert max(judged, key=order.get, default=None) == judgement


def test_an_xid_counts_for_24_hours_and_a_flap_is_an_increase():
    (xid,) = registry().get("DCGM_FI_DEV_XID_ERRORS").health
    assert (xid.measure, xid.window_s, xid.source) == (ComparedValue.CHANGED, 86400, "azure-nhc")
    (flap,) = registry().get("node_infiniband_link_downed_total").health
    assert (flap.direction, flap.warn, flap.critical) == (LimitTest.ABOVE, (0.0,), (4.0,))
    assert (flap.source, flap.measure, flap.window_s) == ("azure-nhc", ComparedValue.INCREASE, 86400)
    assert (flap.title, flap.unit("")) == ("Link goes down and up", "in 24 h")


def test_states_have_words():
    source = registry().get("upsOutputSource")
    assert source.state_name(5.0) == "battery"
    assert [source.state_name(value) for value in (99.0, 2.5, float("nan"))] == ["", "", ""]


GOOD = {
    "exporter": "test",
    "source": "OD",
    "defaults": {"domain": "compute", "object": "node", "match": "default", "kind": "gauge"},
    "metrics": {"m": {"title": "M", "unit": "W"}},
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "metrics").mkdir()
    (tmp_path / "sources.yaml").write_text("OD: ours\n")
    (tmp_path / "matching.yaml").write_text(
        "default:\n  - {kind: device, by: host, key: [{host: [instance]}]}\n"
    )
    (tmp_path / "interfaces.yaml").write_text("{}")
    return tmp_path


def write(folder: Path, **changes) -> Path:
    (folder / "metrics" / "test.yaml").write_text(yaml.safe_dump({**GOOD, **changes}))
    return folder


def metric(**changes) -> dict:
    return {"metrics": {"m": {"title": "M", "unit": "W", **changes}}}


def rule(**changes) -> dict:
    whole = {"above": {"warn": 1}, "source": "OD", "title": "M is high", "action": "Lower M.", **changes}
    return metric(health=[{key: value for key, value in whole.items() if value is not None}])


def test_a_good_folder_loads(folder):
    assert [each.name for each in load(write(folder)).metrics] == ["m"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"exprter": "x"}, "exprter: unknown key"),
        ({"source": "hearsay"}, "source: 'hearsay' is not one of OD"),
        (metric(unit="furlong"), "metrics.m.unit: 'furlong'"),
        (metric(kind="meter"), "metrics.m.kind: 'meter'"),
        (metric(object="toaster"), "metrics.m.object: 'toaster'"),
        (metric(domain="gas"), "metrics.m.domain: 'gas'"),
        (metric(match="nothing"), "metrics.m.match: 'nothing'"),
        (metric(scale="ten"), "metrics.m.scale: 'ten' is not a number"),
        (metric(scale=0), "metrics.m.scale: is not above 0"),
        (metric(sketch="yes"), "metrics.m.sketch: 'yes'"),
        (metric(title=3), "metrics.m.title: 3 is not text"),
        (metric(aliases="n"), "metrics.m.aliases: 'n' is not a list"),
        (metric(aliases=["m"]), "metrics.m: m is m already"),
        (metric(colour="red"), "metrics.m.colour: unknown key"),
        (metric(states={"x": "y"}), "metrics.m.states: 'x'"),
        (metric(health={}), "metrics.m.health: {} is not a list"),
        (metric(health=[{"source": "OD"}]), "metrics.m.health[0]: has not exactly one"),
        (metric(health=[{"above": {}, "source": "OD"}]), "metrics.m.health[0].above: has neither"),
        (metric(health=[{"above": {"warn": 1}}]), "metrics.m.health[0].source: None"),
        (
            metric(health=[{"above": {"warn": 9, "critical": 8}, "source": "OD"}]),
            "is critical before it warns",
        ),
        (
            metric(health=[{"below": {"warn": 8, "critical": 9}, "source": "OD"}]),
            "is critical before it warns",
        ),
        (metric(health=[{"one_of": {"warn": []}, "source": "OD"}]), "metrics.m.health[0].one_of.warn: []"),
        (
            metric(health=[{"above": {"warn": 1}, "source": "OD", "measure": "increase"}]),
            "metrics.m.health[0].window",
        ),
        (
            metric(health=[{"above": {"warn": 1}, "source": "OD", "window": "24h"}]),
            "metrics.m.health[0].window",
        ),
        (metric(health=[{"above": {"warn": 1}, "source": "OD"}]), "metrics.m.health[0].title: None"),
        (rule(action=7), "metrics.m.health[0].action: 7 is not text"),
        (rule(hysteresis="1"), "metrics.m.health[0].hysteresis: '1' is not a number"),
        (rule(hysteresis=-1), "metrics.m.health[0].hysteresis: -1 does not go with above"),
        (
            rule(above=None, one_of={"warn": [1]}, hysteresis=1),
            "health[0].hysteresis: 1 does not go with one_of",
        ),
        (rule(**{"for": "7m"}), "metrics.m.health[0].for: '7m' is not one of"),
        (rule(only="sunny"), "metrics.m.health[0].only: 'sunny' is not one of"),
        (rule(unless={"fstype": [7]}), "metrics.m.health[0].unless.fstype: [7] is not a pattern"),
        (rule(when={"fstype": ["a"]}), "metrics.m.health[0].when.fstype: ['a'] is not a pattern"),
        (
            rule(share_of="n", measure="increase", window="1h"),
            "health[0].share_of: does not go with increase",
        ),
        (rule(share_of="n", days_left=True), "metrics.m.health[0].days_left: does not go with share_of"),
        (rule(days_left="yes"), "metrics.m.health[0].days_left: 'yes' is not true or false"),
        (rule(label="status"), "metrics.m.health[0].numbers: goes with a label"),
        (rule(numbers={"down": 1}), "metrics.m.health[0].numbers: goes with a label"),
        (rule(label="status", numbers={"down": "x"}), "health[0].numbers.down: 'x' is not a number"),
        (metric(variants=[{"title": "x"}]), "metrics.m.variants[0].when"),
        (metric(variants=[{"when": {"a": ["b"]}, "unit": "furlong"}]), "metrics.m.variants[0].unit"),
        ({"metrics": {"m": {"unit": "W"}}}, "metrics.m.title: None is not text"),
        ({"metrics": []}, "metrics: [] is not a mapping"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_field(folder, changes, message):
    with pytest.raises(RegistryError) as caught:
        load(write(folder, **changes))
    assert str(caught.value).startswith("test.yaml: ")
    assert message in str(caught.value)


def test_a_key_said_twice_is_a_mistake(folder):
    (folder / "metrics" / "test.yaml").write_text("exporter: a\nexporter: b\n")
    with pytest.raises(RegistryError, match="'exporter' is written twice"):
        load(folder)


def test_two_files_may_not_claim_one_name(folder):
    write(folder)
    (folder / "metrics" / "other.yaml").write_text(yaml.safe_dump(GOOD))
    with pytest.raises(RegistryError, match=r"test\.yaml: metrics\.m: m is m already"):
        load(folder)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ("default: []", "default: is not a list of rules"),
        ("other:\n  - {kind: device, by: host, key: [{host: [a]}]}", "default: is missing"),
        ("default:\n  - {kind: chair, by: host, key: [{host: [a]}]}", "default[0].kind: 'chair'"),
        ("default:\n  - {kind: device, by: smell, key: [{host: [a]}]}", "default[0].by: 'smell'"),
        ("default:\n  - {kind: device, by: host, key: []}", "default[0].key: is empty"),
        (
            "default:\n  - {kind: device, by: host, key: [{host: []}]}",
            "default[0].key[0].host: names no label",
        ),
        (
            "default:\n  - {kind: device, by: host, key: [{host: [a], text: [b]}]}",
            "default[0].key[0]: has not exactly one",
        ),
        ("default: {", "file: "),
        ("- a", "file: is not a mapping"),
    ],
)
def test_a_broken_matching_rule_is_named(folder, rules, message):
    (folder / "matching.yaml").write_text(rules)
    with pytest.raises(RegistryError) as caught:
        load(write(folder))
    assert f"matching.yaml: {message}" in str(caught.value)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ("a: {match: nowhere, labels: [b], expressions: [c]}", "a.match: 'nowhere' is not one of default"),
        ("a: {match: default, labels: [b], expressions: []}", "a: names no label or has no expression"),
        ("a: {match: default, labels: [b], expressions: ['(']}", "a.expressions: '('"),
        ("a: {match: default, label: b, expressions: [c]}", "a.label: unknown key"),
    ],
)
def test_a_broken_rule_of_what_is_left_out_is_named(folder, rules, message):
    (folder / "interfaces.yaml").write_text(rules)
    with pytest.raises(RegistryError) as caught:
        load(write(folder))
    assert f"interfaces.yaml: {message}" in str(caught.value)
