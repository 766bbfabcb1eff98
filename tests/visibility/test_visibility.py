"""Whoever may not see names learns none: answers are the same whatever the people are called who take part."""

import json
import re
from urllib.parse import urlencode

import pgtrigger
import pytest
from django import forms
from django.urls import URLPattern, URLResolver, get_resolver

from readiness.assessment.evidence.models import Review, SignOff
from readiness.assessment.grants.models import Grant
from tests.cases import in_steps
from tests.pages import rows_of
from tests.visibility.asking import ELSEWHERE, OF_PEOPLE, ask, found_by
from tests.visibility.scene import EARLY, LATE, MARK, NOW, sentinels, unnamed
from tests.web.test_access import address as address_of
from tests.web.test_access import routes
from web.rest.lookups import Existing
from web.visibility import is_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(frozen_now, on_scene):
    frozen_now.at = NOW
    return on_scene(sentinels)


def lists():
    """Addresses of the endpoints that list objects, with their views."""

    def walk(patterns, before=""):
        for each in patterns:
            route = before + str(each.pattern).removeprefix("^")
            if isinstance(each, URLResolver):
                yield from walk(each.url_patterns, route)
            elif (
                isinstance(each, URLPattern)
                and "list" in (getattr(each.callback, "actions", {}) or {}).values()
            ):
                yield "/" + route.removesuffix("\\Z").removesuffix("$"), each.callback.cls

    return list(walk(get_resolver().url_patterns))


def questions(before):
    """Yield further addresses of lists: filters by a name or a text, orders by a person or a text, and searches."""
    name = f"{before}-{MARK}-one"
    for path, view in lists():
        for parameter, each in getattr(view.filterset_class, "base_filters", {}).items():
            inner = getattr(each, "inner", None)
            by_person = isinstance(inner, Existing) and is_person(inner.model)
            if "__" not in parameter and (by_person or type(inner) is forms.CharField):
                yield f"{path}?{urlencode({parameter: name})}"
        for field in view.queryset.model._meta.concrete_fields:
            if is_person(field.related_model) or OF_PEOPLE.search(field.name):
                yield f"{path}?ordering={field.name}"
        yield f"{path}?q={MARK}&limit=1000"
    yield f"/history/?actor={name}"
    yield f"/api/history/?actor={name}"
    yield f"/search/?q={before}"


def tried(client, before):
    """Yield the answers to a viewer who posts to each list and names somebody."""
    somebody = {"username": f"{before}-{MARK}-one"}
    named = ("user", "owner", "accountable", "deputy", "approver", "assignee", "person", "name")
    for path, _view in lists():
        body = json.dumps(dict.fromkeys(named, somebody) | {"name": "x"})
        yield ask(client, path, "post", data=body, content_type="application/json")


def test_the_three_take_part_in_everything_that_names_somebody(scene):
    assert list(unnamed()) == []


def addresses():
    """Where a crawl begins: each address that is about no object, and each list."""
    plain = [address_of(route) for route in routes() if not re.search(r"[<(]", route)]
    plain = [address for address in plain if not address.startswith(ELSEWHERE)]
    return [*dict.fromkeys([*plain, *(path for path, _view in lists())])]


@in_steps
def test_a_viewer_is_told_the_same_whatever_they_are_called(scene, client_of, step):
    """Of each list a part of what it can be asked; links are followed where it is all of it."""
    client = client_of("viewer")
    client.raise_request_exception = False
    scene.call(EARLY)
    before = found_by(client, addresses()) if step == 1 else {}
    asked = [*addresses(), *questions(EARLY)][::step]
    before |= {address: ask(client, address) for address in asked if address not in before}
    refused = list(tried(client, EARLY))
    scene.call(LATE)
    assert [address for address, was in before.items() if was[0] >= 500] == []
    assert [address for address, (_, _, text) in before.items() if MARK in text and MARK not in address] == []
    assert [address for address, was in before.items() if ask(client, address) != was] == []
    assert list(tried(client, EARLY)) == refused
    assert len(before) > (800 if step == 1 else 75)


@pytest.mark.parametrize("role", ["ops", "planner", "manager"])
def test_those_who_may_see_names_still_do(role, scene, client_of):
    client = client_of(role)
    scene.call(EARLY)
    grant = scene.grants[0]
    for address in (
        f"/waivers/{grant.pk}/",
        "/waivers/?cols=requester&export=csv",
        "/readiness/worklist/?cols=owner&export=json",
        "/ownership/",
        f"/api/readiness/waivers/?requested_by={EARLY}-{MARK}-one",
        "/api/history/?model=grants.grant",
        f"/search/?q={MARK}",
    ):
        status, _where, text = ask(client, address)
        assert (status, MARK.casefold() in text.casefold() or "Two" in text) == (200, True), address


def test_a_viewer_sees_their_own_name(scene, user_of, client_of):
    client = client_of("viewer")
    with pgtrigger.ignore("grants.Grant:signed_once"):
        Grant.objects.filter(pk=scene.grants[0].pk).update(requested_by=user_of("viewer"))
    shown = {row["id"]: row for row in client.get("/api/readiness/waivers/").json()["results"]}
    assert shown[scene.grants[0].pk]["requested_by"]["display"] == "viewer"
    assert shown[scene.grants[0].pk]["approver"] is None
    exported = client.get("/waivers/?cols=requester,approver&export=json")
    rows = rows_of(exported)
    assert {(row["requester"], row["approver"]) for row in rows} == {
        ("viewer", "somebody"),
        ("somebody", "somebody"),
        ("somebody", ""),
    }


@pytest.mark.parametrize("value", ["two", "nobody-at-all", "", "2"])
@pytest.mark.parametrize(
    "address",
    [
        "/api/readiness/waivers/?requested_by=",
        "/api/readiness/waivers/?approver_id=",
        "/api/ownership/assignments/?accountable=",
        "/api/readiness/worklist/?owner_name__ic=",
        "/waivers/?requested_by=",
        "/readiness/worklist/?owner=",
    ],
)
def test_a_filter_by_a_person_is_refused_whatever_its_value(address, value, scene, client_of):
    answer = client_of("viewer").get(address + value)
    assert answer.status_code == 403
    assert "people.view_person" in answer.text


def test_whether_there_is_somebody_is_no_secret(scene, api_of):
    decided = api_of("viewer").get("/api/readiness/waivers/?approver__empty=false").json()
    assert decided["count"] == 2


@pytest.mark.parametrize(
    "who", [{"username": "two"}, {"username": "nobody"}, {"email": "two@example.org"}, 10**6]
)
def test_a_token_for_somebody_else_tells_nobody_whether_they_exist(who, scene, api_of):
    answer = api_of("viewer").post("/api/accounts/tokens/", {"user": who, "name": "x"})
    assert answer.status_code == 400
    assert answer.json() == {
        "user": ["You may only name yourself: naming others requires the permission people.view_person."]
    }


def test_a_form_offers_those_whom_the_reader_may_know(scene, user_of, client_of):
    viewer = user_of("viewer")
    review = Review.objects.get(site=scene.lagos)
    SignOff.objects.create(review=review, domain="energy", approver=viewer)
    page = client_of("viewer").get(f"/readiness/reviews/{review.pk}/actions/add/").text
    owners = re.search(r'<select name="owner".*?</select>', page, re.DOTALL)[0]
    assert re.findall(r'<option value="(\d+)"[^>]*>([^<]*)', owners) == [(str(viewer.pk), "viewer")]
