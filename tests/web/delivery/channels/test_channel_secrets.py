"""Secrets of channels are never shown again: not on pages, by the API, in files or in the history."""

import pytest

from tests.web.delivery.channels.entered import KEY, PATH, SECRET_ADDRESS, add, step
from web.audit import AuditEntry
from web.delivery.models import Channel
from web.delivery.secrets import decrypt

pytestmark = pytest.mark.django_db


def test_no_secret_is_shown_again(api, client_of, frozen_now):
    """Not on pages, by the API, in files or in the history, also not encrypted."""
    webhook = add(api, kind="webhook", name="hook", address=SECRET_ADDRESS)
    frozen_now.move(minutes=1)
    second = step(api, webhook, "rotate-secret").json()["signing_secret"]
    pager = add(api, kind="pagerduty", name="pager", address="", secret=KEY)
    add(api, kind="alertmanager", name="am", address="https://am.example.org/", secret="muster:s3cretpass")
    stored = Channel.objects.all()
    sealed = [bytes(value).hex() for each in stored for value in (each.target, each.secret) if value]
    words = ["s3cret", webhook["signing_secret"], second, KEY, *sealed]
    pages = [
        "/settings/channels/",
        "/settings/channels/?export=csv",
        "/settings/channels/?export=json",
        "/history/",
    ]
    for channel in (webhook, pager):
        pages += [f"/settings/channels/{channel['id']}/", f"/settings/channels/{channel['id']}/edit/"]
        pages += [f"/history/?model=web.channel&id={channel['id']}"]
    texts = [client_of(role).get(page).getvalue().decode() for role in ("ops", "admin") for page in pages]
    texts += [api.get(path).content.decode() for path in (PATH, f"{PATH}{webhook['id']}/", "/api/history/")]
    texts += [
        str(entry.before) + str(entry.after) for entry in AuditEntry.objects.filter(table="web_channel")
    ]
    assert AuditEntry.objects.filter(table="web_channel").count() >= 4
    for text in texts:
        assert [word for word in words if word in text] == []


def test_the_history_says_that_a_secret_was_changed(api, frozen_now):
    channel = add(api, kind="pagerduty", address="", secret=KEY)
    frozen_now.move(minutes=1)
    api.patch(f"{PATH}{channel['id']}/", {"secret": "Z9y8" * 8})
    entry = AuditEntry.objects.filter(table="web_channel").latest("id")
    assert "secret_set_at" in entry.after
    assert decrypt(Channel.objects.get().secret) == "Z9y8" * 8


def test_without_a_key_no_secret_is_stored(api, settings):
    settings.DELIVERY_KEYS = []
    answer = api.post(PATH, {"kind": "webhook", "name": "hook", "address": SECRET_ADDRESS})
    assert answer.status_code == 400
    assert "MUSTER_DELIVERY_KEY" in answer.content.decode()
    assert "s3cret" not in answer.content.decode()
    add(api)
