"""Two metrics in one chart: panels, their ratio, an earlier period, the figures, the file and PromQL."""

import re

import pytest
from plotly import graph_objects as go

from tests.telemetry.pages.conftest import words

pytestmark = pytest.mark.django_db
URL = "/telemetry/explore/"
HOUR = 3600
TWO = f"{URL}?site=porto&metric=DCGM_FI_DEV_GPU_UTIL&group_by=*&start=now-1h&b_metric=site_power_watts&b_group_by=*"
RATIO = f"{TWO}&relation=ratio"
EARLIER = f"{RATIO}&earlier=before"


@pytest.fixture
def sent(sender):
    """Utilisation of 80 % at 2 kW now, of 60 % at 2 kW in the hour before."""
    readings = []
    for number in range(120):
        use = 80.0 if number < 60 else 60.0
        readings += [
            ({"__name__": "DCGM_FI_DEV_GPU_UTIL", "Hostname": "gpu-01", "gpu": "0"}, use, -60 * number),
            ({"__name__": "site_power_watts", "site": "porto"}, 2000.0, -60 * number),
        ]
    sender.deliver(*readings)


def figure_of(client, path):
    response = client.get(path.replace(URL, f"{URL}chart.json"))
    assert response.status_code == 200, response.content
    figure = response.json()
    go.Figure({"data": figure["data"], "layout": figure["layout"]})
    return figure


def last(trace):
    return [value for value in trace["y"] if value is not None][-1]


def test_each_metric_and_their_ratio_have_a_panel_over_one_time(client_of, sent):
    figure = figure_of(client_of("viewer"), RATIO)
    assert [(trace["name"], trace["yaxis"], last(trace)) for trace in figure["data"]] == [
        ("A: GPU utilisation", "y", 80.0),
        ("B: Site power at the meter", "y2", 2.0),
        ("A ÷ B: GPU utilisation ÷ Site power at the meter", "y3", 40.0),
    ]
    assert figure["layout"]["grid"]["rows"] == 3
    assert figure["layout"]["yaxis3"]["ticksuffix"] == " %/kW"


def test_the_period_before_is_drawn_dashed_at_the_instants_of_the_present(client_of, sent):
    figure = figure_of(client_of("viewer"), EARLIER)
    dashed = [trace for trace in figure["data"] if trace["line"].get("dash")]
    assert [last(trace) for trace in dashed] == [60.0, 2.0, 30.0]
    first, end = figure["layout"]["xaxis"]["range"]
    assert all(first <= at <= end for trace in dashed for at in trace["x"])


def test_figures_say_how_the_mean_changed(client_of, sent):
    text = words(client_of("viewer").get(EARLIER))
    assert re.search(r"A GPU utilisation 80 % .*?\+20 points", text)
    assert re.search(r"A ÷ B .*? 40 %/kW .*?\+33\.3 %", text)
    assert "a period" not in text
    assert "the time before" in text


def test_a_file_has_a_column_for_each_line_and_its_earlier_period(client_of, sent):
    answer = client_of("viewer").get(EARLIER.replace(URL, f"{URL}series.csv"))
    head = answer.getvalue().decode().splitlines()[0]
    assert head.split(",") == [
        "time",
        "A GPU utilisation (%)",
        '"A GPU utilisation',
        ' earlier (%)"',
        "B Site power at the meter (W)",
        '"B Site power at the meter',
        ' earlier (W)"',
        "A ÷ B GPU utilisation ÷ Site power at the meter (%/kW)",
        '"A ÷ B GPU utilisation ÷ Site power at the meter',
        ' earlier (%/kW)"',
    ]


def test_the_same_stands_below_in_promql(client_of, sent):
    page = client_of("viewer").get(RATIO).content.decode()
    snippets = [
        re.sub(r"&quot;", '"', text) for text in re.findall(r"<pre[^>]*>(.*?)</pre>", page, re.DOTALL)
    ]
    first = "avg (avg_over_time(DCGM_FI_DEV_GPU_UTIL[1m]))"
    second = 'avg (avg_over_time(site_power_watts{site="porto"}[1m]))'
    assert snippets == [first, second, f"{first}\n/\n{second}"]


def test_lines_of_both_are_related_by_their_label(client_of, sender, sender_of, sent):
    figure = figure_of(client_of("viewer"), RATIO.replace("group_by=*", "group_by=site"))
    assert [(trace["name"], last(trace)) for trace in figure["data"]][-1][1] == 40.0


def test_a_metric_is_removed_and_the_other_stays(client_of, sent):
    page = client_of("viewer").get(RATIO).content.decode()
    urls = dict(reversed(pair) for pair in re.findall(r'href="([^"]*)" aria-label="Remove (\w)', page))
    assert urls["A"] == f"{URL}?site=porto&amp;metric=site_power_watts&amp;group_by=%2A&amp;start=now-1h"
    assert urls["B"] == f"{URL}?site=porto&amp;metric=DCGM_FI_DEV_GPU_UTIL&amp;group_by=%2A&amp;start=now-1h"


def test_series_are_combined_as_the_reader_says(client_of, sender):
    for gpu in "01":
        sender.deliver(
            ({"__name__": "DCGM_FI_DEV_POWER_USAGE", "Hostname": "gpu-01", "gpu": gpu}, 400.0, -60)
        )
    address = f"{URL}?site=porto&metric=DCGM_FI_DEV_POWER_USAGE&start=now-1h&group_by=site&combine="
    assert last(figure_of(client_of("viewer"), f"{address}sum")["data"][0]) == 800.0
    assert last(figure_of(client_of("viewer"), f"{address}max")["data"][0]) == 400.0
    assert "GPU power, sum of 2 series by site" in words(client_of("viewer").get(f"{address}sum"))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("&relation=difference", "relation: a difference needs two metrics of one unit"),
        ("&relation=product", "relation: "),
        ("&earlier=2d", "earlier: "),
        ("&b_aggregation=quantile", "b_quantile: "),
        ("&b_site=nowhere", "b_site: "),
        ("&combine=last", "combine: "),
    ],
)
def test_a_question_that_makes_no_sense_says_which_part(client_of, sent, more, said):
    client = client_of("viewer")
    assert said in words(client.get(TWO + more))
    assert client.get((TWO + more).replace(URL, f"{URL}chart.json")).status_code == 400


@pytest.mark.parametrize("more", ["&earlier=%201d", f"&points={'9' * 5000}"], ids=["a space", "many digits"])
def test_what_can_be_read_is_answered(client_of, sent, more):
    assert client_of("viewer").get(TWO + more).status_code == 200


@pytest.mark.parametrize("address", [RATIO, EARLIER], ids=["ratio", "and the period before"])
def test_the_page_takes_a_fixed_number_of_statements(client_of, sent, address, django_assert_max_num_queries):
    client = client_of("viewer")
    with django_assert_max_num_queries(48):
        client.get(address)
