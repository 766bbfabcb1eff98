"""The explorer's page, charts and file: what they show, by whom they may be seen, and how many statements they take."""

import csv
import json
import re
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from readiness.demand.workloads.models import WorkloadClass
from readiness.demand.workloads.operations import place
from readiness.tradeoffs.models import SiteFactor
from readiness.tradeoffs.placing import charts
from readiness.tradeoffs.templatetags.placements import name_country
from readiness.tradeoffs.units import number
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


def in_short(page):
    """Label, value and note of the key figures."""
    line = page[page.index('id="placement-summary"') :].partition("</section>")[0]
    note = r'(?:\s*<span class="note num">(.*?)</span>\s*</div>)?'
    figure = rf'<span class="label">(.*?)</span>\s*<span class="value num"[^>]*>(.*?)</span>{note}'
    figures = re.findall(figure, line, re.DOTALL)
    bare = [[re.sub(r"<small>", " ", part) for part in figure] for figure in figures]
    return [tuple(re.sub(r"<[^>]+>", "", part).strip() for part in figure) for figure in bare]


def test_the_page_shows_options_by_rank_with_today_and_how_sure_it_is(look):
    page = look()
    assert rows(page)[0] == "lulea"
    assert "Moving there from Porto: +36 ms, −17 % cost" in page
    assert "3 of 3 sites keep every limit" in page
    assert '/sites/oslo/">Oslo</a></dt><dd>Planned, no date' in page


def test_the_first_line_names_the_winner_the_price_of_the_next_best_and_how_sure(look):
    best, runner, sure, options = in_short(look())
    assert best[:2] == ("Best match", "Lulea 74 of 100")
    assert best[2].startswith("Conditional; against Porto today: cost −2,338 EUR a month, latency +36 ms")
    assert runner[:2] == ("Next best", "Porto 69 of 100")
    assert runner[2] == "Ready; cost +2,338 EUR a month, latency −36 ms"
    assert sure == ("How sure", "75 %", "of 1,000 weights drawn at random choose it")
    assert options == ("Options", "3 of 3 sites", "keep every limit; 0 undecided or rejected")
    none, options = in_short(look(latency=5))
    assert none == (
        "Best match",
        "None",
        "Porto would fit with the limit on latency iberia p99 raised by 7 ms.",
    )
    assert options[1] == "0 of 3 sites"
    alone = in_short(look(lost=["porto", "lulea"]))
    assert [label for label, *_rest in alone] == ["Best match", "Next best", "Options"]


def test_a_best_match_where_it_runs_beside_today_says_so(look, chat, fleet, planner, frozen_now):
    place(chat, site=fleet["lulea"], on=None, by=planner, now=frozen_now.at)
    best = in_short(look(today="porto"))[0]
    assert best[1] == "Lulea 74 of 100"
    assert best[2].startswith(
        "Conditional; it runs there as well; against Porto today: cost −2,338 EUR a month"
    )


def test_limits_drop_sites_into_their_own_list_with_the_reason(look):
    page = look(latency=50)
    assert rows(page) == ["lulea", "porto"]
    assert "Latency iberia p99: 110 ms, limit 50 ms, 60 ms over" in page
    none = look(latency=5)
    assert "Porto would fit with the limit on latency iberia p99 raised by 7 ms." in none
    assert rows(none) == []


def test_sites_that_are_no_options_are_folded_by_the_first_reason_with_their_count(look, fleet):
    def groups(**asked):
        page = look(**asked)
        kept_out = page[page.index('id="placement-kept-out"') :].partition("</section>")[0]
        heads = re.findall(
            r'<details id="kept-out-([a-z-]+)"><summary>.*?<b>(.*?)</b><span class="num">(\d+)<', kept_out
        )
        return heads, re.findall(r'data-kept-out="([a-z]+)"', kept_out)

    assert groups(latency=50) == ([("rejected-latency", "Latency over the limit", "1")], ["lagos"])
    SiteFactor.objects.filter(site=fleet["lulea"], kind="pue").delete()
    heads, sites = groups(latency=5, lost="porto")
    assert heads == [
        ("rejected-latency", "Latency over the limit", "2"),
        ("rejected-site", "Lost in this what-if", "1"),
    ]
    assert sites == ["lagos", "lulea", "porto"]
    assert groups()[0] == [("undecided-power", "Power undecided", "1")]


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
        ({"tab": "more"}, "tab"),
    ):
        page = look(status=400, **asked)
        assert f'role="alert">{field}: ' in page
        assert rows(page)
        assert look(status=400, path=f"{PAGE}charts/scatter.json", **asked)


def test_charts_mark_front_best_today_and_limit(look):
    figure = json.loads(look(path=f"{PAGE}charts/scatter.json", latency=80))
    parts = {trace["meta"]["part"]: trace["customdata"] for trace in figure["data"]}
    assert parts["best"] == ["lulea"]
    assert parts["today"] == ["porto"]
    assert set(parts["front"]) == set(parts["names"]) == {"porto", "lulea"}
    assert figure["layout"]["shapes"][0]["y0"] == 80
    assert [row[0] for row in figure["meta"]["table"]["rows"]] == ["Lulea", "Porto", "Lagos"]
    # Sites that are no options are drawn where they are asked for, or where the class runs.
    assert (parts["out"], figure["meta"]["footer"]) == ([], "1 undecided or rejected site is not drawn.")
    for asked, out in (
        ({"latency": 80, "rejected": 1}, ["lagos"]),
        ({"latency": 20, "lost": "porto"}, ["porto"]),
    ):
        drawn = json.loads(look(path=f"{PAGE}charts/scatter.json", **asked))
        assert next(each["customdata"] for each in drawn["data"] if each["meta"]["part"] == "out") == out, (
            asked
        )
    lines = json.loads(look(path=f"{PAGE}charts/parallel.json", to_latency=50))
    [trace] = lines["data"]
    assert json.loads(look(path=f"{PAGE}charts/parallel.json", latency=80))["meta"]["empty"]
    assert 'id="placement-parallel"' in look()
    assert "Fewer than three options have a figure for every objective" in look(latency=80)
    place = trace["meta"]["objectives"].index("latency")
    assert trace["dimensions"][place]["constraintrange"] == [12.0, 50.0]


def test_a_figure_known_as_a_least_alone_is_an_arrowhead_and_says_so(look, fleet, monkeypatch):
    SiteFactor.objects.filter(site=fleet["lulea"], kind="pue").delete()
    figure = json.loads(look(path=f"{PAGE}charts/scatter.json", x="energy", y="latency", rejected=1))
    [arrows] = [trace for trace in figure["data"] if trace["meta"]["part"] == "bounded"]
    assert (arrows["customdata"], arrows["x"], arrows["y"]) == (["lulea"], [7305.0], [48.0])
    assert arrows["marker"]["symbol"] == ["triangle-right-open"]
    assert "Energy: at least 7305 kWh/month" in arrows["text"][0].replace(",", "")
    assert not any("lulea" in one["customdata"] for one in figure["data"] if one is not arrows)
    [row] = [row for row in figure["meta"]["table"]["rows"] if row[0] == "Lulea"]
    assert row[1:4] == [f"at least {number(7305.0)}", 48.0, "undecided"]
    assert figure["meta"]["footer"] == ""
    monkeypatch.setattr(charts, "ARROWS_AMONG", 2)
    many = json.loads(look(path=f"{PAGE}charts/scatter.json", x="energy", y="latency", rejected=1))
    assert not any("lulea" in one["customdata"] for one in many["data"])
    assert many["meta"]["table"] == figure["meta"]["table"]
    assert many["meta"]["footer"].startswith("1 site is not drawn")


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


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("IE is not among the allowed countries", "Ireland (IE) is not among the allowed countries"),
        ("GB is a forbidden country", "United Kingdom (GB) is a forbidden country"),
        ("the site's country is unknown", "the site's country is unknown"),
    ],
)
def test_pages_name_a_country_that_is_barred(words, shown):
    assert name_country(words) == shown
