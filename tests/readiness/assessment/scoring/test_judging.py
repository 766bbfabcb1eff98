"""Rules judge the samples of a site: preconditions, shares, days left, labels, windows. No database is needed."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest

from inventory.queries import SiteFacts
from readiness.assessment.scoring.facts import EvaluationFacts, Thing
from readiness.assessment.scoring.judging import findings_of
from telemetry.core.matching import OBJECT_COLUMNS
from telemetry.queries import Latest, Rise
from tests.readiness.assessment.scoring.core.builders import core_site

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
PORT, NODE, LOOP, LINK = ("port", 11), ("device", 12), ("cooling-unit", 13), ("link", 14)
SITE = 7
PROFILE = SiteFacts(
    **dict.fromkeys(field.name for field in fields(SiteFacts))
    | {"id": SITE, "slug": "faro", "name": "Faro", "stage": "production", "country": ""}
)


class Samples:
    """Samples as the newest of a site; each has a series of its own."""

    def __init__(self):
        self.latest, self.rises, self.count = {}, {}, 0

    def columns(self, metric, key, labels):
        self.count += 1
        columns = dict.fromkeys(OBJECT_COLUMNS.values()) | {OBJECT_COLUMNS[key[0]]: key[1]}
        return {
            "series_id": self.count,
            "source_id": 1,
            "site_id": SITE,
            "metric": metric,
            "labels": {"__name__": metric, **labels},
            "object_kind": key[0],
            **columns,
            "provenance": "measured",
            "cadence_s": 60,
        }

    def add(self, metric, key, value, *, age_s=10, **labels):
        row = Latest(
            **self.columns(metric, key, labels), ts=NOW - timedelta(seconds=age_s), value=float(value)
        )
        self.latest.setdefault(metric, []).append(row)
        return row.series_id

    def rise(self, metric, key, increase, *, last_s):
        last = NOW - timedelta(seconds=last_s)
        row = Rise(
            **self.columns(metric, key, {}), increase=float(increase), first_bad_at=last, last_bad_at=last
        )
        self.rises.setdefault(metric, []).append(row)
        return row

    def judged(self, **facts):
        names = {PORT: "leaf eth1", NODE: "node", LOOP: "cdu", LINK: "wan"}
        domains = {PORT: "network", NODE: "compute", LOOP: "energy"}
        whole = EvaluationFacts(
            profile=PROFILE,
            context=core_site(),
            limits={},
            things={key: Thing(key, names[key], domain) for key, domain in domains.items()},
            names=names,
            circuits=(),
            classes=(),
            sources={},
            live_floor_s=300,
            latest=self.latest,
            rises=self.rises,
            **{"loops": {}, **facts},
        )
        return {
            finding.title: (finding.rule.judge(finding.value), finding.value, finding.unit)
            for finding in findings_of(whole, NOW)
        }


@pytest.fixture
def samples():
    return Samples()


@pytest.mark.parametrize(
    ("metric", "value", "title"),
    [
        ("node_network_up", 0, "Port is down"),
        ("node_network_carrier", 0, "Port has no carrier"),
        ("ifOperStatus", 2, "Port is down"),
        ("ifOperStatus", 7, "Port is down"),
        ("node_infiniband_state_id", 1, "InfiniBand port is not active"),
        ("node_infiniband_physical_state_id", 2, "InfiniBand port has no link"),
    ],
)
def test_a_port_is_down_only_if_it_is_in_use(samples, metric, value, title):
    series = samples.add(metric, PORT, value)
    assert samples.judged() == {}
    assert samples.judged(linked_ports={PORT})[title][0] == "critical"
    assert samples.judged(was_well={series})[title][0] == "critical"


def test_a_port_that_is_up_is_well(samples):
    samples.add("ifOperStatus", PORT, 1)
    assert samples.judged(linked_ports={PORT})["Port is down"][0] == "ok"


@pytest.mark.parametrize("admin", [2, 3])
def test_a_port_that_an_operator_switched_off_is_not_judged(samples, admin):
    samples.add("ifOperStatus", PORT, 2)
    samples.add("ifAdminStatus", PORT, admin)
    assert samples.judged(linked_ports={PORT}) == {}


def test_a_port_that_should_be_up_is_judged(samples):
    samples.add("ifOperStatus", PORT, 2)
    samples.add("ifAdminStatus", PORT, 1)
    assert samples.judged(linked_ports={PORT})["Port is down"][0] == "critical"


@pytest.mark.parametrize(("newest", "is_judged"), [("up", True), ("down", False)])
def test_the_newest_label_says_what_an_operator_wants(samples, newest, is_judged):
    older = "down" if newest == "up" else "up"
    samples.add("node_network_up", PORT, 0, device="eth1")
    samples.add("node_network_info", PORT, 1, age_s=90, adminstate=older)
    samples.add("node_network_info", PORT, 1, age_s=30, adminstate=newest)
    assert bool(samples.judged(linked_ports={PORT})) is is_judged


def test_an_interface_that_the_inventory_lacks_is_no_port(samples):
    series = samples.add("node_network_up", NODE, 0, device="usb0")
    assert samples.judged(was_well={series}) == {}


DISK = {"device": "/dev/sda1", "fstype": "ext4", "mountpoint": "/data"}


@pytest.mark.parametrize(
    ("available", "judgement"),
    [(60, "ok"), (6, "ok"), (5, "ok"), (4.9, "warn"), (2, "critical"), (0, "critical")],
)
def test_space_is_judged_as_a_share_of_the_size(samples, available, judgement):
    samples.add("node_filesystem_avail_bytes", NODE, available * 1e9, **DISK)
    samples.add("node_filesystem_size_bytes", NODE, 100e9, **DISK)
    samples.add("node_filesystem_size_bytes", NODE, 1e9, **DISK | {"mountpoint": "/other"})
    found = samples.judged()["File system is almost full (/data)"]
    assert found == (judgement, pytest.approx(available), "%")


def test_without_a_size_space_is_not_judged(samples):
    samples.add("node_filesystem_avail_bytes", NODE, 1e9, **DISK)
    samples.add("node_filesystem_size_bytes", NODE, 0, **DISK)
    assert samples.judged() == {}


def test_a_full_image_is_read_only_by_design(samples):
    samples.add("node_filesystem_avail_bytes", NODE, 0, **DISK)
    samples.add("node_filesystem_size_bytes", NODE, 100e9, **DISK)
    series = samples.add("node_filesystem_readonly", NODE, 1, **DISK)
    assert samples.judged() == {}
    assert samples.judged(was_well={series})["File system became read-only (/data)"][0] == "critical"


@pytest.mark.parametrize(
    ("days", "judgement"), [(90, "ok"), (21, "ok"), (20.5, "warn"), (6, "critical"), (-2, "critical")]
)
def test_a_certificate_has_days_left(samples, days, judgement):
    expires_at = NOW + timedelta(days=days)
    samples.add("probe_ssl_earliest_cert_expiry", LINK, expires_at.timestamp(), instance="https://a.example")
    found = samples.judged()["Certificate expires soon (https://a.example)"]
    assert found == (judgement, pytest.approx(days), "days")


def test_a_loop_and_air_have_limits_of_their_own(samples):
    samples.add("cooling_supply_temperature_celsius", LOOP, 40)
    assert samples.judged(loops={LOOP[1]: "cdu"})["Cooling loop is too warm"][0] == "ok"
    assert samples.judged()["Supply air is too warm"][0] == "critical"


def test_a_label_holds_a_state_and_its_newest_series_counts(samples):
    samples.add("slurm_node_cpu_total", NODE, 64, age_s=90, status="drained")
    samples.add("slurm_node_cpu_total", NODE, 64, age_s=30, status="idle")
    assert samples.judged()["Slurm places no work on the node"] == ("ok", 0.0, "")
    samples.add("slurm_node_cpu_total", NODE, 64, age_s=5, status="down*")
    assert samples.judged()["Slurm places no work on the node"] == ("critical", 2.0, "")


def test_a_kubernetes_node_that_is_not_ready(samples):
    for status, value in (("true", 0), ("false", 0), ("unknown", 1)):
        samples.add("kube_node_status_condition", NODE, value, condition="Ready", status=status)
        samples.add("kube_node_status_condition", NODE, value, condition="DiskPressure", status=status)
    found = samples.judged()
    assert found["Kubernetes node is not ready (Ready)"][0] == "critical"
    assert found["Kubernetes node is short of a resource (DiskPressure)"][0] == "ok"


def test_an_hour_is_judged_by_the_rise_within_it(samples):
    metric = "node_infiniband_port_errors_received_total"
    of_day = samples.rise(metric, PORT, 500, last_s=300)
    assert samples.judged()["Port receives damaged packets"] == ("ok", 0.0, "packets in 1 h")
    of_hour = samples.rise(metric, PORT, 12, last_s=300)
    samples.rises[metric].pop()
    found = samples.judged(rises_within={(3600, of_day.series_id): of_hour})
    assert found["Port receives damaged packets"] == ("warn", 12.0, "packets in 1 h")


def test_an_old_sample_finds_nothing(samples):
    samples.add("ifOperStatus", PORT, 2, age_s=900)
    assert samples.judged(linked_ports={PORT}) == {}
