"""The series of an object on its page in the inventory, and what the search page finds of telemetry."""

import re

import pytest

from readiness.assessment.framework import queries as framework_queries
from telemetry import rollups, sources
from tests.inventory import made
from tests.telemetry.sending import STALE

pytestmark = pytest.mark.django_db


def temperature(gpu="0", **labels):
    return {"__name__": "DCGM_FI_DEV_GPU_TEMP", "Hostname": "gpu-01", "gpu": gpu} | labels


@pytest.fixture
def node(porto):
    node = made.device(site=porto, name="gpu-01")
    for index in (0, 1):
        made.accelerator(device=node, index=index)
    return node


def test_a_device_shows_what_was_last_measured_of_it_and_when(browse, sender, node, frozen_now):
    sender.deliver((temperature("0"), 61.0, -60), (temperature("1"), 72.0, 0))
    frozen_now.move(seconds=30)
    page = browse("viewer", f"/inventory/devices/{node.pk}/")
    assert "GPU temperature" in page
    assert "gpu=0" in page
    assert "61 °C" in page
    assert "72 °C" in page
    assert "1 min ago" in page
    assert "porto prometheus" in page


def cells_of(client_of, node):
    page = client_of("viewer").get(f"/inventory/devices/{node.pk}/").content.decode()
    rows = re.findall(r'<tr id="row-series-\d+">(.*?)</tr>', page, re.DOTALL)
    plain = [
        re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", cell)).strip()
        for row in rows
        for cell in row.split("<td")
    ]
    return [cell.partition("> ")[2] or cell for cell in plain]


def test_a_series_that_ended_says_so_and_when_its_last_sample_was(client_of, sender, node, frozen_now):
    sender.deliver((temperature("0"), 61.0, 0))
    sender.deliver((temperature("0"), STALE, 30))
    frozen_now.move(minutes=4)
    page = " ".join(cells_of(client_of, node))
    assert "61 °C" in page
    assert "4 min ago ended 24 Nov 2026 16:00" in page


@pytest.mark.parametrize("days", [2, 30])
def test_a_series_that_stopped_long_ago_says_when(client_of, sender, node, frozen_now, days):
    sender.deliver((temperature("0"), 61.0, 0))
    frozen_now.move(hours=2)
    rollups.roll_up(now=frozen_now.at)
    frozen_now.move(days=days)
    page = " ".join(cells_of(client_of, node))
    assert "61 °C" in page
    assert f"{days} d ago" in page


def test_the_page_of_an_object_refreshes_itself(client_of, node):
    page = client_of("viewer").get(f"/inventory/devices/{node.pk}/").content.decode()
    assert re.search(r'<div class="[^"]*" id="live" data-refresh>', page)


def test_an_accelerator_shows_its_own_series_only(browse, sender, node):
    sender.deliver((temperature("0"), 61.0, 0), (temperature("1"), 72.0, 0))
    page = browse("viewer", f"/inventory/accelerators/{node.accelerators.get(index=0).pk}/")
    assert "61 °C" in page
    assert "72 °C" not in page


def rows_of(client, path):
    """Metric, which, figure: the words of each row of the panel."""
    page = client.get(path).content.decode()
    page = re.sub(r'<span class="visually-hidden">.*?</span>', "", page)
    rows = re.findall(r'<tr id="row-series-\d+">(.*?)</tr>', page, re.DOTALL)
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in rows]
    words = [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row[:3]] for row in cells]
    return {metric.split()[-1]: (which, figure) for metric, which, figure in words}


def test_counters_are_rates_and_many_series_of_a_metric_one_row(client_of, sender, node):
    of = {"instance": "gpu-01:9100"}
    for cpu in range(4):
        for mode in ("idle", "user"):
            cpu_time = of | {"__name__": "node_cpu_seconds_total", "cpu": str(cpu), "mode": mode}
            sender.deliver(*[(cpu_time, 1000.0 + 30 * n, 60 * (n - 5)) for n in range(6)])
    for name in ("eth0", "eth1", "lo"):
        received = of | {"__name__": "node_network_receive_bytes_total", "device": name}
        sender.deliver(*[(received, 61_440.0 * n, 60 * (n - 5)) for n in range(6)])
    for place, state in enumerate((1.0, 1.0, 1.0, 0.0, 1.0)):
        sender.deliver((of | {"__name__": "node_filesystem_readonly", "mountpoint": f"/{place}"}, state, 0))
    sender.deliver((of | {"__name__": "node_boot_time_seconds"}, 1_795_775_439.0, 0))
    client = client_of("viewer")
    rows = rows_of(client, f"/inventory/devices/{node.pk}/")
    assert rows["node_cpu_seconds_total"] == ("8 series by cpu, mode", "4 s/s measured sum of 8 series")
    assert rows["node_network_receive_bytes_total"] == ("device=eth1", "1 KiB/s measured")
    assert rows["node_filesystem_readonly"] == ("5 series by mountpoint", "4 yes, 1 no measured")
    assert rows["node_boot_time_seconds"][1].startswith("27 Nov 2026")
    page = client.get(f"/inventory/devices/{node.pk}/").content.decode()
    assert "without 1 series of a loopback or virtual interface" in page


def test_codes_of_many_series_are_told_with_who_holds_them(client_of, sender, node):
    for gpu, code in enumerate((0.0, 0.0, 79.0, 0.0, 79.0, 63.0, 0.0, 0.0)):
        labels = {
            "__name__": "DCGM_FI_DEV_XID_ERRORS",
            "Hostname": "gpu-01",
            "modelName": "H100",
            "gpu": str(gpu),
        }
        sender.deliver((labels, code, 0))
    client = client_of("viewer")
    path = f"/inventory/devices/{node.pk}/"
    which, figure = next(row for row in rows_of(client, path).values() if row[0].startswith("8 series"))
    assert which == "8 series by gpu"
    assert figure == "XID 63: gpu=5; XID 79: gpu=2, gpu=4; 5 without a code measured"
    page = client.get(path).content.decode()
    assert re.findall(r'code-words".*?(XID \d+)', page) == ["XID 63", "XID 79"]
    assert "Reboot the node; check its PCIe link and power." in page


@pytest.mark.parametrize(
    ("cpus", "told"), [(1, "100 s measured total, stopped"), (8, "800 s measured sum of 8 series, stopped")]
)
@pytest.mark.parametrize("is_marked", [True, False], ids=["ended", "silent"])
def test_counters_that_stopped_tell_where_they_stood(
    client_of, sender, node, frozen_now, cpus, told, is_marked
):
    of = [
        {"__name__": "node_cpu_seconds_total", "instance": "gpu-01:9100", "cpu": str(cpu)}
        for cpu in range(cpus)
    ]
    sender.deliver(*[(labels, 60.0 + 20 * n, 60 * (n - 2)) for labels in of for n in range(3)])
    if is_marked:
        sender.deliver(*[(labels, STALE, 30) for labels in of])
    rollups.roll_up(now=frozen_now.move(hours=2))
    rows = rows_of(client_of("viewer"), f"/inventory/devices/{node.pk}/")
    assert rows["node_cpu_seconds_total"][1] == told


def test_a_counter_of_one_sample_has_no_rate_yet(client_of, sender, node):
    for cpu in range(8):
        labels = {"__name__": "node_cpu_seconds_total", "instance": "gpu-01:9100", "cpu": str(cpu)}
        sender.deliver((labels, 60.0, 0))
    rows = rows_of(client_of("viewer"), f"/inventory/devices/{node.pk}/")
    assert rows["node_cpu_seconds_total"][1].startswith("unknown")
    assert "0 series" not in rows["node_cpu_seconds_total"][1]


@pytest.mark.parametrize("cadence_s", [15, 60, 600])
def test_a_rate_is_there_whatever_the_cadence_of_the_source_is(client_of, sender_of, porto, node, cadence_s):
    sender = sender_of(porto, cadence_s=cadence_s)
    read = {"__name__": "node_disk_read_bytes_total", "instance": "gpu-01:9100", "device": "sda"}
    sender.deliver(*[(read, 1024.0 * cadence_s * n, cadence_s * (n - 5)) for n in range(6)])
    rows = rows_of(client_of("viewer"), f"/inventory/devices/{node.pk}/")
    assert rows["node_disk_read_bytes_total"][1] == "1 KiB/s measured"


def test_the_value_of_a_silent_source_carries_a_clock(client_of, sender, node, frozen_now):
    sender.deliver((temperature("0"), 61.0, 0))
    sources.update_states(now=frozen_now.at)
    sources.update_states(now=frozen_now.move(minutes=10))
    assert b'data-clock="silent"' in client_of("viewer").get(f"/inventory/devices/{node.pk}/").content


def test_an_object_without_series_says_how_it_gets_some(browse, node):
    assert "No series yet" in browse("viewer", f"/inventory/devices/{node.pk}/")


def test_all_series_of_an_object_are_one_link_away(browse, sender, node):
    sender.deliver((temperature("0"), 61.0, 0), ("lonely_metric", 1.0, 0))
    page = browse("viewer", f"/telemetry/series/?device_id={node.pk}")
    assert "DCGM_FI_DEV_GPU_TEMP" in page
    assert "lonely_metric" not in page


@pytest.mark.parametrize("count", [1, 10])
def test_the_panel_takes_the_same_statements_for_any_number_of_series(
    client_of, sender, node, count, django_assert_max_num_queries
):
    sender.deliver(*((temperature("0", rack=str(place)), 61.0, 0) for place in range(count)))
    client = client_of("viewer")
    # What others may have read before: the framework.
    framework_queries.current()
    with django_assert_max_num_queries(27):
        client.get(f"/inventory/devices/{node.pk}/")


def test_sources_and_metrics_are_found_by_search(browse, sender):
    sender.deliver((temperature(), 61.0, 0))
    assert "porto prometheus" in browse("viewer", "/search/?q=porto+prom")
    by_meaning = browse("viewer", "/search/?q=GPU+temperature")
    assert "DCGM_FI_DEV_GPU_TEMP" in by_meaning
