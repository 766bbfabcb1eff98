"""The map of the fleet page: each site while they are few, verdicts of regions when they are many."""

import re

import pytest

from readiness.assessment.scoring.models import DomainHealth
from readiness.boards.fleet import sites_map
from tests.browser import fleet
from tests.readiness.assessment.scoring.stored import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("judged_now")]


def marks_of(response):
    """Verdict, address and spoken name of each mark."""
    found = re.search(r'<div class="map.*?</svg>', response.content.decode(), re.S).group()
    return re.findall(r'<a href="([^"]+)" data-verdict="([\w-]+)" aria-label="([^"]+)"', found)


def test_few_sites_are_marks_that_lead_to_them(viewer_pages, dallas):
    assert marks_of(viewer_pages.get("/fleet/")) == [
        ("/sites/dallas/", "not-ready", "Dallas, Not ready, Dallas, US · 1.0 MW · health unknown: network")
    ]


def test_many_sites_are_verdicts_of_regions_that_lead_closer(viewer_pages, monkeypatch):
    monkeypatch.setattr(sites_map, "MOST_MARKERS", 20)
    fleet.build(NOW, sites=24)
    response = viewer_pages.get("/fleet/")
    marks = marks_of(response)
    assert len(marks) < 20
    assert {verdict for _, verdict, _ in marks} == {"ready", "conditional", "not-ready", "none"}
    assert any(
        re.fullmatch(r"/fleet/\?region=\w+(&amp;region=\w+)*&amp;verdict=not-ready", url) for url, *_ in marks
    )
    closer = viewer_pages.get("/fleet/?region=europe")
    assert {url for url, *_ in marks_of(closer)} == {f"/sites/site-{number}/" for number in range(1, 24, 3)}
    assert 'href="/fleet/?region=europe" aria-current="true"' in closer.content.decode()


def test_marks_of_regions_count_sites_with_unknown_health(viewer_pages, monkeypatch):
    monkeypatch.setattr(sites_map, "MOST_MARKERS", 20)
    fleet.build(NOW, sites=24)

    def unknown():
        notes = [note for *_, note in marks_of(viewer_pages.get("/fleet/"))]
        return sum(
            int(found[1]) for note in notes if (found := re.search(r"(\d+) with unknown health", note))
        )

    judged = DomainHealth.objects.filter(site__slug__in=("site-1", "site-2", "site-5"))
    DomainHealth.objects.update(health="ok", last_health="")
    assert unknown() == 0
    judged.update(health="unknown")
    assert unknown() == 3


def test_of_a_region_with_too_many_sites_the_largest_are_shown(viewer_pages, monkeypatch):
    monkeypatch.setattr(sites_map, "MOST_MARKERS", 5)
    fleet.build(NOW, sites=24)
    response = viewer_pages.get("/fleet/?region=europe")
    assert len(marks_of(response)) == 5
    assert "the 5 largest of 8 sites" in response.content.decode()


def test_sites_are_filtered_by_region(viewer_pages):
    fleet.build(NOW, sites=6)
    rows = re.findall(r'id="row-sites-\d+"', viewer_pages.get("/sites/?region=europe").content.decode())
    assert len(rows) == 2
