"""Write the digests that are due into the outbox, each once."""

import logging
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from readiness.boards.digests.document import linked_from_outside, subject_line, written
from readiness.boards.digests.due import DueDigest, due_digests
from readiness.boards.digests.queries import digest
from readiness.loop.alerts.telling.payloads import absolute
from web import scopes, visibility
from web.delivery import outbox
from web.delivery.outbox import Draft

log = logging.getLogger(__name__)
MOST_AT_ONCE = 50
"""A bound on one run; the others are due a minute later."""


def send_due(*, now: datetime) -> int:
    """Returns how many were written. One that fails stops no other, and is tried again a minute later."""
    with scopes.everything():
        digests_due = due_digests(now=now)
    drafts = list(islice(filter(None, map(_tried, digests_due)), MOST_AT_ONCE))
    return len(outbox.send(drafts, now=now))


def _tried(digest: DueDigest) -> Draft | None:
    try:
        with transaction.atomic():
            return draft_of(digest)
    except Exception:
        log.exception("A digest could not be written: %s", digest.key)
        return None


def draft_of(due_digest: DueDigest) -> Draft:
    """The digest as a message, which says what its reader would see on the page."""
    reader = due_digest.reader
    with scopes.read_as(reader), visibility.read_as(reader), timezone.override(ZoneInfo(reader.time_zone)):
        content = digest(reader, due_digest.period)
        document = linked_from_outside(written(content))
        variables = {
            "document": document,
            "page_url": absolute(f"/digests/?cadence={due_digest.period.cadence}"),
            "preferences_url": absolute("/settings/alerts/"),
        }
        return Draft(
            channel_id=due_digest.channel.pk,
            key=due_digest.key,
            event=f"digest.{due_digest.period.cadence}",
            subject=subject_line(content),
            text=render_to_string("readiness/digests/mail.txt", variables).strip() + "\n",
            html=render_to_string("readiness/digests/mail.html", variables),
            about=f"digest:{due_digest.period.cadence}",
            send_at=due_digest.send_at,
        )
