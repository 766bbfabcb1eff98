"""The chart of a problem: what its rule compares, the limit, when it held, and codes as marks."""

from datetime import timedelta

import pytest
from plotly import graph_objects as go

from readiness.assessment.evidence.models import ValidationRun
from telemetry import operations as telemetry
from telemetry import store
from telemetry.models import Series
from tests.inventory import made
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import DAY, NOW
from tests.readiness.boards.problems.told import HOUR, address_of, check_problem, problem_of, reason_about
from tests.telemetry.sending import Sender

pytestmark = pytest.mark.django_db
FORTY = timedelta(minutes=40)


@pytest.fixture
def turin(frozen_now):
    frozen_now.at = NOW
    store.keep_partitions(now=NOW)
    return stored.site(name="Turin", slug="tur", kw=70.0)


@pytest.fixture
def deliver(turin, frozen_now):
    source, plain = telemetry.create_source(site=turin, name="turin", by=None, now=NOW)
    source.plain_token = plain
    return Sender(source, frozen_now).deliver


@pytest.fixture
def node(turin):
    return made.device(site=turin, name="gpu-9")


@pytest.fixture
def draw(client_of):
    def draw(problem, role="viewer", **query):
        path = address_of(problem, **query).replace("/problems/", "/problems/charts/figure.json")
        response = client_of(role).get(path)
        assert response.status_code == 200, response.content
        figure = response.json()
        go.Figure({"data": figure["data"], "layout": figure["layout"]})
        return figure

    return draw


def ms(at):
    return round(at.timestamp() * 1000)


def shapes(figure, kind):
    return [shape for shape in figure["layout"]["shapes"] if shape["type"] == kind]


def levels(figure):
    return {shape["y0"] for shape in shapes(figure, "line") if shape["name"] == "limit"}


def values(figure):
    [line] = figure["data"]
    return [value for value in line["y"] if value is not None]


def about(thing, metric, part="", **given):
    return reason_about(thing, "device", metric=metric, part=part, **{"title": metric} | given)


class TestASensor:
    METRIC = "ipmi_temperature_celsius"

    @pytest.fixture
    def warm(self, deliver, turin, node):
        """Its inlet is too warm since 40 minutes; its exhaust is always warmer."""
        deliver(
            *(
                ({"__name__": self.METRIC, "instance": "gpu-9", "name": name}, celsius, -60 * minute)
                for minute in range(120)
                for name, celsius in (("Inlet Temp", 34.0 if minute < 40 else 24.0), ("Exhaust Temp", 51.0))
            )
        )
        inlet = {"part": "Inlet Temp", "value": 34.0, "unit": "°C", "threshold": 32.0}
        return problem_of(turin, about(node, self.METRIC, **inlet), since=NOW - FORTY)

    def test_it_is_drawn_alone_with_the_limits_of_its_rule(self, draw, warm):
        figure = draw(warm)
        assert max(values(figure)) == 34.0
        assert levels(figure) == {27.0, 32.0}
        assert "last 34 °C, limit 27 °C and 32 °C" in figure["meta"]["finding"]

    def test_the_time_in_which_it_held_is_shaded(self, draw, warm):
        [held] = shapes(draw(warm), "rect")
        assert (held["x0"], held["x1"]) == (ms(NOW - FORTY), ms(NOW))

    def test_a_solved_one_is_shaded_to_its_end(self, draw, warm):
        warm.ended_at, warm.ended_by = NOW - timedelta(minutes=10), "sample"
        warm.save()
        [held] = shapes(draw(warm), "rect")
        assert held["x1"] == ms(warm.ended_at)

    def test_a_limit_that_the_rule_no_longer_has_is_drawn_as_well(self, draw, warm):
        warm.reasons = [warm.reasons[0] | {"threshold": 30.5}]
        warm.save()
        assert levels(draw(warm)) == {27.0, 30.5, 32.0}

    def test_what_happened_near_its_beginning_is_marked_by_number(self, draw, turin, warm):
        at = NOW - FORTY - HOUR
        run = {"scope": "node", "received_at": NOW, "file_bytes": 1, "file_sha256": "a"}
        ValidationRun.objects.create(site=turin, tool="fio", taken_at=at, **run)
        figure = draw(warm)
        assert [note["text"] for note in figure["layout"]["annotations"] if "boxed" in note["name"]] == ["1"]
        assert ms(at) in [shape["x0"] for shape in shapes(figure, "line") if shape["name"] == "today"]


def test_a_counter_is_drawn_as_what_it_rose_within_the_window_of_its_rule(draw, deliver, turin, node):
    metric, port = "node_network_carrier_down_changes_total", made.port(device=node, name="eth2")
    labels = {"__name__": metric, "instance": "gpu-9", "device": "eth2"}
    deliver(*((labels, 7.0 + max(0, 30 - minute) // 5, -60 * minute) for minute in range(90)))
    told = {"metric": metric, "measure": "increase", "unit": "in 24 h", "threshold": 4.0, "value": 6.0}
    problem = problem_of(turin, reason_about(port, "port", title="Link", part="", **told), domain="network")
    figure = draw(problem)
    assert 4.0 in levels(figure)
    rises = values(figure)
    assert rises == sorted(rises)
    assert (rises[0], rises[-1]) == (0.0, 6.0)


def test_a_share_is_drawn_in_percent(draw, deliver, turin, node):
    labels = {"instance": "gpu-9", "mountpoint": "/", "fstype": "ext4", "device": "sda1"}
    deliver(
        *(
            ({"__name__": f"node_filesystem_{name}_bytes", **labels}, size, -60 * minute)
            for minute in range(10)
            for name, size in (("avail", 4e9), ("size", 100e9))
        )
    )
    told = {"direction": "below", "part": "/", "value": 4.0, "unit": "%", "threshold": 5.0}
    figure = draw(problem_of(turin, about(node, "node_filesystem_avail_bytes", **told)))
    assert set(values(figure)) == {4.0}
    assert 5.0 in levels(figure)


def test_an_expiry_is_drawn_as_the_days_that_are_left(draw, deliver, turin, node):
    metric = "probe_ssl_earliest_cert_expiry"
    ends_at = (NOW + 3 * DAY).timestamp()
    deliver(*(({"__name__": metric, "instance": "gpu-9"}, ends_at, -60 * minute) for minute in range(10)))
    told = {"direction": "below", "value": 3.0, "unit": "days", "threshold": 7.0}
    site = {"object_kind": "site", "object_id": turin.pk, "object": "Turin"}
    figure = draw(problem_of(turin, about(node, metric, **told) | site))
    assert values(figure)[-1] == pytest.approx(3.0, abs=0.01)


class TestCodes:
    METRIC = "DCGM_FI_DEV_XID_ERRORS"

    @pytest.fixture
    def reported(self, deliver, turin, node):
        gpu = made.accelerator(device=node, index=3)
        labels = {"__name__": self.METRIC, "Hostname": "gpu-9", "gpu": "3"}
        codes = (48.0 if minute < 20 else 31.0 if minute < 50 else 0.0 for minute in range(80))
        deliver(*((labels, code, -60 * minute) for minute, code in enumerate(codes)))
        told = {"metric": self.METRIC, "title": "XID 48", "measure": "changed", "value": 48.0}
        return problem_of(turin, reason_about(gpu, "accelerator", part="", **told))

    def test_they_are_marks_in_time_on_no_axis_of_numbers(self, draw, reported):
        figure = draw(reported)
        assert {trace["mode"] for trace in figure["data"]} == {"markers+text"}
        assert figure["layout"]["yaxis"]["type"] == "category"
        marks = {
            text: at for trace in figure["data"] for at, text in zip(trace["x"], trace["text"], strict=True)
        }
        assert set(marks) == {"XID 31", "XID 48"}
        assert abs(marks["XID 48"] - ms(NOW - timedelta(minutes=19))) <= 300_000
        assert figure["meta"]["finding"].startswith("2 codes, last XID 48")

    def test_each_has_the_colour_of_its_severity(self, draw, reported):
        roles = {trace["meta"]["role"]: trace["text"] for trace in draw(reported)["data"]}
        assert roles["bad"] == ["XID 48"]


def test_states_are_drawn_by_name(draw, deliver, turin, node):
    metric = "ipmi_fan_speed_state"
    labels = {"__name__": metric, "instance": "gpu-9", "name": "FAN2"}
    deliver(*((labels, 2.0, -60 * minute) for minute in range(10)))
    fan = {"part": "FAN2", "direction": "one_of", "value": 2.0}
    axis = draw(problem_of(turin, about(node, metric, **fan)))["layout"]["yaxis"]
    assert axis["ticktext"] == ["nominal", "warning", "critical"]


def test_a_check_has_the_series_that_decided_it_and_its_limit(draw, deliver, turin, node):
    metric = "upsOutputPercentLoad"
    deliver(*(({"__name__": metric, "instance": "gpu-9"}, 83.0, -60 * minute) for minute in range(5)))
    series = Series.objects.get(metric=metric)
    decided = {"part": "load", "ref": f"series:{series.pk}"}
    stored.result(turin, "p2-power-headroom", "fail", unit="%", threshold=80.0, evidence=decided)
    figure = draw(check_problem(turin, "p2-power-headroom"))
    assert set(values(figure)) == {83.0}
    assert levels(figure) == {80.0}


def test_without_samples_it_says_so(draw, turin, node):
    figure = draw(problem_of(turin, about(node, "DCGM_FI_DEV_GPU_TEMP", unit="°C", threshold=90.0)))
    assert figure["meta"]["empty"] == "No sample of DCGM_FI_DEV_GPU_TEMP in this time."
