"""The explorer's page, charts and file: what they show, by whom they may be seen, and how many statements they take."""

import csv
import json
import re
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from readiness.tradeoffs.core.units import number
from readiness.tradeoffs.models import SiteFactor
from readiness.tradeoffs.placing import charts
from readiness.workloads.models import WorkloadClass
from tests.inventory import made

pytestmark = pytest.mark.django_db
PAGE = "/tradeoffs/"


@pytest.fixture
def look(client_of, chat):
    """`look(latency=50)` is the page's text."""
    client = client_of("planner")

    def get(status=200, path=PAGE, **asked):
        answer = client.get(f"{path}?{urlencode({'workload': 'chat'} | asked, doseq=True)}")
        assert answer.status_code == status, answer.content
        return answer.getvalue().decode()

    return get


def rows(page):
    """Sites of the options table in its order."""
    return re.findall(r'<tr data-site="([a-z-]+)"', page)


def test_the_page_shows_options_by_rank_with_today_and_how_sure_it_is(look):
    page = look()
    assert rows(page)[0] == "lulea"
    assert "Moving there from Porto: +36 ms, -17 % cost" in page
    assert "of 1,000 weights drawn at random" in page or "weights drawn at random" in page
    assert "3 of 3 sites keep every limit" in page
    assert '/sites/oslo/">Oslo</a> (planned)' in page


def test_limits_drop_sites_into_their_own_list_with_the_reason(look):
    page = look(latency=50)
    assert rows(page) == ["lulea", "porto"]
    assert "Latency iberia p99: 110 ms, limit 50 ms, 60 ms over" in page
    assert 'id="kept-out-lagos"' in page
    none = look(latency=5)
    assert "Porto would fit with latency iberia p99 relaxed by 7 ms." in none
    assert rows(none) == []


def test_weights_ranges_and_levers_of_the_address_are_kept_in_the_controls(look):
    page = look(w_latency=80, w_cost=5, demand=150, from_latency=20, score=50, lost="lagos")
    assert rows(page) == ["lulea"]
    for name, value in (("w_latency", "80"), ("demand", "150"), ("from_latency", "20"), ("score", "50")):
        assert re.search(rf'name="{name}" value="{value}"', page), name
    assert '<option value="lagos" selected>' in page
    assert "Lost in this what-if" in page
    body = json.loads(
        re.search(r'<pre id="placement-body"[^>]*>(.*?)</pre>', page, re.S)[1].replace("&quot;", '"')
    )
    assert body["what_if"] == {"demand": 1.5, "sites_lost": ["lagos"], "limits": {"min_score": 0.5}}
    assert body["weights"]["latency"] == 80


def test_two_sites_are_compared_and_the_served_numbers_are_those_of_the_table(look):
    page = look(compare="porto,lulea")
    assert 'id="placement-comparison"' in page
    assert "Porto and Lulea" in page
    served = json.loads(re.search(r'<script id="placement-data"[^>]*>(.*?)</script>', page, re.S)[1])
    assert [one["name"] for one in served["options"]] == rows(page)
    assert served["options"][0]["figures"]["latency"]["value"] == 48.0


def test_the_first_reason_against_a_compared_site_is_seen_and_the_others_unfold(look):
    page = look(latency=100, ceiling=0.001, compare=["porto", "lagos"])
    comparison = page[page.index('id="placement-comparison"') :].partition("</section>")[0]
    shown, _, behind = comparison.partition('<details class="others">')
    assert "over</span>" in shown
    assert "more<span" in behind


def test_what_makes_no_sense_is_named_and_the_page_shows_today(look):
    for asked, field in (
        ({"demand": "much"}, "demand"),
        ({"w_cost": "-1"}, "weights.cost"),
        ({"x": "speed"}, "x"),
    ):
        page = look(status=400, **asked)
        assert f'role="alert">{field}: ' in page
        assert rows(page)
        assert look(status=400, path=f"{PAGE}charts/scatter.json", **asked)


def test_charts_mark_front_best_today_and_limit(look):
    figure = json.loads(look(path=f"{PAGE}charts/scatter.json", latency=100))
    parts = {trace["meta"]["part"]: trace["customdata"] for trace in figure["data"]}
    assert parts["out"] == ["lagos"]
    assert parts["best"] == ["lulea"]
    assert parts["today"] == ["porto"]
    assert set(parts["front"]) == {"porto", "lulea"}
    assert figure["layout"]["shapes"][0]["y0"] == 100
    assert figure["meta"]["table"]["rows"][0][0]
    lines = json.loads(look(path=f"{PAGE}charts/parallel.json", to_latency=50))
    [trace] = lines["data"]
    place = trace["meta"]["objectives"].index("latency")
    assert trace["dimensions"][place]["constraintrange"] == [12.0, 50.0]


def test_a_figure_known_as_a_least_alone_is_an_arrowhead_and_says_so(look, fleet, monkeypatch):
    SiteFactor.objects.filter(site=fleet["lulea"], kind="pue").delete()
    figure = json.loads(look(path=f"{PAGE}charts/scatter.json", x="energy", y="latency"))
    [arrows] = [trace for trace in figure["data"] if trace["meta"]["part"] == "bounded"]
    assert (arrows["customdata"], arrows["x"], arrows["y"]) == (["lulea"], [7305.0], [48.0])
    assert arrows["marker"]["symbol"] == ["triangle-right-open"]
    assert "Energy: at least 7305 kWh/month" in arrows["text"][0].replace("\u202f", "")
    assert not any("lulea" in one["customdata"] for one in figure["data"] if one is not arrows)
    [row] = [row for row in figure["meta"]["table"]["rows"] if row[0] == "Lulea"]
    assert row[1:4] == [f"at least {number(7305.0)}", 48.0, "undecided"]
    assert figure["meta"]["footer"] == ""
    monkeypatch.setattr(charts, "ARROWS_AMONG", 2)
    many = json.loads(look(path=f"{PAGE}charts/scatter.json", x="energy", y="latency"))
    assert not any("lulea" in one["customdata"] for one in many["data"])
    assert many["meta"]["table"] == figure["meta"]["table"]
    assert many["meta"]["footer"].startswith("1 sites are not drawn")


def test_points_outside_the_ranges_are_faded_as_their_lines_are(look):
    def chosen(**asked):
        figure = json.loads(look(path=f"{PAGE}charts/scatter.json", **asked))
        [front] = [trace for trace in figure["data"] if trace["meta"]["part"] == "front"]
        return front["customdata"], front.get("selectedpoints")

    sites, all_of_them = chosen()
    assert all_of_them is None
    assert chosen(to_latency=20) == (sites, [sites.index("porto")])
    assert chosen(to_latency=1) == (sites, [])


def test_the_file_has_what_is_seen_with_reasons(look):
    text = look(path=f"{PAGE}placement.csv", latency=50, to_latency=20)
    found = list(csv.DictReader(text.splitlines()))
    assert [one["site"] for one in found] == ["porto", "lagos"]
    assert found[1]["reasons"] == "latency iberia p99: 110 ms, limit 50 ms, 60 ms over"
    assert float(found[0]["latency_ms_p99"]) == 12.0


def test_nothing_to_place_leads_to_declaring_and_nobody_else_gets_in(client_of, look, viewer):
    assert look(status=404, workload="nothing")
    WorkloadClass.objects.all().delete()
    assert "/tradeoffs/workloads/add/" in client_of("planner").get(PAGE).content.decode()
    assert "/tradeoffs/workloads/add/" not in client_of("viewer").get(PAGE).content.decode()
    viewer.groups.clear()
    refused = client_of("viewer").get(PAGE)
    assert refused.status_code == 403
    assert b"tradeoffs.view_sitefactor" in refused.content


def test_the_page_takes_as_many_statements_for_one_site_as_for_many(look, frozen_now):
    def statements():
        frozen_now.move(minutes=1)
        with CaptureQueriesContext(connection) as captured:
            look()
        return len(captured)

    few = statements()
    for each in range(8):
        made.site(name=f"More {each}", slug=f"more-{each}", country="DE")
    assert statements() == few <= 46
