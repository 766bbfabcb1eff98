"""Lists: pages, filters, ordering, and the statements they take."""

from urllib.parse import quote

import pytest

from tests.inventory import made

SITES = "/api/inventory/sites/"


@pytest.fixture
def viewer_api(api_of):
    return api_of("viewer", scope="read")


def names(answer):
    assert answer.status_code == 200, answer.json()
    return [row["name"] for row in answer.json()["results"]]


@pytest.fixture
def five(europe):
    return [
        made.site(name=f"Site {letter}", region=europe, contracted_kw=kw)
        for letter, kw in zip("ABCDE", range(1, 6), strict=True)
    ]


def test_a_page_says_how_many_there_are_and_where_the_others_are(viewer_api, five):
    first = viewer_api.get(SITES + "?limit=2").json()
    assert (first["count"], first["previous"]) == (5, None)
    second = viewer_api.get(first["next"]).json()
    assert [row["name"] for row in second["results"]] == ["Site C", "Site D"]
    assert "offset" not in second["previous"]
    last = viewer_api.get(second["next"]).json()
    assert (last["next"], len(last["results"])) == (None, 1)


def test_a_page_by_key_counts_nothing_and_reaches_every_row(viewer_api, five):
    url, seen = SITES + "?limit=2&after=0", []
    while url:
        page = viewer_api.get(url).json()
        assert (page["count"], page["previous"]) == (None, None)
        seen += [row["id"] for row in page["results"]]
        url = page["next"]
    assert seen == sorted(site.pk for site in five)


def test_a_page_by_key_survives_leaving_out_the_key(viewer_api, five):
    page = viewer_api.get(SITES + "?limit=2&after=0&fields=name").json()
    assert names(viewer_api.get(page["next"])) == ["Site C", "Site D"]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        pytest.param("after=0&offset=1", "offset", id="both ways of paging"),
        pytest.param("after=0&ordering=name", "ordering", id="by key in another order"),
        pytest.param("limit=-1", "limit", id="negative"),
        pytest.param("limit=ten", "limit", id="word"),
        pytest.param("offset=99999999999999999999999", "offset", id="huge"),
        pytest.param("offset=9223372036854775807", "offset", id="largest of the database"),
        pytest.param("after=1.5", "after", id="fraction"),
        pytest.param("stge=planned", "stge", id="unknown"),
        pytest.param("name__like=x", "name__like", id="unknown lookup"),
        pytest.param("stage=gone", "stage", id="no such choice"),
        pytest.param("contracted_kw__gt=much", "contracted_kw__gt", id="not a number"),
        pytest.param("region=atlantis", "region", id="no such region"),
        pytest.param("region_id=x", "region_id", id="id that is none"),
        pytest.param("region_id=99999999999999999999999", "region_id", id="huge id"),
        pytest.param("name__empty=perhaps", "name__empty", id="neither true nor false"),
        pytest.param("name=%00", "name", id="zero byte"),
        pytest.param("name__ic=%00", "name__ic", id="zero byte in a part"),
        pytest.param("q=%00", "q", id="zero byte in a search"),
        pytest.param("name=", "name", id="filter without a value"),
        pytest.param("region=europe&region=", "region", id="one value that is none"),
        pytest.param("q=a&q=b", "q", id="two searches"),
        pytest.param("name__empty=true&name__empty=false", "name__empty", id="both"),
        pytest.param("limit=1&limit=2", "limit", id="two limits"),
        pytest.param("brief=perhaps", "brief", id="neither brief nor whole"),
        pytest.param("fields=", "fields", id="no field"),
        pytest.param("ordering=password", "ordering", id="no such field"),
        pytest.param("ordering=region__sites__name", "ordering", id="path"),
    ],
)
def test_a_parameter_that_means_nothing_is_refused_by_name(viewer_api, five, query, named):
    answer = viewer_api.get(f"{SITES}?{query}")
    assert answer.status_code == 400
    assert set(answer.json()) == {named}


def test_a_refused_parameter_hints_at_what_was_meant(viewer_api, five):
    assert "stage" in viewer_api.get(SITES + "?stge=planned").json()["stge"][0]


def test_a_broken_pattern_is_a_bad_request(viewer_api, five):
    answer = viewer_api.get(SITES + "?name__regex=" + quote("(["))
    assert answer.status_code == 400
    assert "regular expression" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("name=Lisbon", ["Lisbon"]),
        ("name=Lisbon&name=Porto", ["Lisbon", "Porto"]),
        ("name__n=Lisbon", ["Porto"]),
        ("name__n=Lisbon&name__n=Porto", []),
        ("name__ic=ISB", ["Lisbon"]),
        ("name__nic=isb", ["Porto"]),
        ("name__isw=po", ["Porto"]),
        ("name__nisw=po", ["Lisbon"]),
        ("name__iew=BON", ["Lisbon"]),
        ("name__niew=bon", ["Porto"]),
        ("name__ie=lisbon", ["Lisbon"]),
        ("name__nie=lisbon", ["Porto"]),
        ("name__regex=^L", ["Lisbon"]),
        ("name__regex=^l", []),
        ("name__iregex=^l", ["Lisbon"]),
        ("city__empty=true", ["Lisbon", "Porto"]),
        ("city__empty=false", []),
        ("contracted_kw=5000", ["Lisbon"]),
        ("contracted_kw__n=5000", ["Porto"]),
        ("contracted_kw__gt=4999.5", ["Lisbon"]),
        ("contracted_kw__gte=5000", ["Lisbon"]),
        ("contracted_kw__lt=5000", []),
        ("contracted_kw__lte=5000", ["Lisbon"]),
        ("contracted_kw__empty=true", ["Porto"]),
        ("stage=building", ["Porto"]),
        ("stage=building&stage=production", ["Lisbon", "Porto"]),
        ("stage__n=building", ["Lisbon"]),
        ("profiles=training", ["Lisbon"]),
        ("profiles=training,inference", ["Lisbon"]),
        ("profiles__n=training", ["Porto"]),
        ("profiles__empty=true", ["Porto"]),
        ("region=europe", ["Lisbon", "Porto"]),
        ("region__n=europe", []),
        ("q=porto", ["Porto"]),
        ("ordering=-name", ["Porto", "Lisbon"]),
        ("ordering=stage,name", ["Porto", "Lisbon"]),
        ("ordering=region&ordering=-name", ["Porto", "Lisbon"]),
        ("ordering=-region,-name", ["Porto", "Lisbon"]),
    ],
)
def test_filters_find(viewer_api, lisbon, porto, query, expected):
    assert names(viewer_api.get(f"{SITES}?{query}")) == expected


def test_ids_filter_too(viewer_api, lisbon, porto):
    assert names(viewer_api.get(f"{SITES}?id={lisbon.pk}&id={porto.pk}")) == ["Lisbon", "Porto"]
    assert names(viewer_api.get(f"{SITES}?id__n={lisbon.pk}")) == ["Porto"]
    assert names(viewer_api.get(f"{SITES}?region_id={lisbon.region_id}")) == ["Lisbon", "Porto"]
