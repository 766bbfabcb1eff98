"""/telemetry/explore/: a question in the address, its chart, its lines as a table and as a file."""

import json
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from plotly import graph_objects as go

from telemetry.explore import distinct_names
from tests.inventory import made
from tests.telemetry.sending import STALE

pytestmark = pytest.mark.django_db
URL = "/telemetry/explore/"
QUESTION = f"{URL}?site=porto&metric=DCGM_FI_DEV_GPU_TEMP"
ASKED = f"{QUESTION}&start=now-1h"


def temperature(gpu="0", **labels):
    return {"__name__": "DCGM_FI_DEV_GPU_TEMP", "Hostname": "gpu-01", "gpu": gpu} | labels


@pytest.fixture
def two_gpus(sender, porto):
    node = made.device(site=porto, name="gpu-01")
    for index in (0, 1):
        made.accelerator(device=node, index=index)
    sender.deliver(
        *((temperature("0"), 60.0 + minute, -60 * minute) for minute in range(5)),
        *((temperature("1"), 80.0, -60 * minute) for minute in range(5)),
    )
    return node


def chart_of(client, path):
    response = client.get(path.replace(URL, f"{URL}chart.json"))
    assert response.status_code == 200, response.content
    return response.json()


def test_without_a_metric_it_says_what_to_do_and_lists_where_metrics_are(browse, two_gpus):
    page = browse("viewer", URL)
    assert "Choose a metric" in page
    assert "Porto 1 metric" in page


def test_lines_are_listed_with_their_values_and_objects(browse, two_gpus):
    page = browse("viewer", ASKED)
    assert "gpu=0" in page
    assert "gpu=1" in page
    assert "80 °C" in page
    assert "64 °C" in page
    assert "gpu-01" in page


def test_the_chart_has_a_line_for_each_series_and_the_limits_of_the_metric(client_of, two_gpus):
    figure = chart_of(client_of("viewer"), ASKED)
    assert [trace["name"] for trace in figure["data"]] == ["gpu=1", "gpu=0"]
    assert {shape["name"] for shape in figure["layout"]["shapes"]} == {"limit"}
    assert "between 60 °C and 80 °C" in figure["meta"]["finding"]
    assert figure["meta"]["foot_right"] == "measured"
    go.Figure({"data": figure["data"], "layout": figure["layout"]})


def test_missing_samples_break_the_line_and_a_lone_one_is_a_dot(client_of, sender):
    sender.deliver((temperature(), 60.0, -1200), (temperature(), 61.0, -1140), (temperature(), 70.0, 0))
    [trace] = chart_of(client_of("viewer"), ASKED)["data"]
    assert [value for value in trace["y"] if value is not None] == [60.0, 61.0, 70.0]
    assert None in trace["y"]
    assert trace["marker"]["size"][-1] > 0
    assert trace["marker"]["size"][0] == 0


def test_a_zoom_asks_again_with_its_own_range(client_of, two_gpus, frozen_now):
    end = round(frozen_now.at.timestamp() * 1000)
    figure = chart_of(client_of("viewer"), f"{QUESTION}&start={end - 130_000}&end={end}&points=900")
    assert figure["layout"]["xaxis"]["range"] == [end - 130_000, end]
    assert len(figure["data"][0]["x"]) == 3


def test_a_relative_range_of_the_page_reaches_the_chart(client_of, two_gpus):
    figure = chart_of(client_of("viewer"), f"{QUESTION}&start=now-24h&end=now")
    first, last = figure["layout"]["xaxis"]["range"]
    assert last - first == timedelta(hours=24) / timedelta(milliseconds=1)


def test_many_lines_are_all_listed_and_the_highest_drawn(client_of, sender):
    sender.deliver(*((temperature(str(place)), float(place), 0) for place in range(30)))
    client = client_of("viewer")
    figure = chart_of(client, ASKED)
    assert len(figure["data"]) == 20
    assert figure["data"][0]["name"] == "gpu=29"
    assert figure["layout"]["showlegend"]
    assert [trace["name"] for trace in figure["data"] if trace["showlegend"]] == [
        f"gpu={place}" for place in range(29, 24, -1)
    ]
    assert {trace["meta"]["role"] for trace in figure["data"][5:]} == {"muted"}
    assert figure["meta"]["footer"].endswith(
        "in colour the 5 with the highest peak, in grey the next 15; 10 more are only in the table"
    )
    go.Figure({"data": figure["data"], "layout": figure["layout"]})
    lines = client.get(ASKED.replace(URL, f"{URL}series.csv")).getvalue().decode().splitlines()
    assert len(lines[0].split(",")) == 31


def test_the_file_has_a_row_for_each_instant(client_of, two_gpus):
    response = client_of("viewer").get(ASKED.replace(URL, f"{URL}series.csv"))
    lines = response.getvalue().decode().splitlines()
    assert lines[0] == "time,gpu=1 (°C),gpu=0 (°C)"
    assert lines[-1] == "2026-11-24T16:00:00+00:00,80.0,60.0"


def test_the_same_question_as_an_api_call_gives_the_same_values(client_of, two_gpus):
    client = client_of("viewer")
    page = client.get(f"{ASKED}&aggregation=max&labels=gpu%3D1&step=60").content.decode()
    address = next(part for part in page.split('"') if part.startswith("/api/telemetry/query/"))
    asked = parse_qs(urlsplit(address.replace("&amp;", "&")).query)
    assert asked["labels"] == ["gpu=1"]
    [line] = json.loads(client.get(address.replace("&amp;", "&")).getvalue())["series"]
    assert line["points"][-1][1] == 80.0


def test_one_line_for_all_when_asked(browse, two_gpus):
    page = browse("viewer", f"{ASKED}&group_by=*&aggregation=max")
    assert "all series" in page


def test_a_question_narrowed_to_an_object_can_be_widened(client_of, two_gpus):
    page = client_of("viewer").get(f"{ASKED}&device_id={two_gpus.pk}").content.decode()
    assert f'name="device_id" value="{two_gpus.pk}"' in page
    assert "not only device gpu-01" in page
    assert f'href="{URL}?metric=DCGM_FI_DEV_GPU_TEMP&amp;start=now-1h"' in page


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("&step=soon", "step: "),
        ("&aggregation=quantile", "quantile: "),
        ("&labels=gpu", "labels: "),
        ("&site=nowhere", "site: "),
        ("&group_by=a%00b", "group_by: "),
    ],
)
def test_a_question_that_makes_no_sense_says_which_part(client_of, browse, two_gpus, query, said):
    assert said in browse("viewer", ASKED + query)
    response = client_of("viewer").get((ASKED + query).replace(URL, f"{URL}chart.json"))
    assert response.status_code == 400
    assert said in response.json()["detail"]


def test_a_range_that_cannot_be_read_is_refused(client_of, two_gpus):
    assert client_of("viewer").get(f"{QUESTION}&start=yesterday").status_code == 400


def test_a_metric_that_nobody_sends_is_an_empty_chart(client_of, browse, porto):
    asked = f"{URL}?site=porto&metric=no_such_metric"
    assert chart_of(client_of("viewer"), asked)["meta"]["empty"]
    browse("viewer", asked)


def test_an_ended_series_is_drawn_up_to_its_end(client_of, sender):
    sender.deliver((temperature(), 60.0, -180), (temperature(), 61.0, -120), (temperature(), STALE, -60))
    [trace] = chart_of(client_of("viewer"), ASKED)["data"]
    assert [value for value in trace["y"] if value is not None] == [60.0, 61.0]


@pytest.mark.parametrize("count", [1, 15])
def test_the_page_takes_the_same_statements_for_any_number_of_lines(
    client_of, sender, porto, count, django_assert_max_num_queries
):
    made.device(site=porto, name="gpu-01")
    sender.deliver(*((temperature(str(place)), 50.0, 0) for place in range(count)))
    client = client_of("viewer")
    with django_assert_max_num_queries(26):
        client.get(ASKED)


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ([{"__name__": "up", "job": "a"}], ["up"]),
        (
            [{"gpu": "0", "UUID": "GPU-a", "host": "x"}, {"gpu": "1", "UUID": "GPU-b", "host": "x"}],
            ["gpu=0", "gpu=1"],
        ),
        (
            [{"gpu": "0", "host": "x"}, {"gpu": "1", "host": "x"}, {"gpu": "0", "host": "y"}],
            ["gpu=0 · host=x", "gpu=1 · host=x", "gpu=0 · host=y"],
        ),
        (
            [{"ifIndex": "1", "ifName": "Ethernet1/1"}, {"ifIndex": "2", "ifName": "Ethernet1/2"}],
            ["ifName=Ethernet1/1", "ifName=Ethernet1/2"],
        ),
        ([{"a": "1"}, {"a": "1"}], ["a=1", "a=1 (2)"]),
        ([{}], ["all series"]),
        ([], []),
    ],
    ids=[
        "one",
        "the shortest label tells",
        "two labels tell",
        "a name before a number",
        "nothing tells",
        "all in one",
        "none",
    ],
)
def test_lines_are_named_by_what_tells_them_apart(lines, names):
    assert distinct_names(lines) == names


TRAFFIC = "node_network_receive_bytes_total"


@pytest.fixture
def traffic(sender):
    """10 KiB each second on two interfaces and the loopback, for an hour."""
    for name in ("eth0", "eth1", "lo"):
        labels = {"__name__": TRAFFIC, "instance": "gpu-01:9100", "device": name}
        sender.deliver(*[(labels, 614_400.0 * n, 60 * (n - 60)) for n in range(61)])


@pytest.mark.parametrize("start", ["now-1h", "now-30m", "now-10m"])
def test_a_counter_is_shown_as_its_rate_however_closely_one_looks(client_of, traffic, start):
    client = client_of("viewer")
    address = f"{URL}?site=porto&metric={TRAFFIC}&group_by=*&start={start}"
    figure = chart_of(client, address)
    [trace] = figure["data"]
    assert {value for value in trace["y"] if value is not None} == {20.0}
    assert figure["layout"]["yaxis"]["ticksuffix"] == " KiB/s"
    assert figure["layout"]["yaxis"]["rangemode"] == "nonnegative"
    assert "without 1 series of a loopback or virtual interface" in figure["meta"]["footer"]
    heading = chart_heading(client, address)
    assert heading == "Received, rate, sum of 2 series"


def test_a_heading_counts_the_series_that_had_not_ended_before(client_of, traffic, sender):
    """A third interface ended half an hour ago: the last hour has three series, the last ten minutes have two."""
    ended = {"__name__": TRAFFIC, "instance": "gpu-01:9100", "device": "eth2"}
    sender.deliver((ended, 0.0, -1860), (ended, 614_400.0, -1800), (ended, STALE, -1790))
    address = f"{URL}?site=porto&metric={TRAFFIC}&group_by=*&start=now-"
    client = client_of("viewer")
    assert chart_heading(client, address + "1h") == "Received, rate, sum of 3 series"
    assert chart_heading(client, address + "10m") == "Received, rate, sum of 2 series"


def chart_heading(client, address):
    page = client.get(address).content.decode()
    return " ".join(re.search(r'<h2[^>]*id="h-explore"[^>]*>(.*?)</h2>', page, re.DOTALL)[1].split())


@pytest.mark.parametrize("aggregation", ["avg", "sum", "increase", "last", "max", "min"])
def test_a_total_or_a_mean_of_a_counter_is_not_drawn(client_of, traffic, aggregation):
    address = f"{URL}?site=porto&metric={TRAFFIC}&start=now-1h&aggregation={aggregation}"
    answer = client_of("viewer").get(address.replace(URL, f"{URL}chart.json"))
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("aggregation: ")


@pytest.mark.parametrize("more", ["", "&aggregation=avg", "&aggregation=sum", "&step=soon", "&labels=device"])
def test_of_a_counter_the_form_offers_its_rate_alone(client_of, traffic, more):
    """The page offers the same aggregations after it refused a question."""
    page = client_of("viewer").get(f"{URL}?site=porto&metric={TRAFFIC}&start=now-1h{more}").content.decode()
    assert offered_in(page) == ["", "rate", "count"]


def test_a_quantile_is_offered_of_the_buckets_of_a_histogram(client_of, sender):
    name = "vllm:time_to_first_token_seconds_bucket"
    for le, count in (("0.1", 50.0), ("+Inf", 100.0)):
        bucket = {"__name__": name, "le": le, "pod": "a"}
        sender.deliver((bucket, 0.0, -320), (bucket, count, -60))
    page = client_of("viewer").get(f"{URL}?site=porto&metric={name}&start=now-1h").content.decode()
    assert "quantile" in offered_in(page)


def offered_in(page):
    [select] = re.findall(r'<select[^>]*name="aggregation">(.*?)</select>', page)
    return re.findall(r'value="(\w*)"', select)


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("", ["XID 62"]),
        ("&aggregation=last&step=300", ["XID 62"]),
        ("&aggregation=max&step=300", ["XID 62"]),
        ("&aggregation=avg&step=300", []),
        ("&aggregation=sum&step=300", []),
        ("&aggregation=max&group_by=*", []),
    ],
)
def test_a_page_explains_only_codes_that_were_sent(client_of, sender, query, codes):
    for gpu in "01":
        xid = {"__name__": "DCGM_FI_DEV_XID_ERRORS", "Hostname": "gpu-01", "gpu": gpu}
        sender.deliver((xid, 0.0, -110), (xid, 62.0, -60))
    address = f"{URL}?site=porto&metric=DCGM_FI_DEV_XID_ERRORS&start=now-12h{query}"
    page = client_of("viewer").get(address).content.decode()
    assert re.findall(r'class="[^"]*code-words".*?(XID \d+)', page) == codes


def test_codes_are_drawn_as_marks_of_each_series(client_of, sender):
    for gpu, code in (("0", 62.0), ("1", 119.0)):
        xid = {"__name__": "DCGM_FI_DEV_XID_ERRORS", "Hostname": "gpu-01", "gpu": gpu}
        sender.deliver((xid, 0.0, -1800), (xid, code, -900), (xid, code, -60))
    path = f"{URL}?site=porto&metric=DCGM_FI_DEV_XID_ERRORS&start=now-1h"
    figure = chart_of(client_of("viewer"), path)
    marks = {
        (series, text)
        for trace in figure["data"]
        for series, text in zip(trace["y"], trace["text"], strict=True)
    }
    assert marks == {("gpu=0", "XID 62"), ("gpu=1", "XID 119")}
    assert figure["layout"]["yaxis"]["type"] == "category"
    assert {row[1] for row in figure["meta"]["table"]["rows"]} == {"gpu=0", "gpu=1"}
    go.Figure({"data": figure["data"], "layout": figure["layout"]})
    mean = chart_of(client_of("viewer"), f"{path}&aggregation=avg")
    assert mean["meta"]["empty"].startswith("Codes have no mean and no sum")


def test_each_column_of_a_file_has_the_unit_of_its_own_line(client_of, sender):
    metric = "measurementsInletSensorValue"
    for kind in ("activePower", "rmsVoltage"):
        sender.deliver(({"__name__": metric, "instance": "pdu-1", "sensorType": kind}, 230.0, 0))
    answer = client_of("viewer").get(f"{URL}series.csv?site=porto&metric={metric}&start=now-1h")
    heads = answer.getvalue().decode().splitlines()[0].split(",")
    assert heads == ["time", "sensorType=activePower (W)", "sensorType=rmsVoltage (V)"]


@pytest.mark.parametrize(
    ("quantile", "name"), [("0.5", "p50"), ("0.29", "p29"), ("0.999", "p99.9"), ("0.9999", "p99.99")]
)
def test_a_quantile_is_named_as_it_was_asked_for(client_of, two_gpus, quantile, name):
    heading = chart_heading(client_of("viewer"), f"{ASKED}&step=60&aggregation=quantile&quantile={quantile}")
    assert heading == f"GPU temperature, {name}"


def test_the_rate_of_a_rare_event_is_not_drawn_as_nothing(client_of, sender):
    errors = {"__name__": "node_network_receive_errs_total", "instance": "gpu-01:9100", "device": "eth0"}
    sender.deliver(*[(errors, 0.0 if n < 30 else 0.05, 60 * (n - 60)) for n in range(61)])
    address = f"{URL}?site=porto&metric=node_network_receive_errs_total&start=now-1h&step=3600"
    figure = chart_of(client_of("viewer"), address)
    assert max(value for value in figure["data"][0]["y"] if value is not None) == pytest.approx(
        0.05 / 3600, rel=0.1
    )


def test_a_moment_is_shown_as_a_date(client_of, sender):
    booted = {"__name__": "node_boot_time_seconds", "instance": "gpu-01:9100"}
    sender.deliver((booted, 1_795_775_439.0, -60), (booted, 1_795_775_439.0, 0))
    client = client_of("viewer")
    address = f"{URL}?site=porto&metric=node_boot_time_seconds&start=now-1h"
    figure = chart_of(client, address)
    assert figure["layout"]["yaxis"]["type"] == "date"
    assert figure["data"][0]["y"][-1] == 1_795_775_439_000
    assert "last 27 Nov 2026 " in figure["meta"]["finding"]
    assert "1,795,775,439" not in client.get(address).content.decode()
