"""Batches that could not be stored: shown with the reason, retried or discarded, and who did so is on record."""

import pytest
from django.db import connection

from telemetry import drain
from telemetry.models import BatchDecision, InboxBatch
from tests.telemetry.sending import stored

pytestmark = pytest.mark.django_db
API = "/api/telemetry/set-aside/"


@pytest.fixture
def poisoned(sender):
    """A batch that the database refuses until `cure` is called."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE telemetry_series ADD CONSTRAINT no_poison CHECK (metric <> 'poison')")
    sender.deliver(("poison", 1.0, 0))
    return InboxBatch.objects.get()


def cure():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE telemetry_series DROP CONSTRAINT no_poison")


def decisions():
    return list(BatchDecision.objects.values_list("decision", "decided_by__username", "samples"))


def test_it_is_listed_with_the_reason(client_of, poisoned):
    page = client_of("viewer").get("/telemetry/").content.decode()
    assert "Batches set aside" in page
    assert "no_poison" in page
    assert f"/telemetry/set-aside/{poisoned.pk}/" not in page


def test_nothing_is_listed_where_all_was_stored(client_of, sender):
    sender.deliver(("up", 1.0, 0))
    assert "Batches set aside" not in client_of("ops").get("/telemetry/").content.decode()


def test_discarding_is_asked_for_in_a_dialog_first(client_of, poisoned):
    page = client_of("ops").get("/telemetry/").content.decode()
    assert f'commandfor="discard-{poisoned.pk}"' in page
    assert "Discard 1 sample from porto prometheus?" in page


def test_a_retried_batch_is_stored_once_its_cause_is_gone(client_of, poisoned, frozen_now):
    cure()
    answer = client_of("ops").post(f"/telemetry/set-aside/{poisoned.pk}/retry/", follow=True)
    assert "in the queue again" in answer.content.decode()
    assert drain.drain(now=frozen_now.at) == 1
    assert [metric for metric, _, _ in stored()] == ["poison"]
    assert decisions() == [("retried", "ops", 1)]


def test_all_are_put_back_at_once(client_of, api_of, poisoned, sender, frozen_now):
    assert "Retry all" not in client_of("ops").get("/telemetry/").content.decode()
    sender.deliver(("poison", 2.0, 1))
    page = client_of("ops").get("/telemetry/").content.decode()
    assert "Retry all 2" in page
    answer = client_of("ops").post("/telemetry/set-aside/retry-all/", follow=True)
    assert "2 batches are in the queue again." in answer.content.decode()
    assert decisions() == [("retried", "ops", 1)] * 2
    drain.drain(now=frozen_now.at)
    assert InboxBatch.objects.set_aside().count() == 2
    cure()
    assert api_of("ops").post(f"{API}retry-all/").status_code == 204
    drain.drain(now=frozen_now.at)
    assert [metric for metric, _, _ in stored()] == ["poison"] * 2


def test_a_batch_retried_too_early_is_set_aside_again(client_of, poisoned, frozen_now):
    client_of("ops").post(f"/telemetry/set-aside/{poisoned.pk}/retry/")
    drain.drain(now=frozen_now.at)
    assert "no_poison" in InboxBatch.objects.get(failed_at__isnull=False).failure


def test_a_discarded_batch_is_gone_and_who_did_it_is_known(client_of, poisoned):
    client_of("ops").post(f"/telemetry/set-aside/{poisoned.pk}/discard/")
    assert not InboxBatch.objects.exists()
    assert decisions() == [("discarded", "ops", 1)]


def test_the_second_to_decide_is_told_so(client_of, poisoned):
    client_of("ops").post(f"/telemetry/set-aside/{poisoned.pk}/discard/")
    answer = client_of("ops").post(f"/telemetry/set-aside/{poisoned.pk}/retry/", follow=True)
    assert "Somebody has already decided about this batch." in answer.content.decode()
    assert len(decisions()) == 1


def test_the_same_by_api(api_of, poisoned, sender, frozen_now):
    sender.send(("up", 1.0, 0))
    api = api_of("ops")
    listed = api.get(API).json()["results"]
    assert [one["id"] for one in listed] == [poisoned.pk]
    assert "no_poison" in listed[0]["failure"]
    assert api.post(f"{API}{poisoned.pk}/discard/").status_code == 204
    assert api.post(f"{API}{poisoned.pk}/retry/").status_code == 404
    done = api.get("/api/telemetry/batch-decisions/").json()["results"]
    assert [(one["decision"]["value"], one["decided_by"]["display"]) for one in done] == [
        ("discarded", "ops")
    ]
    waiting = InboxBatch.objects.get()
    assert api.post(f"{API}{waiting.pk}/discard/").status_code == 404
