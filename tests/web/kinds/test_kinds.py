"""Every declared kind has these pages, whatever its room."""

import pytest
from django.urls import get_resolver, reverse

from web.kinds.kind import KIND_OF

pytestmark = pytest.mark.django_db
get_resolver().url_patterns  # noqa: B018  Kinds are declared where their addresses are made.
KINDS = list(KIND_OF.values())
ENTRIES = [(kind, entry) for kind in KINDS for entry in kind.entries if not entry.on_object]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.noun)
def kind(request):
    return request.param


@pytest.fixture(params=ENTRIES, ids=lambda pair: pair[1].url_name)
def entry(request):
    return request.param[1]


def test_a_list_offers_what_its_reader_may_enter(kind, client_of):
    address = reverse(kind.url_name("list"))
    offered = [reverse(each.url_name) for each in kind.entries if not each.on_object]
    offered += [kind.url("add")] if "add" in kind.pages else []
    admin, viewer = (client_of(role).get(address).text for role in ("admin", "viewer"))
    assert all(f'href="{each}"' in admin for each in offered)
    assert not any(f'href="{each}"' in viewer for each in offered)


def test_a_list_refreshes_its_live_part_alone(kind, client_of):
    headers = {"HX-Request": "true", "HX-Target": "div#live"}
    answer = client_of("viewer").get(reverse(kind.url_name("list")), headers=headers)
    assert (answer.status_code, "<html" in answer.text) == (200, False)


def test_a_form_is_for_those_who_may_enter_it(entry, client_of):
    address = reverse(entry.url_name)
    assert client_of(None).get(address).status_code == 302
    refused = client_of("viewer").get(address)
    assert (refused.status_code, entry.permissions[0] in refused.text) == (403, True)
    assert client_of("admin").get(address).status_code == 200


def test_an_answer_that_cannot_be_read_is_shown_again_and_enters_nothing(entry, client_of):
    answer = client_of("admin").post(reverse(entry.url_name), {"site": "nowhere"})
    assert answer.status_code == 422
    assert answer.context["form"].is_bound
