"""Every door that tells a domain's health, asked for a site that was well and fell silent: none says OK."""

import csv
import io
import json
import re

import pytest

from readiness.assessment.scoring import operations

pytestmark = pytest.mark.django_db

TABS = ("overview", "compute", "network", "energy")
PAGES = (
    *("/fleet/", "/fleet/?view=site", "/sites/", "/sites/?columns=site,health", "/search/?q=plant"),
    *(f"/sites/plant/?tab={tab}" for tab in TABS),
    "/sites/plant/pack/",
)
ELEMENT = re.compile(r"<[^>]*data-health=\"([a-z-]+)\"[^>]*>")
TIMELINE = re.compile(r"<ul class=\"timeline\">.*?</ul>", re.DOTALL)
UNTIL = "2026-11-24T16:30:00Z"


def shown(client, path):
    """Health that marks, chips and bars are coloured by; what changed in the past is told as it was."""
    page = TIMELINE.sub("", client.get(path).content.decode())
    return set(ELEMENT.findall(page))


def rows_of(client, path):
    return list(csv.DictReader(io.StringIO(client.get(path).getvalue().decode().lstrip("\N{BOM}"))))


@pytest.fixture(params=["evaluated", "between evaluations"])
def silent(request, well):
    """Silent for longer than samples count as live; Muster has looked since, or not yet."""
    well.clock.move(seconds=301)
    if request.param == "evaluated":
        assert operations.rescore_due(now=well.clock.at) == 1
    return well


@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_green(silent, client_of, path):
    assert "ok" not in shown(client_of("viewer"), path)


@pytest.mark.parametrize("path", [path for path in PAGES if "search" not in path and "pack" not in path])
def test_the_same_pages_are_green_while_it_is_heard(well, client_of, path):
    assert "ok" in shown(client_of("viewer"), path)


def test_the_site_says_what_it_was_and_until_when(silent, client_of):
    for tab in TABS[1:]:
        page = client_of("viewer").get(f"/sites/plant/?tab={tab}").content.decode()
        assert shown(client_of("viewer"), f"/sites/plant/?tab={tab}") == {"unknown"}
        assert "was OK until 24 Nov 2026 16:30" in page


def test_the_file_says_so_too(silent, client_of):
    [row] = rows_of(client_of("viewer"), "/sites/?export=csv")
    [told] = [value for value in row.values() if "compute=" in value]
    assert told == " ".join(
        f"{domain}=unknown,was=ok,until={UNTIL}" for domain in ("compute", "network", "energy")
    )


@pytest.mark.parametrize("domain", TABS[1:])
def test_filters_find_it_among_the_unknown(silent, client_of, domain):
    client = client_of("viewer")
    for health, count in (("ok", 0), ("unknown", 1)):
        assert len(rows_of(client, f"/sites/?{domain}={health}&export=csv")) == count


def test_the_api_tells_last_health_and_until_when(silent, api_of):
    api = api_of("viewer")
    told = api.get("/api/readiness/health/?site=plant").json()["results"]
    assert {row["domain"]["value"] for row in told} == set(TABS[1:])
    for row in told:
        assert (row["health"]["value"], row["last_health"]["value"]) == ("unknown", "ok")
        assert row["heard_at"] == UNTIL
        assert set(row["objects_by_health"]) == {"unknown"}
        assert row["figures"] == {} or row["evaluated_at"] >= row["since"]
        assert '"ok"' not in json.dumps(row | {"last_health": None})
        one = api.get(f"/api/readiness/health/{row['id']}/")
        assert one.json()["health"]["value"] == "unknown"
    assert api.get("/api/readiness/health/?health=ok").json()["count"] == 0
    assert api.get("/api/readiness/health/?health=unknown").json()["count"] == 3


def test_an_answer_of_the_api_is_another_one_once_it_is_silent(well, api_of):
    """Nothing is written in between, so that time alone has to be part of the mark."""
    api = api_of("viewer")
    [first, *_] = api.get("/api/readiness/health/?site=plant").json()["results"]
    path = f"/api/readiness/health/{first['id']}/"
    mark = api.get(path)["ETag"]
    assert api.get(path)["ETag"] == mark
    well.clock.move(seconds=301)
    assert api.get(path)["ETag"] != mark


def test_marks_of_the_map_say_what_is_unknown(silent, client_of):
    type(silent.site).objects.filter(pk=silent.site.pk).update(latitude="41.1", longitude="-8.6")
    page = client_of("viewer").get("/fleet/").content.decode()
    labels = re.findall(r'aria-label="(Plant, [^"]*)"', page)
    assert len(labels) == 1
    assert labels[0].endswith("health unknown: compute, network, energy")
