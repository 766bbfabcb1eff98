"""Batches that an older Muster queued are stored by a newer one: each form stays readable."""

import base64
from datetime import datetime

import pytest
from django.db import connection

from telemetry import drain
from telemetry.core.columns import unpack
from telemetry.models import InboxBatch
from tests.telemetry.sending import stored

pytestmark = pytest.mark.django_db

# Written by the Muster of 30 November 2026. Never change one: add one for each new form.
QUEUED = {
    "each series once": (
        "TUMxAG8AAABAAgAAAAQA9yCAjsgMogEAAB0AAAAiAAAACg4KCF9fbmFtZV9fEgJ1cAoLCgNqb2ISBG5vZGUKEB0AUARsb2FkLwDwA2luc3RhbmNl"
        "EgJuMQAAAADcBQYAAAIAoPA/AAAAAAAA0D8=",
        [("load", 1500, 0.25), ("up", 0, 1.0)],
    ),
    "a series twice, with a stale marker": (
        "TUMxAYcAAAD3KAIAAAADAAAA4HjJDKIBAAAdAAAAIgAAAAoOCghfX25hbWVfXxICdXAKCwoDam9iEgRub2RlChAdAFAEbG9hZC8A8AJpbnN0YW5j"
        "ZRICbjEAAAAAAQUABwIAJGDqDQAi8D8KAKDgPwIAAAAAAPB/",
        [("load", 60_000, 0.5), ("up", 60_000, 1.0), ("up", 120_000, None)],
    ),
    "weeks in one batch": (
        "TUMxA1kAAADzIwEAAAACAAAAgP7K16ABAAAdAAAACg4KCF9fbmFtZV9fEgJ1cAoLCgNqb2ISBG5vZGUAAQAEMQBQoE3LDKJGAAYCAFAAAAAEQA==",
        [("up", 180_000, 2.5)],
    ),
}
NINE = datetime.fromisoformat("2026-11-24T09:00Z")


@pytest.mark.parametrize("form", QUEUED)
def test_a_queued_batch_is_stored_after_an_upgrade(sender, form):
    packed, expected = base64.b64decode(QUEUED[form][0]), QUEUED[form][1]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO telemetry_inboxbatch (source_id, received_at, samples, columns, failure)"
            " VALUES (%s, %s, %s, %s, '')",
            [sender.source.pk, NINE, unpack(packed).samples, packed],
        )
    sender.clock.at = NINE
    drain.drain(now=NINE)
    assert not InboxBatch.objects.exists()
    assert stored() == [
        (name, NINE.timestamp() + after_ms / 1000, value) for name, after_ms, value in expected
    ]
