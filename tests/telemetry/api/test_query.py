"""/api/telemetry/query/: points of series by step, and refusals that name the parameter."""

import json

import pytest

from telemetry.api import query
from tests.inventory import made
from tests.telemetry.sending import STALE, ms

pytestmark = pytest.mark.django_db
URL = "/api/telemetry/query/"


@pytest.fixture
def api(api_of):
    return api_of("viewer")


def temperature(gpu="0", **labels):
    return {"__name__": "DCGM_FI_DEV_GPU_TEMP", "Hostname": "gpu-01", "gpu": gpu} | labels


def ask(api, **asked):
    asked = {
        "site": "porto",
        "metric": "DCGM_FI_DEV_GPU_TEMP",
        "start": "now-5m",
        "end": "now",
        "step": "60",
    } | asked
    response = api.get(URL, asked)
    assert response.status_code == 200, response.getvalue()
    return json.loads(response.getvalue())


def test_each_series_is_a_line_with_unit_provenance_and_object(api, sender, porto, frozen_now):
    node = made.device(site=porto, name="gpu-01")
    gpu = made.accelerator(device=node, index=0)
    sender.deliver((temperature(), 60.0, -60), (temperature(), 62.0, 0))
    answer = ask(api)
    [line] = answer["series"]
    assert line["unit"] == "°C"
    assert line["provenance"] == "measured"
    assert line["labels"]["gpu"] == "0"
    assert (line["object"]["kind"], line["object"]["id"]) == ("accelerator", gpu.pk)
    now = ms(frozen_now.at)
    assert line["points"][-2:] == [[now - 60_000, 60.0], [now, 62.0]]
    assert (answer["step_s"], answer["end"]) == (60, now)


def test_an_ended_series_has_null_after_its_end(api, sender, frozen_now):
    sender.deliver((temperature(), 60.0, -240), (temperature(), 61.0, -180))
    sender.deliver((temperature(), STALE, -120))
    points = ask(api)["series"][0]["points"]
    known = [value for _, value in points if value is not None]
    assert known == [60.0, 61.0]
    assert points[-1][1] is None


def test_lines_are_combined_by_label_or_all_together(api, sender):
    sender.deliver(
        (temperature("0"), 60.0, 0), (temperature("1"), 80.0, 0), (temperature("1", UUID="b"), 90.0, 0)
    )
    by_gpu = {line["labels"]["gpu"]: line for line in ask(api, group_by="gpu")["series"]}
    assert by_gpu["1"]["points"][-1][1] == 85.0
    [together] = ask(api, group_by="*", aggregation="max")["series"]
    assert together["points"][-1][1] == 90.0
    assert together["id"] is None


def test_a_question_is_narrowed_by_labels_and_object(api, sender, porto):
    node = made.device(site=porto, name="gpu-01")
    sender.deliver((temperature("0"), 60.0, 0), (temperature("1"), 80.0, 0))
    assert len(ask(api, labels="gpu=~[1-9]")["series"]) == 1
    assert len(ask(api, device_id=node.pk)["series"]) == 2
    assert ask(api, device_id=node.pk + 1)["series"] == []


def test_what_nobody_sends_is_an_empty_answer(api, porto):
    assert ask(api, metric="no_such_metric")["series"] == []


def test_without_a_step_one_is_chosen_that_no_sample_falls_between(api, sender):
    sender.deliver((temperature(), 60.0, 0))
    assert ask(api, step="", start="now-1h")["step_s"] == 60
    assert ask(api, step="", start="now-6h")["step_s"] == 300
    assert ask(api, step="", start="now-30d")["step_s"] == 7200


def test_the_step_of_the_answer_is_that_of_the_roll_ups_it_was_read_from(api, sender):
    sender.deliver((temperature(), 60.0, 0))
    assert ask(api, step="60", start="now-24h")["step_s"] == 300


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"metric": ""}, "metric"),
        ({"metric": "{up}"}, "metric"),
        ({"site": "nowhere"}, "site"),
        ({"site_id": "x"}, "site_id"),
        ({"aggregation": "median"}, "aggregation"),
        ({"aggregation": "quantile"}, "quantile"),
        ({"aggregation": "quantile", "quantile": "half"}, "quantile"),
        ({"aggregation": "quantile", "quantile": "nan"}, "quantile"),
        ({"quantile": "0.5"}, "quantile"),
        ({"start": "yesterday"}, "start"),
        ({"end": "later"}, "end"),
        ({"start": "now", "end": "now-1h"}, "end"),
        ({"step": "0"}, "step"),
        ({"step": "soon"}, "step"),
        ({"step": "1", "start": "now-7d"}, "step"),
        ({"points": "many", "step": ""}, "points"),
        ({"points": "1" * 5000, "step": ""}, "points"),
        ({"labels": "gpu"}, "labels"),
        ({"labels": "gpu=~("}, "labels"),
        ({"group_by": "a\0b"}, "group_by"),
        ({"device_id": "x"}, "device_id"),
        ({"device_id": "1", "port_id": "1"}, "port_id"),
        ({"sight": "porto"}, "sight"),
        ({"start": "99999999999999"}, "end"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_by_field(api, porto, asked, field):
    given = {"site": "porto", "metric": "up", "start": "now-5m", "step": "60"} | asked
    response = api.get(URL, given)
    assert response.status_code == 400, response.content
    assert list(response.json()) == [field]


def test_more_values_than_an_answer_may_hold_are_refused(api, sender, monkeypatch):
    monkeypatch.setattr("telemetry.params.MOST_VALUES", 5)
    sender.deliver((temperature("0"), 60.0, 0), (temperature("1"), 60.0, 0))
    given = {"metric": "DCGM_FI_DEV_GPU_TEMP", "start": "now-5m", "step": "60"}
    response = api.get(URL, given)
    assert response.status_code == 400
    assert "2 series" in response.json()["step"][0]


@pytest.mark.parametrize("count", [1, 12])
def test_an_answer_takes_the_same_statements_for_any_number_of_series(
    api, sender, count, django_assert_max_num_queries
):
    sender.deliver(*((temperature(str(place)), 60.0, 0) for place in range(count)))
    with django_assert_max_num_queries(14):
        assert len(ask(api)["series"]) == count


def test_the_answer_is_sent_in_parts_and_times_stay_whole_numbers(api, sender, frozen_now):
    sender.deliver(*((temperature(str(place), UUID="x" * 500), 60.5, 0) for place in range(300)))
    given = {"site": "porto", "metric": "DCGM_FI_DEV_GPU_TEMP", "start": "now-5m", "step": "60"}
    parts = list(api.get(URL, given).streaming_content)
    assert len(parts) > 1
    assert max(map(len, parts)) < 2 * query.PART_BYTES
    body = b"".join(parts)
    assert len(json.loads(body)["series"]) == 300
    assert b"[%d,60.5]" % ms(frozen_now.at) in body


def test_a_reader_of_pages_gets_json_too(client_of, sender):
    sender.deliver((temperature(), 60.0, 0))
    answer = client_of("viewer").get(URL, {"metric": "up"}, headers={"accept": "text/html,*/*;q=0.8"})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert json.loads(answer.getvalue())["series"] == []
