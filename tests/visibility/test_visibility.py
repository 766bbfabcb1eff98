"""Whoever may not see names learns none: answers are the same whatever the people are called who take part."""

import re
from urllib.parse import urlencode

import pytest
from django import forms
from django.db.models import CharField
from django.urls import URLPattern, URLResolver, get_resolver

from tests.visibility.asking import ask, found_by
from tests.visibility.scene import EARLY, LATE, MARK, NOW, Scene, unnamed
from tests.web.test_access import address as address_of
from tests.web.test_access import routes
from web.rest.lookups import Existing

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(frozen_now):
    frozen_now.at = NOW
    return Scene()


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
    """What is asked of lists: each filter, each order, each search, by these names."""
    name = f"{before}-{MARK}-one"
    for path, view in lists():
        for parameter, each in getattr(view.filterset_class, "base_filters", {}).items():
            inner = getattr(each, "inner", None)
            if parameter.endswith(("__ic", "__empty")) or (
                "__" not in parameter and isinstance(inner, (forms.CharField, Existing))
            ):
                yield f"{path}?{urlencode({parameter: name})}"
        for field in view.queryset.model._meta.concrete_fields:
            if field.is_relation or isinstance(field, CharField):
                yield f"{path}?ordering={field.name}"
        yield f"{path}?q={MARK}&limit=1000"
        yield f"{path}?brief=true"
    yield f"/history/?actor={name}"
    yield f"/api/history/?actor={name}"
    yield f"/search/?q={before}"


def test_the_three_take_part_in_everything_that_names_somebody(scene):
    assert list(unnamed()) == []


def addresses():
    """Where a crawl begins: each address that is about no object, and each list."""
    plain = [address_of(route) for route in routes() if not re.search(r"[<(]", route)]
    return [*dict.fromkeys([*plain, *(path for path, _view in lists())])]


def test_a_viewer_is_told_the_same_whatever_they_are_called(scene, client_of):
    client = client_of("viewer")
    client.raise_request_exception = False
    scene.call(EARLY)
    before = found_by(client, addresses())
    before |= {address: ask(client, address) for address in questions(EARLY)}
    scene.call(LATE)
    after = {address: ask(client, address) for address in before}
    import difflib
    import json

    d = {
        a: (
            was[:2],
            after[a][:2],
            list(
                difflib.unified_diff(
                    was[2].replace(",", ",\n").splitlines(),
                    after[a][2].replace(",", ",\n").splitlines(),
                    n=0,
                    lineterm="",
                )
            )[2:8],
            re.findall(".{60}" + MARK + ".{20}", was[2])[:3],
        )
        for a, was in before.items()
        if was != after[a] or (MARK in was[2] and MARK not in a) or was[0] >= 500
    }
    open("/tmp/differing.json", "w").write(json.dumps(d, indent=1))
    open("/tmp/asked.txt", "w").write("\n".join(f"{before[a][0]} {a}" for a in before))
    assert [address for address, was in before.items() if was != after[address]] == []
    assert [address for address, was in before.items() if MARK in was[2] and MARK not in address] == []
