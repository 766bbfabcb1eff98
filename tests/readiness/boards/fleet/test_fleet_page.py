"""The fleet page says where the capacity stands, from the stored verdicts and in words computed from them."""

import csv
import io
import re
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.urls import reverse

from inventory.models import Site
from readiness.assessment.scoring.models import DomainHealth
from readiness.boards.fleet import views as fleet_views
from tests.inventory import made
from tests.pages import words_in, words_of
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import NOW
from tests.readiness.problems import write_problems

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("judged_now")]


def test_no_ready_site_is_said_plainly(viewer_pages, dallas, porto, yard):
    words = words_of(viewer_pages.get("/fleet/"))
    bands = "Deployed 1.4 MW: ready 0 kW, conditional 400 kW, not ready 1.0 MW."
    assert f"0 of 2 sites are ready. {bands}" in words


def test_gap_is_what_is_deployed_less_what_is_ready(viewer_pages, dallas):
    stored.site("ready", name="Lisbon", kw=500.0)
    words = words_of(viewer_pages.get("/fleet/"))
    assert "1 of 2 sites is ready. Deployed 1.5 MW: ready" in words
    assert re.search(r"Readiness gap 1\.0 ?MW", words)


def test_an_event_on_the_last_of_all_days_spoils_no_page(viewer_pages, dallas):
    site = Site.objects.get(slug="dallas")
    for day in (date.min, date.max):
        made.capacity_event(site=site, happened_on=day, it_kw=1, accelerators=1)
    for path in ("/fleet/", "/sites/", "/sites/dallas/", "/readiness/"):
        assert viewer_pages.get(path).status_code == 200


def test_pillar_that_blocks_first_leads_to_its_checks(viewer_pages, dallas):
    body = viewer_pages.get("/fleet/").content.decode()
    assert 'href="/readiness/?pillar=p2"' in body
    assert "first blocker at 1 site" in body


def test_what_needs_attention_leads_to_the_check_at_the_site(viewer_pages, dallas, porto):
    write_problems()
    body = viewer_pages.get("/fleet/").content.decode()
    assert 'href="/sites/dallas/checks/p2-power-headroom/"' in body
    assert 'id="attention-ownership-porto-unowned"' in body


def test_empty_install_says_what_to_do_first(viewer_pages, db):
    words = words_of(viewer_pages.get("/fleet/"))
    assert "No sites yet" in words
    assert "Set Muster up" in words
    assert "0 of 0" not in words


def test_table_is_filtered_by_verdict_and_owner(viewer_pages, dallas, porto, yard):
    def names(query):
        body = viewer_pages.get(f"/sites/?{query}").content.decode()
        return set(re.findall(r'id="row-sites-\d+"[^§]*?href="/sites/(\w+)/"', body))

    assert names("") == {"dallas", "porto", "yard"}
    assert names("verdict=conditional") == {"porto"}
    assert names("verdict=none") == {"yard"}
    assert names("owner=none") == {"porto", "yard"}
    assert names("q=dall") == {"dallas"}
    assert names("energy=critical") == {"dallas"}
    assert names("stage=building") == {"yard"}


def test_table_exports_what_it_shows(viewer_pages, dallas, porto):
    answer = viewer_pages.get("/sites/?export=csv&verdict=not-ready")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert rows[0][1:4] == ["Site", "Readiness", "Deployed (kW)"]
    assert [row[1:4] for row in rows[1:]] == [["Dallas", "not-ready", "1000.0"]]


def test_the_file_has_the_weeks_that_the_page_draws_and_ages_in_seconds(viewer_pages, dallas):
    for days, score in ((22, 0.25), (15, 0.5)):
        stored.point(dallas, (NOW - timedelta(days=days)).date(), score)
    answer = viewer_pages.get("/sites/?export=csv&cols=weeks,age")
    head, row = csv.reader(io.StringIO(b"".join(answer.streaming_content).decode()))
    assert head[-2:] == ["24 weeks (points, oldest first)", "Data age (s)"]
    assert row[head.index("24 weeks (points, oldest first)")].split()[-5:-2] == ["-", "25", "50"]


def test_the_pages_of_the_table_follow_each_other(viewer_pages, dallas, porto, yard):
    for place in range(25):
        made.site(region=dallas.region, name=f"Site {place}", slug=f"site-{place}")
    next_page = viewer_pages.get(
        "/fleet/?page=2", headers={"HX-Request": "true", "HX-Target": "div#table-sites"}
    )
    assert len(re.findall(r'id="row-sites-\d+"', next_page.content.decode())) == 3


def test_view_of_the_gap_is_in_the_address(viewer_pages, dallas):
    assert "charts/gap-by-site.json" in re.search(
        r'id="gap" data-chart-url="([^"]+)"', viewer_pages.get("/fleet/?view=site").content.decode()
    ).group(1)


def test_what_all_figures_share_is_said_once(viewer_pages, dallas):
    def badges():
        page = viewer_pages.get(reverse("fleet")).content.decode()
        return re.findall(r'class="badge" data-provenance="(\w+)"', page)

    def keep(**provenances):
        for domain, provenance in provenances.items():
            figure = {"value": 1.0, "weight": 1.0, "taken_at": NOW.isoformat(), "source": ""}
            key = {"compute": "gpu-utilisation", "network": "flaps", "energy": "power"}[domain]
            figures = {key: figure | {"provenance": provenance}}
            DomainHealth.objects.filter(site=dallas, domain=domain).update(figures=figures, health="ok")

    keep(compute="simulated", energy="simulated")
    assert badges() == ["simulated"]
    keep(compute="measured")
    assert badges() == ["measured", "simulated"]


def gap_of(deployed, ready):
    bands = {"deployed": deployed, "ready": ready, "gap": deployed - ready}
    return SimpleNamespace(**{name: SimpleNamespace(it_kw=power_kw) for name, power_kw in bands.items()})


@pytest.mark.parametrize(
    ("before", "now", "tones"),
    [
        ((500, 500), (500, 240), {"deployed": "", "ready": "bad", "gap": "bad"}),
        ((500, 240), (500, 500), {"deployed": "", "ready": "ok", "gap": "ok"}),
        ((500, 240), (900, 240), {"deployed": "", "ready": "", "gap": "bad"}),
    ],
)
def test_less_that_is_ready_is_as_bad_as_more_that_is_not(before, now, tones):
    weeks = [gap_of(*before)] * 4 + [gap_of(*now)]
    figures = fleet_views._key_figures(SimpleNamespace(weeks=weeks, now=weeks[-1]))
    assert {band: figure["tone"] for band, figure in figures.items()} == tones


def test_a_site_without_a_verdict_has_no_score_in_the_list(viewer_pages, db):
    stored.site("ready", name="Faro", slug="faro")
    stored.score(made.site(name="Oslo", slug="oslo", stage="building"), "")
    page = viewer_pages.get("/sites/?cols=site,weakest,score").content.decode()
    rows = [words_in(row) for row in re.findall(r"<tr.*?</tr>", page, re.S)]
    assert [("Faro" in row, " 50 50" in row) for row in rows[1:]] == [(True, True), (False, False)]
