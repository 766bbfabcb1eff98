"""The OpenAPI schema: generated without a complaint, valid, and true about bulk writes."""

import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from web.rest.schema import name_enum_values

URLCONFS = ["tests.web.rest.urls", "config.urls"]


@pytest.fixture(scope="module")
def schema():
    return SchemaGenerator(urlconf="tests.web.rest.urls").get_schema(request=None, public=True)


@pytest.mark.parametrize("urlconf", URLCONFS, ids=["floors up to inventory", "all of Muster"])
def test_it_is_generated_without_a_complaint_and_valid(urlconf):
    with GENERATOR_STATS.silence():
        GENERATOR_STATS.reset()
        made = SchemaGenerator(urlconf=urlconf).get_schema(request=None, public=True)
        complaints = [*GENERATOR_STATS._warn_cache, *GENERATOR_STATS._error_cache]
    assert complaints == []
    validate_schema(made)


def body_of(schema, path, method):
    return schema["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]


def test_a_list_takes_one_object_or_many(schema):
    one, many = body_of(schema, "/api/inventory/sites/", "post")["oneOf"]
    assert many["items"] == one
    changed = body_of(schema, "/api/inventory/sites/", "patch")["items"]["allOf"]
    assert changed[1]["required"] == ["id"]
    assert body_of(schema, "/api/inventory/sites/", "delete")["items"]["required"] == ["id"]


def test_filters_and_controls_are_in_it(schema):
    listed = {each["name"] for each in schema["paths"]["/api/inventory/sites/"]["get"]["parameters"]}
    assert {"name__ic", "region", "region_id", "contracted_kw__gte", "q", "created_by_request"} <= listed
    assert {"limit", "offset", "after", "ordering", "fields", "omit", "brief"} <= listed
    one = schema["paths"]["/api/inventory/sites/{id}/"]["patch"]["parameters"]
    assert "If-Match" in {each["name"] for each in one}


def test_a_choice_is_an_object_in_answers_and_may_be_bare_in_bodies(schema):
    answer = schema["components"]["schemas"]["Site"]["properties"]["kind"]
    assert answer["properties"]["value"]["enum"] == ["core", "regional", "edge", "colo"]
    body = schema["components"]["schemas"]["SiteRequest"]["properties"]["kind"]
    assert body["oneOf"][0]["enum"] == ["core", "regional", "edge", "colo"]


def test_values_that_differ_by_case_alone_have_names_for_generators():
    unit, kind = {"enum": ["mW", "GHz", "MW", "%"]}, {"enum": ["core", "edge"]}
    document = {"components": {"schemas": [{"oneOf": [unit, kind]}]}}
    assert name_enum_values(document, None, None, public=True) is document
    assert unit["x-enum-varnames"] == ["MW_0", "GHZ", "MW_2", "VALUE"]
    assert kind == {"enum": ["core", "edge"]}


def test_the_schema_and_its_browser_are_for_those_who_sign_in(client, client_of):
    assert client.get("/api/schema/").status_code == 401
    assert client.get("/api/docs/").status_code == 302
    signed_in = client_of("viewer")
    assert signed_in.get("/api/schema/").status_code == 200
    page = signed_in.get("/api/docs/")
    assert page.status_code == 200
    assert "<style" not in page.content.decode()
    script = signed_in.get("/api/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
