"""Tokens of sources outlive who made them, and have an owner."""

import re

import pytest

from accounts import operations as accounts
from accounts.operations import create_token
from telemetry.models import Source
from tests.conftest import ApiClient
from tests.telemetry.sending import Sender

pytestmark = pytest.mark.django_db
URL = "/api/telemetry/sources/"


@pytest.fixture
def maker(user_of):
    return user_of("ops", username="mira")


@pytest.fixture
def added(maker, porto, api_of, frozen_now):
    """A source that Mira added, with what it answered."""
    _, plain = create_token(user=maker, name="script", scope="write", by=maker, now=frozen_now.at)
    return ApiClient(plain).post(URL, {"name": "porto prometheus", "site": {"slug": "porto"}}).json()


@pytest.fixture
def sends(added, frozen_now):
    source = Source.objects.get(pk=added["id"])
    source.plain_token = added["token"]
    return Sender(source, frozen_now)


def test_whoever_adds_a_source_owns_it(added, maker, api_of):
    assert (added["owner"]["id"], added["owner_has_left"]) == (maker.pk, False)
    assert api_of("viewer").get(f"{URL}{added['id']}/").json()["owner"] is None


@pytest.mark.parametrize("end", ["deactivated", "a new password", "deleted"])
def test_telemetry_goes_on_without_who_made_the_token(sends, maker, admin, added, end, frozen_now):
    if end == "deactivated":
        accounts.change_user(maker, is_active=False, by=admin, now=frozen_now.at)
    elif end == "a new password":
        accounts.set_password(maker, "another-long-enough-password", by=admin, now=frozen_now.at)
    else:
        maker.delete()
    assert sends.send(("up", 1.0, 0)).status_code == 204


@pytest.mark.parametrize("role", ["ops", "viewer"])
def test_pages_say_that_the_owner_has_left(added, maker, admin, client_of, role, frozen_now):
    assert client_of(role).get("/telemetry/").context["to_hand_over"] == []
    accounts.change_user(maker, is_active=False, by=admin, now=frozen_now.at)
    owner = "mira" if role == "ops" else "somebody"
    page = client_of(role).get("/telemetry/")
    [source] = page.context["to_hand_over"]
    prefix = added["token"].split("_")[1]
    assert (source.name, source.token.prefix) == ("porto prometheus", prefix)
    assert f"owner {owner}, token {prefix}…" in page.text
    page = client_of(role).get(f"/telemetry/sources/{added['id']}/")
    facts = dict(re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", page.text))
    assert facts["Owner"] == f'{owner} <span class="sub">has left: name another</span>'
    assert ("mira" in page.text) is (role == "ops")


def test_another_owner_takes_it_over(added, maker, admin, ops, api_of, client_of, frozen_now):
    accounts.change_user(maker, is_active=False, by=admin, now=frozen_now.at)
    answer = api_of("ops").patch(f"{URL}{added['id']}/", {"owner": ops.pk})
    assert (answer.json()["owner"]["id"], answer.json()["owner_has_left"]) == (ops.pk, False)
    assert client_of("ops").get("/telemetry/").context["to_hand_over"] == []


def test_the_form_offers_those_who_sign_in(added, maker, admin, ops, client_of, frozen_now):
    accounts.change_user(maker, is_active=False, by=admin, now=frozen_now.at)
    address = f"/telemetry/sources/{added['id']}/edit/"
    offered = client_of("ops").get(address).context["form"].fields["owner"].queryset
    assert set(offered) == {admin, ops}
    form = {
        "name": "porto prometheus",
        "site": Source.objects.get().site_id,
        "site_label": "",
        "owner": ops.pk,
    }
    form |= {"cadence_s": 30, "grace_s": 60, "provenance": "measured"}
    assert client_of("ops").post(address, form).status_code == 302
    assert Source.objects.get().owner == ops
