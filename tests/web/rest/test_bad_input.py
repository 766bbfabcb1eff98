"""Whatever is sent, the answer is a 4xx that says what is wrong."""

import gzip

import pytest

SITES = "/api/inventory/sites/"


@pytest.fixture
def planner_api(api_of):
    return api_of("planner")


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        pytest.param(b"{", "application/json", 400, id="truncated"),
        pytest.param(b"\xff\xfe", "application/json", 400, id="not UTF-8"),
        pytest.param(b'{"name": NaN}', "application/json", 400, id="NaN"),
        pytest.param(b"[" * 5000 + b"]" * 5000, "application/json", 400, id="nested beyond the parser"),
        pytest.param(b"[" * 100 + b"]" * 100, "application/json", 400, id="nested deeper than allowed"),
        pytest.param(b'{"name": "\\u0000"}', "application/json", 400, id="zero byte"),
        pytest.param(b'{"name": "\\ud800"}', "application/json", 400, id="half a character"),
        pytest.param(b'{"contracted_kw": 1e999}', "application/json", 400, id="too large for a float"),
        pytest.param(b'{"contracted_kw": "inf"}', "application/json", 400, id="infinity as text"),
        pytest.param(b'{"latitude": "nan"}', "application/json", 400, id="not a number as text"),
        pytest.param(b'{"latitude": 1e400}', "application/json", 400, id="decimal out of range"),
        pytest.param(b'{"profiles": "training"}', "application/json", 400, id="text where a list belongs"),
        pytest.param(b'{"profiles": [[]]}', "application/json", 400, id="list in a list of choices"),
        pytest.param(b'{"name": {"a": 1}}', "application/json", 400, id="object where text belongs"),
        pytest.param(b'{"name": "%s"}' % (b"x" * 5000), "application/json", 400, id="too long"),
        pytest.param(b'{"changelog_message": ["x"]}', "application/json", 400, id="message that is a list"),
        pytest.param(b'{"name": "A", "name": "B"}', "application/json", 400, id="a field twice"),
        pytest.param(b'{"region": {"slug": "a", "slug": "b"}}', "application/json", 400, id="twice within"),
        pytest.param(b'{"contracted_kw": %s}' % (b"9" * 5000), "application/json", 400, id="endless number"),
        pytest.param(b'{"nmae": "x"}', "application/json", 400, id="unknown field"),
        pytest.param(b'{"id": 999999}', "application/json", 400, id="id of another"),
        pytest.param(b"name=x", "application/x-www-form-urlencoded", 415, id="form"),
        pytest.param(b"<a/>", "application/xml", 415, id="XML"),
        pytest.param(b"{}", "", 415, id="no content type"),
    ],
)
def test_a_bad_body_is_refused(planner_api, lisbon, body, content_type, status):
    answer = planner_api.generic("PATCH", f"{SITES}{lisbon.pk}/", body, content_type)
    assert answer.status_code == status, answer.content
    assert answer.json()


def test_a_body_beyond_the_limit_is_refused_unread(planner_api, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = planner_api.post(SITES, [{"name": "x" * 2000}])
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "path",
    ["0/", "99999999999999999999999/", "x/", "%00/", "-1/", "1%2F/", "%ff/"],
)
def test_an_object_that_is_not_there_is_not_found(planner_api, lisbon, path):
    answer = planner_api.get(SITES + path)
    assert answer.status_code == 404


def test_a_method_that_is_none_is_refused(planner_api, lisbon):
    assert planner_api.post(f"{SITES}{lisbon.pk}/", {}).status_code == 405


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer muster_x_y",
        "Bearer muster_\xff_y",
        "Bearer " + "x" * 5000,
        "Basic eDp5",
        "Token a b",
    ],
)
def test_a_token_that_opens_nothing_is_unauthorized(client, db, header):
    answer = client.get(SITES, headers={"authorization": header})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["detail"]


def test_a_packed_body_is_refused_as_such(planner_api, lisbon):
    packed = gzip.compress(b'{"name": "Lisboa"}')
    answer = planner_api.generic(
        "PATCH", f"{SITES}{lisbon.pk}/", packed, "application/json", headers={"content-encoding": "gzip"}
    )
    assert (answer.status_code, "gzip" in answer.json()["detail"]) == (415, True)


def test_a_write_without_the_last_slash_is_sent_on_as_a_write(planner_api, europe):
    given = {"name": "Faro", "slug": "fao-1", "region": europe.pk, "country": "PT"}
    sent = planner_api.post(SITES.rstrip("/"), given)
    assert (sent.status_code, sent["Location"]) == (308, SITES)
    assert planner_api.post(SITES.rstrip("/"), given, follow=True).status_code == 201
