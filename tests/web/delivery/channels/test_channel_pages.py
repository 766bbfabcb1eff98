"""Pages of channels."""

import pytest
from django.core import mail
from django.urls import reverse

from tests.conftest import NOW
from tests.web.delivery.channels.entered import SECRET_ADDRESS, code_in
from web.delivery.models import Channel, Message
from web.delivery.secrets import decrypt

pytestmark = pytest.mark.django_db


def test_the_pages_lead_from_adding_to_confirmed(client_of, ops):
    client = client_of("ops")
    assert "No channel yet" in client.get("/settings/channels/").content.decode()
    answer = client.post("/settings/channels/add/?kind=mail", {"name": "phone", "address": "ana@example.org"})
    table = client.get("/settings/channels/").context["table"]
    assert [cell.text for cell in table.rows[0].cells][:3] == ["phone", "E-mail", "ana@example.org"]
    channel = Channel.objects.get()
    page = reverse("channel-detail", args=[channel.pk])
    assert answer["Location"] == page
    assert "Send the code" in client.get(page).content.decode()
    client.post(f"{page}probe/")
    assert "enter it" in client.get(page).content.decode().lower()
    wrong = client.post(f"{page}confirm/", {"code": "1"}, follow=True)
    assert "This is not the code that was sent." in wrong.content.decode()
    right = client.post(f"{page}confirm/", {"code": code_in(mail.outbox[0])}, follow=True)
    assert "phone is confirmed." in right.content.decode()
    assert client.post(f"{page}test/")["Location"] == page
    assert Message.objects.count() == 1
    refused = client.post(f"{page}disable/", {"reason": "x" * 301})
    assert (refused.status_code, "300 characters at most." in refused.text) == (422, True)
    client.post(f"{page}disable/", {"reason": "On leave"})
    assert "On leave" in client.get(page).content.decode()
    assert client.post(f"{page}disable/", {"reason": "x"}).status_code == 409
    client.post(f"{page}enable/")
    client.post(f"{page}edit/", {"name": "my phone", "address": ""})
    channel.refresh_from_db()
    assert (channel.name, channel.address, channel.verified_at is not None) == (
        "my phone",
        "ana@example.org",
        True,
    )
    assert client.post(f"{page}delete/")["Location"] == "/settings/channels/"
    assert not Channel.objects.exists()


def test_the_page_shows_the_secret_of_a_webhook_once(client_of):
    client = client_of("ops")
    answer = client.post("/settings/channels/add/?kind=webhook", {"name": "hook", "address": SECRET_ADDRESS})
    channel = Channel.objects.get()
    assert decrypt(channel.secret) in answer.content.decode()
    rotated = client.post(f"/settings/channels/{channel.pk}/rotate/").content.decode()
    channel.refresh_from_db()
    assert decrypt(channel.next_secret) in rotated
    client.post(f"/settings/channels/{channel.pk}/finish-rotation/")
    channel.refresh_from_db()
    assert channel.next_secret is None


@pytest.mark.parametrize("kind", ["mail", "webhook", "pagerduty", "alertmanager", "chat", "mailbox"])
def test_each_kind_has_its_form(client_of, kind, settings):
    settings.DEMO = True
    client = client_of("viewer")
    page = client.get(f"/settings/channels/add/?kind={kind}")
    assert page.status_code == 200
    assert ("secret" in page.context["form"].fields) is (kind in {"pagerduty", "alertmanager"})
    assert "is_shared" not in page.context["form"].fields
    refused = client.post(f"/settings/channels/add/?kind={kind}", {"name": "", "address": "x"})
    assert refused.status_code == 422
    assert not Channel.objects.exists()


def test_a_kind_that_does_not_exist(client_of):
    assert client_of("ops").get("/settings/channels/add/?kind=fax").status_code == 400


@pytest.mark.parametrize("count", [1, 1000])
def test_the_list_takes_as_many_statements_for_many(client_of, ops, django_assert_max_num_queries, count):
    Channel.objects.bulk_create(
        Channel(
            owner=ops,
            kind="mail",
            name=f"noc {number}",
            address="noc@example.org",
            is_shared=True,
            created_at=NOW,
        )
        for number in range(count)
    )
    client = client_of("ops")
    client.get("/settings/channels/")
    with django_assert_max_num_queries(8):
        client.get("/settings/channels/")
